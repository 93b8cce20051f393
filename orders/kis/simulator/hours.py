"""When the simulated broker trades: the table of market hours, asked for a ticket's market and exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from orders.domain.events import Market
from orders.domain.sessions import Session, Sessions
from orders.kis.simulator.book import Ticket

SENT_AFTER = timedelta(minutes=10)  # from the end of an Asian window (KIS 해외주식 예약주문접수: 10:20 -> 10:30)


_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one market for a while: `session` is None while it is closed."""

    since: datetime
    until: datetime
    session: Session | None


@dataclass(slots=True)
class MarketHours:
    """The market asks at every step whether each of its orders trades: answers are kept as long as they hold."""

    sessions: Sessions
    _known: dict[tuple[Market, str], _Known] = field(default_factory=dict)

    def takes_requests(self, market: Market, at: datetime, exchange: str = "") -> bool:
        """A session is open there, and not in its break."""
        session = self.session_at(market, at, exchange)
        return session is not None and not session.pauses(at)

    def session_at(self, market: Market, at: datetime, exchange: str = "") -> Session | None:
        known = self._known.get((market, exchange))
        if known is None or not known.since <= at < known.until:
            known = self._known[market, exchange] = self._look_up(market, at, exchange)
        return known.session

    def _look_up(self, market: Market, at: datetime, exchange: str) -> _Known:
        session = self.sessions.session_at(market, at, exchange)
        if session is not None:
            return _Known(session.opens_at, session.closes_at, session)
        coming = self.sessions.next_session(market, at, exchange)
        return _Known(at, coming.opens_at if coming else at + _DAY, None)

    def next_session(self, market: Market, at: datetime, exchange: str = "") -> Session | None:
        return self.sessions.next_session(market, at, exchange)

    def order_date(self, ticket: Ticket, at: datetime) -> date:
        return self.sessions.trading_date(ticket.market, at, ticket.instrument.exchange)

    def good_until(self, ticket: Ticket, at: datetime) -> datetime | None:
        return self.sessions.good_until(ticket.market, at, ticket.instrument.exchange)

    def sends_reservation(self, ticket: Ticket, at: datetime) -> datetime | None:
        """When a reservation of `at` goes to the market: after its window in Asia, at the next regular US open."""
        if ticket.market is Market.ASIA_RESERVED:
            exchange = ticket.instrument.exchange
            window = self.session_at(Market.ASIA_RESERVED, at, exchange)
            window = window or self.next_session(Market.ASIA_RESERVED, at, exchange)
            return window.closes_at + SENT_AFTER if window else None
        session = self.sessions.next_session(Market.US, at)
        while session is not None and session.name != "regular":
            session = self.sessions.next_session(Market.US, session.opens_at)
        return session.opens_at if session else None
