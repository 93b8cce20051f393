"""The session table of this installation: the rows that staff keep, with the published holidays of each market.

Read at most every two seconds in each process, so that an edit in the admin is in force everywhere within five.
"""

from __future__ import annotations

import time
from datetime import date
from functools import lru_cache
from typing import Any

import holidays
from django.db import connection
from django.db.models import Count, Max

from accounts import clock
from accounts.clock import KST
from orders.domain.events import Market
from orders.domain.sessions import HOURS, Calendar, Hours, Sessions
from orders.kis import revisions
from orders.models import MarketDay, MarketHours, MarketSuspension

LOOKED_AT_EVERY = 2.0  # seconds
FIRST_YEAR, LAST_YEAR = 2010, 2035

# What `holidays` publishes: the exchanges' own calendars, and Vietnam's public holidays, which its exchanges keep.
EXCHANGE_CALENDARS = {
    Calendar.KRX: "XKRX",
    Calendar.US: "XNYS",
    Calendar.HK: "XHKG",
    Calendar.CN: "XSHG",
    Calendar.JP: "XJPX",
}
PUBLIC_CALENDARS = {Calendar.VN: "VN"}

_Stamp = tuple[Any, ...]
_kept: tuple[float, _Stamp, Sessions] | None = None


def sessions() -> Sessions:
    """The table as it is in force. Rows that cannot be are refused where they are written, so reading never fails."""
    global _kept  # noqa: PLW0603 - one table a process by intent
    if _kept is not None and time.monotonic() - _kept[0] < LOOKED_AT_EVERY:
        return _kept[2]
    stamp = _stamp()
    table = _kept[2] if _kept is not None and _kept[1] == stamp else _read()
    _kept = time.monotonic(), stamp, table
    return table


def forget() -> None:
    """Read the rows again at the next question: for whoever has just changed one."""
    global _kept  # noqa: PLW0603
    _kept = None


def is_migrated() -> bool:
    return MarketHours._meta.db_table in connection.introspection.table_names()  # noqa: SLF001 - Django's documented API


def seed() -> int:
    """Bring the program's own hours into the table; what a person edited stays. Number of rows written."""
    kept = {row.default_key: row for row in MarketHours.objects.exclude(default_key=None)}
    fresh: list[MarketHours] = []
    changed: list[MarketHours] = []
    for hours in HOURS:
        row = kept.get(default_key(hours)) or MarketHours(default_key=default_key(hours))
        if row.edited or (row.pk and as_hours(row) == hours):
            continue
        _fill(row, hours)
        (changed if row.pk else fresh).append(row)
    MarketHours.objects.bulk_create(fresh)
    for row in changed:
        row.save()
    forget()
    return len(fresh) + len(changed)


def default_key(hours: Hours) -> str:
    """Names a row of the program through its upgrades: everything but the times of day."""
    season = {None: "", True: "summer", False: "winter"}[hours.us_summer]
    since = "" if hours.valid_from == date.min else hours.valid_from.isoformat()
    return ":".join((hours.market.value, "+".join(sorted(hours.exchanges)), hours.name, season, since))


def as_hours(row: MarketHours) -> Hours:
    return Hours(
        market=Market(row.market),
        name=row.name,
        opens=row.opens,
        closes=row.closes,
        calendar=Calendar(row.calendar),
        us_summer=row.us_summer,
        next_day=row.next_day,
        pause=(row.pause_from, row.pause_to) if row.pause_from and row.pause_to else None,
        valid_from=row.valid_from or date.min,
        valid_to=row.valid_to or date.max,
        exchanges=row.exchange_codes,
    )


def _fill(row: MarketHours, hours: Hours) -> None:
    row.market, row.name, row.calendar = hours.market.value, hours.name, hours.calendar.value
    row.exchanges = ",".join(sorted(hours.exchanges))
    row.opens, row.closes, row.next_day, row.us_summer = hours.opens, hours.closes, hours.next_day, hours.us_summer
    row.pause_from, row.pause_to = hours.pause or (None, None)
    row.valid_from = None if hours.valid_from == date.min else hours.valid_from
    row.valid_to = None if hours.valid_to == date.max else hours.valid_to


def _stamp() -> _Stamp:
    """Changes with every edit; a suspension also begins and ends with its days."""
    today = clock.now().astimezone(KST).date()
    tables = (MarketHours, MarketDay, MarketSuspension)
    return today, *(tuple(model.objects.aggregate(n=Count("pk"), at=Max("updated_at")).values()) for model in tables)


def _read() -> Sessions:
    rows = tuple(as_hours(row) for row in MarketHours.objects.all())
    return Sessions(
        holidays={calendar: _closed(calendar) for calendar in published()},
        hours=rows or HOURS,
        offered=revisions.OFFERED,
        suspended=_suspended(),
    )


def _closed(calendar: Calendar) -> frozenset[date]:
    exceptions = MarketDay.objects.filter(calendar=calendar.value).values_list("day", "is_open")
    opened = {day for day, is_open in exceptions if is_open}
    return (published()[calendar] - opened) | {day for day, is_open in exceptions if not is_open}


def _suspended() -> frozenset[Market]:
    today = clock.now().astimezone(KST).date()
    begun = MarketSuspension.objects.filter(starts_on__lte=today).exclude(ends_on__lt=today)
    return frozenset(Market(market) for market in begun.values_list("market", flat=True))


@lru_cache(maxsize=1)
def published() -> dict[Calendar, frozenset[date]]:
    """The holidays of each calendar as its exchange publishes them, before any exception of ours."""
    years = range(FIRST_YEAR, LAST_YEAR)
    exchanges = {
        calendar: frozenset[date](holidays.financial_holidays(code, years=years))
        for calendar, code in EXCHANGE_CALENDARS.items()
    }
    countries = {
        calendar: frozenset[date](holidays.country_holidays(code, years=years))
        for calendar, code in PUBLIC_CALENDARS.items()
    }
    return exchanges | countries
