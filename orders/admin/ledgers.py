"""Orders, fills, commands and the notice journal: read by operations and compliance, changed by nobody."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.admin.rights import OPERATIONS, FindsAccounts, LedgerAdmin, role_of
from accounts.masking import mask_number
from orders import executions
from orders.models import (
    Fill,
    Notice,
    NoticeFrame,
    NoticeState,
    Order,
    OrderCommand,
    OrderEventRecord,
    OrderNumber,
    Recovery,
)


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
    """State and reason of each record. Its text is personal data: after a second factor, and each look is audited."""

    sensitive = True
    list_display = ("id", "received_at", "tr_id", "width", "state", "reason", "order")
    list_filter = ("state", "tr_id")
    list_select_related = ("frame", "order")
    exclude = ("plaintext",)
    readonly_fields = ("text",)
    actions = ("read_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return super().get_queryset(request).defer("plaintext", "frame__raw", "frame__key")

    @admin.display(description=_("수신"), ordering="frame__received_at")
    def received_at(self, notice: Notice) -> datetime:
        return notice.frame.received_at

    @admin.display(description=_("원문"))
    def text(self, notice: Notice) -> str:
        """What was decrypted, with the customer's id and the account's number masked; nothing where it could not be."""
        return masked(str(notice.plaintext))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        if response.status_code == HTTPStatus.OK:
            act = audit.Act("notice.viewed", subject=f"notice {object_id}")
            with transaction.atomic():
                audit.record(audit.By.request(request), act)
        return response

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return role_of(request) in OPERATIONS

    @admin.action(description=_("격리된 통보 다시 해석"), permissions=["read_again"])
    def read_again(self, request: HttpRequest, notices: QuerySet[Notice]) -> None:
        by = audit.By.request(request)
        quarantined = list(notices.filter(state=NoticeState.QUARANTINED).order_by("pk"))
        try:
            states = [executions.understand_again(notice, by) for notice in quarantined]
        except executions.LeaseLost:
            self.message_user(request, _("스트림 담당이 바뀌었습니다. 다시 시도하세요."), messages.WARNING)
            return
        applied = sum(state == NoticeState.APPLIED for state in states)
        text = _("%(applied)d건 반영, %(left)d건은 그대로 격리")
        self.message_user(request, text % {"applied": applied, "left": len(states) - applied})


def masked(plaintext: str) -> str:
    """Every notice begins with the customer's id and the account's number (KIS 실시간체결통보): wherever they stand."""
    columns = plaintext.split("^")
    hidden = {column: mask_number(column) for column in columns[1:2]} | dict.fromkeys(columns[:1], "****")
    return "^".join(hidden.get(column, column) for column in columns)


@admin.register(NoticeFrame)
class NoticeFrameAdmin(LedgerAdmin):
    list_display = ("id", "connection", "epoch", "number", "received_at")
    list_filter = ("connection", "epoch")
    list_select_related = ("connection",)
    exclude = ("raw", "key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeFrame]:
        return super().get_queryset(request).defer("raw", "key")


@admin.register(Recovery)
class RecoveryAdmin(LedgerAdmin):
    list_display = ("lost_at", "connection", "reason", "began_at", "ended_at", "reads", "fills_recovered")
    list_filter = ("connection", "reason")
    list_select_related = ("connection",)
