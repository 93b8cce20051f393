"""Orders, the broker numbers they own, their fills, and the trail of evidence."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import MoneyField, PriceField, QuantityField
from accounts.models import ClientAccount
from orders.domain.events import Family, Market, Side
from orders.domain.order_state import OrderStatus

OPEN_STATUSES = (OrderStatus.RESERVED, OrderStatus.NEW, OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED)


class Origin(models.TextChoices):
    PORTAL = "portal", _("본시스템")
    EXTERNAL = "external", _("외부")


class OrderQuerySet(models.QuerySet["Order"]):
    def shown(self) -> OrderQuerySet:
        """Without the rows whose evidence went on in another row."""
        return self.filter(merged_into=None)

    def open(self) -> OrderQuerySet:
        return self.filter(status__in=[status.value for status in OPEN_STATUSES])


class Order(models.Model):
    """One order as the desk sees it: a chain of broker numbers. Only broker evidence changes it.

    `version` grows when something that a page shows has changed, and at no other time.
    """

    account = models.ForeignKey(ClientAccount, on_delete=models.PROTECT, related_name="orders", verbose_name=_("계좌"))
    market = models.CharField(_("시장"), max_length=16, choices=[(item.value, item.value) for item in Market])
    family = models.CharField(max_length=16, choices=[(item.value, item.value) for item in Family])
    order_date = models.DateField(_("주문일"))
    symbol = models.CharField(_("종목코드"), max_length=16)
    name = models.CharField(_("종목"), max_length=80, blank=True)
    exchange = models.CharField(_("거래소"), max_length=8, blank=True)
    currency = models.CharField(_("통화"), max_length=8, default="KRW")
    side = models.CharField(_("구분"), max_length=4, choices=[(item.value, item.value) for item in Side])
    order_type = models.CharField(_("유형"), max_length=8, blank=True)
    forward_org = models.CharField(max_length=8, blank=True)
    order_qty = QuantityField(_("주문수량"))
    cum_qty = QuantityField(_("체결수량"), default=0)
    leaves_qty = QuantityField(_("미체결"), default=0)
    canceled_qty = QuantityField(_("취소수량"), default=0)
    price = PriceField(_("주문가"), null=True)
    cum_amount = MoneyField(_("체결금액"), default=0)
    status = models.CharField(_("상태"), max_length=16, choices=[(item.value, item.value) for item in OrderStatus])
    status_text = models.CharField(_("증권사 상태"), max_length=80, blank=True)
    needs_person = models.BooleanField(_("확인 필요"), default=False)
    reason = models.CharField(_("사유"), max_length=500, blank=True)
    origin = models.CharField(_("출처"), max_length=8, choices=Origin.choices, default=Origin.EXTERNAL)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )  # the order in whose row it goes on, once a list shows that both are one
    version = models.PositiveBigIntegerField(default=1)
    ordered_at = models.DateTimeField(_("주문시각"))
    transmits_at = models.DateTimeField(_("전송예정"), null=True, blank=True)
    transact_time = models.DateTimeField(_("최종 변경"))
    noticed_at = models.DateTimeField(_("최종통보"), null=True, blank=True)
    inquired_at = models.DateTimeField(_("최종조회"), null=True, blank=True)
    broker_qty = QuantityField(_("증권사 누적체결"), null=True)  # the total of the newest read that was judged
    unlisted_qty = QuantityField(default=0, editable=False)  # of it, what we hold under numbers that the read lacked
    broker_amount = MoneyField(_("증권사 누적금액"), null=True)
    alarm = models.CharField(_("장부 불일치"), max_length=80, blank=True)
    differs_since = models.DateTimeField(null=True, editable=False)
    quantity_known = models.BooleanField(default=True, editable=False)
    read_mark = models.CharField(max_length=32, default="", editable=False)  # of a read that changed nothing

    objects: ClassVar[models.Manager[Order]] = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("주문")
        verbose_name_plural = _("주문")
        ordering = ("-ordered_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(cum_qty__gte=0, leaves_qty__gte=0), name="order_quantities_positive"),
        )
        indexes = (
            models.Index(fields=("account", "status")),
            models.Index(fields=("status", "-ordered_at")),
        )

    def __str__(self) -> str:
        return f"{self.symbol} {self.side} {self.order_qty}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class OrderNumber(models.Model):
    """One broker number of an order. Its identity is (account, family, the broker's order date, the integer)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="numbers", verbose_name=_("주문"))
    account = models.ForeignKey(ClientAccount, on_delete=models.PROTECT, related_name="+")
    family = models.CharField(max_length=16)
    order_date = models.DateField(_("주문일"))
    number = models.BigIntegerField(_("번호"))
    text = models.CharField(_("원문 번호"), max_length=16)
    kind = models.CharField(_("종류"), max_length=8)  # new | modify | cancel
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("주문번호")
        verbose_name_plural = _("주문번호")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=("account", "family", "order_date", "number"), name="broker_number_once"),
        )

    def __str__(self) -> str:
        return self.text


class FillSource(models.TextChoices):
    NOTICE = "notice", _("체결통보")
    GAP = "gap", _("조회 보충")
    REVERSAL = "reversal", _("보충 취소")


class Fill(models.Model):
    """One execution. A reversal is a row of its own with a negative quantity; nothing is deleted."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills", verbose_name=_("주문"))
    number = models.BigIntegerField(_("주문번호"))
    source = models.CharField(_("근거"), max_length=8, choices=FillSource.choices)
    last_qty = QuantityField(_("체결수량"))
    last_px = PriceField(_("체결가"))
    amount = MoneyField(_("체결금액"))
    transact_time = models.DateTimeField(_("체결시각"))
    recorded_at = models.DateTimeField(_("기록"))
    key = models.CharField(max_length=200, unique=True, editable=False)
    epoch = models.BigIntegerField(null=True, editable=False)
    canonical = models.CharField(max_length=64, blank=True, editable=False)  # digest of the notice's core fields
    notice = models.OneToOneField(
        "orders.Notice", on_delete=models.PROTECT, null=True, blank=True, related_name="fill", editable=False
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by", editable=False
    )

    class Meta:
        verbose_name = _("체결")
        verbose_name_plural = _("체결")
        ordering = ("transact_time", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(last_qty__gt=0) | Q(source="reversal", last_qty__lt=0), name="fill_sign_by_source"
            ),
        )

    def __str__(self) -> str:
        return f"{self.order_id} {self.last_qty} @ {self.last_px}"


class OrderEventRecord(models.Model):
    """One thing that happened to an order, with what shows it: a notice, an inquiry, or a command."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events", verbose_name=_("주문"))
    at = models.DateTimeField(_("시각"))
    recorded_at = models.DateTimeField(_("기록"))
    type = models.CharField(_("내용"), max_length=32)
    status_before = models.CharField(max_length=16, blank=True)
    status_after = models.CharField(max_length=16, blank=True)
    evidence_kind = models.CharField(_("근거"), max_length=8)  # notice | inquiry | command
    evidence_id = models.CharField(_("근거 번호"), max_length=36)
    epoch = models.BigIntegerField(null=True, editable=False)  # of the notice stream, where that is the writer
    detail: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("주문 이력")
        verbose_name_plural = _("주문 이력")
        ordering = ("id",)
        indexes = (models.Index(fields=("order", "id")),)

    def __str__(self) -> str:
        return f"{self.order_id} {self.type}"
