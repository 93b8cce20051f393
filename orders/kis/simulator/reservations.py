"""Reserved overseas orders: kept by the broker, sent at the market's opening, told of by a list alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from orders.domain.events import Market
from orders.domain.sessions import SEOUL
from orders.kis.simulator.book import SimAccount, SimOrder, Ticket
from orders.kis.simulator.past import ALWAYS, Past

NO_MARGIN = "주문가능금액이 부족합니다."
_SENT_TO = {Market.US_RESERVED: Market.US, Market.ASIA_RESERVED: Market.ASIA}


@dataclass(slots=True, eq=False)
class Reservation:
    """One reservation number. `transmits_at` is the opening that it waits for."""

    ticket: Ticket
    number: int
    receipt_date: date
    at: datetime
    transmits_at: datetime | None
    cancel_asked: bool = False
    canceled: bool = False
    not_sent: str = ""
    sent: SimOrder | None = None
    sent_at: datetime | None = None
    past: Past[Reservation] = field(default_factory=Past)

    @property
    def waiting(self) -> bool:
        return not (self.canceled or self.not_sent or self.sent)


def _unrecorded(_why: str, _row: Reservation) -> None:
    """A book without a ledger."""


@dataclass(slots=True)
class ReservationBook:
    """All reservations. `place` gives a real order to the engine, `next_number` a reservation number.

    `sends_at` tells when one that came now goes to the market; `record` is told of every change.
    """

    place: Callable[[Ticket, datetime], SimOrder]
    next_number: Callable[[], int]
    sends_at: Callable[[Ticket, datetime], datetime | None]
    timer: Callable[[], float]
    record: Callable[[str, Reservation], None] = _unrecorded
    rows: list[Reservation] = field(default_factory=list)
    _waiting: list[Reservation] = field(default_factory=list)
    _by_number: dict[tuple[SimAccount, int], Reservation] = field(default_factory=dict)

    def reserve(self, ticket: Ticket, at: datetime) -> Reservation:
        row = Reservation(ticket, self.next_number(), at.astimezone(SEOUL).date(), at, self.sends_at(ticket, at))
        self._add(row)
        self._keep("reserved", row)
        return row

    def take_over(self, rows: Iterable[Reservation]) -> None:
        """Goes on with the reservations of an earlier run."""
        for row in rows:
            row.past.keep(ALWAYS, replace(row, past=Past()))
            self._add(row)

    def waiting(self) -> Iterator[Reservation]:
        self._waiting = [row for row in self._waiting if row.waiting]
        return iter(self._waiting)

    def find(self, account: SimAccount, number: int) -> Reservation | None:
        return self._by_number.get((account, number))

    def ask_cancel(self, row: Reservation) -> None:
        """The broker has the request; nothing shows of it yet."""
        row.cancel_asked = True
        self._keep("cancel_asked", row)

    def cancel(self, row: Reservation) -> None:
        """Takes the reservation out, unless it is gone already."""
        if row.waiting:
            row.canceled = True
            self._keep("canceled", row)

    def transmit(self, row: Reservation, at: datetime) -> SimOrder:
        """Sends it to the market as an order of its own number."""
        row.sent = self.place(replace(row.ticket, market=_SENT_TO[row.ticket.market], medium="예약"), at)
        row.sent_at = at
        self._keep("sent", row)
        return row.sent

    def refuse(self, row: Reservation, reason: str = NO_MARGIN) -> None:
        """The broker does not send it: margin and holdings are first looked at now."""
        row.not_sent = reason
        self._keep("not_sent", row)

    def due(self, now: datetime) -> list[Reservation]:
        return [row for row in self.waiting() if row.transmits_at is not None and now >= row.transmits_at]

    def _add(self, row: Reservation) -> None:
        self.rows.append(row)
        self._waiting.append(row)
        self._by_number[row.ticket.account, row.number] = row

    def _keep(self, why: str, row: Reservation) -> None:
        row.past.keep(self.timer(), replace(row, past=Past()))
        self.record(why, row)
