"""Market sessions and what they allow, with the reason. Hours are rows with effective dates, never constants.

All hours are Korean wall-clock time. A row of the US market holds in US summer time, in winter, or in both; New York's
own calendar decides which. A session belongs to the date it opens on, the KRX night to the trading day it ends in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from orders.domain.events import Market

SEOUL = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")
_SEARCH_DAYS = 21  # the longest run of closed days (설 or 추석 around weekends) is half of this


class Action(StrEnum):
    CANCEL = "cancel"
    MODIFY = "modify"


class Calendar(StrEnum):
    """Whose holidays close a session; KOREA_WEEKDAYS has none but Saturday and Sunday."""

    KRX = "KRX"
    US = "US"
    KOREA_WEEKDAYS = "KOREA_WEEKDAYS"


class Reason(StrEnum):
    MARKET_CLOSED = "market_closed"
    RESERVATION_BREAK = "reservation_break"
    PAPER_UNSUPPORTED = "paper_unsupported"
    ALGORITHM_NOT_MODIFIABLE = "algorithm_not_modifiable"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True, slots=True)
class Hours:
    """One row. `closes` at or before `opens` is on the next day; so is all of a row with `next_day`.

    `us_summer`: None in both halves of the year. `pause` = a part of the session in which requests are refused.
    """

    market: Market
    name: str
    opens: time
    closes: time
    calendar: Calendar
    us_summer: bool | None = None
    next_day: bool = False
    pause: tuple[time, time] | None = None
    valid_from: date = date.min
    valid_to: date = date.max


# KIS "미국주간주문" (with the notice "주간거래 재개 안내" for summer time), "해외주식 예약주문접수", "해외주식 주문";
# KRX for its own sessions; with NXT (from 2025-03-04) stock trades from 08:00 until 20:00.
HOURS: tuple[Hours, ...] = (
    Hours(Market.US_DAYTIME, "daytime", time(10), time(18), Calendar.US, us_summer=False),
    Hours(Market.US_DAYTIME, "daytime", time(10), time(17), Calendar.US, us_summer=True),
    Hours(
        Market.US_RESERVED,
        "reservation",
        time(10),
        time(23, 20),
        Calendar.KOREA_WEEKDAYS,
        us_summer=False,
        pause=(time(16, 30), time(16, 45)),
    ),
    Hours(
        Market.US_RESERVED,
        "reservation",
        time(10),
        time(22, 20),
        Calendar.KOREA_WEEKDAYS,
        us_summer=True,
        pause=(time(16, 30), time(16, 45)),
    ),
    Hours(Market.US, "pre", time(18), time(23, 30), Calendar.US, us_summer=False),
    Hours(Market.US, "pre", time(17), time(22, 30), Calendar.US, us_summer=True),
    Hours(Market.US, "regular", time(23, 30), time(6), Calendar.US, us_summer=False),
    Hours(Market.US, "regular", time(22, 30), time(5), Calendar.US, us_summer=True),
    Hours(Market.US, "after", time(6), time(7), Calendar.US, us_summer=False, next_day=True),
    Hours(Market.US, "after", time(5), time(7), Calendar.US, us_summer=True, next_day=True),
    Hours(Market.KRX, "day", time(9), time(15, 30), Calendar.KRX, valid_to=date(2025, 3, 3)),
    Hours(Market.KRX, "day", time(8), time(20), Calendar.KRX, valid_from=date(2025, 3, 4)),
    Hours(Market.FO_DAY, "day", time(8, 45), time(15, 45), Calendar.KRX),
    Hours(Market.FO_NIGHT, "night", time(18), time(6), Calendar.KRX),
)

# What the vendor offers at all, and where: (market, action) -> offered on paper too. KIS "미국주간정정취소" and
# "해외주식 예약주문접수취소"; a reservation cannot be modified.
OFFERED: Mapping[tuple[Market, Action], bool] = {
    (Market.US_RESERVED, Action.CANCEL): True,
    (Market.US_DAYTIME, Action.CANCEL): False,
    (Market.US_DAYTIME, Action.MODIFY): False,
}

# KIS "해외주식 주문", ORD_DVSN: 35 TWAP and 36 VWAP cannot be modified.
ALGORITHMS = frozenset({"35", "36"})


@dataclass(frozen=True, slots=True)
class Session:
    """One opening of a market. Half-open: [opens_at, closes_at)."""

    market: Market
    name: str
    opens_at: datetime
    closes_at: datetime
    pause: tuple[datetime, datetime] | None = None

    def contains(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at

    def pauses(self, at: datetime) -> bool:
        return self.pause is not None and self.pause[0] <= at < self.pause[1]


@dataclass(frozen=True, slots=True)
class Question:
    """`order_type` is the vendor's order-division code as the order's report carries it, "" where not said."""

    market: Market
    action: Action
    at: datetime
    paper: bool = False
    order_type: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """`reason` is a stable key for the translation catalogue; `opens_at` None where waiting does not help."""

    reason: Reason
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def is_us_summer(day: date) -> bool:
    """New York is on daylight-saving time at noon of that date."""
    return bool(datetime.combine(day, time(12), NEW_YORK).dst())


@dataclass(frozen=True, slots=True)
class Sessions:
    """The session table of one installation: hours and holidays are data, passed in."""

    holidays: Mapping[Calendar, frozenset[date]] = field(default_factory=dict)
    hours: tuple[Hours, ...] = HOURS
    offered: Mapping[tuple[Market, Action], bool] = field(default_factory=lambda: dict(OFFERED))

    def allowed(self, question: Question) -> Allowed | NotAllowed:
        """May this be asked of the broker now? Refused before sending, never by trying."""
        offered_on_paper = self.offered.get((question.market, question.action))
        if offered_on_paper is None:
            return NotAllowed(Reason.NOT_OFFERED)
        if question.paper and not offered_on_paper:
            return NotAllowed(Reason.PAPER_UNSUPPORTED)
        if question.action is Action.MODIFY and question.order_type in ALGORITHMS:
            return NotAllowed(Reason.ALGORITHM_NOT_MODIFIABLE)
        return self._open_now(question)

    def _open_now(self, question: Question) -> Allowed | NotAllowed:
        session = self.session_at(question.market, question.at)
        if session is None:
            coming = self.next_session(question.market, question.at)
            return NotAllowed(
                Reason.MARKET_CLOSED,
                coming.opens_at if coming else None,
                coming.closes_at if coming else None,
            )
        if session.pause is not None and session.pauses(question.at):
            return NotAllowed(Reason.RESERVATION_BREAK, session.pause[1], session.closes_at)
        return Allowed(session.closes_at)

    def session_at(self, market: Market, at: datetime) -> Session | None:
        """The session that `at` (aware) lies in."""
        opened = takewhile(lambda session: session.opens_at <= at, self._around(market, at))
        return next((session for session in opened if session.contains(at)), None)

    def next_session(self, market: Market, at: datetime) -> Session | None:
        """The first session that opens after `at`; None when the table has none within three weeks."""
        return next((s for s in self._around(market, at) if s.opens_at > at), None)

    def daytime_session_contains(self, ordered_at: datetime) -> bool:
        """True when a US order was given in that date's daytime session; no field of the vendor's says it."""
        return self.session_at(Market.US_DAYTIME, ordered_at) is not None

    def trading_date(self, market: Market, at: datetime) -> date:
        """The date that the market gives to an order of `at`: the KRX night belongs to the trading day it ends in."""
        session = self.session_at(market, at)
        if session is None and market is Market.FO_NIGHT:
            session = self.next_session(market, at)  # orders are taken before the night opens
        if session is None:
            return at.astimezone(SEOUL).date()
        if market is Market.US:  # its after-market opens on the Korean morning after the date that it belongs to
            return session.opens_at.astimezone(NEW_YORK).date()
        day = session.opens_at.astimezone(SEOUL).date()
        return self.next_trading_day(Calendar.KRX, day) if market is Market.FO_NIGHT else day

    def good_until(self, market: Market, ordered_at: datetime) -> datetime | None:
        """When an order of `ordered_at` ends with its session, or with the next one where none was open.

        Back-to-back sessions count as one. None where the table has no session within three weeks.
        """
        end: datetime | None = None
        for session in self._around(market, ordered_at):
            if (end is None and session.closes_at > ordered_at) or session.opens_at == end:
                end = session.closes_at
            elif end is not None:
                break
        return end

    def is_trading_day(self, calendar: Calendar, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays.get(calendar, frozenset())

    def next_trading_day(self, calendar: Calendar, day: date) -> date:
        """The first trading day after `day`."""
        following = day + timedelta(days=1)
        while not self.is_trading_day(calendar, following):
            following += timedelta(days=1)
        return following

    def _around(self, market: Market, at: datetime) -> Iterator[Session]:
        """The market's sessions from two days before `at` on, in order of opening."""
        first = at.astimezone(SEOUL).date() - timedelta(days=2)
        for offset in range(_SEARCH_DAYS):
            day = first + timedelta(days=offset)
            rows = [row for row in self.hours if row.market is market and self._holds(row, day)]
            yield from sorted((_session(row, day) for row in rows), key=lambda session: session.opens_at)

    def _holds(self, row: Hours, day: date) -> bool:
        if not row.valid_from <= day <= row.valid_to or not self.is_trading_day(row.calendar, day):
            return False
        return row.us_summer is None or row.us_summer == is_us_summer(day)


def _session(row: Hours, day: date) -> Session:
    opens_on = day + timedelta(days=1) if row.next_day else day
    closes_on = opens_on + timedelta(days=1) if row.closes <= row.opens else opens_on
    pause = row.pause
    return Session(
        market=row.market,
        name=row.name,
        opens_at=datetime.combine(opens_on, row.opens, SEOUL),
        closes_at=datetime.combine(closes_on, row.closes, SEOUL),
        pause=pause and (datetime.combine(day, pause[0], SEOUL), datetime.combine(day, pause[1], SEOUL)),
    )
