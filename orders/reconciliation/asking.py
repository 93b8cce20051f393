"""A person asks the broker for an order out of turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit, clock
from orders import inquiries
from orders.domain.events import Family
from orders.models import KisAccount, Order, OrderCommand, OrderInquiry
from orders.reconciliation.judging import WAITING, family, settle

APART = timedelta(seconds=3)  # between two questions about one order, whoever asks


class TooSoon(Exception):
    """The order was asked for less than three seconds ago; `wait` says how long to wait."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"asked for {APART - wait} ago")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Asked:
    """One inquiry: when, and why KIS gave no whole answer ("" where it did)."""

    at: datetime
    error: str = ""


def ask_now(asked_for: Order | OrderCommand, by: audit.By) -> Asked:
    """Read the lists that the order stands in, now, and judge what waits for them. Audited. Not inside a transaction.

    Raises TooSoon.
    """
    order = asked_for if isinstance(asked_for, Order) else asked_for.order
    now = clock.now()
    _claim(order, now, by)
    waiting = list(order.commands.filter(state__in=WAITING))
    lists = {Family(order.family)} | {family(command) for command in waiting}
    read = inquiries.inquire(order.account, sorted(lists))
    if read is None:
        error = KisAccount.objects.filter(account=order.account_id).values_list("inquiry_error", flat=True).first()
        return Asked(now, error or "no active connection")
    settle(read, lists, [command.pk for command in waiting])
    return Asked(read.asked_at)


def _claim(order: Order, now: datetime, by: audit.By) -> None:
    with transaction.atomic():
        row, created = OrderInquiry.objects.get_or_create(order=order, defaults={"asked_at": now})
        free = OrderInquiry.objects.filter(order=order, asked_at__lte=now - APART)
        if not created and not free.update(asked_at=now):
            raise TooSoon(row.asked_at + APART - now)
        audit.record(by, audit.Act("order.inquired", account=order.account, subject=f"order {order.pk}"))
