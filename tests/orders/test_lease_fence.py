"""An owner that was away for too long does nothing any more: by its own clocks first, by the database at the latest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from orders import books, executions, lease
from orders.executions import Journal
from orders.kis.frames import parse
from orders.kis.protocol import NoticeReceived
from orders.lease import Fence, Hold, Instant, LeaseLost
from orders.models import Fill, Notice, NoticeFrame, Order, OrderEventRecord, StreamLease
from tests.orders.books.reads import report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db
NOON = "2026-11-20T03:00:00Z"


@dataclass
class Clocks:
    monotonic: float = 100.0
    wall: float = 1000.0

    def __call__(self) -> Instant:
        return Instant(self.monotonic, self.wall)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def taken(desk: Desk, holder: str, clocks: Callable[[], Instant]) -> Hold:
    hold = lease.take(desk.connection.pk, holder, clocks)
    assert hold is not None
    return hold


def free(desk: Desk) -> None:
    StreamLease.objects.filter(pk=desk.connection.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("clock", ["monotonic", "wall"])
def test_a_lease_that_was_not_renewed_for_15_seconds_by_either_clock_stands_no_more(
    desk: Desk, clocks: Clocks, clock: str
) -> None:
    hold = taken(desk, "one", clocks)
    setattr(clocks, clock, getattr(clocks, clock) + 14.9)
    assert hold.stands()
    setattr(clocks, clock, getattr(clocks, clock) + 0.2)
    assert not hold.stands()
    assert not hold.renew(), "it is not taken up again, though nobody else has come yet"


def test_a_renewal_counts_from_before_the_row_was_written(desk: Desk, clocks: Clocks) -> None:
    hold = taken(desk, "one", clocks)
    clocks.monotonic += 10
    assert hold.renew()
    clocks.monotonic += 10
    assert hold.stands()
    clocks.monotonic += 5
    assert not hold.stands()


def test_a_lease_that_ran_out_in_the_database_is_not_renewed(desk: Desk, clocks: Clocks) -> None:
    hold = taken(desk, "one", clocks)
    free(desk)
    assert not hold.renew()


def test_who_takes_over_knows_when_the_one_before_was_last_alive(desk: Desk, clocks: Clocks) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        assert taken(desk, "one", clocks).last_seen is None
        time.shift(20)
        last_seen = taken(desk, "two", clocks).last_seen
    assert last_seen == datetime.fromisoformat(NOON)


def test_after_a_takeover_no_kind_of_write_of_the_old_owner_gets_through(desk: Desk, clocks: Clocks) -> None:
    old = taken(desk, "one", clocks)
    desk.epoch = lease.next_epoch(desk.connection.pk, "one") or 0
    desk.notice("H0GSCNI0", overseas())
    raw = desk.raw("H0GSCNI0", filled(3))
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]  # a data frame
    frame = executions.keep(Journal(desk.connection.pk, desk.epoch), 9, received, NIGHT)
    events = OrderEventRecord.objects.count()
    free(desk)
    taken(desk, "two", clocks)
    with pytest.raises(LeaseLost):
        desk.notice("H0GSCNI0", filled(4))
    with pytest.raises(LeaseLost):
        executions.understand(frame, received, Journal(desk.connection.pk, desk.epoch))
    with pytest.raises(LeaseLost):
        desk.receive(b"not a frame")
    with pytest.raises(LeaseLost):
        books.apply_read(books.Read(desk.stock, NIGHT + timedelta(seconds=70), (report(**sold(4)),), old.fence))
    with pytest.raises(LeaseLost):
        lease.hold_off(old.fence, timezone.now())
    assert (NoticeFrame.objects.count(), Notice.objects.count(), Fill.objects.count()) == (2, 1, 0)
    assert OrderEventRecord.objects.count() == events
    assert Order.objects.get().inquired_at is None


def test_the_new_owner_reads_what_the_old_one_kept(desk: Desk, clocks: Clocks) -> None:
    taken(desk, "one", clocks)
    desk.epoch = lease.next_epoch(desk.connection.pk, "one") or 0
    raw = desk.raw("H0GSCNI0", overseas())
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]  # a data frame
    executions.keep(Journal(desk.connection.pk, desk.epoch), 1, received, NIGHT)
    free(desk)
    taken(desk, "two", clocks)
    epoch = lease.next_epoch(desk.connection.pk, "two")
    assert epoch is not None
    assert executions.replay(Journal(desk.connection.pk, epoch)) == 1
    assert Order.objects.get().status == "NEW"


def test_a_sweep_outlives_a_new_session_of_its_own_owner(desk: Desk, clocks: Clocks) -> None:
    hold = taken(desk, "one", clocks)
    lease.next_epoch(desk.connection.pk, "one")
    changed = books.apply_read(books.Read(desk.stock, NIGHT, (report(**sold(4)),), hold.fence))
    assert changed == 1
    assert set(OrderEventRecord.objects.values_list("epoch", flat=True)) == {hold.tenure}


def test_a_process_that_takes_the_lease_again_has_lost_its_earlier_tenure(desk: Desk, clocks: Clocks) -> None:
    first = taken(desk, "one", clocks)
    taken(desk, "one", clocks)
    with pytest.raises(LeaseLost):
        first.fence.check()
    with pytest.raises(LeaseLost):
        Fence(desk.connection.pk + 1, tenure=1).check()


def test_a_refused_slot_is_remembered_for_whoever_comes_next(desk: Desk, clocks: Clocks) -> None:
    now = timezone.now()
    hold = taken(desk, "one", clocks)
    assert lease.slot_wait(desk.connection.pk, now) == (timedelta(0), 0)
    lease.hold_off(hold.fence, now + timedelta(seconds=40))
    free(desk)
    heir = taken(desk, "two", clocks)
    assert lease.slot_wait(desk.connection.pk, now + timedelta(seconds=10)) == (timedelta(seconds=30), 1)
    assert lease.slot_wait(desk.connection.pk, now - timedelta(days=1)) == (lease.LONGEST_HOLD_OFF, 1)
    lease.slot_taken(heir.fence)
    assert lease.slot_wait(desk.connection.pk, now) == (timedelta(0), 0)
    assert lease.slot_wait(desk.connection.pk + 1, now) == (timedelta(0), 0)
