"""Who may open and change what in the admin, by role; every change leaves an audit row in its own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import audit, sign_in
from accounts.fields import blind_index
from accounts.models import Role, User
from accounts.models.accounts import normalised

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    AnyForm = ModelForm[Any]
else:  # neither can be subscripted at run time
    AnyAdmin, AnyForm = admin.ModelAdmin, ModelForm

Roles = frozenset[Role]
NOBODY: Roles = frozenset()
PEOPLE: Roles = frozenset({Role.ADMINISTRATOR})
OPERATIONS: Roles = frozenset({Role.OPERATIONS})
KEYS: Roles = frozenset({Role.OPERATIONS, Role.ADMINISTRATOR})
CLIENT_DATA: Roles = frozenset({Role.OPERATIONS, Role.COMPLIANCE})


def role_of(request: HttpRequest) -> Role | None:
    """The role that counts here: whoever made the first sign-in at the machine is an administrator."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    return Role.ADMINISTRATOR if user.is_superuser else Role(user.role)


class RoleAdmin(AnyAdmin):
    """`read_by` may look, `kept_by` may add and change too; deleting is for what `deletable` names."""

    read_by: ClassVar[Roles] = CLIENT_DATA
    kept_by: ClassVar[Roles] = OPERATIONS
    deletable: ClassVar[bool] = False
    sensitive: ClassVar[bool] = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del obj
        return role_of(request) in self.read_by | self.kept_by

    def has_add_permission(self, request: HttpRequest) -> bool:
        return role_of(request) in self.kept_by

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del obj
        return role_of(request) in self.kept_by

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del obj
        return self.deletable and role_of(request) in self.kept_by

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if self.needs_factor(request):
            return to_second_factor(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and self.needs_factor(request):
            return to_second_factor(request)
        return super().changelist_view(request, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.needs_factor(request):
            return to_second_factor(request)
        return super().delete_view(request, object_id, extra_context)

    def needs_factor(self, request: HttpRequest) -> bool:
        """Keys and people need a second factor of the last ten minutes, as an order does."""
        return self.sensitive and not sign_in.has_fresh_factor(request.session)

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.audited(request, "changed" if change else "added", obj, list(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.audited(request, "deleted", obj, [])
        super().delete_model(request, obj)

    def audited(self, request: HttpRequest, verb: str, obj: Model, fields: list[str]) -> None:
        """Who changed which fields of what; never the values, which may be secrets."""
        subject = f"{self.opts.model_name} {obj.pk}"
        act = audit.Act(f"admin.{verb}", subject=subject, detail={"name": str(obj)[:100], "fields": fields})
        audit.record(audit.By.request(request), act)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor, and come back to where it was missing."""
    user = request.user
    known = isinstance(user, User) and is_mfa_enabled(user)
    target = reverse("mfa_reauthenticate" if known else "mfa_activate_totp")
    return HttpResponseRedirect(f"{target}?next={request.get_full_path()}")


class LedgerAdmin(RoleAdmin):
    """What happened. Nobody adds to it, changes it or takes from it by hand."""

    kept_by = NOBODY
    list_per_page = 50
    show_full_result_count = False


class FindsAccounts(AnyAdmin):
    """Search by the exact full number of an account, which is encrypted and found by its blind index."""

    account_path: ClassVar[str] = "account"
    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        path = f"{self.account_path}__" if self.account_path else ""
        index = blind_index(normalised(term))
        found = Q(**{f"{path}number_index": index}) | Q(**{f"{path}alias__icontains": term})
        return queryset.filter(found), False
