"""Where the demo's business clock starts, and that it never goes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accounts.clock import KST
from portal.demo.clock import UNDER_WAY, Seen, move_to, starting_shift, write_shift

EVENING = datetime(2026, 11, 20, 20, 25, tzinfo=KST)
WALL = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "starts"),
    [
        ("2026-11-20T21:14:00", "2026-11-20T20:25:00"),
        ("2026-11-20T20:25:00", "2026-11-20T20:25:00"),
        ("2026-11-20T10:00:00", "2026-11-19T20:25:00"),
        ("2026-11-22T12:00:00", "2026-11-20T20:25:00"),
        ("2026-11-23T09:00:00", "2026-11-20T20:25:00"),
        ("2026-10-05T23:00:00", "2026-10-02T20:25:00"),
    ],
)
def test_the_clock_starts_at_2025_of_the_last_trading_day(wall: str, starts: str) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=KST)
    assert at + starting_shift(at, None) == datetime.fromisoformat(starts).replace(tzinfo=KST)


def test_the_clock_goes_on_where_it_stood_when_that_is_later() -> None:
    wall = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    seen = datetime(2026, 11, 23, 10, 5, tzinfo=KST)
    assert wall + starting_shift(wall, seen) == seen


def test_the_clock_moves_on_to_a_newer_trading_day() -> None:
    wall = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    seen = datetime(2026, 11, 19, 20, 40, tzinfo=KST)
    assert wall + starting_shift(wall, seen) == datetime(2026, 11, 20, 20, 25, tzinfo=KST)


def test_the_shift_is_written_in_seconds(tmp_path: Path) -> None:
    write_shift(tmp_path / "clock.json", timedelta(minutes=-50))
    assert json.loads((tmp_path / "clock.json").read_text()) == {"shift_seconds": -3000.0}


def test_what_was_seen_is_remembered(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 20, 40, tzinfo=KST)
    seen = Seen(tmp_path / "seen", lambda: now)
    assert seen.last() is None
    seen.keep()
    assert Seen(tmp_path / "seen", lambda: now).last() == now


def test_an_unreadable_memory_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("20:40")
    assert Seen(tmp_path / "seen", lambda: datetime.now(UTC)).last() is None


def shift_in(path: Path) -> timedelta:
    return timedelta(seconds=json.loads(path.read_text())["shift_seconds"])


def test_moving_into_the_closed_hours_stops_where_nothing_starts_any_more(tmp_path: Path) -> None:
    path, stops = tmp_path / "clock.json", []
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=KST)
    move_to(path, noon, now=EVENING, wall=WALL, sleep=lambda seconds: stops.append((WALL + shift_in(path), seconds)))
    assert stops == [(datetime(2026, 11, 23, 8, 29, 40, tzinfo=KST), UNDER_WAY)]
    assert WALL + timedelta(seconds=UNDER_WAY) + shift_in(path) == noon


def test_moving_within_open_hours_is_one_step(tmp_path: Path) -> None:
    stops: list[float] = []
    morning = datetime(2026, 11, 24, 6, 35, tzinfo=KST)
    move_to(tmp_path / "clock.json", morning, now=EVENING, wall=WALL, sleep=stops.append)
    assert (stops, WALL + shift_in(tmp_path / "clock.json")) == ([], morning)


def test_a_closed_clock_moves_on_in_one_step(tmp_path: Path) -> None:
    stops: list[float] = []
    noon, later = datetime(2026, 11, 23, 12, 0, tzinfo=KST), datetime(2026, 11, 23, 15, 0, tzinfo=KST)
    move_to(tmp_path / "clock.json", later, now=noon, wall=WALL, sleep=stops.append)
    assert (stops, WALL + shift_in(tmp_path / "clock.json")) == ([], later)
