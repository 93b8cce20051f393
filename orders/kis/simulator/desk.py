"""The broker: its engine, its reservations, and what the exchange answers a moment later. One lock around all of it."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orders.domain.events import Family, Market, RequestKind
from orders.domain.sessions import Sessions
from orders.kis.simulator.book import Book, SimNotice, SimOrder, Ticket
from orders.kis.simulator.faults import Faults
from orders.kis.simulator.hours import MarketHours
from orders.kis.simulator.reservations import Reservation, ReservationBook
from orders.kis.simulator.settings import SimSettings


@dataclass(frozen=True, slots=True)
class Legacy:
    """What an earlier run left behind."""

    orders: Iterable[SimOrder]
    reservations: Iterable[Reservation]
    numbers: Mapping[Family, int]
    executions: int = 0


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
    hours: MarketHours = field(init=False)
    book: Book = field(init=False)
    reservations: ReservationBook = field(init=False)
    held: list[SimOrder] = field(default_factory=list)
    _pending: list[tuple[float, int, Callable[[datetime], None]]] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.faults.chance.seed(self.settings.seed)
        self.hours = MarketHours(self.sessions)
        self.book = Book(self.publish, self.hours.order_date, self.hours.good_until, timer=self._seconds)
        self.reservations = ReservationBook(
            place=self._place_at,
            next_number=lambda: self.book.next_number(Family.RESERVED),
            sends_at=self.hours.sends_reservation,
            timer=self._seconds,
        )

    def place(self, ticket: Ticket) -> SimOrder:
        """A new order; the exchange confirms it after its delay."""
        return self._place_at(ticket, self.now())

    def reserve(self, ticket: Ticket) -> Reservation:
        return self.reservations.reserve(ticket, self.now())

    def ask(self, original: SimOrder, kind: RequestKind, qty: Decimal, price: Decimal) -> SimOrder:
        """A modify or cancel of an order; the exchange settles it after its delay."""
        child = self.book.request(original, kind, qty, price, self.now())
        if self.faults.take("hold_confirm"):
            self.held.append(child)
        else:
            self._answer_later(child)
        return child

    def ask_reservation(self, row: Reservation) -> int:
        """A cancel of a reservation; the number of the request. The list shows it after a delay."""
        self.reservations.ask_cancel(row)
        self._later(self.settings.reservation_delay, lambda _at: self.reservations.cancel(row))
        return self.book.next_number(Family.RESERVED)

    def release(self, number: int | None = None) -> int:
        """The exchange's word for the requests held back, all or those of one order; how many there were."""
        released = [child for child in self.held if number in {None, child.number, child.original}]
        self.held = [child for child in self.held if child not in released]
        for child in released:
            self.book.settle(child, self.now())
        return len(released)

    def take_over(self, legacy: Legacy) -> None:
        """Goes on with the books of an earlier run; what the exchange had not answered yet, it answers now."""
        self.book.take_over(legacy.orders, dict(legacy.numbers), legacy.executions)
        self.reservations.take_over(legacy.reservations)
        for order in self.book.orders:
            if not order.is_answered:
                self._answer_later(order)
        for row in list(self.reservations.waiting()):
            if row.cancel_asked:
                self.reservations.cancel(row)

    def work(self) -> None:
        """What time brings: delayed confirmations, reservations due at the open, the end of sessions."""
        with self.lock:
            now, at = self.now(), self.timer()
            while self._pending and self._pending[0][0] <= at:
                _, _, act = heapq.heappop(self._pending)
                act(now)
            for row in self.reservations.due(now):
                self.reservations.transmit(row, now)
            self.book.expire(now)

    def is_open(self, market: Market, exchange: str = "") -> bool:
        return self.hours.session_at(market, self.now(), exchange) is not None

    def trades(self, order: SimOrder) -> bool:
        """The order works at an exchange that is open now."""
        return order.working and self.is_open(order.ticket.market, order.ticket.instrument.exchange)

    def _seconds(self) -> float:
        return self.timer()

    def _place_at(self, ticket: Ticket, at: datetime) -> SimOrder:
        order = self.book.place(ticket, at)
        self._answer_later(order)
        return order

    def _answer_later(self, order: SimOrder) -> None:
        """The exchange's word for a new order or a request, after its delay."""
        act = self.book.confirm if order.kind is RequestKind.NEW else self.book.settle
        self._later(self.settings.exchange_delay, lambda at: act(order, at))

    def _later(self, seconds: float, act: Callable[[datetime], None]) -> None:
        heapq.heappush(self._pending, (self.timer() + seconds, next(self._turns), act))


def working(desk: Desk, number: int | None) -> SimOrder | None:
    """The open order of that number, or without one the newest that works at an exchange that is open."""
    for order in reversed(list(desk.book.open_orders())):
        if order.number == number or (number is None and desk.trades(order)):
            return order
    return None
