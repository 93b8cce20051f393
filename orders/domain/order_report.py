"""What an inquiry row makes of an order. Fills are never taken from here.

`cum_qty` and `cum_amount` are the sums of our fill rows; where the broker's totals differ, `balance` decides on a gap
fill or a reversal, and `order_state.with_fills` applies the new sums. This function moves everything else: the status,
what is left, what was taken out, and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from orders.domain.events import OrderReport, ReportStatus
from orders.domain.order_state import ZERO, OrderState, OrderStatus, learn_quantity


def is_stale(state: OrderState, report: OrderReport, earlier: Decimal = ZERO) -> bool:
    """True when the broker's total is below our fills: an old read, or fills of ours that `balance` must judge."""
    return earlier + report.cum_qty < state.cum_qty


def apply_report(
    state: OrderState, report: OrderReport, *, earlier: Decimal = ZERO, overtaken: bool = False
) -> OrderState:
    """The state after one inquiry row of the order's newest number; the same object when it changes nothing.

    `earlier` is what was filled under the older numbers of the same row. `overtaken` says that a notice of this order
    was recorded after the question was asked: such a row is of the past and is left alone, as is a stale one.
    """
    if overtaken or is_stale(state, report, earlier):
        return state
    if report.status is ReportStatus.UNRECOGNISED:
        return _replaced(state, raw_status=report.status_text)
    known = state
    if not state.quantity_known:
        known = learn_quantity(state, earlier + report.order_qty, report.price)
    return _replaced(_RULES[report.status](known, report, earlier), raw_status="")


def _replaced(state: OrderState, *, raw_status: str) -> OrderState:
    return state if state.raw_status == raw_status else replace(state, raw_status=raw_status)


def _same(state: OrderState, _report: OrderReport, _earlier: Decimal) -> OrderState:
    return state


def _transmitted(state: OrderState, _report: OrderReport, _earlier: Decimal) -> OrderState:
    return replace(state, status=OrderStatus.NEW) if state.status is OrderStatus.RESERVED else state


def _not_sent(state: OrderState, report: OrderReport, _earlier: Decimal) -> OrderState:
    if state.status is not OrderStatus.RESERVED:
        return state
    return replace(state, status=OrderStatus.NOT_SENT, leaves_qty=ZERO, reason=report.reason)


def _done(state: OrderState, report: OrderReport, earlier: Decimal) -> OrderState:
    """May be filled, canceled, modified or over with its session: fills, child rows and the clock tell which.

    Of a modify whose notice was lost the newest row tells the price all the same. Where it is full, and all that the
    broker counts is known, the order is: a modify told before a fill that it came after had given it another quantity.
    """
    known = state if report.price in {None, state.price} else replace(state, price=report.price)
    full = report.cum_qty == report.order_qty and earlier + report.cum_qty == state.cum_qty != state.order_qty
    if not full or not state.cum_qty or state.status not in _REOPENS | {OrderStatus.FILLED}:
        return known
    return replace(known, status=OrderStatus.FILLED, order_qty=state.cum_qty, leaves_qty=ZERO)


# EXPIRED is our own conclusion from the clock: an order that the broker still lists as open is open.
_REOPENS = frozenset(
    {
        OrderStatus.RESERVED,
        OrderStatus.NEW,
        OrderStatus.WORKING,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.EXPIRED,
    }
)


def _open(state: OrderState, report: OrderReport, earlier: Decimal) -> OrderState:
    agrees = report.leaves_qty is not None and earlier + report.cum_qty == state.cum_qty
    # Full by the quantity that we took it for: where the broker counts the same shares and has some left, it is not.
    thought_full = agrees and state.status is OrderStatus.FILLED
    if report.leaves_qty == ZERO or not (thought_full or state.status in _REOPENS):
        return state
    status = OrderStatus.PARTIALLY_FILLED if state.cum_qty else OrderStatus.WORKING
    if report.leaves_qty is None or not agrees:
        leaves = state.order_qty - state.cum_qty
        return _unless_equal(state, replace(state, status=status, leaves_qty=max(leaves, ZERO)))
    opened = replace(
        state,
        status=status,
        order_qty=state.cum_qty + report.leaves_qty,
        leaves_qty=report.leaves_qty,
        price=state.price if report.price is None else report.price,
    )
    return _unless_equal(state, opened)


def _canceled(state: OrderState, report: OrderReport, earlier: Decimal) -> OrderState:
    if earlier + report.cum_qty != state.cum_qty:
        return state  # fills are missing still: the gap fill comes first, then this row is read again
    if state.status is OrderStatus.FILLED and state.canceled_qty and report.order_qty > report.cum_qty:
        # A cancel that was confirmed before the fill that it raced was known had looked like a cancel of a part.
        return replace(state, status=OrderStatus.CANCELED, order_qty=state.cum_qty + state.canceled_qty)
    if state.status not in _REOPENS:
        return state
    left = state.order_qty - state.cum_qty
    return replace(state, status=OrderStatus.CANCELED, leaves_qty=ZERO, canceled_qty=state.canceled_qty + left)


def _rejected(state: OrderState, report: OrderReport, _earlier: Decimal) -> OrderState:
    if state.status not in _REOPENS or state.cum_qty:
        return state
    return replace(state, status=OrderStatus.REJECTED, leaves_qty=ZERO, reason=report.reason)


def _unless_equal(state: OrderState, other: OrderState) -> OrderState:
    return state if other == state else other


_RULES: Mapping[ReportStatus, Callable[[OrderState, OrderReport, Decimal], OrderState]] = {
    ReportStatus.RESERVED: _same,
    ReportStatus.TRANSMITTED: _transmitted,
    ReportStatus.NOT_SENT: _not_sent,
    ReportStatus.OPEN: _open,
    ReportStatus.DONE: _done,
    ReportStatus.CANCELED: _canceled,
    ReportStatus.REJECTED: _rejected,
}
