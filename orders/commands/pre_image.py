"""What the broker last said of an order before a send: what the request names, and what every judgement starts from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orders import ledger, outcomes
from orders.commands.request import plain
from orders.kis.schemas import Revisable
from orders.models import Order, OrderNumber

ZERO = Decimal(0)


def of(order: Order, revisable: Revisable | None = None) -> dict[str, Any]:
    """The order's newest number with the figures of its own row in the broker's lists, which keep what was canceled.

    `revisable` is what the broker just said may be modified or canceled of it: of all that is left no more than that is
    asked for, under the exchange, division and branch that it names; what is more in our books was filled unnoticed.
    The market is fixed here: whether an American order was given in the daytime session decides the TR id, and a
    refusal for the hours is no reason to try the other one. The caller holds the order's lock.
    """
    number, text = outcomes.number_of(order)
    earlier, _ = ledger.filled_beside(order, [number])
    cum_qty = max(order.cum_qty - earlier, ZERO)
    leaves_qty = order.leaves_qty if revisable is None else min(order.leaves_qty, revisable.psbl_qty)
    return {
        "status": order.status,
        "number": number,
        "text": text,
        "order_qty": plain(cum_qty + leaves_qty + _canceled(order, number)),
        "cum_qty": plain(cum_qty),
        "leaves_qty": plain(leaves_qty),
        "canceled_qty": plain(order.canceled_qty),
        "price": "" if order.price is None else plain(order.price),
        "children": [each for each in _numbers(order) if each != number],
        "order_date": order.order_date.isoformat(),
        "family": order.family,
        "market": order.market,
        "exchange": (revisable and revisable.exchange) or order.exchange,
        "order_type": (revisable and revisable.order_type) or order.order_type,
        "forward_org": (revisable and revisable.forward_org) or order.forward_org,
        "revisable": "" if revisable is None else plain(revisable.psbl_qty),
        "inquired_at": order.inquired_at.isoformat() if order.inquired_at else "",
        "noticed_at": order.noticed_at.isoformat() if order.noticed_at else "",
    }


def _numbers(order: Order) -> list[int]:
    """All that is known to name the order: a part that a modify took out has its number in a row of its own."""
    parts = OrderNumber.objects.filter(order__parent=order).order_by("number")
    return [row.number for row in order.numbers.all()] + list(parts.values_list("number", flat=True))


def _canceled(order: Order, number: int) -> Decimal:
    """What was canceled under the number itself: a modify of all that was left began without it."""
    rows = list(order.numbers.all())
    positions = {row.number: place for place, row in enumerate(rows)}
    newest = positions.get(number, 0)
    is_first = not any(row.kind in {"new", "modify"} for row in rows[:newest])
    canceled_since = any(row.kind == "cancel" for row in rows[newest + 1 :])
    return order.canceled_qty if is_first or canceled_since else ZERO
