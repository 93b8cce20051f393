"""The hours of every market, to the minute, as the vendor's pages give them."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from orders.domain.events import Market
from orders.domain.sessions import HOURS, Allowed, Offer, Question, Sessions, is_us_summer
from tests.orders.domain.test_sessions import SESSIONS, SUMMER, WINTER, C, M, kst

HOUR_EDGES = [
    (M.US, WINTER, "17:59", None),
    (M.US, WINTER, "18:00", "pre"),
    (M.US, WINTER, "23:30", "regular"),
    (M.US, date(2026, 11, 21), "05:59", "regular"),
    (M.US, date(2026, 11, 21), "06:00", "after"),
    (M.US, date(2026, 11, 21), "07:00", None),
    (M.US, SUMMER, "17:00", "pre"),
    (M.US, SUMMER, "22:30", "regular"),
    (M.US, date(2026, 7, 17), "05:00", "after"),
    (M.KRX, WINTER, "07:59", None),
    (M.KRX, WINTER, "08:00", "day"),
    (M.KRX, WINTER, "20:00", None),
    (M.KRX, date(2025, 3, 3), "16:00", None),
    (M.KRX, date(2025, 3, 4), "16:00", "day"),
    (M.FO_DAY, WINTER, "08:44", None),
    (M.FO_DAY, date(2023, 7, 28), "08:59", None),
    (M.FO_DAY, date(2023, 7, 31), "08:45", "day"),
    (M.FO_DAY, WINTER, "15:44", "day"),
    (M.FO_NIGHT, WINTER, "18:00", "night"),
    (M.FO_NIGHT, date(2026, 11, 21), "05:59", "night"),
    (M.FO_NIGHT, date(2026, 11, 21), "06:00", None),
    (M.FO_NIGHT, date(2026, 11, 21), "18:00", None),
    (M.FO_NIGHT, date(2025, 6, 6), "05:30", None),
    (M.FO_NIGHT, date(2025, 6, 10), "05:30", "night"),
]


@pytest.mark.parametrize(("market", "day", "hhmm", "name"), HOUR_EDGES)
def test_the_hours_of_each_market(market: Market, day: date, hhmm: str, name: str | None) -> None:
    session = SESSIONS.session_at(market, kst(day, hhmm))
    assert (session and session.name) == name


# KIS "해외주식 주문" (Hong Kong, Shanghai, Tokyo), "해외주식 예약주문접수"; Vietnam's day is of its exchanges.
ASIAN_EDGES = [
    (M.ASIA, "SEHK", ("10:29", "13:00", "13:59", "17:00"), ("10:30", "12:59", "14:00", "16:59")),
    (M.ASIA, "SHAA", ("10:29", "16:00"), ("10:30", "12:45", "15:59")),
    (M.ASIA, "SZAA", ("10:29", "16:00"), ("10:30", "15:59")),
    (M.ASIA, "TKSE", ("08:59", "11:30", "12:29", "15:00"), ("09:00", "11:29", "12:30", "14:59")),
    (M.ASIA, "VNSE", ("10:59", "13:30", "14:59", "16:45"), ("11:00", "13:29", "15:00", "16:44")),
    (M.ASIA, "HASE", ("10:59", "16:45"), ("11:00", "16:44")),
    (M.ASIA_RESERVED, "SEHK", ("08:59", "10:20", "10:39", "13:50"), ("09:00", "10:19", "10:40", "13:49")),
    (M.ASIA_RESERVED, "SHAA", ("08:59", "10:20", "10:39", "13:50"), ("09:00", "10:19", "10:40", "13:49")),
    (M.ASIA_RESERVED, "SZAA", ("10:20", "13:50"), ("09:00", "13:49")),
    (M.ASIA_RESERVED, "TKSE", ("09:09", "12:20", "13:00"), ("09:10", "12:19")),
    (M.ASIA_RESERVED, "HASE", ("08:59", "11:00", "11:19", "14:50"), ("09:00", "10:59", "11:20", "14:49")),
    (M.ASIA_RESERVED, "VNSE", ("08:59", "14:50"), ("09:00", "14:49")),
]


@pytest.mark.parametrize(
    ("market", "exchange", "hhmm", "wanted"),
    [
        pytest.param(market, exchange, hhmm, wanted, id=f"{market}-{exchange}-{hhmm}")
        for market, exchange, closed, opened in ASIAN_EDGES
        for wanted, times in ((False, closed), (True, opened))
        for hhmm in times
    ],
)
def test_the_hours_of_asia_are_those_of_each_exchange(market: Market, exchange: str, hhmm: str, wanted: bool) -> None:
    table = Sessions(offered={(market, exchange, C): Offer(paper=True, part=False)})
    answer = table.allowed(Question(market, C, kst(WINTER, hhmm), exchange=exchange))
    assert isinstance(answer, Allowed) is wanted


def test_every_market_has_hours() -> None:
    assert {row.market for row in HOURS} == set(Market)


def test_no_two_rows_of_an_exchange_overlap() -> None:
    exchanges = {exchange for row in HOURS for exchange in row.exchanges}
    start = kst(date(2026, 11, 16), "00:00")
    week = SESSIONS.between(start, kst(date(2026, 11, 21), "12:00"))
    for market in Market:
        for exchange in exchanges | {""}:
            if not exchange and market in {M.ASIA, M.ASIA_RESERVED}:
                continue
            own = [s for s in week if s.market is market and (not s.exchanges or exchange in s.exchanges)]
            assert all(before.closes_at <= after.opens_at for before, after in pairwise(own))


@pytest.mark.parametrize(
    ("day", "summer"),
    [
        (date(2026, 3, 7), False),
        (date(2026, 3, 8), True),
        (date(2026, 10, 31), True),
        (date(2026, 11, 1), False),
        (WINTER, False),
        (SUMMER, True),
    ],
)
def test_new_york_decides_on_summer_time(day: date, summer: bool) -> None:
    assert is_us_summer(day) is summer
