"""Do yesterday's holdings and today's trades explain today's holdings? And cash, likewise.

Quantities and amounts are `Decimal`; an instrument is any key that is the same in all three (ISIN, else short code).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Movement:
    """A trade or transfer: signed changes; `instrument` is None where only money moves."""

    instrument: str | None
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Break:
    """`actual - expected` is what nobody explains."""

    instrument: str
    expected: Decimal
    actual: Decimal

    @property
    def difference(self) -> Decimal:
        return self.actual - self.expected


@dataclass(frozen=True, slots=True)
class Position:
    """The quantity held of one instrument, over all its lots, and its value."""

    quantity: Decimal
    value: Decimal


Holdings = Mapping[str, Position]


def holding_breaks(before: Holdings, movements: Iterable[Movement], after: Holdings) -> list[Break]:
    """List the instruments whose quantity is not what was held plus what moved, in order of their keys."""
    expected = {key: position.quantity for key, position in before.items()}
    for movement in movements:
        if movement.instrument is not None:
            expected[movement.instrument] = expected.get(movement.instrument, ZERO) + movement.quantity
    breaks = []
    for key in sorted(expected.keys() | after.keys()):
        actual = after[key].quantity if key in after else ZERO
        if actual != expected.get(key, ZERO):
            breaks.append(Break(key, expected.get(key, ZERO), actual))
    return breaks


def cash_break(before: Decimal, movements: Iterable[Movement], after: Decimal) -> Decimal:
    """Give the cash (trade-date basis) that neither yesterday's cash nor the movements explain; 0 when they agree."""
    return after - before - sum((movement.amount for movement in movements), ZERO)


def is_suspicious_shrink(before: Holdings, movements: Iterable[Movement], after: Holdings) -> bool:
    """Say whether a balance must be fetched again before it is believed.

    Suspicious: everything is gone, or half of the value and more, while the trades do not explain where it went.
    Prices alone are an explanation: a position whose quantity is unchanged has not gone anywhere.
    """
    held_before = {key: position for key, position in before.items() if position.quantity}
    if not held_before:
        return False
    return not explains_shrink(held_before, movements, after) if _has_shrunk(held_before, after) else False


def explains_shrink(before: Holdings, movements: Iterable[Movement], after: Holdings) -> bool:
    """Say whether every instrument of which less is held than before was moved out to that extent."""
    return all(gap.difference >= 0 for gap in holding_breaks(before, movements, after))


def _has_shrunk(before: Holdings, after: Holdings) -> bool:
    if not any(position.quantity for position in after.values()):
        return True
    return _value(after) <= _value(before) * HALF


def _value(holdings: Holdings) -> Decimal:
    return sum((position.value for position in holdings.values()), ZERO)
