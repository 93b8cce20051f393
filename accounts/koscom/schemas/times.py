"""Order and execution times: texts of 6 to 17 digits, Korean time (Koscom `api/b2baccount.md`, orderTime, execTime)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

KST = timezone(timedelta(hours=9), "KST")
_DIGITS = re.compile(r"[0-9]{6}|[0-9]{8}|[0-9]{12}|[0-9]{14}|[0-9]{16}|[0-9]{17}", re.ASCII)


def read_time(text: str | None, day: date) -> datetime | None:
    """Read a time in KST; None when it does not say one (the caller keeps the raw text).

    6: HHMMSS of `day`. 8: HHMMSS and 1/100 s of `day`, or `day` itself as YYYYMMDD, which says no time.
    12: YYYYMMDDHHMM. 14: with seconds. 16, 17: with 1/100 s, 1/1000 s.
    """
    if text is None or not _DIGITS.fullmatch(text):
        return None
    if len(text) <= 8:
        return None if text == f"{day:%Y%m%d}" else _moment(f"{day:%Y%m%d}", text)
    return _moment(text[:8], text[8:])


def _moment(day: str, clock: str) -> datetime | None:
    fraction = clock[6:].ljust(6, "0")
    seconds = clock[:6].ljust(6, "0")
    try:
        at = time(int(seconds[:2]), int(seconds[2:4]), int(seconds[4:]), int(fraction))
        return datetime.combine(date(int(day[:4]), int(day[4:6]), int(day[6:])), at, KST)
    except ValueError:
        return None
