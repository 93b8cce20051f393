"""What a simulated account is made of: lots, orders, lines of the trade book, and the state after a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.koscom.simulator.instruments import SimInstrument


@dataclass(frozen=True, slots=True)
class Lot:
    instrument: SimInstrument
    quantity: Decimal
    cost: Decimal
    last_buy: date
    credit_type: str | None = None
    loan: Decimal = Decimal(0)
    maturity: date | None = None


@dataclass(frozen=True, slots=True)
class SimExecution:
    number: int
    quantity: Decimal
    price: Decimal
    time: str


@dataclass(frozen=True, slots=True)
class SimOrder:
    """`sell` or buy; `state` is 체결, 거부 or 취소확인."""

    number: str
    day: date
    time: str
    instrument: SimInstrument
    sell: bool
    quantity: Decimal
    price: Decimal
    state: str
    reason: str | None = None
    executions: tuple[SimExecution, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the trade book; `settles` and `costs` only for trades."""

    day: date
    type: str
    summary: str
    currency: str
    amount: Decimal
    cash_after: Decimal
    instrument: SimInstrument | None = None
    quantity: Decimal = Decimal(0)
    quantity_after: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    settles: date | None = None
    costs: tuple[tuple[str, Decimal], ...] = ()
    credit: bool = False


@dataclass(frozen=True, slots=True)
class DayBook:
    """The account after the close of a day, on the trade-date basis."""

    won: Decimal
    dollars: Decimal
    lots: tuple[Lot, ...]
    entries: tuple[Entry, ...] = ()
    orders: tuple[SimOrder, ...] = ()

    def lot(self, instrument: SimInstrument, *, credit: bool = False) -> Lot | None:
        """Find the position of an instrument, cash and credit apart."""
        return next((row for row in self.lots if row.instrument is instrument and bool(row.loan) == credit), None)

    def cash(self, currency: str) -> Decimal:
        """Give the cash of one of the two currencies."""
        return self.dollars if currency == "USD" else self.won


@dataclass(frozen=True, slots=True)
class Trading:
    """A decision to trade, before it is booked."""

    instrument: SimInstrument
    sell: bool
    quantity: Decimal
    credit: bool = False
