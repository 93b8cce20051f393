"""What the firms said: a snapshot a dataset and day, and its rows. Nothing here is edited or deleted.

A snapshot of balances holds from `valid_from` to `business_date`, the newest day it was verified for; one of the other
datasets is about the single day that was asked for. When an answer for the same day changes, a new snapshot takes over
(`current`) and the old one stays.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import MoneyField, PriceField, QuantityField, RateField
from accounts.models.accounts import ClientAccount
from accounts.models.sync import Dataset, SyncStep


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def current(self, account: ClientAccount, dataset: str) -> SnapshotQuerySet:
        return self.filter(account=account, dataset=dataset, current=True)


class Snapshot(models.Model):
    """One published answer. Readers start here, so that they see all of one answer or none of it."""

    account = models.ForeignKey(ClientAccount, on_delete=models.PROTECT, related_name="snapshots")
    dataset = models.CharField(max_length=12, choices=Dataset.choices)
    step = models.ForeignKey(SyncStep, on_delete=models.PROTECT, related_name="snapshots")
    valid_from = models.DateField(_("시작일"))
    business_date = models.DateField(_("기준일"))
    fetched_at = models.DateTimeField(_("조회 시각"))
    verified_at = models.DateTimeField(_("확인 시각"))
    digest = models.CharField(max_length=64)
    current = models.BooleanField(default=True)
    total_value = MoneyField(null=True)
    net_assets = MoneyField(null=True)
    incomplete = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Snapshot]] = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("스냅샷")
        verbose_name_plural = _("스냅샷")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "dataset", "valid_from"), condition=Q(current=True), name="snapshot_one_current"
            ),
        )
        indexes = (models.Index(fields=("account", "dataset", "-business_date")),)

    def __str__(self) -> str:
        return f"{self.account} {self.dataset} {self.business_date}"


class CashBalance(models.Model):
    """One cash row: a currency on one settlement basis (D0, D1, D2, or not said). Rows of one currency never add up."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="cash_rows")
    position = models.PositiveSmallIntegerField()
    currency = models.CharField(_("통화"), max_length=8)
    settlement_basis = models.CharField(_("결제기준"), max_length=2, null=True)  # noqa: DJ001 - null: not said
    cash_balance = MoneyField(_("현금잔고"), null=True)
    margin = MoneyField(_("증거금"), null=True)
    substitute = MoneyField(_("대용금"), null=True)
    receivable = MoneyField(_("미수금"), null=True)
    loan_total = MoneyField(_("총대출금"), null=True)
    credit_total = MoneyField(_("총신용금액"), null=True)
    valuation = MoneyField(_("평가금액"), null=True)
    withdrawable = MoneyField(_("출금가능"), null=True)

    class Meta:
        verbose_name = _("현금잔고")
        verbose_name_plural = _("현금잔고")
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.currency}-{self.settlement_basis or '?'}"


class InstrumentRow(models.Model):
    """The instrument of a row, as the firm named it."""

    isin = models.CharField(_("ISIN"), max_length=12, null=True)  # noqa: DJ001 - null unless valid
    short_code = models.CharField(_("단축코드"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    codes: models.JSONField[Any, Any] = models.JSONField(default=list)
    name = models.CharField(_("종목"), max_length=80, null=True)  # noqa: DJ001 - null: not said

    class Meta:
        abstract = True


class Holding(InstrumentRow):
    """One holding row. The same code may stand in several rows, split by credit type and dates."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="holding_rows")
    position = models.PositiveIntegerField()
    asset_type = models.CharField(_("자산유형"), max_length=16, null=True)  # noqa: DJ001 - null: not said
    exchange = models.CharField(_("거래소"), max_length=32, null=True)  # noqa: DJ001 - null: KRX
    currency = models.CharField(_("통화"), max_length=8)
    quantity = QuantityField(_("수량"), null=True)
    cost = MoneyField(_("매수금액"), null=True)
    market_value = MoneyField(_("평가금액"), null=True)
    profit_loss = MoneyField(_("평가손익"), null=True)
    return_rate = RateField(_("수익률"), null=True)
    reported_return_rate = RateField(_("수익률(증권사)"), null=True)
    credit_type = models.CharField(_("신용구분"), max_length=32, null=True)  # noqa: DJ001 - null: cash position
    credit_amount = MoneyField(_("신용금액"), null=True)
    last_buy_date = models.DateField(_("최종매수일"), null=True)
    maturity_date = models.DateField(_("만기일"), null=True)
    fx_rate = RateField(_("기준환율"), null=True)
    foreign_deposit = MoneyField(_("외화예수금"), null=True)
    won_deposit = MoneyField(_("원화예수금"), null=True)

    class Meta:
        verbose_name = _("보유")
        verbose_name_plural = _("보유")
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.name} {self.quantity}"


class Settlement(InstrumentRow):
    """One settlement line with its costs (a list of {name, amount}, amounts as decimal strings)."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="settlement_rows")
    position = models.PositiveIntegerField()
    order_date = models.DateField(_("주문일"))
    settle_date = models.DateField(_("결제일"), null=True)
    side = models.CharField(_("구분"), max_length=4, null=True)  # noqa: DJ001 - null: not said
    exchange = models.CharField(_("거래소"), max_length=32, null=True)  # noqa: DJ001 - null: KRX
    currency = models.CharField(_("통화"), max_length=8)
    quantity = QuantityField(_("수량"), null=True)
    amount = MoneyField(_("결제금액"), null=True)
    trade_type = models.CharField(_("거래유형"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    credit_date = models.DateField(_("신용일"), null=True)
    credit_amount = MoneyField(_("신용금액"), null=True)
    cost_total = MoneyField(_("비용합계"), null=True)
    costs: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        verbose_name = _("결제")
        verbose_name_plural = _("결제")
        ordering = ("settle_date", "position")
        indexes = (models.Index(fields=("settle_date",)),)

    def __str__(self) -> str:
        return f"{self.settle_date} {self.name} {self.amount}"


class Trade(InstrumentRow):
    """One line of the trade book. There is no row id: `position` keeps two equal lines of a day apart."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="trade_rows")
    position = models.PositiveIntegerField()
    date = models.DateField(_("거래일"))
    type = models.CharField(_("구분"), max_length=12)
    exchange = models.CharField(_("거래소"), max_length=32, null=True)  # noqa: DJ001 - null: KRX
    currency = models.CharField(_("통화"), max_length=8)
    amount_change = MoneyField(_("금액증감"), null=True)
    quantity_change = QuantityField(_("수량증감"), null=True)
    quantity_after = QuantityField(_("잔고수량"), null=True)
    cash_after = MoneyField(_("예수금"), null=True)
    subject = models.CharField(_("계정"), max_length=80, null=True)  # noqa: DJ001 - null: not said
    summary = models.CharField(_("적요"), max_length=80, null=True)  # noqa: DJ001 - null: not said
    costs: models.JSONField[Any, Any] = models.JSONField(default=list)
    warnings: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        verbose_name = _("거래")
        verbose_name_plural = _("거래")
        ordering = ("-date", "position")
        indexes = (models.Index(fields=("date",)),)

    def __str__(self) -> str:
        return f"{self.date} {self.type} {self.name}"


class OrderDetail(InstrumentRow):
    """One order of one day, as the firm reports it the evening after; not an order of the KIS feed."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="order_rows")
    position = models.PositiveIntegerField()
    order_number = models.CharField(_("주문번호"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    original_order_number = models.CharField(_("원주문번호"), max_length=32, null=True)  # noqa: DJ001 - null: none
    side = models.CharField(_("구분"), max_length=4, null=True)  # noqa: DJ001 - null: not said
    modified = models.BooleanField(_("정정"), null=True)
    canceled = models.BooleanField(_("취소"), null=True)
    order_type = models.CharField(_("주문유형"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    exec_type = models.CharField(_("체결구분"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    exchange = models.CharField(_("거래소"), max_length=32, null=True)  # noqa: DJ001 - null: KRX
    currency = models.CharField(_("통화"), max_length=8)
    quantity = QuantityField(_("주문수량"), null=True)
    price = PriceField(_("주문단가"), null=True)
    executed_quantity = QuantityField(_("체결수량"), null=True)
    ordered_at = models.DateTimeField(_("주문시각"), null=True)
    ordered_at_text = models.CharField(max_length=20, null=True)  # noqa: DJ001 - null: not said
    reject_reason = models.CharField(_("거부사유"), max_length=80, null=True)  # noqa: DJ001 - null: none

    class Meta:
        verbose_name = _("주문체결")
        verbose_name_plural = _("주문체결")
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.order_number} {self.name}"


class OrderExecution(models.Model):
    """One execution of an order detail."""

    order = models.ForeignKey(OrderDetail, on_delete=models.PROTECT, related_name="execution_rows")
    position = models.PositiveIntegerField()
    number = models.CharField(_("체결번호"), max_length=32, null=True)  # noqa: DJ001 - null: not said
    quantity = QuantityField(_("체결수량"), null=True)
    price = PriceField(_("체결단가"), null=True)
    executed_at = models.DateTimeField(_("체결시각"), null=True)

    class Meta:
        verbose_name = _("체결")
        verbose_name_plural = _("체결")
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.number} {self.quantity}"
