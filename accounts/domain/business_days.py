"""KRX trading days, and the business date of a fetch.

Trading days come from the calendar data of `holidays` (financial market XKRX); a mapping of overrides wins over it,
since days off are also declared at short notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import cache

from holidays import financial_holidays

KST = timezone(timedelta(hours=9), "KST")
CLOSE_OF_BUSINESS = time(16, 0)
FIRST_YEAR, LAST_YEAR = 2010, 2030
_LONGEST_CLOSURE = 30


class TradingCalendar:
    """Answers for `overrides` {day: is a trading day} first, then for the published calendar (2010 to 2030)."""

    def __init__(self, overrides: Mapping[date, bool] | None = None) -> None:
        self._overrides = dict(overrides or {})

    def is_trading_day(self, day: date) -> bool:
        """Say whether KRX trades on `day`; ValueError outside the years that the calendar knows."""
        if day in self._overrides:
            return self._overrides[day]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(f"no KRX calendar for {day.year}")
        return day.weekday() < 5 and day not in _closing_days()

    def previous(self, day: date) -> date:
        """Give the last trading day before `day`."""
        return self._step(day, timedelta(days=-1))

    def next(self, day: date) -> date:
        """Give the first trading day after `day`."""
        return self._step(day, timedelta(days=1))

    def add(self, day: date, trading_days: int) -> date:
        """Go on by a number of trading days; a trade of `day` settles on `add(day, 2)`."""
        for _ in range(trading_days):
            day = self.next(day)
        return day

    def business_date(self, now: datetime) -> date:
        """Give the latest trading day that has passed 16:00 KST: the day that a balance fetched now stands for."""
        local = now.astimezone(KST)
        today = local.date()
        if local.time() >= CLOSE_OF_BUSINESS and self.is_trading_day(today):
            return today
        return self.previous(today)

    def days_stale(self, as_of: date, now: datetime) -> int:
        """Count the trading days by which data of `as_of` lies behind the present business date; 0 is fresh."""
        current = self.business_date(now)
        span = (current - as_of).days
        days = (as_of + timedelta(days=offset) for offset in range(1, span + 1))
        return sum(1 for day in days if self.is_trading_day(day))

    def between(self, start: date, end: date) -> list[date]:
        """List the trading days from `start` to `end`, both included."""
        days = (start + timedelta(days=offset) for offset in range((end - start).days + 1))
        return [day for day in days if self.is_trading_day(day)]

    def _step(self, day: date, by: timedelta) -> date:
        for _ in range(_LONGEST_CLOSURE):
            day += by
            if self.is_trading_day(day):
                return day
        raise ValueError("no trading day within a month")


@cache
def _closing_days() -> frozenset[date]:
    return frozenset(financial_holidays("XKRX", years=range(FIRST_YEAR, LAST_YEAR + 1)))
