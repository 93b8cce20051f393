"""Client accounts and who manages them. Numbers and names are masked here as everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV

from accounts import access, audit, clock
from accounts.admin.assignment_csv import AssignmentResource
from accounts.admin.rights import AnyForm, FindsAccounts, RoleAdmin
from accounts.models import Assignment, ClientAccount


class Unmanaged(admin.SimpleListFilter):
    """Accounts that nobody manages today."""

    title = _("담당")
    parameter_name = "managed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        del request, model_admin
        return [("no", _("담당 없음")), ("yes", _("담당 있음"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        in_force = access.in_force(clock.today().date())
        managed = Exists(Assignment.objects.filter(in_force, account=OuterRef("pk")))
        if self.value() == "no":
            return queryset.filter(~managed)
        return queryset.filter(managed) if self.value() == "yes" else queryset


@admin.register(ClientAccount)
class ClientAccountAdmin(FindsAccounts, RoleAdmin):
    """Accounts come from the firms' lists and the connection file; what the desk calls them is set here."""

    account_path = ""
    list_display = ("masked_number", "firm", "alias", "masked_holder", "contract_status", "business_date")
    list_filter = (Unmanaged, "firm", "contract_status", "incomplete")
    list_select_related = ("firm",)
    fields = (
        "masked_number",
        "firm",
        "masked_holder",
        "alias",
        "twin",
        "contract_status",
        "contract_code",
        "last_listed_at",
        "business_date",
    )
    readonly_fields = tuple(name for name in fields if name not in {"alias", "twin"})
    autocomplete_fields = ("twin",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False


@admin.register(Assignment)
class AssignmentAdmin(ImportExportMixin, FindsAccounts, RoleAdmin):  # type: ignore[misc]  # the mixin is untyped
    """Who manages which account, from when until when. An assignment is ended by its last day, never deleted."""

    resource_classes = (AssignmentResource,)
    formats = (CSV,)
    skip_export_form = True  # one format, all columns: there is nothing to choose
    list_display = ("user", "account", "valid_from", "valid_to")
    list_filter = ("user", "account__firm")
    list_select_related = ("user", "account__firm")
    autocomplete_fields = ("account",)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: QuerySet[Assignment], **kwargs: Any
    ) -> Any:
        """A file that leaves the house leaves a trace."""
        with transaction.atomic():
            audit.record(audit.By.request(request), audit.Act("assignments.exported"))
        return super().get_export_data(file_format, request, queryset, **kwargs)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        """Both the old and the new person's open pages are closed: one of them may see less now."""
        before = form.initial.get("user")
        super().save_model(request, obj, form, change)
        after = obj.user_id if isinstance(obj, Assignment) else before
        for user_id in {user_id for user_id in (before, after) if user_id is not None}:
            access.rights_changed(user_id)
