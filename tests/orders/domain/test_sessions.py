from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orders.domain.events import Market
from orders.domain.sessions import (
    HOURS,
    Action,
    Allowed,
    Calendar,
    NotAllowed,
    Offer,
    Offered,
    Question,
    Reason,
    Session,
    Sessions,
)

KST = ZoneInfo("Asia/Seoul")
M = Market
C, E = Action.CANCEL, Action.MODIFY
OFFERED: Offered = {
    (M.US_RESERVED, "", C): Offer(paper=True, part=False),
    (M.US_DAYTIME, "", C): Offer(paper=False, part=True),
    (M.US_DAYTIME, "", E): Offer(paper=False, part=True),
    (M.ASIA, "TKSE", C): Offer(paper=True, part=True),
    (M.ASIA, "TKSE", E): Offer(paper=True, part=True),
    (M.ASIA, "SHAA", C): Offer(paper=True, part=True),
    (M.ASIA_RESERVED, "SEHK", C): Offer(paper=True, part=False),
    (M.KRX, "KRX", C): Offer(paper=True, part=True),
    (M.KRX, "KRX", E): Offer(paper=True, part=True),
    (M.FO_DAY, "", E): Offer(paper=True, part=True),
}
SESSIONS = Sessions(offered=OFFERED)
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


def test_a_closed_market_says_when_it_opens_and_closes() -> None:
    refusal = ask(M.US_DAYTIME, Action.MODIFY, kst(WINTER, "20:25"))
    monday = date(2026, 11, 23)
    assert refusal == NotAllowed(Reason.MARKET_CLOSED, kst(monday, "10:00"), kst(monday, "18:00"))


def test_a_market_that_never_opens_says_no_time() -> None:
    never = Sessions(hours=(), offered=OFFERED)
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
    refusal = ask(M.US_DAYTIME, E, at, order_type=order_type)
    assert refusal == NotAllowed(Reason.ALGORITHM_NOT_MODIFIABLE)
    assert isinstance(ask(M.US_DAYTIME, C, at, order_type=order_type), Allowed)
    assert isinstance(ask(M.US_DAYTIME, E, at, order_type="00"), Allowed)


def test_a_stop_order_can_be_canceled_but_not_modified() -> None:
    at = kst(WINTER, "11:00")
    refusal = ask(M.KRX, E, at, exchange="KRX", order_type="22")
    assert refusal == NotAllowed(Reason.MODIFY_NOT_OFFERED)
    assert isinstance(ask(M.KRX, C, at, exchange="KRX", order_type="22"), Allowed)


@pytest.mark.parametrize(
    ("market", "action", "changes", "reason"),
    [
        (M.US_RESERVED, E, {}, Reason.MODIFY_NOT_OFFERED),
        (M.ASIA, E, {"exchange": "SHAA"}, Reason.MODIFY_NOT_OFFERED),
        (M.ASIA, C, {"exchange": ""}, Reason.EXCHANGE_UNKNOWN),
        (M.ASIA, E, {"exchange": "NASD"}, Reason.EXCHANGE_UNKNOWN),
        (M.KRX, C, {"exchange": "NXT"}, Reason.EXCHANGE_UNKNOWN),
        (M.US_RESERVED, C, {"part": True}, Reason.PART_NOT_OFFERED),
        (M.ASIA_RESERVED, C, {"exchange": "SEHK", "part": True}, Reason.PART_NOT_OFFERED),
        (M.US_DAYTIME, C, {"part": True, "paper": True}, Reason.PAPER_UNSUPPORTED),
        (M.FO_DAY, C, {}, Reason.NOT_OFFERED),
        (M.FO_NIGHT, C, {}, Reason.NOT_OFFERED),
        (M.US, E, {}, Reason.NOT_OFFERED),
    ],
)
def test_what_is_not_offered_is_refused_at_any_hour(
    market: Market, action: Action, changes: dict[str, Any], reason: Reason
) -> None:
    for hhmm in ("03:00", "11:00", "20:25"):
        assert ask(market, action, kst(WINTER, hhmm), **changes) == NotAllowed(reason)


def test_a_part_is_allowed_where_the_vendor_takes_parts() -> None:
    assert isinstance(ask(M.US_DAYTIME, C, kst(WINTER, "11:00"), part=True), Allowed)


def test_a_suspended_market_takes_nothing() -> None:
    table = Sessions(offered=OFFERED, suspended=frozenset({M.US_DAYTIME, M.KRX}))
    at = kst(WINTER, "11:00")
    assert table.allowed(Question(M.US_DAYTIME, C, at)) == NotAllowed(Reason.DAYTIME_SUSPENDED)
    assert table.allowed(Question(M.KRX, C, at, exchange="KRX")) == NotAllowed(Reason.MARKET_CLOSED)
    assert isinstance(table.allowed(Question(M.US_RESERVED, C, at)), Allowed)


def test_the_sessions_between_two_instants_touch_them() -> None:
    found = SESSIONS.between(kst(WINTER, "06:30"), kst(WINTER, "09:05"))
    assert [(s.market, s.name, s.codes) for s in found] == [
        (M.US, "after", ()),
        (M.KRX, "day", ()),
        (M.FO_DAY, "day", ()),
        (M.ASIA, "day", ("TKSE",)),
        (M.ASIA_RESERVED, "morning", ("SEHK", "SHAA", "SZAA")),
        (M.ASIA_RESERVED, "morning", ("HASE", "VNSE")),
    ]


def test_a_lunch_break_is_a_closed_market_that_opens_again() -> None:
    refusal = ask(M.ASIA, C, kst(WINTER, "12:00"), exchange="TKSE")
    assert refusal == NotAllowed(Reason.MARKET_CLOSED, kst(WINTER, "12:30"), kst(WINTER, "15:00"))


def test_an_order_outlives_the_lunch_break() -> None:
    assert SESSIONS.good_until(M.ASIA, kst(WINTER, "11:00"), "SEHK") == kst(WINTER, "17:00")
    assert SESSIONS.good_until(M.ASIA, kst(WINTER, "12:00"), "TKSE") == kst(WINTER, "15:00")
    assert SESSIONS.good_until(M.ASIA, kst(WINTER, "16:30"), "SHAA") == kst(date(2026, 11, 23), "16:00")


def test_without_an_exchange_the_last_to_close_counts() -> None:
    assert SESSIONS.good_until(M.ASIA, kst(WINTER, "11:10")) == kst(WINTER, "17:00")
    closed = Sessions(hours=tuple(row for row in HOURS if row.exchanges == {"TKSE"}))
    assert closed.good_until(M.ASIA, kst(WINTER, "11:10")) == kst(WINTER, "15:00")


def test_without_an_exchange_any_of_the_market_counts() -> None:
    assert SESSIONS.session_at(M.ASIA, kst(WINTER, "09:30")) is not None
    assert SESSIONS.session_at(M.ASIA, kst(WINTER, "09:30"), "SEHK") is None
    assert SESSIONS.next_session(M.ASIA, kst(WINTER, "09:30"), "SEHK") == SESSIONS.session_at(
        M.ASIA, kst(WINTER, "10:30"), "SEHK"
    )


@pytest.mark.parametrize(
    ("calendar", "exchange"),
    [(Calendar.HK, "SEHK"), (Calendar.CN, "SHAA"), (Calendar.JP, "TKSE"), (Calendar.VN, "VNSE")],
)
def test_a_holiday_closes_the_exchanges_of_its_calendar(calendar: Calendar, exchange: str) -> None:
    table = Sessions(holidays={calendar: frozenset({WINTER})})
    open_there = {
        code: table.session_at(M.ASIA, kst(WINTER, "11:10"), code) is not None
        for code in ("SEHK", "SHAA", "TKSE", "VNSE")
    }
    assert open_there == {code: code != exchange for code in open_there}
    assert table.trading_date(M.ASIA, kst(WINTER, "11:10"), exchange) == WINTER


def test_a_holiday_closes_the_us_session_but_not_the_reservations() -> None:
    holidays = Sessions(holidays={Calendar.US: frozenset({WINTER})}, offered=OFFERED)
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
