"""What an inquiry does to our orders: makes them known, moves their status, and squares their fills with the totals.

A read is one complete answer (all pages) about one account and one or more families of numbers, asked at one moment.
Rows that a later notice has overtaken change nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import DatabaseError, transaction

from accounts.fields import AmountOutOfRange
from accounts.models import ClientAccount
from orders import chains, ledger
from orders.broadcast import orders_changed
from orders.chains import Chain
from orders.crash_points import CrashPoint, reach
from orders.domain import order_state
from orders.domain.events import Family, Market, OrderReport, ReportStatus, RequestKind
from orders.domain.order_report import apply_report, is_stale
from orders.domain.order_state import OrderState
from orders.lease import Fence
from orders.models import Fill, KisAccount, Notice, Order, OrderEventRecord, OrderNumber, Origin
from orders.permissions import sessions
from orders.squaring import square

log = logging.getLogger(__name__)

# What a read leaves on a row without a new version: no page shows it, and the next request may need it.
_UNSHOWN = (
    *("inquired_at", "differs_since", "broker_qty", "broker_amount"),
    *("exchange", "order_type", "forward_org"),
)
_SENT_TO = {Market.US_RESERVED.value: Market.US.value, Market.ASIA_RESERVED.value: Market.ASIA.value}
NOTICES_HAVE_COME = timedelta(seconds=60)  # an order this old, first seen in a list, has no notice on its way


@dataclass(frozen=True, slots=True)
class Read:
    """One complete answer about one account. `fence` is the right of a notice stream that asked."""

    account: ClientAccount
    asked_at: datetime
    reports: tuple[OrderReport, ...]
    fence: Fence | None = None


def apply_read(read: Read) -> int:
    """Bring our orders in line with one read, each order in a transaction of its own. Number of orders changed.

    A row that cannot be stored is logged and leaves the other orders alone. Raises LeaseLost where the read was made
    by a notice stream that another process has taken over.
    """
    apart = chains.apart(read.account, read.reports)
    return sum(_apply_or_skip(read, chain) for chain in chains.of(read.reports, apart))


def _apply_or_skip(read: Read, chain: Chain) -> bool:
    try:
        with transaction.atomic():
            if read.fence is not None:
                read.fence.check()
            return _apply(read, chain)
    except (DatabaseError, AmountOutOfRange, ArithmeticError):
        log.exception("inquiry row not applied", extra={"account": read.account.pk, "number": chain.first.key.number})
        return False


def _apply(read: Read, chain: Chain) -> bool:
    # Two readers, or a reader and a notice, must not both find an order missing and both make it.
    KisAccount.objects.select_for_update().get(account=read.account)
    known = chains.known(read.account, chain)
    if known is None and not chain.own:
        return False  # a cancel of an order that no list shows any more
    order = ledger.lock(known.pk) if known is not None else _create(read, chain)
    changed = _follow(read, order, chain, created=known is None)
    if known is None or changed:
        ledger.save_visible(order, chain.newest.ordered_at or read.asked_at)
        orders_changed([order])
    else:
        order.save(update_fields=[*_UNSHOWN])
    reach(CrashPoint.BOOKS_APPLYING)
    return known is None or changed


def _create(read: Read, chain: Chain) -> Order:
    row = chain.first
    status = order_state.OrderStatus.RESERVED if row.key.family is Family.RESERVED else order_state.OrderStatus.NEW
    state = order_state.new_order(row.order_qty, row.price, status)
    order = Order(
        account=read.account,
        market=row.market.value,
        family=row.key.family.value,
        order_date=_day(row),
        symbol=row.instrument.symbol,
        name=row.instrument.name[:80],
        exchange=row.instrument.exchange,
        currency=row.instrument.currency,
        side=row.side.value,
        order_type=row.order_type[:8],
        forward_org=row.forward_org[:8],
        status=status.value,
        origin=Origin.EXTERNAL,
        parent=chains.parent_of(read.account, chain),
        ordered_at=row.ordered_at or read.asked_at,
        transact_time=row.ordered_at or read.asked_at,
        transmits_at=row.transmits_at,
        version=0,
    )
    if row.ordered_at is None or read.asked_at - row.ordered_at > NOTICES_HAVE_COME:
        order.differs_since = row.ordered_at or read.asked_at - NOTICES_HAVE_COME
    ledger.put(order, state)
    order.save()
    if order.parent is not None:
        _take_over(read, order, order.parent, chain)
    ledger.add_number(order, row.key.number, RequestKind.NEW)
    return order


def _take_over(read: Read, part: Order, parent: Order, chain: Chain) -> None:
    before = parent.status
    source = ledger.hand_over(parent, part, [each.key.number for each in chain.own])
    if source is not None:
        ledger.note(source, "OrderInquired", _evidence(read, chain.first), before)
        orders_changed([source])


def _day(row: OrderReport) -> date:
    assert row.key.order_date is not None  # noqa: S101 - the key of a report is complete
    return row.key.order_date


def _follow(read: Read, order: Order, chain: Chain, *, created: bool) -> bool:
    """Apply one chain of rows to its row. True when something that a page shows changed."""
    before = order.status
    added = [row for row in chain.rows if _own(order, row)]
    described = _describe(order, chain.first)
    overtaken = _overtaken(order, read.asked_at)
    moved_on = chain.first.key.family is Family.RESERVED and order.family != Family.RESERVED
    order.inquired_at = max(order.inquired_at or read.asked_at, read.asked_at)
    if overtaken or moved_on or not chain.own:
        return described or bool(added)
    beside, _ = ledger.filled_beside(order, [row.key.number for row in chain.own])
    earlier = sum((row.cum_qty for row in chain.own[:-1]), beside)
    counted = order.cum_qty
    squared = square(order, chain.own, read.asked_at)
    newest = _with_cancels(read, chain.newest)
    changed = _transmit(order, newest)
    if order.cum_qty < counted and order.cum_qty == earlier + newest.cum_qty:
        changed |= _reopen(order, newest)
    if not is_stale(ledger.state_of(order), newest, earlier):
        reported = apply_report(ledger.state_of(order), newest, earlier=earlier)
        # Put once: a list goes on showing what ended with its session as open, and that is no news each time.
        changed |= ledger.put(order, _expired(order, reported, newest, read.asked_at))
        changed |= _cancels_done(read, order, chain, earlier)
    if changed or squared or added or created:
        ledger.note(order, "OrderInquired", _evidence(read, newest), before)
    return described or changed or squared or bool(added)


def _reopen(order: Order, row: OrderReport) -> bool:
    """What a reversal gives back may be in the market still, whatever a cancel of a part had seemed to take."""
    if order.status != order_state.OrderStatus.CANCELED or row.status is not ReportStatus.OPEN or not row.leaves_qty:
        return False
    return ledger.put(order, order_state.reopen(ledger.state_of(order), row.leaves_qty))


def _with_cancels(read: Read, row: OrderReport) -> OrderReport:
    """The newest row as its cancels make it: a list of derivatives has no word for "canceled", only nothing left.

    What its cancels and the modifies of a part do not explain has ended with the session.
    """
    unfilled = row.order_qty - row.cum_qty
    if row.status is not ReportStatus.DONE or row.leaves_qty != 0 or not unfilled:
        return row
    named = (row.key.family, row.key.order_date, row.key.number)
    aimed = [each for each in read.reports if (each.key.family, each.key.order_date, each.orig_number) == named]
    done = [each for each in aimed if each.status is not ReportStatus.REJECTED]
    cancels = [each.order_qty for each in done if each.kind is RequestKind.CANCEL]
    # A request for "all" may be listed with the quantity 0.
    explained = 0 in cancels or (cancels and sum(each.order_qty for each in done) >= unfilled)
    return replace(row, status=ReportStatus.CANCELED) if explained else row


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
        evidence = _evidence(read, cancel)
        detail = {"number": str(cancel.key.number), "quantity": f"{cancel.order_qty.normalize():f}"}
        ledger.note(order, "OrderCanceled", replace(evidence, detail=detail), order.status)
    return bool(done)


def _overtaken(order: Order, asked_at: datetime) -> bool:
    """A notice came, or a later question was answered, after this one was asked: the answer is of the past."""
    noticed = order.noticed_at is not None and order.noticed_at >= asked_at
    return noticed or (order.inquired_at is not None and order.inquired_at > asked_at)


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


def _evidence(read: Read, row: OrderReport) -> ledger.Evidence:
    detail = {
        "number": str(row.key.number),
        "cum_qty": str(row.cum_qty),
        "leaves_qty": "" if row.leaves_qty is None else str(row.leaves_qty),
        "status": row.status.value,
        "text": row.status_text,
    }
    epoch = read.fence.mark if read.fence is not None else None
    return ledger.Evidence("inquiry", read.asked_at.isoformat(), read.asked_at, detail, epoch)


def _transmit(order: Order, row: OrderReport) -> bool:
    """A reservation that was sent goes on in the same row, under the real order's number too."""
    if row.status is not ReportStatus.TRANSMITTED or not row.transmitted_number or order.family != Family.RESERVED:
        return False
    order.family, order.market = Family.OVERSEAS.value, _SENT_TO[order.market]
    order.ordered_at = row.transmits_at or order.ordered_at
    taken = ledger.find([order.account_id], Family.OVERSEAS, row.transmitted_number)
    if taken is not None and taken.pk != order.pk and _is_the_same(taken, order):
        _merge(ledger.lock(taken.pk), order)
    else:
        ledger.add_number(order, row.transmitted_number, RequestKind.NEW)
    return True


def _is_the_same(seen: Order, reserved: Order) -> bool:
    alike = (seen.symbol, seen.side) == (reserved.symbol, reserved.side)
    return alike and seen.origin == Origin.EXTERNAL and seen.order_date >= reserved.order_date - timedelta(days=1)


def _merge(other: Order, into: Order) -> None:
    """The real order was seen before the list named it: its numbers, fills and evidence go on in the reservation."""
    OrderNumber.objects.filter(order=other).update(order=into)
    Fill.objects.filter(order=other).update(order=into)
    Notice.objects.filter(order=other).update(order=into)
    OrderEventRecord.objects.filter(order=other).update(order=into)
    ledger.put(into, ledger.state_of(other))
    into.noticed_at, into.broker_qty, into.broker_amount = other.noticed_at, other.broker_qty, other.broker_amount
    into.ordered_at, into.differs_since = other.ordered_at, other.differs_since
    other.merged_into = into
    ledger.save_visible(other, into.transact_time)
    orders_changed([other])


def _expired(order: Order, state: OrderState, row: OrderReport, asked_at: datetime) -> OrderState:
    """The state as the clock makes it: an open order whose session is over, in a read made after it, is done.

    Where staff correct the hours of that session, the next row that shows it open opens it again.
    """
    if row.status not in {ReportStatus.OPEN, ReportStatus.DONE} or not state.is_open:
        return state
    until = sessions().good_until(Market(order.market), order.ordered_at, order.exchange)
    return state if until is None or asked_at <= until else order_state.expire(state)
