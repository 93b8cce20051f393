"""What an account holds: something that it had before, and what its fills made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from orders.domain.events import Family, Side
from orders.kis.simulator.book import ZERO, SimOrder
from orders.kis.simulator.instruments import ASIA, FUTURES, OPTIONS, US, SimInstrument

_HELD_BEFORE = {Family.OVERSEAS: US[::3] + ASIA[::3], Family.FO: FUTURES[:2] + OPTIONS[1:2]}
_BOUGHT_AT = Decimal("0.96")  # of the instrument's usual price


@dataclass(frozen=True, slots=True)
class SimPosition:
    """`qty` is negative for a short position; `cost` is what was paid or got for what is left of it."""

    instrument: SimInstrument
    qty: Decimal
    cost: Decimal

    @property
    def average(self) -> Decimal:
        return self.cost / abs(self.qty)

    def traded(self, qty: Decimal, amount: Decimal) -> SimPosition:
        """After `qty` (negative when sold) for `amount`: it grows at that price, or shrinks at its own."""
        if self.qty * qty >= ZERO:
            return replace(self, qty=self.qty + qty, cost=self.cost + amount)
        closed = min(abs(qty), abs(self.qty))
        kept = abs(self.qty) - closed
        if kept > ZERO:
            return replace(self, qty=kept.copy_sign(self.qty), cost=self.average * kept)
        opened = abs(qty) - closed
        return replace(self, qty=opened.copy_sign(qty), cost=amount * opened / abs(qty))


def positions(orders: Iterable[SimOrder], family: Family) -> list[SimPosition]:
    """The positions of one account in one family, those held before first. `orders` are its orders, oldest first."""
    held = {one.symbol: _held_before(one, family) for one in _HELD_BEFORE[family]}
    for order in orders:
        if order.filled > ZERO:
            instrument = order.ticket.instrument
            qty = order.filled if order.ticket.side is Side.BUY else -order.filled
            before = held.get(instrument.symbol) or SimPosition(instrument, ZERO, ZERO)
            after = before.traded(qty, order.amount)
            # The simulator lets anybody sell shares that he has not: that is no position.
            short = family is Family.OVERSEAS and after.qty < ZERO
            held[instrument.symbol] = replace(after, qty=ZERO, cost=ZERO) if short else after
    return [position for position in held.values() if position.qty != ZERO]


def _held_before(instrument: SimInstrument, family: Family) -> SimPosition:
    """Options were sold, everything else was bought."""
    sold = family is Family.FO and instrument in OPTIONS
    qty = Decimal(instrument.lot * 2)
    return SimPosition(instrument, -qty if sold else qty, qty * instrument.price * _BOUGHT_AT)
