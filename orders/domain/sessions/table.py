"""When a market is open, and the answer to "may this be asked of the broker now"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import takewhile

from orders.domain.events import Market
from orders.domain.sessions.hours import HOURS, NEW_YORK, SEOUL, Calendar, Hours, is_us_summer
from orders.domain.sessions.questions import Allowed, NotAllowed, Offered, Question, Reason, refusal

_SEARCH_DAYS = 21  # the longest run of closed days (설 or 추석 around weekends) is half of this
_LOOK_BACK_DAYS = 2  # a session opens on the evening before the day it ends on, and its after-market a day later
_RESERVED = frozenset({Market.US_RESERVED, Market.ASIA_RESERVED})


@dataclass(frozen=True, slots=True)
class Session:
    """One opening of a market, or of some of its exchanges (empty: all). Half-open: [opens_at, closes_at)."""

    market: Market
    name: str
    opens_at: datetime
    closes_at: datetime
    pause: tuple[datetime, datetime] | None = None
    exchanges: frozenset[str] = frozenset()

    @property
    def codes(self) -> tuple[str, ...]:
        """Its exchanges in alphabetical order, as the rows of the table name them."""
        return tuple(sorted(self.exchanges))

    def contains(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at

    def pauses(self, at: datetime) -> bool:
        return self.pause is not None and self.pause[0] <= at < self.pause[1]


@dataclass(frozen=True, slots=True)
class Sessions:
    """The session table of one installation: hours, holidays, what the vendor offers and what is suspended are data.

    Where an exchange may be given, "" stands for every exchange of the market.
    """

    holidays: Mapping[Calendar, frozenset[date]] = field(default_factory=dict)
    hours: tuple[Hours, ...] = HOURS
    offered: Offered = field(default_factory=dict)
    suspended: frozenset[Market] = frozenset()

    def allowed(self, question: Question) -> Allowed | NotAllowed:
        """May this be asked of the broker now? Refused before sending, never by trying."""
        reason = refusal(self.offered, question.act)
        if reason is not None:
            return NotAllowed(reason)
        if question.market in self.suspended:
            daytime = question.market is Market.US_DAYTIME
            return NotAllowed(Reason.DAYTIME_SUSPENDED if daytime else Reason.MARKET_CLOSED)
        return self._open_now(question)

    def _open_now(self, question: Question) -> Allowed | NotAllowed:
        session = self.session_at(question.market, question.at, question.exchange)
        if session is None:
            coming = self.next_session(question.market, question.at, question.exchange)
            return NotAllowed(
                Reason.MARKET_CLOSED,
                coming.opens_at if coming else None,
                coming.closes_at if coming else None,
            )
        if session.pause is not None and session.pauses(question.at):
            reserved = question.market in _RESERVED
            reason = Reason.RESERVATION_BREAK if reserved else Reason.MARKET_CLOSED
            return NotAllowed(reason, session.pause[1], session.closes_at)
        return Allowed(session.closes_at)

    def session_at(self, market: Market, at: datetime, exchange: str = "") -> Session | None:
        """The session that `at` (aware) lies in, in its break too."""
        opened = takewhile(lambda session: session.opens_at <= at, self._around(market, at, exchange))
        return next((session for session in opened if session.contains(at)), None)

    def next_session(self, market: Market, at: datetime, exchange: str = "") -> Session | None:
        """The first session that opens after `at`; None when the table has none within three weeks."""
        return next((s for s in self._around(market, at, exchange) if s.opens_at > at), None)

    def between(self, start: datetime, end: datetime) -> list[Session]:
        """The sessions of every market that are open at some time of [start, end), in order of opening."""
        first = start.astimezone(SEOUL).date() - timedelta(days=_LOOK_BACK_DAYS)
        last = end.astimezone(SEOUL).date()
        days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        found = (_session(row, day) for day in days for row in self.hours if self._holds(row, day))
        return sorted((s for s in found if s.opens_at < end and s.closes_at > start), key=_by_opening)

    def daytime_session_contains(self, ordered_at: datetime) -> bool:
        """True when a US order was given in that date's daytime session; no field of the vendor's says it."""
        return self.session_at(Market.US_DAYTIME, ordered_at) is not None

    def trading_date(self, market: Market, at: datetime, exchange: str = "") -> date:
        """The date that the market gives to an order of `at`: the KRX night belongs to the trading day it ends in."""
        session = self.session_at(market, at, exchange)
        if session is None and market is Market.FO_NIGHT:
            session = self.next_session(market, at)  # orders are taken before the night opens
        if session is None:
            return at.astimezone(SEOUL).date()
        if market is Market.US:  # its after-market opens on the Korean morning after the date that it belongs to
            return session.opens_at.astimezone(NEW_YORK).date()
        day = session.opens_at.astimezone(SEOUL).date()
        return self.next_trading_day(Calendar.KRX, day) if market is Market.FO_NIGHT else day

    def good_until(self, market: Market, ordered_at: datetime, exchange: str = "") -> datetime | None:
        """When an order of `ordered_at` ends with its session, or with the next one where none was open.

        Back-to-back sessions count as one. Of several exchanges the last to end counts: nothing is over too early.
        None where the table has no session within three weeks.
        """
        several = {code for row in self.hours if row.market is market for code in row.exchanges}
        exchanges = {exchange} if exchange or not several else several
        ends = (self._end(market, ordered_at, code) for code in exchanges)
        return max((end for end in ends if end is not None), default=None)

    def _end(self, market: Market, ordered_at: datetime, exchange: str) -> datetime | None:
        end: datetime | None = None
        for session in self._around(market, ordered_at, exchange):
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

    def _around(self, market: Market, at: datetime, exchange: str) -> Iterator[Session]:
        """The market's sessions from two days before `at` on, in order of opening."""
        first = at.astimezone(SEOUL).date() - timedelta(days=_LOOK_BACK_DAYS)
        rows = [row for row in self.hours if row.market is market and _covers(row, exchange)]
        for offset in range(_SEARCH_DAYS):
            day = first + timedelta(days=offset)
            yield from sorted((_session(row, day) for row in rows if self._holds(row, day)), key=_by_opening)

    def _holds(self, row: Hours, day: date) -> bool:
        if not row.valid_from <= day <= row.valid_to or not self.is_trading_day(row.calendar, day):
            return False
        return row.us_summer is None or row.us_summer == is_us_summer(day)


def _covers(row: Hours, exchange: str) -> bool:
    return not exchange or not row.exchanges or exchange in row.exchanges


def _by_opening(session: Session) -> datetime:
    return session.opens_at


def _session(row: Hours, day: date) -> Session:
    opens_on = day + timedelta(days=1) if row.next_day else day
    closes_on = opens_on + timedelta(days=1) if row.closes <= row.opens else opens_on
    pause = row.pause
    return Session(
        market=row.market,
        name=row.name,
        opens_at=datetime.combine(opens_on, row.opens, SEOUL),
        closes_at=datetime.combine(closes_on, row.closes, SEOUL),
        pause=pause and (datetime.combine(opens_on, pause[0], SEOUL), datetime.combine(opens_on, pause[1], SEOUL)),
        exchanges=row.exchanges,
    )
