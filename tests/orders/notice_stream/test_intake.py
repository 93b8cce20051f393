"""Frames on their way into the journal: in order, in batches, and not lost when the database or the lease goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError

from orders import executions, lease
from orders.crash_points import CrashPoint, install
from orders.executions import Journal, Received
from orders.kis.frames import parse
from orders.kis.protocol import NoticeReceived
from orders.lease import Hold, LeaseLost
from orders.models import Fill, Notice, NoticeFrame, Order
from orders.notice_stream import intake
from orders.notice_stream.intake import Intake
from orders.notice_stream.workers import Worker
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """An intake with a session of its own, fed by hand."""

    def __init__(self, desk: Desk, worker: Worker, hold: Hold, journal: Journal) -> None:
        self.desk, self.worker, self.hold, self.journal = desk, worker, hold, journal
        self.heard: list[Notice] = []
        self.intake = Intake(hold, self.worker, self._hear)
        self.over = asyncio.Event()
        self.number = 0

    def _hear(self, notices: Sequence[Notice]) -> None:
        self.heard.extend(notices)

    async def put(self, *texts: str) -> None:
        for text in texts:
            self.number += 1
            raw = self.desk.raw("H0GSCNI0", text)
            event = NoticeReceived(raw, parse(raw), self.desk.cipher)  # type: ignore[arg-type]  # a data frame
            at = NIGHT + timedelta(seconds=self.number)
            await self.intake.put(self.journal, Received(self.number, event, at))

    def start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.intake.run(self.over))


@pytest.fixture
async def line(desk: Desk) -> AsyncIterator[Line]:
    def take() -> tuple[Hold, Journal]:
        hold = lease.take(desk.connection.pk, "test")
        epoch = lease.next_epoch(desk.connection.pk, "test")
        assert hold is not None
        assert epoch is not None
        return hold, Journal(desk.connection.pk, epoch)

    worker = Worker("notices")
    line = Line(desk, worker, *await worker.run(take))
    yield line
    install(None)
    await line.worker.close()


async def test_what_waits_is_kept_together_and_applied_in_order(line: Line) -> None:
    await line.put(overseas(), filled(1), filled(2), filled(3))
    task = line.start()
    await asyncio.wait_for(line.intake.drained(), 20)
    line.over.set()
    await task
    assert [notice.state for notice in line.heard] == ["applied"] * 4
    assert await line.worker.run(lambda: list(NoticeFrame.objects.order_by("id").values_list("number", flat=True))) == [
        1,
        2,
        3,
        4,
    ]
    assert await line.worker.run(lambda: Order.objects.get().cum_qty) == 6


async def test_a_database_that_is_busy_is_offered_the_frames_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "AGAIN_AFTER", 0.01)
    troubles = {CrashPoint.NOTICE_RECEIVED: 2, CrashPoint.NOTICE_KEPT: 2}

    def trouble(point: CrashPoint) -> None:
        if troubles.get(point, 0):
            troubles[point] -= 1
            raise OperationalError("database is locked")

    install(trouble)
    await line.put(overseas(), filled(4))
    task = line.start()
    await asyncio.wait_for(line.intake.drained(), 20)
    line.over.set()
    await task
    assert await line.worker.run(NoticeFrame.objects.count) == 2
    assert await line.worker.run(lambda: Order.objects.get().cum_qty) == 4
    assert await line.worker.run(Fill.objects.count) == 1


async def test_what_still_waits_at_the_end_is_kept_and_left_to_the_next_owner(line: Line) -> None:
    await line.put(overseas(), filled(4))
    await line.intake.finish()
    assert await line.worker.run(NoticeFrame.objects.count) == 2
    assert await line.worker.run(Notice.objects.count) == 0


async def test_frames_whose_commit_was_done_but_not_answered_are_read_once(line: Line) -> None:
    await line.put(overseas(), filled(4))
    kept = [received for _, received in list(line.intake._waiting._queue)]  # type: ignore[attr-defined]  # no peek
    await line.worker.run(executions.keep_all, line.journal, kept)
    task = line.start()
    await asyncio.wait_for(line.intake.drained(), 20)
    line.over.set()
    await task
    assert [notice.state for notice in line.heard] == ["applied"] * 2
    assert await line.worker.run(NoticeFrame.objects.count) == 2
    assert await line.worker.run(lambda: Order.objects.get().cum_qty) == 4


async def test_at_the_end_frames_that_are_kept_already_cost_no_other_ones(line: Line) -> None:
    await line.put(overseas(), *(filled(1) for _ in range(3)))
    in_hand = [line.intake._waiting.get_nowait()[1] for _ in range(2)]
    line.intake._journal, line.intake._in_hand = line.journal, in_hand
    await line.worker.run(executions.keep_all, line.journal, in_hand)  # its answer came too late
    await line.intake.finish()
    assert await line.worker.run(NoticeFrame.objects.count) == 4


async def test_many_frames_that_wait_at_the_end_are_kept_a_piece_at_a_time(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_AT_ONCE", 2)
    await line.put(overseas(), *(filled(1) for _ in range(4)))
    seen: list[CrashPoint] = []

    def trouble(point: CrashPoint) -> None:
        seen.append(point)
        if len(seen) == 3:  # the first frame of the second piece
            raise OperationalError("database is locked")

    install(trouble)
    await line.intake.finish()
    kept = await line.worker.run(lambda: list(NoticeFrame.objects.order_by("number").values_list("number", flat=True)))
    assert kept == [1, 2, 5]


async def test_frames_that_wait_for_longer_than_a_second_are_told(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not line.intake.is_behind
    await line.put(overseas(), filled(4))
    assert not line.intake.is_behind
    monkeypatch.setattr(intake, "BEHIND_AFTER", 0.0)
    assert line.intake.is_behind
    task = line.start()
    await asyncio.wait_for(line.intake.drained(), 20)
    assert not line.intake.is_behind
    line.over.set()
    await task


async def test_a_lease_that_ran_out_ends_it_before_anything_is_written(line: Line) -> None:
    line.hold.renewed = lease.Instant(line.hold.renewed.monotonic - 60, line.hold.renewed.wall)
    await line.put(overseas())
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(line.start(), 20)
    assert await line.worker.run(NoticeFrame.objects.count) == 0


async def test_a_lease_that_was_taken_over_ends_it(line: Line) -> None:
    await line.worker.run(lambda: lease.acquire(line.desk.connection.pk, "test"))
    await line.put(overseas())
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(line.start(), 20)
    assert await line.worker.run(NoticeFrame.objects.count) == 0
