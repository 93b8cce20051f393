"""Fill notices: the raw frame is committed first, then each record is understood and applied, or quarantined.

Nothing is dropped. A frame that cannot be opened, a record that breaks a rule and a fact that contradicts the books all
leave a `Notice` row with the reason; the stream goes on.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import broadcast as stream
from accounts.clock import KST
from accounts.fields import AmountOutOfRange
from orders import ledger, outcomes, placing
from orders.broadcast import orders_changed
from orders.crash_points import CrashPoint, reach
from orders.domain import order_state as rules
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
from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, KisError, NoticeError
from orders.kis.frames import BadFrame, FrameFault, parse
from orders.kis.frames import NoticeFrame as WireFrame
from orders.kis.notices import Record, split_records
from orders.kis.protocol import NoticeReceived
from orders.lease import Fence, LeaseLost
from orders.models import (
    CommandType,
    Fill,
    FillSource,
    Notice,
    NoticeFrame,
    NoticeState,
    Order,
)
from orders.models.commands import LIVE_STATES

__all__ = ["Journal", "LeaseLost", "keep", "record_notice", "replay", "understand"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Journal:
    """The connection and the epoch under which frames are written."""

    connection_id: int
    epoch: int

    @property
    def fence(self) -> Fence:
        return Fence(self.connection_id, epoch=self.epoch)


def record_notice(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> list[Notice]:
    """Keep one frame, then apply it. Returns a row a record. Raises LeaseLost; anything else ends in quarantine."""
    reach(CrashPoint.NOTICE_RECEIVED)
    frame = keep(journal, number, received, received_at)
    reach(CrashPoint.NOTICE_KEPT)
    notices = understand(frame, received, journal)
    reach(CrashPoint.NOTICE_APPLIED)
    return notices


def keep(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> NoticeFrame:
    """Commit the raw frame before anything is understood."""
    cipher = received.cipher
    with transaction.atomic():
        journal.fence.check()
        return NoticeFrame.objects.create(
            connection_id=journal.connection_id,
            epoch=journal.epoch,
            number=number,
            received_at=received_at,
            raw=received.raw,
            key=f"{cipher.key} {cipher.iv}" if cipher else "",
        )


def replay(journal: Journal) -> int:
    """Understand what was kept but not applied when a process ended. Number of frames looked at. Raises LeaseLost.

    Frames are applied in order, so only the last one that has records can be half done.
    """
    frames = NoticeFrame.objects.filter(connection_id=journal.connection_id)
    unread = list(frames.filter(notices=None).order_by("id"))
    last = frames.exclude(notices=None).order_by("-id").first()
    for frame in [last, *unread] if last else unread:
        understand(frame, _reread(frame), journal)
    return len(unread)


def _reread(frame: NoticeFrame) -> NoticeReceived:
    wire = parse(bytes(frame.raw))
    key, _, iv = frame.key.partition(" ")
    data = wire if isinstance(wire, WireFrame | BadFrame) else BadFrame(FrameFault.UNEXPECTED)
    return NoticeReceived(bytes(frame.raw), data, NoticeCipher(key, iv) if key else None)


def understand(frame: NoticeFrame, received: NoticeReceived, journal: Journal) -> list[Notice]:
    """Split a kept frame and apply each record that is not applied yet, in order. `journal` is the writer's own."""
    if isinstance(received.frame, BadFrame):
        return [_quarantine(frame, journal, Notice(), f"{received.frame.fault.value}: {received.frame.detail}")]
    wire = received.frame
    blank = Notice(tr_id=wire.tr_id)
    try:
        plaintext = received.plaintext()
    except CryptoError as error:
        return [_quarantine(frame, journal, blank, str(error))]
    try:
        records = split_records(wire.tr_id, wire.count, plaintext)
    except NoticeError as error:
        return [_quarantine(frame, journal, Notice(tr_id=wire.tr_id, plaintext=plaintext), str(error))]
    done = set(frame.notices.values_list("position", flat=True))
    left = [item for item in enumerate(records) if item[0] not in done]
    return [_apply_or_quarantine(frame, journal, position, record) for position, record in left]


def _apply_or_quarantine(frame: NoticeFrame, journal: Journal, position: int, record: Record) -> Notice:
    row = Notice(position=position, tr_id=record.tr_id, width=len(record.columns), plaintext="^".join(record.columns))
    try:
        with transaction.atomic():
            journal.fence.check()
            return _apply(frame, row, record)
    except LeaseLost:
        raise
    except (KisError, placing.Unplaced, rules.IllegalTransition, AmountOutOfRange, ArithmeticError) as error:
        return _quarantine(frame, journal, row, str(error))
    except DatabaseError as error:
        log.exception("notice not applied", extra={"frame": frame.pk, "position": position})
        return _quarantine(frame, journal, row, f"{type(error).__name__}: {error}")


def _quarantine(frame: NoticeFrame, journal: Journal, row: Notice, reason: str) -> Notice:
    row.pk, row.frame, row.order = None, frame, None
    row.state, row.reason = NoticeState.QUARANTINED, reason.replace("\x00", "")[:400]
    with transaction.atomic():
        journal.fence.check()
        row.save()
    log.warning("notice quarantined", extra={"frame": frame.pk, "position": row.position, "reason": row.reason})
    stream.poke()
    return row


def _apply(frame: NoticeFrame, row: Notice, record: Record) -> Notice:
    news, order = placing.place(frame, record)
    row.frame = frame
    row.save()
    order = ledger.lock(order.pk) if order is not None else placing.first_seen(frame, news)
    shown = [order]
    evidence = ledger.Evidence("notice", str(row.pk), news.at, _detail(news), frame.epoch)
    if isinstance(news.event, OrderModified) and _splits(order, news.event, news.key.number):
        shown.append(_split_off(order, news, evidence))
    else:
        _own_number(order, news)
    _apply_event(order, news, row, evidence)
    row.order, row.state = order, NoticeState.APPLIED
    row.save()
    orders_changed(shown)
    reach(CrashPoint.NOTICE_APPLYING)
    return row


def _splits(order: Order, event: OrderModified, number: int) -> bool:
    """A part goes on beside the order, unless all of it was asked for and a fill was merely missed."""
    if not rules.splits(ledger.state_of(order), event) or order.numbers.filter(number=number).exists():
        return False
    live = order.commands.filter(type=CommandType.MODIFY, state__in=LIVE_STATES).first()
    return live is None or live.quantity is not None


def _own_number(order: Order, news: OrderNews) -> None:
    """A number that names an original is a request's, until a fill or a confirmation puts it in force."""
    ledger.add_number(order, news.key.number, _kind(news))


def _kind(news: OrderNews) -> RequestKind | None:
    match news.event:
        case CancelRequested() | OrderCanceled(remainder=False) | OrderRejected(request=RequestKind.CANCEL):
            return RequestKind.CANCEL
        case ModifyRequested() | OrderRejected(request=RequestKind.MODIFY):
            return None
        case OrderModified():
            return RequestKind.MODIFY
    return RequestKind.NEW if news.orig_number is None else RequestKind.MODIFY


def _apply_event(order: Order, news: OrderNews, row: Notice, evidence: ledger.Evidence) -> None:
    before = order.status
    if isinstance(news.event, OrderFilled):
        _add_fill(order, news, news.event, row)
    changed = ledger.put(order, _after(order, news))
    if news.instrument.name and not order.name:
        order.name, changed = news.instrument.name[:80], True
    order.noticed_at = row.frame.received_at
    command = outcomes.settle_by_notice(order, news, f"notice:{row.pk}")
    ledger.note(order, type(news.event).__name__, evidence, before)
    if changed or command:
        ledger.save_visible(order, news.at)
    else:
        order.save(update_fields=["noticed_at"])


def _after(order: Order, news: OrderNews) -> rules.OrderState:
    state = ledger.state_of(order)
    if not isinstance(news.event, OrderModified) or not order.numbers.filter(number=news.key.number).exists():
        return rules.apply(state, news.event)
    if not state.is_open:
        return state  # its fills came first, under the new number, and closed the order
    # The rest of what was modified is filled already: that notice is late or lost, and the inquiry will tell.
    whole = replace(state, order_qty=state.cum_qty + news.event.quantity, leaves_qty=news.event.quantity)
    return rules.apply(whole, news.event)


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
    ledger.add_number(part, news.key.number, RequestKind.NEW)
    ledger.note(part, "OrderModified", evidence)
    return part


def _detail(news: OrderNews) -> dict[str, str]:
    """What the timeline shows of a notice: quantities and prices as decimal text, the number, no personal data."""
    fields = {name: getattr(news.event, name) for name in news.event.__slots__}
    shown = {name: str(value) for name, value in fields.items() if value is not None and value != ""}
    return {**shown, "number": str(news.key.number), "kst": news.at.astimezone(KST).strftime("%H:%M:%S")}
