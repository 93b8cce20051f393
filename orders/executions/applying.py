"""One record onto its order: the state, the fill, the event row, the commands that it settles."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

from django.utils import timezone

from accounts.clock import KST
from orders import ledger, outcomes, placing, squaring
from orders.broadcast import orders_changed
from orders.crash_points import CrashPoint, reach
from orders.domain import order_state as rules
from orders.domain.balance import LateFill
from orders.domain.events import (
    CancelRequested,
    ModifyRequested,
    OrderCanceled,
    OrderFilled,
    OrderModified,
    OrderNews,
    OrderRejected,
    RequestKind,
)
from orders.kis.notices import Record
from orders.models import CommandType, Fill, FillSource, Notice, NoticeFrame, NoticeState, Order, OrderNumber
from orders.models.commands import LIVE_STATES

CONFIRMED_BEFORE = "the exchange confirmed this number before"
ZERO = Decimal(0)
TOLD_BEFORE = "another session brought the same fill, and the order has no room for a second one"


def apply(frame: NoticeFrame, row: Notice, record: Record) -> Notice:
    """Apply one record in the caller's transaction. Raises what makes it a case for the quarantine."""
    news, order = placing.place(frame, record)
    row.frame = frame
    row.save()
    order = ledger.lock(order.pk) if order is not None else placing.first_seen(frame, news)
    row.order, row.state = order, NoticeState.APPLIED
    shown = [order]
    if _confirmed_before(order, news):
        row.state, row.reason = NoticeState.REPEATED, CONFIRMED_BEFORE
    else:
        shown += _take_in(order, news, row)
    row.save()
    orders_changed(shown)
    reach(CrashPoint.NOTICE_APPLYING)
    return row


def _confirmed_before(order: Order, news: OrderNews) -> bool:
    """The exchange confirms a request's number once: told again, or shown by a list before, it takes nothing out."""
    if not isinstance(news.event, OrderCanceled | OrderModified):
        return False
    kind, number = type(news.event).__name__, str(news.key.number)
    return order.events.filter(type=kind, detail__number=number).exists() or _stands_beside(order, news.key.number)


def _stands_beside(order: Order, number: int) -> bool:
    """A list made the part known before its notice came: it is an order of its own by now."""
    same = OrderNumber.objects.filter(account=order.account, family=order.family, order_date=order.order_date)
    return same.filter(number=number, order__parent=order).exclude(kind=ledger.REQUESTED).exists()


def _take_in(order: Order, news: OrderNews, row: Notice) -> list[Order]:
    """The number, then the event. The orders beside this one that it made."""
    evidence = ledger.Evidence("notice", str(row.pk), news.at, _detail(news), row.frame.epoch)
    parts: list[Order] = []
    renumbered = False
    if isinstance(news.event, OrderModified) and _splits(order, news.event, news.key.number):
        parts.append(_split_off(order, news, evidence))
    else:
        renumbered = _own_number(order, news)
    _apply_event(order, news, row, evidence, renumbered=renumbered)
    return parts


def _splits(order: Order, event: OrderModified, number: int) -> bool:
    """A part goes on beside the order, unless all of it was asked for and a fill was merely missed."""
    in_force = order.numbers.filter(number=number).exclude(kind=ledger.REQUESTED)
    if not rules.splits(ledger.state_of(order), event) or in_force.exists():
        return False
    live = order.commands.filter(type=CommandType.MODIFY, state__in=LIVE_STATES).first()
    return live is None or live.quantity is not None or not outcomes.answers(live, number, event)


def _own_number(order: Order, news: OrderNews) -> bool:
    """A number that names an original is a request's, until a fill or a confirmation puts it in force.

    True when pages show another number than before.
    """
    kind = _kind(news)
    return ledger.add_number(order, news.key.number, kind) and kind in {RequestKind.NEW, RequestKind.MODIFY}


def _kind(news: OrderNews) -> RequestKind | None:
    match news.event:
        case CancelRequested() | OrderCanceled(remainder=False) | OrderRejected(request=RequestKind.CANCEL):
            return RequestKind.CANCEL
        case ModifyRequested() | OrderRejected(request=RequestKind.MODIFY):
            return None
        case OrderModified():
            return RequestKind.MODIFY
    return RequestKind.NEW if news.orig_number is None else RequestKind.MODIFY


def _apply_event(order: Order, news: OrderNews, row: Notice, evidence: ledger.Evidence, *, renumbered: bool) -> None:
    before = order.status
    if isinstance(news.event, OrderFilled):
        changed = _fill(order, news, news.event, row)
    else:
        changed = ledger.put(order, _after(order, news))
    changed |= renumbered
    if news.instrument.name and not order.name:
        order.name, changed = news.instrument.name[:80], True
    order.noticed_at = max(order.noticed_at or row.frame.received_at, row.frame.received_at)
    if row.state == NoticeState.REPEATED:
        order.save(update_fields=["noticed_at"])
        return
    command = outcomes.settle_by_notice(order, news, evidence)
    ledger.note(order, type(news.event).__name__, evidence, before)
    if changed or command:
        ledger.save_visible(order, news.at)
    else:
        order.save(update_fields=["noticed_at"])


def _after(order: Order, news: OrderNews) -> rules.OrderState:
    state = ledger.state_of(order)
    if not isinstance(news.event, OrderModified) or not order.numbers.filter(number=news.key.number).exists():
        return rules.apply(state, news.event)
    rest = news.event.quantity - ledger.filled_under(order, news.key.number)
    if not state.is_open or rest <= ZERO:
        return state  # its fills came first, under the new number
    # The rest of what was modified is filled already: that notice is late or lost, and the inquiry will tell.
    whole = replace(state, order_qty=state.cum_qty + rest, leaves_qty=rest)
    return rules.apply(whole, replace(news.event, quantity=rest))


def _fill(order: Order, news: OrderNews, event: OrderFilled, row: Notice) -> bool:
    """A fill counts at once. One that an inquiry had made good takes the gap fill's place, and one that another epoch
    brought before, of an order that is full, was told twice. True when a page shows something else.
    """
    state = ledger.state_of(order)
    room = max(state.order_qty - state.cum_qty, rules.ZERO) if state.quantity_known else None
    canonical = hashlib.sha256(news.canonical.encode()).hexdigest()
    late = LateFill(event.last_qty, event.last_qty * event.last_px, news.at, room)
    if squaring.make_way(order, late, row.frame.received_at):
        _add_fill(order, news, event, row)
        return ledger.put(order, rules.with_fills(state, *ledger.fill_sums(order)))
    if room is not None and event.last_qty > room and _told_before(order, canonical, row.frame.epoch):
        row.state, row.reason = NoticeState.REPEATED, TOLD_BEFORE
        return False
    _add_fill(order, news, event, row)
    return ledger.put(order, rules.apply(state, event))


def _told_before(order: Order, canonical: str, epoch: int) -> bool:
    earlier = Fill.objects.filter(order=order, canonical=canonical, reversed_by=None)
    return earlier.exclude(epoch=epoch).exists()


def _add_fill(order: Order, news: OrderNews, event: OrderFilled, row: Notice) -> None:
    """Identity: order, core fields, and the how-manieth of its kind in this epoch: two equal fills both count."""
    canonical = hashlib.sha256(news.canonical.encode()).hexdigest()
    epoch = row.frame.epoch
    occurrence = Fill.objects.filter(order=order, canonical=canonical, epoch=epoch).count() + 1
    Fill.objects.create(
        order=order,
        number=news.key.number,
        source=FillSource.NOTICE,
        last_qty=event.last_qty,
        last_px=event.last_px,
        amount=event.last_qty * event.last_px,
        transact_time=news.at,
        recorded_at=timezone.now(),
        key=f"notice:{order.pk}:{canonical}:{epoch}:{occurrence}",
        epoch=epoch,
        canonical=canonical,
        notice=row,
    )


def _split_off(order: Order, news: OrderNews, evidence: ledger.Evidence) -> Order:
    """The part that a modify took out goes on in a row of its own, linked to the one it came from."""
    assert isinstance(news.event, OrderModified)  # noqa: S101 - narrowed by the caller
    part = Order.objects.get(pk=order.pk)
    part.pk = None
    part._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    part.parent, part.version, part.origin = order, 0, order.origin
    state = replace(rules.new_order(news.event.quantity, news.event.price), status=rules.OrderStatus.WORKING)
    part.broker_qty = part.broker_amount = part.differs_since = None
    ledger.put(part, state)
    part.ordered_at = news.at
    ledger.save_visible(part, news.at)
    order.numbers.filter(number=news.key.number).update(order=part, kind=RequestKind.NEW.value)
    ledger.add_number(part, news.key.number, RequestKind.NEW)
    ledger.note(part, "OrderModified", evidence)
    return part


def _detail(news: OrderNews) -> dict[str, str]:
    """What the timeline shows of a notice: quantities and prices as decimal text, the number, no personal data."""
    fields = {name: getattr(news.event, name) for name in news.event.__slots__}
    shown = {name: str(value) for name, value in fields.items() if value is not None and value != ""}
    return {**shown, "number": str(news.key.number), "kst": news.at.astimezone(KST).strftime("%H:%M:%S")}
