"""A reservation that was sent goes on in the same row, and takes over what was seen of the real order before."""

from __future__ import annotations

from datetime import timedelta

from orders import ledger
from orders.books.merging import merge
from orders.domain.events import Family, Market, OrderReport, ReportStatus, RequestKind
from orders.models import Order, Origin

_SENT_TO = {Market.US_RESERVED.value: Market.US.value, Market.ASIA_RESERVED.value: Market.ASIA.value}


def transmit(order: Order, row: OrderReport, told: list[Order]) -> bool:
    """A reservation that was sent goes on in the same row, under the real order's number too.

    `told` gets the real order's own row, where one was seen before.
    """
    if row.status is not ReportStatus.TRANSMITTED or not row.transmitted_number or order.family != Family.RESERVED:
        return False
    order.family, order.market = Family.OVERSEAS.value, _SENT_TO[order.market]
    order.ordered_at = row.transmits_at or order.ordered_at
    taken = ledger.find([order.account_id], Family.OVERSEAS, row.transmitted_number)
    if taken is not None and taken.pk != order.pk and _is_the_same(taken, order):
        told.append(_merge(ledger.lock(taken.pk), order))
    else:
        ledger.add_number(order, row.transmitted_number, RequestKind.NEW)
    return True


def _is_the_same(seen: Order, reserved: Order) -> bool:
    alike = (seen.symbol, seen.side) == (reserved.symbol, reserved.side)
    return alike and seen.origin == Origin.EXTERNAL and seen.order_date >= reserved.order_date - timedelta(days=1)


def _merge(other: Order, into: Order) -> Order:
    """The real order was seen before the list named it: its numbers, fills and evidence go on in the reservation."""
    ledger.put(into, ledger.state_of(other))
    into.noticed_at, into.broker_qty, into.broker_amount = other.noticed_at, other.broker_qty, other.broker_amount
    into.unlisted_qty = other.unlisted_qty
    into.ordered_at, into.differs_since = other.ordered_at, other.differs_since
    merge(other, into)
    return other
