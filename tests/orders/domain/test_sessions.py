from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orders.domain.events import Market
from orders.domain.sessions import (
    HOURS,
    OFFERED,
    Action,
    Allowed,
    Calendar,
    NotAllowed,
    Question,
    Reason,
    Session,
    Sessions,
    is_us_summer,
)

KST = ZoneInfo("Asia/Seoul")
M = Market
SESSIONS = Sessions()
WINTER, SUMMER = date(2026, 11, 20), date(2026, 7, 16)  # a Friday, a Thursday


def kst(day: date, hhmm: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hhmm), KST)


def ask(market: Market, action: Action, at: datetime, **changes: Any) -> Allowed | NotAllowed:
    return SESSIONS.allowed(replace(Question(market, action, at), **changes))


EDGES = [
    (M.US_DAYTIME, WINTER, ("09:59", "18:00"), ("10:00", "17:59")),
    (M.US_DAYTIME, SUMMER, ("09:59", "17:00"), ("10:00", "16:59")),
    (M.US_RESERVED, WINTER, ("09:59", "16:30", "16:44", "23:20"), ("10:00", "16:29", "16:45", "23:19")),
    (M.US_RESERVED, SUMMER, ("09:59", "16:30", "16:44", "22:20"), ("10:00", "16:29", "16:45", "22:19")),
]


@pytest.mark.parametrize(
    ("market", "at", "wanted"),
    [
        pytest.param(market, kst(day, hhmm), wanted, id=f"{market}-{day}-{hhmm}")
        for market, day, closed, opened in EDGES
        for wanted, times in ((False, closed), (True, opened))
        for hhmm in times
    ],
)
def test_a_cancel_is_allowed_to_the_minute(market: Market, at: datetime, wanted: bool) -> None:
    assert isinstance(ask(market, Action.CANCEL, at), Allowed) is wanted


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
    (M.FO_DAY, WINTER, "15:44", "day"),
    (M.FO_NIGHT, WINTER, "18:00", "night"),
    (M.FO_NIGHT, date(2026, 11, 21), "05:59", "night"),
    (M.FO_NIGHT, date(2026, 11, 21), "06:00", None),
    (M.FO_NIGHT, date(2026, 11, 21), "18:00", None),
    (M.ASIA, WINTER, "11:00", None),
]


@pytest.mark.parametrize(("market", "day", "hhmm", "name"), HOUR_EDGES)
def test_the_hours_of_each_market(market: Market, day: date, hhmm: str, name: str | None) -> None:
    session = SESSIONS.session_at(market, kst(day, hhmm))
    assert (session and session.name) == name


def test_every_row_of_the_hours_is_used_by_some_day() -> None:
    assert {row.market for row in HOURS} == set(Market) - {M.ASIA, M.ASIA_RESERVED}


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


def test_a_closed_market_says_when_it_opens_and_closes() -> None:
    refusal = ask(M.US_DAYTIME, Action.MODIFY, kst(WINTER, "20:25"))
    monday = date(2026, 11, 23)
    assert refusal == NotAllowed(Reason.MARKET_CLOSED, kst(monday, "10:00"), kst(monday, "18:00"))


def test_a_market_that_never_opens_says_no_time() -> None:
    never = Sessions(hours=())
    question = Question(M.US_DAYTIME, Action.CANCEL, kst(WINTER, "11:00"))
    assert never.allowed(question) == NotAllowed(Reason.MARKET_CLOSED)


def test_an_open_market_says_when_it_closes() -> None:
    assert ask(M.US_RESERVED, Action.CANCEL, kst(WINTER, "20:25")) == Allowed(kst(WINTER, "23:20"))


def test_the_break_of_the_reservations_is_named() -> None:
    refusal = ask(M.US_RESERVED, Action.CANCEL, kst(WINTER, "16:31"))
    assert refusal == NotAllowed(Reason.RESERVATION_BREAK, kst(WINTER, "16:45"), kst(WINTER, "23:20"))


def test_paper_has_no_daytime_operations_but_cancels_reservations() -> None:
    at = kst(WINTER, "11:00")
    assert ask(M.US_DAYTIME, Action.CANCEL, at, paper=True) == NotAllowed(Reason.PAPER_UNSUPPORTED)
    assert ask(M.US_DAYTIME, Action.MODIFY, at, paper=True) == NotAllowed(Reason.PAPER_UNSUPPORTED)
    assert isinstance(ask(M.US_RESERVED, Action.CANCEL, at, paper=True), Allowed)


@pytest.mark.parametrize("order_type", ["35", "36"])
def test_twap_and_vwap_can_be_canceled_but_not_modified(order_type: str) -> None:
    at = kst(WINTER, "11:00")
    refusal = ask(M.US_DAYTIME, Action.MODIFY, at, order_type=order_type)
    assert refusal == NotAllowed(Reason.ALGORITHM_NOT_MODIFIABLE)
    assert isinstance(ask(M.US_DAYTIME, Action.CANCEL, at, order_type=order_type), Allowed)
    assert isinstance(ask(M.US_DAYTIME, Action.MODIFY, at, order_type="00"), Allowed)


@pytest.mark.parametrize(
    ("market", "action"),
    [(m, a) for m in Market for a in Action if (m, a) not in OFFERED],
)
def test_what_is_not_offered_is_refused_at_any_hour(market: Market, action: Action) -> None:
    assert ask(market, action, kst(WINTER, "11:00")) == NotAllowed(Reason.NOT_OFFERED)


def test_a_holiday_closes_the_us_session_but_not_the_reservations() -> None:
    holidays = Sessions(holidays={Calendar.US: frozenset({WINTER})})
    at = kst(WINTER, "11:00")
    assert isinstance(holidays.allowed(Question(M.US_DAYTIME, Action.CANCEL, at)), NotAllowed)
    assert isinstance(holidays.allowed(Question(M.US_RESERVED, Action.CANCEL, at)), Allowed)


@pytest.mark.parametrize(("hhmm", "inside"), [("09:59", False), ("10:00", True), ("17:59", True), ("18:00", False)])
def test_the_order_time_tells_a_daytime_order(hhmm: str, inside: bool) -> None:
    assert SESSIONS.daytime_session_contains(kst(WINTER, hhmm)) is inside


@pytest.mark.parametrize(
    ("market", "day", "hhmm", "wanted"),
    [
        (M.FO_NIGHT, date(2026, 11, 19), "23:00", date(2026, 11, 20)),
        (M.FO_NIGHT, WINTER, "23:00", date(2026, 11, 23)),  # Friday night is Monday
        (M.FO_NIGHT, date(2026, 11, 21), "05:00", date(2026, 11, 23)),
        (M.FO_NIGHT, WINTER, "17:55", date(2026, 11, 23)),  # taken before the night opens
        (M.FO_DAY, WINTER, "12:00", WINTER),
        (M.US, date(2026, 11, 21), "02:00", WINTER),
        (M.US, date(2026, 11, 21), "06:30", WINTER),
        (M.US, WINTER, "18:30", WINTER),
        (M.US, WINTER, "12:00", WINTER),
        (M.US_DAYTIME, WINTER, "12:00", WINTER),
    ],
)
def test_the_trading_date_of_an_instant(market: Market, day: date, hhmm: str, wanted: date) -> None:
    assert SESSIONS.trading_date(market, kst(day, hhmm)) == wanted


def test_a_night_before_a_holiday_belongs_to_the_next_trading_day() -> None:
    holidays = Sessions(holidays={Calendar.KRX: frozenset({date(2026, 11, 23)})})
    assert holidays.trading_date(M.FO_NIGHT, kst(WINTER, "23:00")) == date(2026, 11, 24)


def test_an_order_is_good_until_the_last_of_the_sessions_that_follow_on_its_own() -> None:
    assert SESSIONS.good_until(M.US, kst(WINTER, "19:00")) == kst(date(2026, 11, 21), "07:00")
    assert SESSIONS.good_until(M.US_DAYTIME, kst(WINTER, "11:00")) == kst(WINTER, "18:00")
    assert SESSIONS.good_until(M.US_DAYTIME, kst(WINTER, "09:00")) == kst(WINTER, "18:00")
    assert Sessions(hours=()).good_until(M.US, kst(WINTER, "19:00")) is None


def test_a_session_without_a_pause_never_pauses() -> None:
    at = kst(WINTER, "12:00")
    assert not Session(M.KRX, "day", at, at).pauses(at)
