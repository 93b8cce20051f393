"""KIS app keys, their accounts, and who holds their streams."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.admin.rights import FindsAccounts, LedgerAdmin, RoleAdmin
from accounts.admin.secrets import AddressField, KeysAdmin, SecretsForm
from orders.models import KisAccount, KisConnection, StreamLease

SECRETS = ("app_key", "app_secret", "hts_id", "personal_sec_key", "mac_address", "phone_number", "ip_addr")


class KisConnectionForm(SecretsForm):
    secrets = SECRETS
    addresses = ("rest_url", "ws_url")

    class Meta:
        model = KisConnection
        field_classes: ClassVar[dict[str, type[AddressField]]] = {"rest_url": AddressField}
        fields = (
            "name",
            "environment",
            "rest_url",
            "ws_url",
            "customer_type",
            *SECRETS,
            "requests_per_second",
            "daytime_cancel_sends_zero_price",
            "egw_refusals_prove",
            "active",
        )


@admin.register(KisConnection)
class KisConnectionAdmin(KeysAdmin):
    form = KisConnectionForm
    list_display = ("name", "environment", "customer_type", "requests_per_second", "active")
    list_filter = ("environment", "active")
    search_fields = ("name",)


@admin.register(KisAccount)
class KisAccountAdmin(FindsAccounts, RoleAdmin):
    """Which app key trades which account; the accounts themselves come with the connection file."""

    list_display = ("account", "connection", "product", "last_inquired_at", "inquiry_error")
    list_filter = ("connection", "product")
    list_select_related = ("account__firm", "connection")
    autocomplete_fields = ("account", "connection")
    readonly_fields = ("last_inquired_at", "inquiry_error")


@admin.register(StreamLease)
class StreamLeaseAdmin(LedgerAdmin):
    list_display = ("connection", "epoch", "holder", "expires_at")
