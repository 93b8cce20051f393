"""What the portal's database holds of the orders, read through its own models."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from orders.models import Fill, NoticeFrame, Order, OrderNumber
from tests.chaos.checker import Held
from tests.chaos.truth import OrderKey

ZERO = Decimal(0)


def held_orders() -> list[Held]:
    """Every order that a page shows, with the sums of its fills."""
    numbers: dict[int, list[OrderKey]] = defaultdict(list)
    for row in OrderNumber.objects.select_related("account"):
        numbers[row.order_id].append(OrderKey(str(row.account.number), row.family, row.number))
    fills: dict[int, list[Fill]] = defaultdict(list)
    for fill in Fill.objects.all():
        fills[fill.order_id].append(fill)
    return [_held(order, numbers[order.pk], fills[order.pk]) for order in Order.objects.shown()]


def _held(order: Order, numbers: list[OrderKey], fills: list[Fill]) -> Held:
    return Held(
        pk=order.pk,
        numbers=frozenset(numbers),
        status=order.status,
        cum_qty=order.cum_qty,
        cum_amount=order.cum_amount,
        fills_qty=sum((fill.last_qty for fill in fills), ZERO),
        fills_amount=sum((fill.amount for fill in fills), ZERO),
        leaves_qty=order.leaves_qty,
        alarm=order.alarm,
    )


def frames_kept() -> int:
    return NoticeFrame.objects.count()
