"""The business clock: the system's wall clock, shifted where a test or the demo asks for it.

Every rule about trading days and windows is given `now()`; nothing else in the apps asks what time it is. The shift is
read from a file that the demo's processes share, so that moving the clock moves all of them at once.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

KST = ZoneInfo("Asia/Seoul")

AHEAD = timedelta(minutes=1)  # what was stored of a moment further ahead is older than a clock that was set back

_cached: tuple[int, timedelta] = (0, timedelta())


def now() -> datetime:
    """The business time, aware, UTC."""
    return timezone.now() + shift()


def today() -> datetime:
    """The business time in Korea."""
    return now().astimezone(KST)


def shift() -> timedelta:
    """How far the business clock is from the wall clock."""
    path: Path = settings.CLOCK_FILE
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        return settings.CLOCK_SHIFT or timedelta()
    return _from_file(path, stamp)


def _from_file(path: Path, stamp: int) -> timedelta:
    global _cached  # noqa: PLW0603 - one reading per change of the file, for every caller in the process
    if _cached[0] != stamp:
        _cached = (stamp, timedelta(seconds=float(json.loads(path.read_text())["shift_seconds"])))
    return _cached[1]
