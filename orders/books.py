"""What an inquiry does to our orders: makes them known, moves their status, and squares their fills with the totals.

A read is one complete answer (all pages) about one account and one or more families of numbers, asked at one moment.
Rows that a later notice has overtaken change nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import ClientAccount
from orders import ledger
from orders.broadcast import orders_changed
from orders.domain import balance as rules
from orders.domain import order_state
from orders.domain.events import Family, Market, OrderReport, ReportStatus, RequestKind
from orders.domain.order_report import apply_report, is_stale
from orders.models import Fill, FillSource, Notice, Order, OrderEventRecord, OrderNumber, Origin
from orders.permissions import sessions

log = logging.getLogger(__name__)

ZERO = Decimal(0)
SAME_NUMBER_WITHIN = timedelta(days=1)  # a night order's date: the notice has none, the inquiry gives the trading day
NOTICES_HAVE_COME = timedelta(seconds=60)  # an order this old, first seen in a list, has no notice on its way
Number = tuple[Family, date, int]
PRICE_UNIT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Read:
    """One complete answer about one account."""

    account: ClientAccount
    asked_at: datetime
    reports: tuple[OrderReport, ...]


def apply_read(read: Read) -> int:
    """Bring our orders in line with one read, each order in a transaction of its own. Number of orders changed."""
    chains = _chains(read.reports)
    return sum(_apply_chain(read, chain) for chain in chains)


def _chains(reports: Iterable[OrderReport]) -> list[list[OrderReport]]:
    """Rows that belong to one original number, in the order they were given out; new orders first."""
    rows = {_number(row): row for row in _latest(reports)}
    roots: dict[Number, list[OrderReport]] = {}
    for key, row in sorted(rows.items(), key=lambda item: item[0][1:]):
        roots.setdefault(_root(key, rows), []).append(row)
    return list(roots.values())


def _number(row: OrderReport) -> Number:
    return row.key.family, _day(row), row.key.number


def _day(row: OrderReport) -> date:
    """The broker's order date, which every inquiry row has."""
    assert row.key.order_date is not None  # noqa: S101 - the key of a report is complete
    return row.key.order_date


def _latest(reports: Iterable[OrderReport]) -> list[OrderReport]:
    """Two lists may show one number a moment apart: the later total is the larger one."""
    best: dict[Number, OrderReport] = {}
    for row in reports:
        key = _number(row)
        if key not in best or row.cum_qty >= best[key].cum_qty:
            best[key] = row
    return list(best.values())


def _root(key: Number, rows: dict[Number, OrderReport]) -> Number:
    seen = {key}
    while (row := rows.get(key)) is not None and row.orig_number:
        key = (key[0], key[1], row.orig_number)
        if key in seen:
            break
        seen.add(key)
    return key


def _apply_chain(read: Read, chain: list[OrderReport]) -> bool:
    with transaction.atomic():
        order = _known(read.account, chain)
        if order is not None:
            order = ledger.lock(order.pk)
        created = order is None
        if order is None:
            order = _create(read, chain[0])
        changed = _follow(read, order, chain)
        if created or changed:
            ledger.save_visible(order, chain[-1].ordered_at or read.asked_at)
            orders_changed([order])
        else:
            order.save(update_fields=["inquired_at", "differs_since", "broker_qty", "broker_amount"])
        return created or changed


def _known(account: ClientAccount, chain: list[OrderReport]) -> Order | None:
    for row in chain:
        numbers = OrderNumber.objects.filter(account=account, family=row.key.family.value, number=row.key.number)
        exact = numbers.filter(order_date=_day(row)).select_related("order").first()
        if exact is not None:
            return exact.order
        near = _near(numbers, row)
        if near is not None:
            return near.order
    return None


def _near(numbers: QuerySet[OrderNumber], row: OrderReport) -> OrderNumber | None:
    """A number first told by a notice was given its date by us; the broker's word for the date replaces it."""
    first, last = _day(row) - SAME_NUMBER_WITHIN, _day(row) + SAME_NUMBER_WITHIN
    near = (
        numbers.filter(order_date__range=(first, last), order__symbol=row.instrument.symbol, order__side=row.side.value)
        .select_related("order")
        .order_by("-order_date")
        .first()
    )
    if near is not None and near.order.inquired_at is None:
        near.order_date = _day(row)
        near.save(update_fields=["order_date"])
        Order.objects.filter(pk=near.order_id).update(order_date=_day(row))
        return near
    return None


def _create(read: Read, row: OrderReport) -> Order:
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
        ordered_at=row.ordered_at or read.asked_at,
        transact_time=row.ordered_at or read.asked_at,
        transmits_at=row.transmits_at,
        version=0,
    )
    if row.ordered_at is None or read.asked_at - row.ordered_at > NOTICES_HAVE_COME:
        order.differs_since = row.ordered_at or read.asked_at - NOTICES_HAVE_COME
    ledger.put(order, state)
    order.save()
    ledger.add_number(order, row.orig_number or row.key.number, RequestKind.NEW)
    return order


def _follow(read: Read, order: Order, chain: list[OrderReport]) -> bool:
    """Apply one chain of rows to its row. True when something that a page shows changed."""
    before = order.status
    own = [row for row in chain if row.kind is not RequestKind.CANCEL]
    new_numbers = [row for row in chain if ledger.add_number(order, row.key.number, row.kind, row.key.order_date)]
    described = _describe(order, chain[0])
    overtaken = order.noticed_at is not None and order.noticed_at >= read.asked_at
    order.inquired_at = read.asked_at
    if overtaken or not own:
        return described or bool(new_numbers)
    newest = own[-1]
    state = ledger.state_of(order)
    earlier = sum((row.cum_qty for row in own[:-1]), ZERO)
    stale = is_stale(state, newest, earlier)
    squared = _square(read, order, own)
    changed = False
    if not stale:
        changed = ledger.put(order, apply_report(ledger.state_of(order), newest, earlier=earlier))
    changed |= _transmit(order, newest) | _expire(order, newest, read.asked_at)
    if changed or squared or new_numbers:
        ledger.note(order, "OrderInquired", _evidence(read, newest), before)
    return described or changed or squared or bool(new_numbers)


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
    return ledger.Evidence("inquiry", read.asked_at.isoformat(), read.asked_at, detail)


def _transmit(order: Order, row: OrderReport) -> bool:
    """A reservation that was sent goes on in the same row, under the real order's number too."""
    if row.status is not ReportStatus.TRANSMITTED or not row.transmitted_number or order.family != Family.RESERVED:
        return False
    order.family, order.market = Family.OVERSEAS.value, Market.US.value
    taken = ledger.find([order.account_id], Family.OVERSEAS, row.transmitted_number)
    if taken is not None and taken.pk != order.pk and taken.inquired_at is None:
        _merge(taken, order)
    else:
        ledger.add_number(order, row.transmitted_number, RequestKind.NEW)
    return True


def _merge(other: Order, into: Order) -> None:
    """The real order was seen before the list named it: its numbers, fills and evidence go on in the reservation."""
    for model in (OrderNumber, Fill, Notice, OrderEventRecord):
        model.objects.filter(order=other).update(order=into)
    state = ledger.state_of(other)
    ledger.put(into, state)
    into.noticed_at = other.noticed_at
    other.merged_into = into
    ledger.save_visible(other, into.transact_time)
    orders_changed([other])


def _expire(order: Order, row: OrderReport, asked_at: datetime) -> bool:
    """An open order whose session is over, in a read made after it, is done for the day."""
    if row.status not in {ReportStatus.OPEN, ReportStatus.DONE} or not order.is_open:
        return False
    until = sessions().good_until(Market(order.market), order.ordered_at)
    if until is None or asked_at <= until:
        return False
    return ledger.put(order, order_state.expire(ledger.state_of(order)))


def _square(read: Read, order: Order, own: Sequence[OrderReport]) -> bool:
    """Compare our fills with the broker's totals and write what the rule says. True when fills changed."""
    books = _books(read, order, own)
    verdict = rules.balance(books)
    cleared = False
    match verdict:
        case rules.StaleRead():
            return False
        case rules.Wait():
            order.differs_since = order.differs_since or read.asked_at
            return False
        case rules.Clean():
            cleared = bool(order.alarm)
            order.differs_since, order.alarm = None, ""
        case rules.GapFill():
            _write_gap(order, verdict, own[-1], read.asked_at)
        case rules.ReverseGap():
            _reverse(order, Fill.objects.get(key=verdict.key), read.asked_at)
            if verdict.instead is not None:
                _write_gap(order, verdict.instead, own[-1], read.asked_at)
        case rules.ReverseTwin():
            _reverse(order, Fill.objects.get(pk=int(verdict.fill_id)), read.asked_at)
        case rules.Alarm():
            return _alarm(order, verdict)
    order.broker_qty, order.broker_amount = books.broker_qty, books.broker_amount
    return ledger.put(order, order_state.with_fills(ledger.state_of(order), *ledger.fill_sums(order))) or cleared


def _books(read: Read, order: Order, own: Sequence[OrderReport]) -> rules.Books:
    broker_qty = sum((row.cum_qty for row in own), ZERO)
    amounts = [_amount(row) for row in own]
    standing = Fill.objects.filter(order=order, reversed_by=None).exclude(source=FillSource.REVERSAL)
    last = standing.filter(source=FillSource.NOTICE).order_by("-transact_time").first()
    return rules.Books(
        order=str(order.pk),
        our_qty=order.cum_qty,
        our_amount=order.cum_amount,
        broker_qty=broker_qty,
        broker_amount=None if None in amounts else sum((a for a in amounts if a is not None), ZERO),
        highest_broker_qty=order.broker_qty or ZERO,
        now=read.asked_at,
        differs_since=order.differs_since or read.asked_at,
        newest_notice_at=order.noticed_at,
        newest_trade_at=last.transact_time if last else None,
        gaps=tuple(
            rules.StandingGap(gap.key, gap.last_qty, gap.amount, gap.recorded_at)
            for gap in standing.filter(source=FillSource.GAP)
        ),
        twins=tuple(_twins(list(standing.filter(source=FillSource.NOTICE).order_by("-id")))),
        reversals=Fill.objects.filter(order=order, source=FillSource.REVERSAL).count(),
        amount_unit=max(broker_qty, Decimal(1)) * PRICE_UNIT,
    )


def _amount(row: OrderReport) -> Decimal | None:
    """The broker's filled amount; derivatives tell an average index only."""
    if not row.cum_qty:
        return ZERO
    if row.key.family is not Family.FO and row.cum_amount:
        return row.cum_amount
    return None if row.avg_px is None else row.avg_px * row.cum_qty


def _twins(fills: list[Fill]) -> Iterable[rules.Twin]:
    """Fills whose content another epoch had brought before, newest first."""
    for position, fill in enumerate(fills):
        earlier = fills[position + 1 :]
        if any(other.canonical == fill.canonical and other.epoch != fill.epoch for other in earlier):
            yield rules.Twin(str(fill.pk), fill.last_qty)


def _write_gap(order: Order, gap: rules.GapFill, row: OrderReport, asked_at: datetime) -> None:
    Fill.objects.get_or_create(
        key=gap.key,
        defaults={
            "order": order,
            "number": row.key.number,
            "source": FillSource.GAP,
            "last_qty": gap.quantity,
            "last_px": gap.amount / gap.quantity,
            "amount": gap.amount,
            "transact_time": asked_at,
            "recorded_at": asked_at,
        },
    )


def _reverse(order: Order, fill: Fill, asked_at: datetime) -> None:
    Fill.objects.get_or_create(
        key=f"reversal:{fill.pk}",
        defaults={
            "order": order,
            "number": fill.number,
            "source": FillSource.REVERSAL,
            "last_qty": -fill.last_qty,
            "last_px": fill.last_px,
            "amount": -fill.amount,
            "transact_time": asked_at,
            "recorded_at": timezone.now(),
            "reverses": fill,
        },
    )


def _alarm(order: Order, alarm: rules.Alarm) -> bool:
    log.error("books differ", extra={"order": order.pk, "reason": alarm.reason, "quantity": str(alarm.quantity)})
    changed = order.alarm != alarm.reason
    order.alarm = alarm.reason
    return changed
