"""Fill notices: the raw frame is committed first, then each record is understood and applied, or quarantined.

Nothing is dropped. A frame that cannot be opened, a record that breaks a rule and a fact that contradicts the books all
leave a `Notice` row with the reason; the stream goes on.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import broadcast as stream
from accounts.clock import KST
from accounts.fields import AmountOutOfRange
from accounts.models import ClientAccount
from orders import ledger, outcomes
from orders.broadcast import orders_changed
from orders.domain import order_state as rules
from orders.domain.events import (
    CancelRequested,
    Family,
    Market,
    ModifyRequested,
    OrderAccepted,
    OrderCanceled,
    OrderConfirmed,
    OrderFilled,
    OrderModified,
    OrderNews,
    OrderRejected,
    RequestKind,
)
from orders.kis.codes import US_EXCHANGES
from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, KisError, NeedsMarketError, NoticeError
from orders.kis.frames import BadFrame, FrameFault, parse
from orders.kis.frames import NoticeFrame as WireFrame
from orders.kis.notices import Record, parse_record, split_records
from orders.kis.protocol import NoticeReceived
from orders.kis.translate import translate
from orders.models import (
    Fill,
    FillSource,
    Notice,
    NoticeFrame,
    NoticeState,
    Order,
    Origin,
    StreamLease,
)
from orders.permissions import sessions

log = logging.getLogger(__name__)

NUMBERS_MAY_RETURN = timedelta(days=2)  # a broker number is given out anew on a later day


class LeaseLost(RuntimeError):
    """Another process holds the stream now; what this one writes would be of an old epoch."""


class Unplaced(ValueError):
    """The notice is read, but belongs to no account or order of ours."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The connection and the epoch under which frames are written."""

    connection_id: int
    epoch: int


def record_notice(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> list[Notice]:
    """Keep one frame, then apply it. Returns a row a record. Raises LeaseLost; anything else ends in quarantine."""
    frame = keep(journal, number, received, received_at)
    return understand(frame, received)


def keep(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> NoticeFrame:
    """Commit the raw frame before anything is understood."""
    cipher = received.cipher
    with transaction.atomic():
        _fence(journal)
        return NoticeFrame.objects.create(
            connection_id=journal.connection_id,
            epoch=journal.epoch,
            number=number,
            received_at=received_at,
            raw=received.raw,
            key=f"{cipher.key} {cipher.iv}" if cipher else "",
        )


def replay(connection_id: int) -> int:
    """Understand the frames that were kept when the process ended. Number of frames."""
    unread = NoticeFrame.objects.filter(connection_id=connection_id, notices=None).order_by("id")
    for frame in unread:
        wire = parse(bytes(frame.raw))
        key, _, iv = frame.key.partition(" ")
        cipher = NoticeCipher(key, iv) if key else None
        data = wire if isinstance(wire, WireFrame | BadFrame) else BadFrame(FrameFault.UNEXPECTED)
        understand(frame, NoticeReceived(bytes(frame.raw), data, cipher))
    return len(unread)


def understand(frame: NoticeFrame, received: NoticeReceived) -> list[Notice]:
    """Split a kept frame and apply each record, in order."""
    if isinstance(received.frame, BadFrame):
        return [_quarantine(frame, Notice(), f"{received.frame.fault.value}: {received.frame.detail}")]
    wire = received.frame
    blank = Notice(tr_id=wire.tr_id)
    try:
        plaintext = received.plaintext()
    except CryptoError as error:
        return [_quarantine(frame, blank, str(error))]
    try:
        records = split_records(wire.tr_id, wire.count, plaintext)
    except NoticeError as error:
        return [_quarantine(frame, Notice(tr_id=wire.tr_id, plaintext=plaintext), str(error))]
    return [_apply_or_quarantine(frame, position, record) for position, record in enumerate(records)]


def _apply_or_quarantine(frame: NoticeFrame, position: int, record: Record) -> Notice:
    row = Notice(position=position, tr_id=record.tr_id, width=len(record.columns), plaintext="^".join(record.columns))
    try:
        with transaction.atomic():
            return _apply(frame, row, record)
    except LeaseLost:
        raise
    except (KisError, Unplaced, rules.IllegalTransition, AmountOutOfRange, ArithmeticError) as error:
        return _quarantine(frame, row, str(error))
    except DatabaseError as error:
        log.exception("notice not applied", extra={"frame": frame.pk, "position": position})
        return _quarantine(frame, row, f"{type(error).__name__}: {error}")


def _quarantine(frame: NoticeFrame, row: Notice, reason: str) -> Notice:
    row.pk, row.frame, row.order = None, frame, None
    row.state, row.reason = NoticeState.QUARANTINED, reason.replace("\x00", "")[:400]
    row.save()
    log.warning("notice quarantined", extra={"frame": frame.pk, "position": row.position, "reason": row.reason})
    stream.poke()
    return row


def _fence(journal: Journal) -> None:
    lease = StreamLease.objects.select_for_update().filter(pk=journal.connection_id).first()
    if lease is None or lease.epoch != journal.epoch:
        raise LeaseLost(f"the notice stream of connection {journal.connection_id} is held by another process")


def _apply(frame: NoticeFrame, row: Notice, record: Record) -> Notice:
    _fence(Journal(frame.connection_id, frame.epoch))
    news, order = _place(frame, record)
    row.frame = frame
    row.save()
    order = ledger.lock(order.pk) if order is not None else _first_seen(frame, news)
    shown = [order]
    evidence = ledger.Evidence("notice", str(row.pk), news.at, _detail(news))
    if isinstance(news.event, OrderModified) and rules.splits(ledger.state_of(order), news.event):
        shown.append(_split_off(order, news, evidence))
    elif news.key.number not in _numbers(order):
        kind = news.event.request if isinstance(news.event, OrderRejected) else _KINDS.get(type(news.event))
        ledger.add_number(order, news.key.number, kind or RequestKind.NEW)
    _apply_event(order, news, row, evidence)
    row.order, row.state = order, NoticeState.APPLIED
    row.save()
    orders_changed(shown)
    return row


_KINDS = {
    CancelRequested: RequestKind.CANCEL,
    OrderCanceled: RequestKind.CANCEL,
    ModifyRequested: RequestKind.MODIFY,
    OrderModified: RequestKind.MODIFY,
    OrderFilled: RequestKind.MODIFY,  # a fill under a number that names an original: the modify was not told yet
}


def _apply_event(order: Order, news: OrderNews, row: Notice, evidence: ledger.Evidence) -> None:
    before = order.status
    if isinstance(news.event, OrderFilled):
        _add_fill(order, news, news.event, row)
    changed = ledger.put(order, rules.apply(ledger.state_of(order), news.event))
    if news.instrument.name and not order.name:
        order.name, changed = news.instrument.name[:80], True
    order.noticed_at = row.frame.received_at
    command = outcomes.settle_by_notice(order, news, f"notice:{row.pk}")
    ledger.note(order, type(news.event).__name__, evidence, before)
    if changed or command:
        ledger.save_visible(order, news.at)
    else:
        order.save(update_fields=["noticed_at"])


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


def _place(frame: NoticeFrame, record: Record) -> tuple[OrderNews, Order | None]:
    """The notice in our words, and the order it is about; None when it is the first word of one."""
    notice = parse_record(record)
    try:
        news = translate(notice, frame.received_at)
    except NeedsMarketError:
        known = _newest_by_number(frame, notice.acnt_no[:8], int(notice.oder_no), int(notice.ooder_no or 0))
        if known is None:
            raise
        news = translate(notice, frame.received_at, known.exchange)
    accounts = _accounts(frame, news)
    return news, _find(accounts, news)


def _newest_by_number(frame: NoticeFrame, cano: str, *numbers: int) -> Order | None:
    ids = [row.pk for row in ledger.accounts_of(cano, None, Family.OVERSEAS, frame.connection_id)]
    found = (ledger.find(ids, Family.OVERSEAS, number) for number in numbers if number)
    return next((order for order in found if order is not None), None)


def _accounts(frame: NoticeFrame, news: OrderNews) -> list[ClientAccount]:
    accounts = ledger.accounts_of(news.key.account_number, news.key.product, news.key.family, frame.connection_id)
    if not accounts:
        raise Unplaced(f"account {news.key.account_number[:4]}**** is not connected")
    return accounts


def _find(accounts: list[ClientAccount], news: OrderNews) -> Order | None:
    ids = [account.pk for account in accounts]
    for number in (news.key.number, news.orig_number):
        order = ledger.find(ids, news.key.family, number) if number else None
        if order is not None and _can_be(order, news):
            return order
    return None


def _can_be(order: Order, news: OrderNews) -> bool:
    """Numbers are given out anew on later days: another symbol or side, or a long closed order, is another order."""
    if order.symbol != news.instrument.symbol or order.side != news.side:
        return False
    day = sessions().trading_date(_market(news), news.at)
    if isinstance(news.event, OrderAccepted) and news.orig_number is None and order.order_date < day:
        return order.is_open
    return order.is_open or day - order.order_date <= NUMBERS_MAY_RETURN


def _market(news: OrderNews) -> Market:
    if news.key.family is Family.FO:
        return Market.FO_NIGHT if news.night else Market.FO_DAY
    if news.key.family is Family.KRX:
        return Market.KRX
    if news.instrument.exchange not in US_EXCHANGES:
        return Market.ASIA
    return Market.US_DAYTIME if sessions().daytime_session_contains(news.at) else Market.US


def _first_seen(frame: NoticeFrame, news: OrderNews) -> Order:
    """An order given elsewhere, or one whose acceptance was missed: nothing here says that the portal gave it."""
    account = _accounts(frame, news)[0]
    market = _market(news)
    state = _first_state(news)
    order = Order(
        account=account,
        market=market.value,
        family=news.key.family.value,
        order_date=sessions().trading_date(market, news.at),
        symbol=news.instrument.symbol,
        name=news.instrument.name[:80],
        exchange=news.instrument.exchange,
        currency=news.instrument.currency,
        side=news.side.value,
        status=state.status.value,
        origin=Origin.EXTERNAL,
        ordered_at=news.at,
        transact_time=news.at,
        version=0,
    )
    ledger.put(order, state)
    order.save()
    first = news.orig_number or news.key.number
    ledger.add_number(order, first, RequestKind.NEW)
    return order


def _first_state(news: OrderNews) -> rules.OrderState:
    if isinstance(news.event, (OrderAccepted, OrderConfirmed)):
        return rules.new_order(news.event.quantity, news.event.price)
    if isinstance(news.event, OrderRejected) and news.event.request is RequestKind.NEW:
        return rules.new_order(Decimal(0), None)
    return rules.order_of_unknown_quantity()


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


def _numbers(order: Order) -> set[int]:
    return set(order.numbers.values_list("number", flat=True))


def _detail(news: OrderNews) -> dict[str, str]:
    """What the timeline shows of a notice: quantities and prices as decimal text, the number, no personal data."""
    fields = {name: getattr(news.event, name) for name in news.event.__slots__}
    shown = {name: str(value) for name, value in fields.items() if value is not None and value != ""}
    return {**shown, "number": str(news.key.number), "kst": news.at.astimezone(KST).strftime("%H:%M:%S")}
