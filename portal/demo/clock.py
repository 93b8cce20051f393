"""The business clock of the demo: a shift in a file that portal and simulators share, and where it stood last."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from accounts.clock import KST
from accounts.domain.business_days import TradingCalendar
from accounts.domain.sync_window import FLOOR_START
from accounts.sync import window_state

STARTS_AT = time(20, 25)
SEEN_EVERY = 5.0
NOTHING_STARTS = timedelta(seconds=20)  # within the margin in which no request may begin
UNDER_WAY = 1.5  # seconds that a request to a simulator takes at most


def starting_shift(wall: datetime, seen: datetime | None) -> timedelta:
    """How far to shift: to 20:25 KST of the last trading day that has come so far, or to where it stood if later.

    `wall` and `seen` (business time at the end of the last run) are aware.
    """
    local = wall.astimezone(KST)
    calendar = TradingCalendar()
    day = local.date()
    if local.time() < STARTS_AT or not calendar.is_trading_day(day):
        day = calendar.previous(day)
    begin = datetime.combine(day, STARTS_AT, KST)
    return (begin if seen is None else max(begin, seen)) - wall


def move_to(path: Path, target: datetime, *, now: datetime, wall: datetime, sleep: Callable[[float], None]) -> None:
    """Move the business clock from `now` to `target`, both aware; `wall` is the wall clock at `now`.

    On the way into Koscom's closed hours it stops just before them, where nothing is sent any more: what is under way
    then arrives before the window closes, as it does when time passes by itself.
    """
    closing = datetime.combine(target.astimezone(KST).date(), FLOOR_START, KST) - NOTHING_STARTS
    if window_state(now).open and not window_state(target).open:
        write_shift(path, closing - wall)
        sleep(UNDER_WAY)
        wall += timedelta(seconds=UNDER_WAY)
    write_shift(path, target - wall)


def write_shift(path: Path, shift: timedelta) -> None:
    """Move the clock of every process that reads this file."""
    _replace(path, json.dumps({"shift_seconds": shift.total_seconds()}))


class Seen:
    """Keeps the business time in a file of its own: in the shift's file it would undo a move made at that moment."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now

    def last(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self._path.read_text(encoding="utf-8").strip())
        except (FileNotFoundError, ValueError):
            return None

    def keep(self) -> None:
        _replace(self._path, self._now().isoformat())

    def keep_until(self, stop: threading.Event) -> None:
        while not stop.wait(SEEN_EVERY):
            self.keep()


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
