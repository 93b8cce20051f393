"""A year of the demo's balances, loaded behind the open portal by the nightly sync's own balance step."""

from __future__ import annotations

import logging
import threading
import time as seconds
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from accounts import sync
from accounts.clock import KST
from accounts.domain.business_days import TradingCalendar
from accounts.models import Dataset, RunState, Slot, SyncRun
from portal.demo.progress import Progress, tell

log = logging.getLogger(__name__)

SPAN = timedelta(days=365)
FETCHED_AT = time(20, 30)
REST = 0.15  # of the time that a day took: the pages go first
CLOSED_REST = 5.0


class History:
    """Loads day after day, newest first, until the year is in or `stop` is set."""

    def __init__(self, now: Callable[[], datetime], stop: threading.Event, span: timedelta = SPAN) -> None:
        self._now = now
        self._stop = stop
        newest = TradingCalendar().business_date(now())
        self._days = [day for day in reversed(TradingCalendar().between(newest - span, newest)) if day != newest]

    def load(self) -> None:
        done = set(_loaded_days())
        for position, day in enumerate(self._days):
            tell(Progress(position, len(self._days)))
            if day not in done and not self._load_when_open(day):
                return
        tell(Progress(len(self._days), len(self._days)))
        log.info("the demo's history is in: %s trading days", len(self._days))

    def _load_when_open(self, day: date) -> bool:
        """Load one day; False when told to stop. While the window is closed, wait: it has no exception."""
        while not self._stop.is_set():
            began = seconds.monotonic()
            if _load(day):
                self._stop.wait((seconds.monotonic() - began) * REST)
                return True
            self._stop.wait(CLOSED_REST)
        return False


def _load(day: date) -> bool:
    """Whether the day is in; not when the window was closed, or closed in the middle of it."""
    try:
        return sync.run_due(_request(day)).state is not RunState.PAUSED
    except sync.SyncWindowClosed:
        return False


def _request(day: date) -> sync.SyncRequest:
    at = datetime.combine(day, FETCHED_AT, KST)
    return sync.SyncRequest(dataset=Dataset.BALANCES, simulated_at=at)


def _loaded_days() -> Iterator[date]:
    runs = SyncRun.objects.filter(slot=Slot.HISTORY, state__in=(RunState.DONE, RunState.DONE_WITH_FAILURES))
    return runs.values_list("calendar_date", flat=True).iterator()
