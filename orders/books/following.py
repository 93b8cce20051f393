"""One order's rows of a read: what they make of its status, its quantities and its fills."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from accounts import clock
from orders import chains, ledger
from orders.books.read import Read, evidence
from orders.books.transmitting import transmit
from orders.chains import Chain
from orders.domain import order_state
from orders.domain.events import Family, Market, OrderReport, ReportStatus, RequestKind
from orders.domain.order_report import apply_report, is_stale
from orders.domain.order_state import OrderState
from orders.models import Order
from orders.permissions import sessions
from orders.squaring import Fills, square


def follow(read: Read, order: Order, chain: Chain, told: list[Order], *, created: bool) -> bool:
    """Apply one chain of rows to its row. True when something that a page shows changed.

    `told` gets the order beside it that changed by it.
    """
    before = order.status
    _forget_moments_to_come(order)
    added = [row for row in chain.rows if _own(order, row)]
    described = _describe(order, chain.first)
    overtaken = is_overtaken(order, read.asked_at)
    moved_on = chain.first.key.family is Family.RESERVED and order.family != Family.RESERVED
    if chain.own:
        order.inquired_at = max(order.inquired_at or read.asked_at, read.asked_at)
    if overtaken or moved_on or not chain.own:
        return described or bool(added)
    fills = Fills.of(order)
    beside, _ = fills.beside([row.key.number for row in chain.own])
    earlier = sum((row.cum_qty for row in chain.own[:-1]), beside)
    counted = order.cum_qty
    squared = square(order, chain.own, fills, read.asked_at)
    newest = _with_requests(read, chain.newest)
    changed = transmit(order, newest, told)
    if order.cum_qty < counted and order.cum_qty == earlier + newest.cum_qty:
        changed |= _reopen(order, newest)
    if not is_stale(ledger.state_of(order), newest, earlier):
        reported = apply_report(ledger.state_of(order), newest, earlier=earlier)
        # Put once: a list goes on showing what ended with its session as open, and that is no news each time.
        changed |= ledger.put(order, _expired(order, reported, newest, read.asked_at))
        changed |= _cancels_done(read, order, chain, earlier)
    if changed or squared or added or created:
        ledger.note(order, "OrderInquired", evidence(read, newest), before)
    return described or changed or squared or bool(added)


def _reopen(order: Order, row: OrderReport) -> bool:
    """What a reversal gives back may be in the market still, whatever a cancel of a part had seemed to take."""
    if order.status != order_state.OrderStatus.CANCELED or row.status is not ReportStatus.OPEN or not row.leaves_qty:
        return False
    return ledger.put(order, order_state.reopen(ledger.state_of(order), row.leaves_qty))


def _with_requests(read: Read, row: OrderReport) -> OrderReport:
    """The newest row as the requests that name it make it: a list has no word for where what is not left has gone.

    Cancels took it out, or modifies of parts took all of it over, which then is no rest of this order any more. What
    neither explains has ended with the session.
    """
    unfilled = row.order_qty - row.cum_qty
    if row.status is not ReportStatus.DONE or row.leaves_qty != 0 or not unfilled:
        return row
    named = (row.key.family, row.key.order_date, row.key.number)
    aimed = [each for each in read.reports if (each.key.family, each.key.order_date, each.orig_number) == named]
    # Of a number that stands in two lists, once.
    done = {each.key.number: each for each in aimed if each.status is not ReportStatus.REJECTED}.values()
    taken = sum((each.order_qty for each in done), Decimal(0))
    cancels = [each.order_qty for each in done if each.kind is RequestKind.CANCEL]
    # A request for "all" may be listed with the quantity 0.
    if 0 in cancels or (cancels and taken >= unfilled):
        return replace(row, status=ReportStatus.CANCELED)
    return replace(row, order_qty=row.cum_qty) if row.cum_qty and taken == unfilled else row


def _cancels_done(read: Read, order: Order, chain: Chain, earlier: Decimal) -> bool:
    """A cancel of a part that this read shows done is confirmed by it: its notice, which may still come, takes nothing
    out again. While fills are missing the next read tells.
    """
    listed = any(row.kind is RequestKind.CANCEL for row in chain.rows)
    squared = order.cum_qty == earlier + chain.newest.cum_qty
    if not listed or not squared or not order.is_open or not order.quantity_known:
        return False
    told = {int(event.detail["number"]) for event in order.events.filter(type="OrderCanceled")}
    done = [cancel for row in chain.own for cancel in chains.canceled_under(row, read.reports, told)]
    for cancel in done:
        order.canceled_qty += cancel.order_qty
        shown = evidence(read, cancel)
        detail = {"number": str(cancel.key.number), "quantity": f"{cancel.order_qty.normalize():f}"}
        ledger.note(order, "OrderCanceled", replace(shown, detail=detail), order.status)
    return bool(done)


def is_overtaken(order: Order, asked_at: datetime) -> bool:
    """A notice came, or a later question was answered, after this one was asked: the answer is of the past.

    Of a question that lies ahead, since the clock was set back while it was answered, nobody can tell.
    """
    noticed = order.noticed_at is not None and order.noticed_at >= asked_at
    inquired = order.inquired_at is not None and order.inquired_at > asked_at
    return noticed or inquired or asked_at > clock.now()


def _forget_moments_to_come(order: Order) -> None:
    """A clock that was set back since had stored them: the next read counts, and what differs is timed anew."""
    now = clock.now()
    if order.noticed_at is not None and order.noticed_at > now + clock.AHEAD:
        order.noticed_at = now
    if order.inquired_at is not None and order.inquired_at > now + clock.AHEAD:
        order.inquired_at = None
    if order.differs_since is not None and order.differs_since > now + clock.AHEAD:
        order.differs_since = None


def _own(order: Order, row: OrderReport) -> bool:
    """Let the order own the row's number. True when it was not known, or not known to be in force."""
    return ledger.add_number(order, row.key.number, row.kind, row.key.order_date, row.key.family)


def _describe(order: Order, row: OrderReport) -> bool:
    """Take over what only an inquiry tells. True when a shown text was learnt."""
    learnt = bool(row.instrument.name) and not order.name
    order.name = order.name or row.instrument.name[:80]
    order.exchange = order.exchange or row.instrument.exchange
    order.order_type = order.order_type or row.order_type[:8]
    order.forward_org = order.forward_org or row.forward_org[:8]
    order.transmits_at = order.transmits_at or row.transmits_at
    return learnt


def _expired(order: Order, state: OrderState, row: OrderReport, asked_at: datetime) -> OrderState:
    """The state as the clock makes it: an open order whose session is over, in a read made after it, is done.

    Where staff correct the hours of that session, the next row that shows it open opens it again.
    """
    until = ends_by(order, row) if state.is_open else None
    return state if until is None or asked_at <= until else order_state.expire(state)


def ends_by(order: Order, row: OrderReport) -> datetime | None:
    """After which moment such a row says that the order is over; None where the clock has no say."""
    if row.status not in {ReportStatus.OPEN, ReportStatus.DONE}:
        return None
    return sessions().good_until(Market(order.market), order.ordered_at, order.exchange)
