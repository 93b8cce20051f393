"""When Koscom may be asked: never in [08:30, 16:00) KST, on any calendar day.

Koscom answers balances and settlements before 08:30 and after 16:00; the portal keeps all five queries out of the
closed hours. A closure of one's own (수능 day until 16:30) widens them; nothing can narrow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

KST = timezone(timedelta(hours=9), "KST")
FLOOR_START, FLOOR_END = time(8, 30), time(16, 0)
# A request that is under way must be over before the closed hours begin.
MARGIN = timedelta(seconds=30)
# The schedule starts nothing so late that it would be cut off at once.
SCHEDULE_MARGIN = timedelta(minutes=5)
_DAYS_AHEAD = 400


class ClosedBecause(StrEnum):
    HOURS = "hours"
    MARGIN = "margin"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed hours [start, end) of one day, KST, into the next day if `end` is not after `start`."""

    start: time
    end: time


class SyncWindow:
    """The closed hours of each day, and what follows from them. Instants are aware; answers are in KST."""

    def __init__(self, closures: Mapping[date, Iterable[Closure]] | None = None) -> None:
        self._closures = {day: tuple(rows) for day, rows in (closures or {}).items()}

    def why_closed(self, now: datetime, *, scheduled: bool = False) -> ClosedBecause | None:
        """Say why nothing may start at `now`, or None when it may.

        Work of the schedule stops starting 5 minutes before the closed hours, everything else 30 seconds before.
        """
        local = now.astimezone(KST)
        begins = self._next_closed(local)
        if begins <= local:
            return ClosedBecause.HOURS
        if local >= begins - MARGIN:
            return ClosedBecause.MARGIN
        if scheduled and local >= begins - SCHEDULE_MARGIN:
            return ClosedBecause.SCHEDULE
        return None

    def is_open(self, now: datetime, *, scheduled: bool = False) -> bool:
        """Say whether something may start at `now`."""
        return self.why_closed(now, scheduled=scheduled) is None

    def closes_at(self, now: datetime, *, scheduled: bool = False) -> datetime:
        """Give the next instant from which nothing may start; in closed hours the one that has passed."""
        return self._next_closed(now.astimezone(KST)) - (SCHEDULE_MARGIN if scheduled else MARGIN)

    def time_left(self, now: datetime) -> timedelta:
        """Give how long a request that starts now may be in flight; zero when it may not start."""
        return max(self.closes_at(now) - now, timedelta(0)) if self.is_open(now) else timedelta(0)

    def opens_at(self, now: datetime) -> datetime:
        """Give `now` when it is open, else the first instant at which it is open again."""
        local = now.astimezone(KST)
        if self.is_open(local):
            return local
        at = local
        for _ in range(_DAYS_AHEAD):
            at = self._end_of_closed(self._next_closed(at))
            if self.is_open(at):
                return at
        raise ValueError("closures without an end")

    def _intervals(self, day: date) -> list[tuple[datetime, datetime]]:
        return [_span(day, row) for row in (Closure(FLOOR_START, FLOOR_END), *self._closures.get(day, ()))]

    def _around(self, at: datetime) -> list[tuple[datetime, datetime]]:
        day = at.date()
        return [span for offset in (-1, 0, 1) for span in self._intervals(day + timedelta(days=offset))]

    def _next_closed(self, at: datetime) -> datetime:
        """Give the start of the closed hours that `at` lies in, or of the next ones."""
        return min(start for start, end in self._around(at) if end > at)

    def _end_of_closed(self, at: datetime) -> datetime:
        return max(end for start, end in self._around(at) if start <= at)


def _span(day: date, row: Closure) -> tuple[datetime, datetime]:
    last = day if row.end > row.start else day + timedelta(days=1)
    return datetime.combine(day, row.start, KST), datetime.combine(last, row.end, KST)


class ClockJump:
    """Tells when the wall clock was set under a running process: it then moves apart from the monotonic clock.

    Only compares readings of one process. After a jump it stays tripped until `reset`.
    """

    def __init__(self, wall: datetime, monotonic: float, tolerance: timedelta = timedelta(seconds=2)) -> None:
        self._tolerance = tolerance
        self.reset(wall, monotonic)

    def reset(self, wall: datetime, monotonic: float) -> None:
        """Take a new pair of readings as the truth."""
        self._wall, self._monotonic = wall, monotonic
        self.jumped = False

    def check(self, wall: datetime, monotonic: float) -> bool:
        """Compare a pair of readings with the last one; True when the clock can not be trusted.

        The pair becomes the next reference, so that a slow drift over weeks is no jump.
        """
        elapsed = timedelta(seconds=monotonic - self._monotonic)
        if abs((wall - self._wall) - elapsed) > self._tolerance:
            self.jumped = True
        self._wall, self._monotonic = wall, monotonic
        return self.jumped
