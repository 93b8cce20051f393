"""Users, their tokens and their second factors: for administrators, who see no client data."""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import access, audit
from accounts.admin.rights import PEOPLE, AnyForm, RoleAdmin, Roles, to_second_factor
from accounts.models import ApiToken, Role, User

READ: Roles = frozenset({Role.COMPLIANCE})
STAFF = {Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR}

for model in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(RoleAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """People are switched off, never deleted: their deeds stay theirs."""

    read_by, kept_by, sensitive = READ, PEOPLE, True
    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active")}),
        (_("이름"), {"fields": ("last_name", "first_name")}),
        (_("기록"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2", "role")}),)

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        """The role decides who enters the admin; a change of either closes the person's open pages at once."""
        if isinstance(obj, User):
            obj.is_staff = obj.role in STAFF or obj.is_superuser
        super().save_model(request, obj, form, change)
        if change and {"role", "is_active"} & set(form.changed_data):
            access.rights_changed(obj.pk)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Another person's password, which signs that person out everywhere."""
        if self.needs_factor(request):
            return to_second_factor(request)
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if response.status_code == HTTPStatus.FOUND:
                act = audit.Act("admin.password_set", subject=f"user {id}")
                audit.record(audit.By.request(request), act)
        return response


@admin.register(ApiToken)
class ApiTokenAdmin(RoleAdmin):
    """Tokens are made by `createtoken`; here they are seen and revoked."""

    read_by, kept_by, sensitive = READ, PEOPLE, True
    list_display = ("user", "scope", "created_at", "expires_at", "revoked_at")
    list_filter = ("scope", "user")
    search_fields = ("user__username",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        del request, obj
        return ("user", "scope", "created_at", "expires_at", "revoked_at", "second_factor_at")

    @admin.action(description=_("선택한 토큰 폐기"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.filter(revoked_at=None):
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            self.audited(request, "revoked", token, [])
            access.rights_changed(token.user_id)


@admin.register(Authenticator)
class AuthenticatorAdmin(RoleAdmin):
    """A lost telephone: the second factor is taken away, and set up anew at the next sign-in."""

    read_by, kept_by, deletable, sensitive = READ, PEOPLE, True, True
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__username",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for one in queryset:
            self.delete_model(request, one)

    def audited(self, request: HttpRequest, verb: str, obj: Model, fields: list[str]) -> None:
        del fields
        user = obj.user if isinstance(obj, Authenticator) else None
        act = audit.Act(f"admin.{verb}", subject=f"second factor of user {user.pk if user else ''}")
        audit.record(audit.By.request(request), act)
