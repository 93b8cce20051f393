"""The journal of raw frames: committed before anything is understood, under the epoch of the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orders.crash_points import CrashPoint, reach
from orders.kis.protocol import NoticeReceived
from orders.lease import Fence
from orders.models import NoticeFrame


@dataclass(frozen=True, slots=True)
class Journal:
    """The connection and the epoch under which frames are written."""

    connection_id: int
    epoch: int

    @property
    def fence(self) -> Fence:
        return Fence(self.connection_id, epoch=self.epoch)


@dataclass(frozen=True, slots=True)
class Received:
    """One frame of a session: its number there, and when it came."""

    number: int
    event: NoticeReceived
    at: datetime


def keep_all(journal: Journal, received: Sequence[Received]) -> list[NoticeFrame]:
    """Commit raw frames, all or none, before anything is understood. The rows, in the same order. Raises LeaseLost.

    Frames that are kept already stay as they are: whether a commit was done is unknown where its answer was lost.
    """
    for _ in received:
        reach(CrashPoint.NOTICE_RECEIVED)
    numbers = [each.number for each in received]
    with transaction.atomic():
        journal.fence.check()
        NoticeFrame.objects.bulk_create([_frame(journal, each) for each in received], ignore_conflicts=True)
        kept = NoticeFrame.objects.filter(connection_id=journal.connection_id, epoch=journal.epoch, number__in=numbers)
        rows = {row.number: row for row in kept}
    return [rows[number] for number in numbers]


def keep(journal: Journal, number: int, received: NoticeReceived, received_at: datetime) -> NoticeFrame:
    """Commit one raw frame. Raises LeaseLost."""
    return keep_all(journal, [Received(number, received, received_at)])[0]


def _frame(journal: Journal, received: Received) -> NoticeFrame:
    cipher = received.event.cipher
    return NoticeFrame(
        connection_id=journal.connection_id,
        epoch=journal.epoch,
        number=received.number,
        received_at=received.at,
        raw=received.event.raw,
        key=f"{cipher.key} {cipher.iv}" if cipher else "",
    )
