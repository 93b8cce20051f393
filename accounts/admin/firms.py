"""Firms, the schedule, and what is left of the quota."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import audit, sync
from accounts.admin.rights import CLIENT_DATA, KEYS, LedgerAdmin, RoleAdmin
from accounts.admin.secrets import AddressField, KeysAdmin, SecretsForm
from accounts.models import ApiQuota, Firm, ScheduleEntry, UpstreamState

ASSET_TYPES = [("EQTY", _("주식")), ("FUND", _("펀드")), ("ETC", _("기타")), ("ALL", _("한 번에 모두"))]


class FirmForm(SecretsForm):
    asset_types = forms.MultipleChoiceField(
        label=_("자산유형"), choices=ASSET_TYPES, widget=forms.CheckboxSelectMultiple
    )
    secrets = ("api_key", "api_secret")
    addresses = ("base_url",)

    class Meta:
        model = Firm
        field_classes: ClassVar[dict[str, type[AddressField]]] = {"base_url": AddressField}
        fields = (
            "kind",
            "name",
            "short_name",
            "base_url",
            "com_id",
            "srv_id",
            "api_key",
            "api_secret",
            "asset_types",
            "query_number",
            "foreign_unit",
            "daily_calls",
            "range_limit_days",
            "active",
        )


@admin.register(Firm)
class FirmAdmin(KeysAdmin):
    form = FirmForm
    list_display = ("name", "short_name", "kind", "active", "stopped_at", "stopped_reason")
    list_filter = ("kind", "active", ("stopped_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "short_name")
    actions = ("release",)

    @admin.action(description=_("중지된 증권사 다시 받기"), permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[Firm]) -> None:
        """A firm that a lock-out stopped is asked again from the next sync on."""
        released = [firm.name for firm in queryset if sync.release(firm, audit.By.request(request))]
        self.message_user(request, _("다시 받습니다: %(names)s") % {"names": ", ".join(released) or "–"})


@admin.register(ScheduleEntry)
class ScheduleEntryAdmin(RoleAdmin):
    """The slots are fixed; when they start, and whether, is not."""

    list_display = ("slot", "starts_at", "enabled")
    readonly_fields = ("slot",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False


@admin.register(ApiQuota)
class ApiQuotaAdmin(LedgerAdmin):
    read_by = CLIENT_DATA | KEYS
    list_display = ("com_id", "gmt_day", "calls", "exhausted")
    list_filter = ("com_id", "exhausted")


@admin.register(UpstreamState)
class UpstreamStateAdmin(LedgerAdmin):
    list_display = ("name", "state", "detail", "changed_at", "heard_at")
