"""Which of a person's markets is open now, until when, and why not: what the strip over the orders counts down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from accounts import access
from accounts.clock import KST
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.domain.sessions import Calendar, Session, Sessions
from orders.models import KisAccount, Order
from orders.permissions import sessions

DERIVATIVES = "03"
REGULAR = "regular"
TRADED_WITHIN = timedelta(days=30)
AMERICAN = (Market.US_DAYTIME, Market.US, Market.US_RESERVED)
ASIAN = (Market.ASIA, Market.ASIA_RESERVED)
FUTURES = (Market.FO_DAY, Market.FO_NIGHT)
SHOWN = (Market.KRX, *AMERICAN, *ASIAN, *FUTURES)


class Phase(StrEnum):
    OPEN = "open"
    BREAK = "break"  # a part of the session in which requests are refused
    CLOSED = "closed"


class Closed(StrEnum):
    """Why nothing can be asked for now."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    BEFORE = "before"
    AFTER = "after"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Line:
    """One market, or one exchange of it. `changes_at`: when it closes, or opens (again); None where nobody knows."""

    market: str
    exchange: str
    session: str
    phase: Phase
    changes_at: datetime | None
    reason: Closed | None = None

    @property
    def is_american(self) -> bool:
        return self.market in AMERICAN


@dataclass(frozen=True, slots=True)
class SessionClock:
    """A line a market that the person's accounts trade, as of `now`."""

    now: datetime
    lines: tuple[Line, ...]

    @property
    def next_change(self) -> datetime | None:
        """When the first of them opens or closes: the strip is to be drawn anew then."""
        return min((line.changes_at for line in self.lines if line.changes_at is not None), default=None)


def read(user: access.Viewer, now: datetime) -> SessionClock:
    """The markets of the accounts that the person may see, in the order of the day."""
    places = sorted(_traded(user, now), key=lambda place: (SHOWN.index(place.market), place.exchange))
    table = sessions()
    return SessionClock(now, tuple(_line(table, place, now) for place in places))


def transmission(order: Order, now: datetime) -> datetime | None:
    """When a waiting reservation goes to its exchange: a US one at the next regular opening, an Asian one not before
    its window closes (KIS "해외주식 예약주문접수"). What was sent keeps its own time.
    """
    if order.transmits_at is not None or order.status != OrderStatus.RESERVED:
        return order.transmits_at
    if order.market == Market.US_RESERVED:
        return _next_regular(now)
    window = sessions().session_at(Market.ASIA_RESERVED, order.ordered_at, order.exchange)
    return window.closes_at if window is not None and window.closes_at > now else None


def _next_regular(now: datetime) -> datetime | None:
    session = sessions().next_session(Market.US, now)
    while session is not None and session.name != REGULAR:
        session = sessions().next_session(Market.US, session.opens_at)
    return session.opens_at if session is not None else None


@dataclass(frozen=True, slots=True)
class _Place:
    """A market with hours of its own; in Asia each exchange has them."""

    market: Market
    exchange: str = ""


def _traded(user: access.Viewer, now: datetime) -> set[_Place]:
    """What the accounts' products trade, and what was ordered in the last month; the parts of one market together."""
    accounts = access.visible_accounts(user)
    products = set(KisAccount.objects.filter(account__in=accounts).values_list("product", flat=True))
    ordered = Order.objects.filter(account__in=accounts, ordered_at__gte=now - TRADED_WITHIN).order_by()
    found = {_place(market, exchange) for market, exchange in ordered.values_list("market", "exchange").distinct()}
    markets = {place.market for place in found}
    if DERIVATIVES in products or markets & set(FUTURES):
        found |= {_Place(market) for market in FUTURES}
    if products - {DERIVATIVES} or markets & set(AMERICAN):
        found |= {_Place(market) for market in AMERICAN}
    return found


def _place(market: str, exchange: str) -> _Place:
    return _Place(Market(market), exchange if Market(market) in ASIAN else "")


def _line(table: Sessions, place: _Place, now: datetime) -> Line:
    def line(session: str, phase: Phase, changes_at: datetime | None, reason: Closed | None = None) -> Line:
        return Line(place.market.value, place.exchange, session, phase, changes_at, reason)

    if place.market in table.suspended:
        return line("", Phase.CLOSED, None, Closed.SUSPENDED)
    session = table.session_at(place.market, now, place.exchange)
    if session is None:
        coming = table.next_session(place.market, now, place.exchange)
        name, opens_at = (coming.name, coming.opens_at) if coming else ("", None)
        return line(name, Phase.CLOSED, opens_at, _why_closed(table, place, now, coming))
    if session.pause is not None and session.pauses(now):
        return line(session.name, Phase.BREAK, session.pause[1])
    until = session.closes_at if session.pause is None or session.pause[1] <= now else session.pause[0]
    return line(session.name, Phase.OPEN, until)


def _why_closed(table: Sessions, place: _Place, now: datetime, coming: Session | None) -> Closed:
    today = now.astimezone(KST).date()
    if today.weekday() >= 5:
        return Closed.WEEKEND
    if not table.is_trading_day(_calendar(table, place, today), today):
        return Closed.HOLIDAY
    opens_today = coming is not None and coming.opens_at.astimezone(KST).date() == today
    return Closed.BEFORE if opens_today else Closed.AFTER


def _calendar(table: Sessions, place: _Place, day: date) -> Calendar:
    """Whose holidays close the market on that day."""
    rows = (row for row in table.hours if row.market is place.market and row.valid_from <= day <= row.valid_to)
    found = next((row for row in rows if not row.exchanges or place.exchange in row.exchanges), None)
    return found.calendar if found else Calendar.KOREA_WEEKDAYS
