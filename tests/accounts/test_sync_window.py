"""No request leaves in the closed hours: not at the start, not between pages, not after the clock was set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import ClientAccount, RunState, Snapshot, SyncRun, SyncStep
from accounts.sync import SyncWindowClosed, window_state
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-18 08:29:30",
        "2026-11-18 08:30",
        "2026-11-18 12:00",
        "2026-11-18 15:59:59",
        "2026-11-21 08:30",
        "2026-11-21 12:00",
        "2026-11-22 15:59",
        "2026-11-19 16:29",
    ],
)
def test_in_the_closed_hours_of_any_day_nothing_is_asked_and_nothing_is_planned(at: str) -> None:
    make_firm("shinhan")
    desk = Desk(kst(at))
    with pytest.raises(SyncWindowClosed):
        desk.sync()
    assert desk.calls == 0
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("at", ["2026-11-18 08:25", "2026-11-18 08:29"])
def test_the_schedule_starts_nothing_after_0825_and_a_person_may_until_082930(at: str) -> None:
    make_firm("shinhan")
    desk = Desk(kst(at))
    with pytest.raises(SyncWindowClosed):
        desk.sync(scheduled=True)
    assert desk.calls == 0
    desk.sync(dataset="accounts")
    assert desk.calls > 0


def test_on_a_saturday_evening_the_friday_is_fetched() -> None:
    make_firm("shinhan")
    Desk(kst("2026-11-21 17:00")).sync(dataset="accounts")
    assert f"{SyncStep.objects.get().business_date}" == "2026-11-20"


def each_request_takes(desk: Desk, seconds: float) -> Callable[[], None]:
    def wait() -> None:
        desk.clock.now += timedelta(seconds=seconds)

    return wait


def test_at_the_end_of_the_window_the_run_pauses_and_nothing_arrives_afterwards() -> None:
    make_firm("shinhan")
    desk = Desk(kst("2026-11-18 08:28"))
    desk.hooks.append(each_request_takes(desk, 3))
    result = desk.sync()
    assert desk.simulator.closed_arrivals == []
    assert desk.clock.now < kst("2026-11-18 08:30")
    assert result.state == RunState.PAUSED
    assert {failure.state for failure in result.failures} == {"cut_off"}
    complete = SyncStep.objects.filter(state="done", account__isnull=False)
    assert complete.exists()
    assert not Snapshot.objects.exclude(step__in=complete).exists()


def test_what_was_cut_off_is_fetched_whole_in_the_evening() -> None:
    make_firm("shinhan")
    desk = Desk(kst("2026-11-18 08:29"))
    desk.hooks.append(each_request_takes(desk, 5))
    assert not desk.sync().complete
    desk.hooks.clear()
    desk.clock.move(kst("2026-11-18 16:00"))
    assert desk.sync().complete
    assert {f"{day}" for day in ClientAccount.objects.values_list("business_date", flat=True) if day} == {"2026-11-18"}


def test_a_clock_that_is_set_while_the_sync_runs_is_a_no() -> None:
    make_firm("shinhan")
    desk = Desk(kst("2026-11-18 20:35"))
    start = desk.clock.monotonic

    def set_back() -> None:
        if desk.calls == 5:
            desk.clock.now -= timedelta(hours=1)
            desk.clock._zero -= timedelta(hours=1)

    assert start() == 0
    desk.hooks.append(set_back)
    result = desk.sync()
    assert desk.calls == 6
    assert result.state == RunState.PAUSED
    assert "시계가 바뀌었습니다" in SyncStep.objects.filter(state="cut_off")[0].error


def test_another_time_may_not_be_asked_for_in_its_closed_hours() -> None:
    make_firm("shinhan")
    desk = Desk(kst("2026-11-18 20:35"))
    with pytest.raises(SyncWindowClosed):
        desk.sync(dataset="balances", simulated_at=kst("2026-11-17 12:00"))


def test_the_page_is_told_when_the_window_opens_again() -> None:
    state = window_state(kst("2026-11-18 12:00"))
    assert (state.open, state.opens_at) == (False, kst("2026-11-18 16:00"))
    assert window_state(kst("2026-11-18 20:00")).open
