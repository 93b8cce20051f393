"""Orders, fills, commands and the notice journal: read by operations and compliance, changed by nobody."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.rights import FindsAccounts, LedgerAdmin
from orders.models import Fill, Notice, NoticeFrame, Order, OrderCommand, OrderEventRecord, OrderNumber


class OrderRowAdmin(FindsAccounts, LedgerAdmin):
    account_path = "order__account"
    list_select_related: ClassVar[tuple[str, ...]] = ("order",)


@admin.register(Order)
class OrderAdmin(FindsAccounts, LedgerAdmin):
    list_display = ("ordered_at", "account", "market", "symbol", "side", "order_qty", "cum_qty", "status", "alarm")
    list_filter = ("status", "market", "origin", "needs_person", ("alarm", admin.EmptyFieldListFilter))
    list_select_related = ("account__firm",)
    date_hierarchy = "order_date"


@admin.register(OrderNumber)
class OrderNumberAdmin(OrderRowAdmin):
    list_display = ("text", "order", "family", "order_date", "kind")
    list_filter = ("family", "kind")


@admin.register(Fill)
class FillAdmin(OrderRowAdmin):
    list_display = ("transact_time", "order", "last_qty", "last_px", "source", "reverses")
    list_filter = ("source",)


@admin.register(OrderEventRecord)
class OrderEventAdmin(OrderRowAdmin):
    list_display = ("at", "order", "type", "status_before", "status_after", "evidence_kind", "evidence_id")
    list_filter = ("type", "evidence_kind")


@admin.register(OrderCommand)
class OrderCommandAdmin(OrderRowAdmin):
    list_display = ("created_at", "order", "type", "actor", "state", "reason", "sends", "resolved_at")
    list_filter = ("state", "type", "actor")
    list_select_related = ("order", "actor")
    exclude = ("raw_answer",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderCommand]:
        return super().get_queryset(request).defer("raw_answer")


@admin.register(Notice)
class NoticeAdmin(OrderRowAdmin):
    """State and reason of each record; its content is personal data and not shown."""

    list_display = ("id", "frame", "tr_id", "width", "state", "reason", "order")
    list_filter = ("state", "tr_id")
    list_select_related = ("frame", "order")
    exclude = ("plaintext",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return super().get_queryset(request).defer("plaintext", "frame__raw", "frame__key")


@admin.register(NoticeFrame)
class NoticeFrameAdmin(LedgerAdmin):
    list_display = ("id", "connection", "epoch", "number", "received_at")
    list_filter = ("connection", "epoch")
    list_select_related = ("connection",)
    exclude = ("raw", "key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeFrame]:
        return super().get_queryset(request).defer("raw", "key")
