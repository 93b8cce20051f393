"""The simulated order engine: orders, what is asked of them, and the notices that each step sends out.

Sequence as KIS has it: the broker's acceptance, the exchange's confirmation, fills. A modify or cancel gets a number of
its own that names the original; its request is announced first and its confirmation later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from orders.domain.events import Family, Market, RequestKind, Side
from orders.kis.simulator.instruments import SimInstrument
from orders.kis.simulator.past import ALWAYS, Past

ZERO = Decimal(0)
FAMILIES = {
    Market.KRX: Family.KRX,
    Market.US: Family.OVERSEAS,
    Market.US_DAYTIME: Family.OVERSEAS,
    Market.ASIA: Family.OVERSEAS,
    Market.US_RESERVED: Family.RESERVED,
    Market.ASIA_RESERVED: Family.RESERVED,
    Market.FO_DAY: Family.FO,
    Market.FO_NIGHT: Family.FO,
}
FIRST_NUMBERS = {Family.KRX: 11_200, Family.OVERSEAS: 31_276_800, Family.FO: 1_640, Family.RESERVED: 30_135_600}


@dataclass(frozen=True, slots=True)
class SimAccount:
    """CANO and ACNT_PRDT_CD; product 03 trades derivatives, every other one stocks."""

    number: str
    product: str

    def __str__(self) -> str:
        return f"{self.number}-{self.product}"

    @property
    def markets(self) -> tuple[Market, ...]:
        if self.product == "03":
            return (Market.FO_DAY, Market.FO_NIGHT)
        return (Market.US, Market.US_DAYTIME, Market.US_RESERVED, Market.KRX, Market.ASIA, Market.ASIA_RESERVED)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody wants: a new order, before it has a number."""

    account: SimAccount
    market: Market
    instrument: SimInstrument
    side: Side
    qty: Decimal
    price: Decimal
    medium: str = "OpenAPI"


@dataclass(slots=True, eq=False)
class SimOrder:
    """One number. `canceled` and `moved` (modified away) left the market unfilled."""

    ticket: Ticket
    number: int
    order_date: date
    at: datetime
    kind: RequestKind = RequestKind.NEW
    original: int | None = None
    working: bool = False
    filled: Decimal = ZERO
    amount: Decimal = ZERO
    canceled: Decimal = ZERO
    moved: Decimal = ZERO
    rejected: str = ""
    expired: bool = False
    good_until: datetime | None = None
    past: Past[SimOrder] = field(default_factory=Past)

    @property
    def leaves(self) -> Decimal:
        """What can still be filled, canceled or modified."""
        if self.is_over or (self.kind is RequestKind.MODIFY and not self.working):
            return ZERO
        return self.ticket.qty - self.filled - self.canceled - self.moved

    @property
    def is_over(self) -> bool:
        """Nothing will ever be left of it again."""
        if self.rejected or self.expired or self.kind is RequestKind.CANCEL:
            return True
        return self.filled + self.canceled + self.moved >= self.ticket.qty

    @property
    def is_answered(self) -> bool:
        """The exchange has said what it had to say of the number itself."""
        return self.working or self.expired or bool(self.rejected)

    @property
    def family(self) -> Family:
        return FAMILIES[self.ticket.market]


@dataclass(frozen=True, slots=True)
class SimNotice:
    """What one notice says; the codec turns it into the columns of its TR."""

    order: SimOrder
    request: RequestKind
    qty: Decimal
    price: Decimal
    at: datetime
    refused: bool = False
    filled: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill under a number of the simulator's own: KIS gives none."""

    number: int
    qty: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to orders at once. `orders` are as they are afterwards."""

    why: str
    at: datetime
    orders: tuple[SimOrder, ...]
    execution: Execution | None = None


def _unrecorded(_change: Change) -> None:
    """A book without a ledger."""


@dataclass(slots=True)
class Book:
    """All orders of all accounts, and the numbers given out so far. Not thread-safe: its owner holds a lock.

    Each change is handed to `record` before its notice is handed to `emit`; `timer` dates it for lagging inquiries.
    """

    emit: Callable[[SimNotice], None]
    order_date: Callable[[Ticket, datetime], date]
    good_until: Callable[[Ticket, datetime], datetime | None]
    timer: Callable[[], float]
    record: Callable[[Change], None] = _unrecorded
    orders: list[SimOrder] = field(default_factory=list)
    numbers: dict[Family, int] = field(default_factory=lambda: dict(FIRST_NUMBERS))
    executions: int = 0
    _alive: list[SimOrder] = field(default_factory=list)
    _by_number: dict[tuple[SimAccount, Family, int], SimOrder] = field(default_factory=dict)
    _by_account: dict[tuple[SimAccount, Family], list[SimOrder]] = field(default_factory=dict)

    def next_number(self, family: Family) -> int:
        """Numbers are dense enough to look real and never repeat."""
        self.numbers[family] += 1 + self.numbers[family] % 3
        return self.numbers[family]

    def open_orders(self) -> Iterator[SimOrder]:
        """Oldest first. What is over is not looked at again: a day has thousands of orders, and forty are open."""
        self._alive = [order for order in self._alive if not order.is_over]
        return (order for order in self._alive if order.leaves > ZERO)

    def take_over(self, orders: Iterable[SimOrder], numbers: dict[Family, int], executions: int) -> None:
        """Goes on with the orders of an earlier run."""
        for order in orders:
            order.past.keep(ALWAYS, _copy(order))
            self._add(order)
        self.numbers.update(numbers)
        self.executions = executions

    def find(self, account: SimAccount, family: Family, number: int) -> SimOrder | None:
        """The newest order of that number."""
        return self._by_number.get((account, family, number))

    def of_account(self, account: SimAccount, family: Family) -> list[SimOrder]:
        """All orders of one account in one family, oldest first."""
        return self._by_account.get((account, family), [])

    def place(self, ticket: Ticket, at: datetime) -> SimOrder:
        """The broker takes a new order."""
        order = self._new(ticket, at, RequestKind.NEW, None)
        self._keep("accepted", at, order)
        self._tell(order, ticket.qty, ticket.price, at)
        return order

    def confirm(self, order: SimOrder, at: datetime) -> None:
        """The exchange has the new order."""
        if order.working or order.rejected:
            return
        order.working = True
        self._keep("confirmed", at, order)
        self._tell(order, order.ticket.qty, order.ticket.price, at, confirmed=True)

    def reject(self, order: SimOrder, reason: str, at: datetime) -> None:
        """The exchange refuses a new order, or a request."""
        order.rejected = reason
        self._keep("rejected", at, order)
        self.emit(SimNotice(order, order.kind, order.ticket.qty, order.ticket.price, at, refused=True))

    def fill(self, order: SimOrder, qty: Decimal, price: Decimal, at: datetime) -> Decimal:
        """Fills up to what is left and returns how much that was."""
        done = min(qty, order.leaves)
        if done <= ZERO:
            return ZERO
        order.working = True
        order.filled += done
        order.amount += done * price
        self.executions += 1
        self._keep("execution", at, order, execution=Execution(self.executions, done, price))
        self.emit(SimNotice(order, RequestKind.NEW, done, price, at, filled=True, confirmed=True))
        return done

    def request(self, original: SimOrder, kind: RequestKind, qty: Decimal, price: Decimal, at: datetime) -> SimOrder:
        """The broker takes a modify or cancel, which changes nothing until `settle`."""
        child = self._new(replace(original.ticket, qty=qty, price=price), at, kind, original.number)
        self._keep("requested", at, child)
        self._tell(child, qty, price, at)
        return child

    def settle(self, child: SimOrder, at: datetime) -> None:
        """The exchange does what was asked, to as much as is still left; with nothing left it refuses."""
        if child.original is None:
            raise ValueError(f"{child.number} is no request")
        original = self.find(child.ticket.account, child.family, child.original)
        qty = min(child.ticket.qty, original.leaves) if original else ZERO
        if original is None or qty <= ZERO:
            self.reject(child, "정정취소 가능수량이 없습니다.", at)
            return
        child.ticket = replace(child.ticket, qty=qty)
        child.working = True
        if child.kind is RequestKind.CANCEL:
            original.canceled += qty
        else:
            original.moved += qty
        self._keep("settled", at, child, original)
        self._tell(child, qty, child.ticket.price, at, confirmed=True)

    def expire(self, now: datetime) -> None:
        """Ends the orders whose session is over. KIS sends no notice of it."""
        for order in list(self.open_orders()):
            if order.good_until is not None and now >= order.good_until:
                order.expired = True
                self._keep("expired", now, order)

    def _new(self, ticket: Ticket, at: datetime, kind: RequestKind, original: int | None) -> SimOrder:
        order = SimOrder(
            ticket=ticket,
            number=self.next_number(FAMILIES[ticket.market]),
            order_date=self.order_date(ticket, at),
            at=at,
            kind=kind,
            original=original,
            good_until=self.good_until(ticket, at),
        )
        self._add(order)
        return order

    def _add(self, order: SimOrder) -> None:
        account = order.ticket.account
        self.orders.append(order)
        self._alive.append(order)
        self._by_number[account, order.family, order.number] = order
        self._by_account.setdefault((account, order.family), []).append(order)

    def _keep(self, why: str, at: datetime, *orders: SimOrder, execution: Execution | None = None) -> None:
        for order in orders:
            order.past.keep(self.timer(), _copy(order))
        self.record(Change(why, at, orders, execution))

    def _tell(self, order: SimOrder, qty: Decimal, price: Decimal, at: datetime, *, confirmed: bool = False) -> None:
        self.emit(SimNotice(order, order.kind, qty, price, at, confirmed=confirmed))


def _copy(order: SimOrder) -> SimOrder:
    return replace(order, past=Past())
