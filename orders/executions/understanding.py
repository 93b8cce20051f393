"""From a kept frame to its records: each is applied in a transaction of its own, or quarantined with the reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction

from accounts import audit
from accounts import broadcast as stream
from accounts.fields import AmountOutOfRange
from orders import placing
from orders.crash_points import CrashPoint, reach
from orders.domain import order_state as rules
from orders.executions.applying import apply
from orders.executions.journal import Journal, Received, keep_all
from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, KisError, NoticeError
from orders.kis.frames import BadFrame, FrameFault, parse
from orders.kis.frames import NoticeFrame as WireFrame
from orders.kis.notices import Record, split_records
from orders.kis.protocol import NoticeReceived
from orders.lease import LeaseLost
from orders.models import Notice, NoticeFrame, NoticeState, StreamLease

log = logging.getLogger(__name__)

MAX_WIDTH = 32_767  # the column's own limit


def record_notice(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> list[Notice]:
    """Keep one frame, then apply it. Returns a row a record. Raises LeaseLost; anything else ends in quarantine."""
    frames = keep_all(journal, [Received(number, received, received_at)])
    return understand_all(journal, [(frames[0], received)])


def understand_all(journal: Journal, frames: Sequence[tuple[NoticeFrame, NoticeReceived]]) -> list[Notice]:
    """Apply kept frames in their order. Returns a row a record. Raises LeaseLost."""
    notices: list[Notice] = []
    for frame, received in frames:
        reach(CrashPoint.NOTICE_KEPT)
        notices += understand(frame, received, journal, fresh=True)
        reach(CrashPoint.NOTICE_APPLIED)
    return notices


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


def understand(frame: NoticeFrame, received: NoticeReceived, journal: Journal, *, fresh: bool = False) -> list[Notice]:
    """Split a kept frame and apply each record that is not applied yet, in order. `journal` is the writer's own.

    A `fresh` frame was kept just now by this same writer: none of its records can have been applied.
    """
    done: set[int] = set() if fresh else set(frame.notices.values_list("position", flat=True))
    split = _split(received)
    if isinstance(split, _Whole):
        return [] if done else [_quarantine(frame, journal, split.row, split.reason)]
    left = [item for item in enumerate(split) if item[0] not in done]
    return [_apply_or_quarantine(frame, journal, position, record) for position, record in left]


@dataclass(frozen=True, slots=True)
class _Whole:
    """A frame that could not be split: its one row, and why."""

    row: Notice
    reason: str


def _split(received: NoticeReceived) -> list[Record] | _Whole:
    if isinstance(received.frame, BadFrame):
        return _Whole(Notice(), f"{received.frame.fault.value}: {received.frame.detail}")
    wire = received.frame
    try:
        plaintext = received.plaintext()
    except CryptoError as error:
        return _Whole(Notice(tr_id=wire.tr_id), str(error))
    try:
        return list(split_records(wire.tr_id, wire.count, plaintext))
    except NoticeError as error:
        return _Whole(Notice(tr_id=wire.tr_id, plaintext=plaintext), str(error))


def _apply_or_quarantine(frame: NoticeFrame, journal: Journal, position: int, record: Record) -> Notice:
    row = Notice(position=position, tr_id=record.tr_id, width=_width(record), plaintext="^".join(record.columns))
    reason = _try(frame, journal, row, record)
    if reason is None:
        return row
    row.pk = None
    return _quarantine(frame, journal, row, reason)


def _width(record: Record) -> int:
    """As many columns as the row can say: a senseless frame must not stop the ones behind it."""
    return min(len(record.columns), MAX_WIDTH)


def _try(frame: NoticeFrame, journal: Journal, row: Notice, record: Record) -> str | None:
    """Apply one record in a transaction of its own. None, or why it was not.

    Raises LeaseLost, and OperationalError while the database is away or busy: then the frame is read again.
    """
    try:
        with transaction.atomic():
            journal.fence.check()
            apply(frame, row, record)
    except (LeaseLost, OperationalError):
        raise
    except (KisError, placing.Unplaced, rules.IllegalTransition, AmountOutOfRange, ArithmeticError) as error:
        return str(error)
    except Exception as error:
        log.exception("notice not applied", extra={"frame": frame.pk, "position": row.position})
        return f"{type(error).__name__}: {error}"
    return None


def understand_again(notice: Notice, by: audit.By) -> NoticeState:
    """Read a quarantined record once more, as the program and the books are now. Its state afterwards. Audited.

    A record that was applied stays as it is. Raises LeaseLost when the stream changes hands meanwhile.
    """
    frame = notice.frame
    with transaction.atomic():
        journal = _present(frame)
        row = Notice.objects.select_for_update().get(pk=notice.pk)
        if row.state != NoticeState.QUARANTINED:
            return NoticeState(row.state)
        _read_again(frame, journal, row)
        account = row.order.account if row.order is not None else None
        detail = {"state": row.state, "reason": row.reason}
        audit.record(by, audit.Act("notice.read_again", account=account, subject=f"notice {row.pk}", detail=detail))
    understand(frame, _reread(frame), journal)  # the other records of a frame that could not be split before
    return NoticeState(row.state)


def _present(frame: NoticeFrame) -> Journal:
    """Under the epoch of now: the frame's own is long over."""
    epoch = StreamLease.objects.filter(pk=frame.connection_id).values_list("epoch", flat=True).first()
    return Journal(frame.connection_id, epoch or 0)


def _read_again(frame: NoticeFrame, journal: Journal, row: Notice) -> None:
    split = _split(_reread(frame))
    if isinstance(split, _Whole):
        reason: str | None = split.reason
    else:
        record = split[row.position]
        row.tr_id, row.width, row.plaintext = record.tr_id, _width(record), "^".join(record.columns)
        row.reason = ""
        reason = _try(frame, journal, row, record)
    if reason is not None:
        _quarantine(frame, journal, row, reason)


def _quarantine(frame: NoticeFrame, journal: Journal, row: Notice, reason: str) -> Notice:
    row.frame, row.order = frame, None
    row.state, row.reason = NoticeState.QUARANTINED, reason.replace("\x00", "")[:400]
    with transaction.atomic():
        journal.fence.check()
        row.save()
    log.warning("notice quarantined", extra={"frame": frame.pk, "position": row.position, "reason": row.reason})
    stream.poke()
    return row
