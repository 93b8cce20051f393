"""Windows of missed notices: opened once, closed with what was made good, shown to those whose accounts they touch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import access
from accounts.models import Role, StreamEvent, User
from orders import lease, recoveries
from orders.lease import Fence, LeaseLost
from orders.models import Recovery, RecoveryReason
from orders.recoveries import Loss
from tests import factories as make
from tests.orders.books.reads import read, report, sold
from tests.orders.conftest import NIGHT, Desk, overseas

pytestmark = pytest.mark.django_db
LOST = NIGHT + timedelta(seconds=5)


def seconds(count: float) -> datetime:
    return NIGHT + timedelta(seconds=count)


@pytest.fixture(autouse=True)
def night() -> Iterator[Any]:
    with time_machine.travel(NIGHT + timedelta(seconds=40), tick=False) as traveller:
        yield traveller


@pytest.fixture
def fence(desk: Desk) -> Fence:
    hold = lease.take(desk.connection.pk, "test")
    assert hold is not None
    return hold.fence


def lose(fence: Fence, reason: RecoveryReason = RecoveryReason.RECONNECT, at: datetime = LOST) -> Recovery:
    return recoveries.lose(fence, Loss(reason, at))


@pytest.fixture
def missed(desk: Desk, fence: Fence) -> Recovery:
    """Away for some seconds, in which 4 of 10 were filled; found by the inquiries after it."""
    epoch = lease.next_epoch(desk.connection.pk, "test")
    assert epoch is not None
    desk.epoch = epoch
    desk.notice("H0GSCNI0", overseas())
    row = lose(fence)
    recoveries.begin(fence, row.pk, seconds(9))
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    return recoveries.end(fence, row.pk, 2, seconds(30))


def test_a_window_tells_what_was_recovered_in_it(desk: Desk, missed: Recovery) -> None:
    assert (missed.lost_at, missed.began_at, missed.ended_at) == (LOST, seconds(9), seconds(30))
    assert (missed.reads, missed.orders_changed, missed.fills_recovered) == (2, 1, 1)
    [window] = recoveries.recoveries_for(desk.manager, NIGHT)
    row = recoveries.recovery_row(window)
    assert (row["connection"], row["reason"], row["fills"]) == ("desk-1", "reconnect", 1)
    assert [(item["symbol"], item["fills"], item["quantity"]) for item in row["orders"]] == [("SNDK", 1, "4")]


def test_a_window_that_was_never_closed_goes_on(fence: Fence) -> None:
    first = lose(fence)
    recoveries.begin(fence, first.pk, seconds(9))
    again = lose(fence, RecoveryReason.TAKEOVER, seconds(20))
    assert (again.pk, again.lost_at, again.began_at) == (first.pk, LOST, None)
    assert again.reason == RecoveryReason.RECONNECT


def test_one_of_an_account_and_one_of_all_are_two(desk: Desk, fence: Fence) -> None:
    lose(fence)
    recoveries.lose(fence, Loss(RecoveryReason.QUARANTINE, LOST, desk.stock.pk))
    assert Recovery.objects.count() == 2


def test_fills_outside_the_window_are_not_recovered_by_it(desk: Desk, fence: Fence, missed: Recovery) -> None:
    later = lose(fence, at=seconds(31))
    assert recoveries.end(fence, later.pk, 1, seconds(35)).fills_recovered == 0


def test_the_desk_is_told_each_step_and_a_stranger_nothing(desk: Desk, missed: Recovery) -> None:
    stranger = User.objects.create_user("lee", password="another password", role=Role.MANAGER)
    told = StreamEvent.objects.filter(user=desk.manager, entity="recovery").order_by("seq")
    assert [event.row["ended_at"] is None for event in told] == [True, True, False]
    # An account may stop being theirs before they hear of it: what was recovered is asked for, not told.
    assert not {"fills", "orders"} & told[2].row.keys()
    assert {event.account_id for event in told} <= {desk.stock.pk, desk.derivatives.pk}
    assert not StreamEvent.objects.filter(user=stranger).exists()
    assert recoveries.recoveries_for(stranger, NIGHT) == []


def test_who_has_another_account_of_the_connection_sees_the_window_and_not_the_fills(
    desk: Desk, missed: Recovery
) -> None:
    other = User.objects.create_user("park", password="another password", role=Role.MANAGER)
    access.assign(other, desk.derivatives, date(2010, 1, 1))
    [window] = recoveries.recoveries_for(other, NIGHT)
    assert (window.recovery, window.orders) == (missed, ())


def test_an_event_is_told_under_an_account_that_its_reader_may_see(desk: Desk, fence: Fence) -> None:
    other = User.objects.create_user("park", password="another password", role=Role.MANAGER)
    access.assign(other, desk.derivatives, date(2010, 1, 1))
    administrator = User.objects.create_user("admin", password="another password", role=Role.ADMINISTRATOR)
    access.assign(administrator, desk.derivatives, date(2010, 1, 1))
    lose(fence)
    assert StreamEvent.objects.get(user=other).account_id == desk.derivatives.pk
    assert not StreamEvent.objects.filter(user=administrator).exists()


def test_an_account_without_readers_tells_nobody() -> None:
    assert access.viewers_of_any([]) == []


def test_an_owner_that_was_taken_over_writes_no_window(desk: Desk, fence: Fence) -> None:
    lease.acquire(desk.connection.pk, "test")
    row = Recovery.objects.create(connection=desk.connection, reason="start", epoch=1, lost_at=LOST)
    for write in (
        lambda: lose(fence),
        lambda: recoveries.begin(fence, row.pk, LOST),
        lambda: recoveries.end(fence, row.pk, 1, LOST),
    ):
        with pytest.raises(LeaseLost):
            write()
    row.refresh_from_db()
    assert (row.began_at, row.ended_at) == (None, None)


def test_rest_gives_the_windows_of_a_day_and_those_that_go_on(desk: Desk, fence: Fence, missed: Recovery) -> None:
    api = Client(headers={"authorization": f"Bearer {make.token_for(desk.manager)}"})
    old = Recovery.objects.create(connection=desk.connection, reason="start", epoch=1, lost_at=LOST)
    Recovery.objects.filter(pk=old.pk).update(ended_at=NIGHT - timedelta(days=2))
    running = lose(fence, at=seconds(35))
    rows = api.get("/api/v1/orders/recoveries/").json()["results"]
    assert [row["id"] for row in rows] == [running.pk, missed.pk]
    since = (NIGHT - timedelta(days=3)).isoformat()
    assert len(api.get("/api/v1/orders/recoveries/", {"since": since}).json()["results"]) == 3
    for bad in ("yesterday", "2026-11-20T10:00:00", "2026-13-01T10:00:00Z"):
        assert api.get("/api/v1/orders/recoveries/", {"since": bad}).status_code == 422
