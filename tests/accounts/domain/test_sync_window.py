"""The closed hours, second by second; data widens them and nothing narrows them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.sync_window import KST, ClockJump, ClosedBecause, Closure, SyncWindow

DAY = date(2026, 11, 19)
WINDOW = SyncWindow()
EXAM_DAY = SyncWindow({DAY: [Closure(time(16, 0), time(16, 30))]})


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), KST)


@pytest.mark.parametrize(
    ("clock", "manual", "scheduled"),
    [
        ("00:00:00", None, None),
        ("08:24:59", None, None),
        ("08:25:00", None, ClosedBecause.SCHEDULE),
        ("08:29:00", None, ClosedBecause.SCHEDULE),
        ("08:29:29", None, ClosedBecause.SCHEDULE),
        ("08:29:30", ClosedBecause.MARGIN, ClosedBecause.MARGIN),
        ("08:29:59", ClosedBecause.MARGIN, ClosedBecause.MARGIN),
        ("08:30:00", ClosedBecause.HOURS, ClosedBecause.HOURS),
        ("12:00:00", ClosedBecause.HOURS, ClosedBecause.HOURS),
        ("15:59:59.999999", ClosedBecause.HOURS, ClosedBecause.HOURS),
        ("16:00:00", None, None),
        ("20:30:00", None, None),
    ],
)
@pytest.mark.parametrize("day", [DAY, date(2026, 11, 21), date(2026, 11, 22), date(2026, 1, 1)])
def test_every_calendar_day_has_the_same_closed_hours(
    clock: str, manual: ClosedBecause | None, scheduled: ClosedBecause | None, day: date
) -> None:
    now = at(clock, day)
    assert WINDOW.why_closed(now) is manual
    assert WINDOW.why_closed(now, scheduled=True) is scheduled
    assert WINDOW.is_open(now) is (manual is None)
    assert WINDOW.is_open(now, scheduled=True) is (scheduled is None)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Seoul")])
def test_the_zone_of_the_instant_makes_no_difference(zone: ZoneInfo) -> None:
    assert not WINDOW.is_open(at("08:30").astimezone(zone))
    assert WINDOW.is_open(at("16:00").astimezone(zone))


def test_the_deadline_is_half_a_minute_before_the_closed_hours() -> None:
    assert WINDOW.closes_at(at("06:00")) == at("08:29:30")
    assert WINDOW.closes_at(at("06:00"), scheduled=True) == at("08:25")
    assert WINDOW.closes_at(at("12:00")) == at("08:29:30")
    assert WINDOW.closes_at(at("16:00")) == at("08:29:30", DAY + timedelta(days=1))


def test_the_time_left_is_what_a_request_may_take() -> None:
    assert WINDOW.time_left(at("08:29")) == timedelta(seconds=30)
    assert WINDOW.time_left(at("08:29:30")) == timedelta(0)
    assert WINDOW.time_left(at("12:00")) == timedelta(0)
    assert WINDOW.time_left(at("20:29:30")) == timedelta(hours=12)


def test_it_opens_at_once_when_it_is_open_and_at_four_else() -> None:
    assert WINDOW.opens_at(at("06:00")) == at("06:00")
    assert WINDOW.opens_at(at("08:29:45")) == at("16:00")
    assert WINDOW.opens_at(at("12:00")) == at("16:00")


def test_a_closure_widens_the_closed_hours() -> None:
    assert EXAM_DAY.why_closed(at("16:15")) is ClosedBecause.HOURS
    assert EXAM_DAY.is_open(at("16:30"))
    assert EXAM_DAY.opens_at(at("12:00")) == at("16:30")
    assert EXAM_DAY.is_open(at("16:15", DAY + timedelta(days=1)))


def test_a_closure_inside_the_closed_hours_narrows_nothing() -> None:
    window = SyncWindow({DAY: [Closure(time(12), time(13))]})
    assert window.why_closed(at("11:00")) is ClosedBecause.HOURS
    assert window.opens_at(at("09:00")) == at("16:00")


def test_a_closure_just_after_a_gap_is_too_short_to_open_into() -> None:
    window = SyncWindow({DAY: [Closure(time(16, 0, 20), time(17))]})
    assert window.opens_at(at("12:00")) == at("17:00")


def test_a_closure_over_midnight_reaches_into_the_next_day() -> None:
    window = SyncWindow({DAY: [Closure(time(23, 30), time(0, 30))]})
    morning = DAY + timedelta(days=1)
    assert window.is_open(at("23:29"))
    assert window.why_closed(at("00:29", morning)) is ClosedBecause.HOURS
    assert window.opens_at(at("23:45")) == at("00:30", morning)


def test_closures_without_an_end_are_an_error() -> None:
    days = (DAY + timedelta(days=offset) for offset in range(900))
    window = SyncWindow({day: [Closure(time(0), time(0))] for day in days})
    with pytest.raises(ValueError, match="without an end"):
        window.opens_at(at("12:00"))


@given(
    st.integers(1_420_000_000, 1_890_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.lists(st.tuples(st.integers(-2, 2), st.times(), st.times()), max_size=4),
)
def test_no_closure_ever_opens_the_floor(now: datetime, rows: list[tuple[int, time, time]]) -> None:
    closures: dict[date, list[Closure]] = {}
    for offset, start, end in rows:
        closures.setdefault(now.date() + timedelta(days=offset), []).append(Closure(start, end))
    window = SyncWindow(closures)
    local = now.astimezone(KST)
    if time(8, 29, 30) <= local.time() < time(16):
        assert not window.is_open(now)
        assert window.time_left(now) == timedelta(0)
    if window.is_open(now):
        ends = (now + window.time_left(now)).astimezone(KST)
        assert ends.time() <= time(8, 29, 30) or ends.time() >= time(16)
        assert window.opens_at(now) == now
    else:
        assert window.opens_at(now) > now
        assert window.is_open(window.opens_at(now))


def test_a_clock_that_runs_with_the_monotonic_one_has_not_jumped() -> None:
    clock = ClockJump(at("08:00"), 100.0)
    assert not clock.check(at("08:01"), 160.0)
    assert not clock.check(at("08:02:01"), 220.0)


@pytest.mark.parametrize("wall", ["08:02", "07:59"])
def test_a_clock_that_was_set_has_jumped_until_it_is_reset(wall: str) -> None:
    clock = ClockJump(at("08:00"), 100.0)
    assert clock.check(at(wall), 101.0)
    assert clock.check(at(wall), 101.0)
    clock.reset(at(wall), 101.0)
    assert not clock.check(at(wall), 101.5)


def test_a_slow_drift_is_no_jump() -> None:
    clock = ClockJump(at("08:00"), 0.0, tolerance=timedelta(seconds=1))
    assert not any(clock.check(at("08:00") + timedelta(seconds=60.5 * n), 60.0 * n) for n in range(1, 20))
