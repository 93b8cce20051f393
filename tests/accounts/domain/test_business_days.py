from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.domain.business_days import KST, TradingCalendar

CALENDAR = TradingCalendar()


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 6, 3),  # local election
        date(2026, 7, 17),  # 제헌절, a holiday again since 2026
        date(2027, 5, 3),
        date(2027, 7, 19),
        date(2022, 12, 30),  # the year's last business day
        date(2023, 12, 29),
        date(2026, 9, 25),  # 추석
        date(2026, 11, 21),
        date(2026, 11, 22),
    ],
)
def test_krx_is_closed(day: date) -> None:
    assert not CALENDAR.is_trading_day(day)


@pytest.mark.parametrize(
    "day", [date(2017, 6, 27), date(2026, 11, 19), date(2026, 6, 2), date(2010, 1, 4), date(2030, 3, 4)]
)
def test_krx_trades(day: date) -> None:
    assert CALENDAR.is_trading_day(day)


@pytest.mark.parametrize("day", [date(2009, 12, 31), date(2031, 1, 2)])
def test_a_year_without_a_calendar_is_an_error_and_no_guess(day: date) -> None:
    with pytest.raises(ValueError, match="no KRX calendar"):
        CALENDAR.is_trading_day(day)


def test_an_override_wins_over_the_calendar() -> None:
    calendar = TradingCalendar({date(2026, 11, 19): False, date(2026, 11, 21): True, date(2035, 1, 3): True})
    assert not calendar.is_trading_day(date(2026, 11, 19))
    assert calendar.is_trading_day(date(2026, 11, 21))
    assert calendar.is_trading_day(date(2035, 1, 3))
    assert calendar.next(date(2026, 11, 18)) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2017-06-27T20:35:00", date(2017, 6, 27)),
        ("2026-11-19T15:59:59", date(2026, 11, 18)),
        ("2026-11-19T16:00:00", date(2026, 11, 19)),
        ("2026-11-20T06:30:00", date(2026, 11, 19)),
        ("2026-11-21T20:30:00", date(2026, 11, 20)),
        ("2026-11-23T06:30:00", date(2026, 11, 20)),
        ("2026-06-03T20:30:00", date(2026, 6, 2)),
    ],
)
def test_business_date_is_the_latest_trading_day_past_four(now: str, expected: date) -> None:
    assert CALENDAR.business_date(kst(now)) == expected
    assert CALENDAR.business_date(kst(now).astimezone(UTC)) == expected


def test_previous_and_next_step_over_holidays() -> None:
    assert CALENDAR.previous(date(2026, 6, 4)) == date(2026, 6, 2)
    assert CALENDAR.next(date(2026, 7, 16)) == date(2026, 7, 20)


def test_settlement_is_counted_in_trading_days() -> None:
    # 2026-08-17 stands in for the holiday on Saturday the 15th.
    assert CALENDAR.add(date(2026, 8, 13), 2) == date(2026, 8, 18)
    assert CALENDAR.add(date(2026, 8, 13), 0) == date(2026, 8, 13)


def test_staleness_counts_trading_days_only() -> None:
    assert CALENDAR.days_stale(date(2026, 11, 20), kst("2026-11-23T06:30:00")) == 0
    assert CALENDAR.days_stale(date(2026, 11, 20), kst("2026-11-23T20:30:00")) == 1
    assert CALENDAR.days_stale(date(2026, 11, 16), kst("2026-11-20T20:30:00")) == 4
    assert CALENDAR.days_stale(date(2026, 11, 23), kst("2026-11-20T20:30:00")) == 0


def test_between_lists_both_ends() -> None:
    assert CALENDAR.between(date(2026, 6, 2), date(2026, 6, 7)) == [
        date(2026, 6, 2),
        date(2026, 6, 4),
        date(2026, 6, 5),
    ]


def test_a_month_without_trading_is_an_error() -> None:
    start = date(2026, 3, 1)
    closed = TradingCalendar({start + timedelta(days=offset): False for offset in range(1, 40)})
    with pytest.raises(ValueError, match="within a month"):
        closed.next(start)
