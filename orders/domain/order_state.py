"""What an order is, and what each fact makes of it: one total table over (status, event).

Quantities are shares or contracts, amounts price times quantity in the order's currency, exact `Decimal`s. While an
order is open, `order_qty == cum_qty + leaves_qty`: a partial cancel and a partial modify take their quantity out of
both. A row may own a chain of broker numbers (a modify of all that is left goes on in it); `cum_qty` sums the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orders.domain.events import (
    CancelRequested,
    ModifyRequested,
    OrderAccepted,
    OrderCanceled,
    OrderConfirmed,
    OrderEvent,
    OrderFilled,
    OrderModified,
    OrderRejected,
    RequestKind,
)

ZERO = Decimal(0)


class OrderStatus(StrEnum):
    RESERVED = "RESERVED"
    NEW = "NEW"
    WORKING = "WORKING"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    EXPIRED = "EXPIRED"


OPEN = frozenset({OrderStatus.RESERVED, OrderStatus.NEW, OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED})
CLOSED = frozenset(OrderStatus) - OPEN


class IllegalTransition(ValueError):
    """The fact contradicts what is known of the order: nothing was changed, a person has to look."""

    def __init__(self, status: OrderStatus, event: object) -> None:
        super().__init__(f"{type(event).__name__} contradicts an order that is {status}")
        self.status = status
        self.event = event


@dataclass(frozen=True, slots=True)
class OrderState:
    """`canceled_qty` is all that was ever taken out of the market; `raw_status` a broker text never seen before.

    `quantity_known` is False for an order first seen through a fill, which does not tell how much was ordered:
    until an acceptance or an inquiry says so, `order_qty` follows `cum_qty` and the order is never FILLED.
    """

    status: OrderStatus
    order_qty: Decimal
    leaves_qty: Decimal
    cum_qty: Decimal = ZERO
    cum_amount: Decimal = ZERO
    price: Decimal | None = None
    canceled_qty: Decimal = ZERO
    reason: str = ""
    raw_status: str = ""
    quantity_known: bool = True

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def avg_px(self) -> Decimal | None:
        """Amount over quantity; None before the first fill."""
        return self.cum_amount / self.cum_qty if self.cum_qty else None

    @property
    def overfilled(self) -> bool:
        """More was filled than ordered: a repeat not yet reversed, or a fault. The books must say which."""
        return self.cum_qty > self.order_qty


def new_order(quantity: Decimal, price: Decimal | None, status: OrderStatus = OrderStatus.NEW) -> OrderState:
    """An order as it is first told of by an acceptance, a confirmation or an inquiry, before any fill."""
    return OrderState(status=status, order_qty=quantity, leaves_qty=quantity, price=price)


def order_of_unknown_quantity() -> OrderState:
    """An order whose first news is a fill (or a request aimed at it): apply that next."""
    return OrderState(OrderStatus.NEW, order_qty=ZERO, leaves_qty=ZERO, quantity_known=False)


def apply(state: OrderState, event: OrderEvent) -> OrderState:
    """The state after `event`; the same object when it changes nothing.

    Raises IllegalTransition where the two contradict each other. A fill never does: it is accepted in every status.
    """
    return TABLE[state.status, type(event)](state, event)


def splits(state: OrderState, event: OrderModified) -> bool:
    """True when a part of what is left goes on under another number, which then needs a row of its own."""
    return event.quantity < state.leaves_qty


def with_fills(state: OrderState, cum_qty: Decimal, cum_amount: Decimal) -> OrderState:
    """The state with the sums of all fills that stand: after a fill, a gap fill, or a reversal (which lowers them).

    A closed order stays closed unless the sums complete it, or show that it had been refused or not sent in error.
    """
    if (cum_qty, cum_amount) == (state.cum_qty, state.cum_amount):
        return state
    order_qty = state.order_qty if state.quantity_known else cum_qty
    filled = replace(state, cum_qty=cum_qty, cum_amount=cum_amount, order_qty=order_qty)
    return _settle(filled, came_back=cum_qty - state.cum_qty)


def learn_quantity(state: OrderState, quantity: Decimal, price: Decimal | None) -> OrderState:
    """The quantity of an order that was first seen through a fill, as an acceptance or an inquiry tells it.

    What was canceled before it was known comes out of it now, as the rest or as a part.
    """
    known = replace(state, order_qty=quantity, price=price, quantity_known=True)
    left = quantity - state.cum_qty
    if state.canceled_qty and state.canceled_qty >= left:
        return replace(known, status=OrderStatus.CANCELED, leaves_qty=ZERO, canceled_qty=max(left, ZERO))
    known = replace(known, order_qty=quantity - state.canceled_qty, leaves_qty=max(left - state.canceled_qty, ZERO))
    return _settle(known, came_back=ZERO) if known.cum_qty else known


def expire(state: OrderState) -> OrderState:
    """The session that the order was good for is over; a closed order is untouched."""
    if not state.is_open:
        return state
    return replace(state, status=OrderStatus.EXPIRED, leaves_qty=ZERO)


def reopen(state: OrderState, leaves: Decimal) -> OrderState:
    """A cancel of a part had seemed to take all that was left: a fill counted twice, reversed since, had hidden it."""
    canceled = max(state.canceled_qty - leaves, ZERO)
    order_qty = state.cum_qty + leaves
    status = OrderStatus.PARTIALLY_FILLED if state.cum_qty else OrderStatus.WORKING
    return replace(state, status=status, order_qty=order_qty, leaves_qty=leaves, canceled_qty=canceled)


_STAYS_CLOSED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED})


def _settle(state: OrderState, *, came_back: Decimal) -> OrderState:
    if state.quantity_known and state.cum_qty == state.order_qty:
        canceled = _still_canceled(state, came_back)
        return replace(state, status=OrderStatus.FILLED, leaves_qty=ZERO, canceled_qty=canceled, reason="")
    if state.status in _STAYS_CLOSED:
        return replace(state, canceled_qty=_still_canceled(state, came_back))
    leaves = max(state.order_qty - state.cum_qty, ZERO)
    status = OrderStatus.PARTIALLY_FILLED if state.cum_qty else OrderStatus.WORKING
    return replace(state, status=status, leaves_qty=leaves, reason="")


def _still_canceled(state: OrderState, came_back: Decimal) -> Decimal:
    """What was believed canceled and turns out to be filled is canceled no longer."""
    if state.status is not OrderStatus.CANCELED:
        return state.canceled_qty
    return max(state.canceled_qty - came_back, ZERO)


Rule = Callable[[OrderState, Any], OrderState]


def _same(state: OrderState, _event: OrderEvent) -> OrderState:
    return state


def _refuse(state: OrderState, event: OrderEvent) -> OrderState:
    raise IllegalTransition(state.status, event)


def _accept(state: OrderState, event: OrderAccepted) -> OrderState:
    if not state.quantity_known:
        return learn_quantity(state, event.quantity, event.price)
    return replace(state, status=OrderStatus.NEW) if state.status is OrderStatus.RESERVED else state


def _confirm(state: OrderState, event: OrderConfirmed) -> OrderState:
    known = state if state.quantity_known else learn_quantity(state, event.quantity, event.price)
    if known.status in {OrderStatus.RESERVED, OrderStatus.NEW}:
        return replace(known, status=OrderStatus.WORKING)
    return known


def _fill(state: OrderState, event: OrderFilled) -> OrderState:
    amount = event.last_qty * event.last_px
    return with_fills(state, state.cum_qty + event.last_qty, state.cum_amount + amount)


def _cancel(state: OrderState, event: OrderCanceled) -> OrderState:
    if not state.quantity_known:  # all or a part of it: the inquiry that is due anyway will tell
        return replace(state, canceled_qty=state.canceled_qty + event.quantity)
    left = state.order_qty - state.cum_qty
    if event.quantity >= left:
        canceled = state.canceled_qty + max(left, ZERO)
        return replace(state, status=OrderStatus.CANCELED, leaves_qty=ZERO, canceled_qty=canceled)
    return replace(
        state,
        order_qty=state.order_qty - event.quantity,
        leaves_qty=max(state.leaves_qty - event.quantity, ZERO),
        canceled_qty=state.canceled_qty + event.quantity,
    )


def _cancel_expired(state: OrderState, event: OrderCanceled) -> OrderState:
    # The end of the session was our own conclusion; the exchange's word for what became of the rest is better.
    left = max(state.order_qty - state.cum_qty, ZERO)
    canceled = state.canceled_qty + min(event.quantity, left)
    return replace(state, status=OrderStatus.CANCELED, canceled_qty=canceled)


def _modify(state: OrderState, event: OrderModified) -> OrderState:
    """Of an order whose quantity is not known nobody can say yet whether all of it was modified, or a part."""
    if splits(state, event):
        return replace(
            state,
            order_qty=state.order_qty - event.quantity,
            leaves_qty=state.leaves_qty - event.quantity,
        )
    status = OrderStatus.PARTIALLY_FILLED if state.cum_qty else OrderStatus.WORKING
    modified = replace(
        state,
        status=status,
        order_qty=state.cum_qty + event.quantity,
        leaves_qty=event.quantity,
        price=event.price,
    )
    return state if modified == state else modified


def _reject(state: OrderState, event: OrderRejected) -> OrderState:
    """Only the refusal of the order itself closes it; a refused modify or cancel is the command's affair."""
    if event.request is not RequestKind.NEW:
        return state
    if state.cum_qty:
        raise IllegalTransition(state.status, event)
    return replace(state, status=OrderStatus.REJECTED, leaves_qty=ZERO, reason=event.reason)


def _reject_closed(state: OrderState, event: OrderRejected) -> OrderState:
    if event.request is RequestKind.NEW:
        raise IllegalTransition(state.status, event)
    return state


_S = OrderStatus
# Columns of the grid below, in this order.
_COLUMNS: tuple[OrderStatus, ...] = (
    _S.RESERVED, _S.NEW, _S.WORKING, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.REJECTED, _S.NOT_SENT, _S.EXPIRED,
)  # fmt: skip
_GRID: Mapping[type[Any], tuple[Rule, ...]] = {
    # Late news of what is already past changes nothing; news that contradicts the broker's last word is refused.
    OrderAccepted: (_accept, _accept, _accept, _accept, _same, _same, _same, _refuse, _same),
    OrderConfirmed: (_confirm, _confirm, _confirm, _confirm, _same, _same, _refuse, _refuse, _same),
    OrderFilled: (_fill,) * 9,
    CancelRequested: (_same,) * 9,
    OrderCanceled: (_cancel, _cancel, _cancel, _cancel, _refuse, _same, _refuse, _refuse, _cancel_expired),
    ModifyRequested: (_same,) * 9,
    OrderModified: (_modify, _modify, _modify, _modify, _refuse, _refuse, _refuse, _refuse, _refuse),
    OrderRejected: (
        _reject, _reject, _reject, _reject, _reject_closed, _reject_closed, _same, _reject, _reject,
    ),
}  # fmt: skip
TABLE: Mapping[tuple[OrderStatus, type[Any]], Rule] = {
    (status, event): rule for event, rules in _GRID.items() for status, rule in zip(_COLUMNS, rules, strict=True)
}
