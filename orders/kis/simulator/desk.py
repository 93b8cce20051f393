"""The broker: its engine, its reservations, and what the exchange answers a moment later. One lock around all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orders.domain.events import Family, Market, RequestKind
from orders.domain.sessions import Sessions
from orders.kis.simulator.book import Book, SimNotice, SimOrder, Ticket
from orders.kis.simulator.faults import Faults
from orders.kis.simulator.reservations import Reservation, ReservationBook
from orders.kis.simulator.settings import SimSettings


@dataclass(slots=True, eq=False)
class _Pending:
    due: float
    act: Callable[[datetime], None]


@dataclass(slots=True)
class Desk:
    """`now` is the business clock, `timer` the seconds that the exchange's delays are counted in."""

    settings: SimSettings
    now: Callable[[], datetime]
    timer: Callable[[], float]
    publish: Callable[[SimNotice], None]
    sessions: Sessions = field(default_factory=Sessions)
    faults: Faults = field(default_factory=Faults)
    lock: threading.RLock = field(default_factory=threading.RLock)
    book: Book = field(init=False)
    reservations: ReservationBook = field(init=False)
    held: list[SimOrder] = field(default_factory=list)
    _pending: list[_Pending] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book = Book(emit=self.publish, order_date=self.sessions.trading_date, good_until=self.sessions.good_until)
        self.reservations = ReservationBook(
            place=self._place_at,
            next_number=lambda: self.book.next_number(Family.RESERVED),
            sessions=self.sessions,
        )

    def place(self, ticket: Ticket) -> SimOrder:
        """A new order; the exchange confirms it after its delay."""
        return self._place_at(ticket, self.now())

    def reserve(self, ticket: Ticket) -> Reservation:
        return self.reservations.reserve(ticket, self.now())

    def ask(self, original: SimOrder, kind: RequestKind, qty: Decimal, price: Decimal) -> SimOrder:
        """A modify or cancel of a daytime or regular order; the exchange settles it after its delay."""
        child = self.book.request(original, kind, qty, price, self.now())
        if self.faults.take("hold_confirm"):
            self.held.append(child)
        else:
            self._answer_later(child)
        return child

    def ask_reservation(self, row: Reservation) -> int:
        """A cancel of a reservation; the number of the request. The list shows it after a delay."""
        self._later(self.settings.reservation_delay, lambda _at: self.reservations.cancel(row))
        return self.book.next_number(Family.RESERVED)

    def release(self, number: int | None = None) -> int:
        """The exchange's word for the requests held back, all or those of one order; how many there were."""
        released = [child for child in self.held if number in {None, child.number, child.original}]
        self.held = [child for child in self.held if child not in released]
        for child in released:
            self.book.settle(child, self.now())
        return len(released)

    def take_over(self, orders: list[SimOrder], reservations: list[Reservation], numbers: dict[Family, int]) -> None:
        """Goes on with the books of an earlier run; what the exchange had not answered yet, it answers now."""
        self.book.take_over(orders, numbers)
        self.reservations.rows[:] = reservations
        for order in orders:
            if not (order.working or order.rejected or order.expired):
                self._answer_later(order)

    def work(self) -> None:
        """What time brings: delayed confirmations, reservations due at the open, the end of sessions."""
        with self.lock:
            ready = [pending for pending in self._pending if pending.due <= self.timer()]
            self._pending = [pending for pending in self._pending if pending not in ready]
            now = self.now()
            for pending in ready:
                pending.act(now)
            for row in self.reservations.due(now):
                self.reservations.transmit(row, now)
            self.book.expire(now)

    def is_open(self, market: Market) -> bool:
        return self.sessions.session_at(market, self.now()) is not None

    def _place_at(self, ticket: Ticket, at: datetime) -> SimOrder:
        order = self.book.place(ticket, at)
        self._answer_later(order)
        return order

    def _answer_later(self, order: SimOrder) -> None:
        """The exchange's word for a new order or a request, after its delay."""
        act = self.book.confirm if order.kind is RequestKind.NEW else self.book.settle
        self._later(self.settings.exchange_delay, lambda at: act(order, at))

    def _later(self, seconds: float, act: Callable[[datetime], None]) -> None:
        self._pending.append(_Pending(self.timer() + seconds, act))


def working(desk: Desk, number: int | None) -> SimOrder | None:
    """The open order of that number, or without one the newest that works at an exchange that is open."""
    for order in reversed(list(desk.book.open_orders())):
        if order.number == number or (number is None and order.working and desk.is_open(order.ticket.market)):
            return order
    return None
