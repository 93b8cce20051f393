"""What was synced and what was done: read by operations and compliance, changed by nobody."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.rights import FindsAccounts, LedgerAdmin
from accounts.models import (
    AuditEvent,
    CashBalance,
    Holding,
    OrderDetail,
    OrderExecution,
    RawPage,
    Settlement,
    Snapshot,
    SyncRun,
    SyncStep,
    Trade,
)


@admin.register(SyncRun)
class SyncRunAdmin(LedgerAdmin):
    list_display = ("slot", "calendar_date", "state", "started_at", "finished_at")
    list_filter = ("slot", "state")
    date_hierarchy = "calendar_date"


@admin.register(SyncStep)
class SyncStepAdmin(FindsAccounts, LedgerAdmin):
    list_display = ("run", "firm", "account", "dataset", "business_date", "state", "rows", "error")
    list_filter = ("state", "dataset", "firm", "run__slot")
    list_select_related = ("run", "firm", "account__firm")


@admin.register(RawPage)
class RawPageAdmin(FindsAccounts, LedgerAdmin):
    """That a page came, and why it is in quarantine; what is in it is personal data and not shown."""

    account_path = "step__account"
    list_display = ("step", "attempt", "sequence", "http_status", "received_at", "quarantined", "reason")
    list_filter = ("quarantined", "step__dataset", "step__firm")
    list_select_related = ("step__account__firm", "step__firm")
    exclude = ("query", "body")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RawPage]:
        return super().get_queryset(request).defer("query", "body")


@admin.register(Snapshot)
class SnapshotAdmin(FindsAccounts, LedgerAdmin):
    list_display = ("account", "dataset", "valid_from", "business_date", "verified_at", "current")
    list_filter = ("dataset", "current", "account__firm")
    list_select_related = ("account__firm",)


class SnapshotRowAdmin(FindsAccounts, LedgerAdmin):
    account_path = "snapshot__account"
    list_select_related: ClassVar[tuple[str, ...]] = ("snapshot__account__firm",)
    list_filter = ("snapshot__account__firm", "snapshot__current")


@admin.register(CashBalance)
class CashBalanceAdmin(SnapshotRowAdmin):
    list_display = ("snapshot", "currency", "settlement_basis", "cash_balance", "withdrawable")


@admin.register(Holding)
class HoldingAdmin(SnapshotRowAdmin):
    list_display = ("snapshot", "name", "short_code", "quantity", "market_value", "currency")


@admin.register(Settlement)
class SettlementAdmin(SnapshotRowAdmin):
    list_display = ("snapshot", "settle_date", "side", "name", "quantity", "amount", "currency")


@admin.register(Trade)
class TradeAdmin(SnapshotRowAdmin):
    list_display = ("snapshot", "date", "type", "name", "quantity_change", "amount_change")


@admin.register(OrderDetail)
class OrderDetailAdmin(SnapshotRowAdmin):
    list_display = ("snapshot", "order_number", "side", "name", "quantity", "executed_quantity", "reject_reason")


@admin.register(OrderExecution)
class OrderExecutionAdmin(FindsAccounts, LedgerAdmin):
    account_path = "order__snapshot__account"
    list_display = ("order", "number", "quantity", "price", "executed_at")


@admin.register(AuditEvent)
class AuditEventAdmin(FindsAccounts, LedgerAdmin):
    list_display = ("at", "actor_name", "address", "action", "account", "subject", "reason")
    list_filter = ("action",)
    list_select_related = ("account__firm",)
    date_hierarchy = "at"
