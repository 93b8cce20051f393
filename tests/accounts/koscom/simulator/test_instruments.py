"""Tickers, prices, days and numbers of the simulated market."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.domain.business_days import TradingCalendar
from accounts.domain.isin import is_isin
from accounts.koscom.simulator.dialects import Numbers, java_double, write_number
from accounts.koscom.simulator.instruments import (
    AMERICAN,
    BONDS,
    EPOCH,
    FUNDS,
    KOREAN,
    Days,
    Market,
    round_price,
)

CALENDAR = TradingCalendar()
TODAY = date(2026, 11, 19)


@pytest.mark.parametrize("instrument", [*KOREAN, *AMERICAN], ids=lambda row: row.code)
def test_every_share_has_a_valid_isin(instrument: Any) -> None:
    assert instrument.isin is not None
    assert is_isin(instrument.isin)


@pytest.mark.parametrize("instrument", [*KOREAN, *AMERICAN, *FUNDS, *BONDS], ids=lambda row: row.code)
def test_prices_stay_near_their_level_for_years(instrument: Any) -> None:
    market = Market(7)
    prices = [market.close(instrument, index) for index in range(0, 1500, 25)]
    assert all(instrument.level / 3 < price < instrument.level * 3 for price in prices)
    assert len(set(prices)) > 10


@pytest.mark.parametrize(
    ("price", "rounded"),
    [
        ("1999.4", "1999"),
        ("4002", "4000"),
        ("19996", "20000"),
        ("49980", "50000"),
        ("150060", "150100"),
        ("499800", "500000"),
        ("1220400", "1220000"),
    ],
)
def test_korean_prices_keep_the_tick(price: str, rounded: str) -> None:
    assert round_price(Decimal(price), KOREAN[0]) == Decimal(rounded)


def test_days_before_the_epoch_are_the_epoch() -> None:
    days = Days(CALENDAR)
    assert days.index(date(2017, 6, 27)) == 0
    assert days.day(0) == EPOCH
    assert days.day(days.index(date(2026, 11, 22))) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0.0"),
        ("3000000", "3000000.0"),
        ("10000000", "1.0E7"),
        ("500000000", "5.0E8"),
        ("98163580", "9.816358E7"),
        ("-12345678.5", "-1.23456785E7"),
        ("0.1", "0.1"),
        ("0.0001", "1.0E-4"),
    ],
)
def test_numbers_are_written_as_java_writes_a_double(number: str, text: str) -> None:
    assert java_double(Decimal(number)) == write_number(Decimal(number), Numbers.JAVA) == text
