"""When the simulated broker trades: the table of market hours, asked for a ticket's market and exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orders.domain.events import Market
from orders.domain.sessions import Session, Sessions
from orders.kis.simulator.book import Ticket

SENT_AFTER = timedelta(minutes=10)  # from the end of an Asian window (KIS 해외주식 예약주문접수: 10:20 -> 10:30)


@dataclass(frozen=True, slots=True)
class MarketHours:
    sessions: Sessions

    def takes_requests(self, market: Market, at: datetime, exchange: str = "") -> bool:
        """A session is open there, and not in its break."""
        session = self.session_at(market, at, exchange)
        return session is not None and not session.pauses(at)

    def session_at(self, market: Market, at: datetime, exchange: str = "") -> Session | None:
        return self.sessions.session_at(market, at, exchange)

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
