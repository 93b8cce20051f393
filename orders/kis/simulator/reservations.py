"""Reserved US orders: kept by the broker, sent at the regular open, told of by a list alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from orders.domain.events import Market
from orders.domain.sessions import SEOUL, Sessions
from orders.kis.simulator.book import SimAccount, SimOrder, Ticket

NO_MARGIN = "주문가능금액이 부족합니다."


@dataclass(slots=True, eq=False)
class Reservation:
    """One reservation number. `transmits_at` is the regular open that it waits for."""

    ticket: Ticket
    number: int
    receipt_date: date
    at: datetime
    transmits_at: datetime | None
    canceled: bool = False
    not_sent: str = ""
    sent: SimOrder | None = None
    sent_at: datetime | None = None

    @property
    def waiting(self) -> bool:
        return not (self.canceled or self.not_sent or self.sent)


@dataclass(slots=True)
class ReservationBook:
    """All reservations. `place` gives a real order to the engine, `next_number` a reservation number."""

    place: Callable[[Ticket, datetime], SimOrder]
    next_number: Callable[[], int]
    sessions: Sessions
    rows: list[Reservation] = field(default_factory=list)

    def reserve(self, ticket: Ticket, at: datetime) -> Reservation:
        row = Reservation(ticket, self.next_number(), at.astimezone(SEOUL).date(), at, self.regular_open(at))
        self.rows.append(row)
        return row

    def waiting(self) -> Iterator[Reservation]:
        return (row for row in self.rows if row.waiting)

    def find(self, account: SimAccount, number: int) -> Reservation | None:
        return next((r for r in self.rows if (r.ticket.account, r.number) == (account, number)), None)

    def cancel(self, row: Reservation) -> None:
        """Takes the reservation out, unless it is gone already."""
        if row.waiting:
            row.canceled = True

    def transmit(self, row: Reservation, at: datetime) -> SimOrder:
        """Sends it to the market as an order of its own number."""
        ticket = row.ticket
        placed = Ticket(ticket.account, Market.US, ticket.instrument, ticket.side, ticket.qty, ticket.price, "예약")
        row.sent = self.place(placed, at)
        row.sent_at = at
        return row.sent

    def refuse(self, row: Reservation, reason: str = NO_MARGIN) -> None:
        """The broker does not send it: margin and holdings are first looked at now."""
        row.not_sent = reason

    def due(self, now: datetime) -> list[Reservation]:
        return [row for row in self.waiting() if row.transmits_at is not None and now >= row.transmits_at]

    def regular_open(self, at: datetime) -> datetime | None:
        """The next regular US open after `at`."""
        session = self.sessions.next_session(Market.US, at)
        while session is not None and session.name != "regular":
            session = self.sessions.next_session(Market.US, session.opens_at)
        return session.opens_at if session else None
