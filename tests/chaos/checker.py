"""The broker's word against the database: nothing lost, nothing doubled, to the share and to the amount.

Pure: values in, sentences about every difference out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.chaos.truth import AskedOrder, Executed, OrderKey, Truth

ZERO = Decimal(0)
# Derivatives: KIS's lists tell an average index of eight decimals in place of the amount (선물옵션 주문체결내역조회).
AVERAGED = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Held:
    """One order as the database has it: `fills_*` sum its fill rows, `cum_*` is what pages show."""

    pk: int
    numbers: frozenset[OrderKey]
    status: str
    cum_qty: Decimal
    cum_amount: Decimal
    fills_qty: Decimal
    fills_amount: Decimal
    leaves_qty: Decimal
    alarm: str


def fill_differences(truth: Truth, held: Iterable[Held]) -> list[str]:
    """Shares and amounts by order and by account, alarms, and orders that one side alone knows."""
    held = list(held)
    owners = {number: order for order in held for number in order.numbers}
    unknown = [f"{_name(key)}: not in the database" for key, done in _orders(truth) if key not in owners]
    return [*unknown, *_by_order(truth, held), *_by_account(truth, held)]


def _orders(truth: Truth) -> list[tuple[OrderKey, Executed]]:
    """The numbers that are orders: a cancel's own is none, nor is a refused request's."""
    return [(key, done) for key, done in truth.executed.items() if done.kind == "new" or done.filled]


def _by_order(truth: Truth, held: Sequence[Held]) -> list[str]:
    found = []
    for order in held:
        done = [truth.executed[key] for key in order.numbers if key in truth.executed]
        qty, amount = sum((d.filled for d in done), ZERO), sum((d.amount for d in done), ZERO)
        unit = AVERAGED if any(key.family == "FO" for key in order.numbers) else ZERO
        name = ", ".join(sorted(_name(key) for key in order.numbers))
        for what, ours in (("shown", order.cum_qty), ("in fills", order.fills_qty)):
            if ours != qty:
                found.append(f"{name}: {ours} {what}, {qty} filled")
        for what, ours in (("shown", order.cum_amount), ("in fills", order.fills_amount)):
            if abs(ours - amount) > unit:
                found.append(f"{name}: amount {ours} {what}, {amount} executed")
        if order.alarm:
            found.append(f"{name}: alarm: {order.alarm}")
    return found


def _by_account(truth: Truth, held: Sequence[Held]) -> list[str]:
    executed: dict[str, Decimal] = defaultdict(Decimal)
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for key, done in truth.executed.items():
        executed[key.account] += done.filled
    for order in held:
        account = next(iter(order.numbers)).account if order.numbers else "?"
        booked[account] += order.fills_qty
    accounts = sorted({*executed, *booked})
    return [f"{a}: {booked[a]} in fills, {executed[a]} filled" for a in accounts if booked[a] != executed[a]]


def _name(key: OrderKey) -> str:
    return f"{key.account} {key.family} {key.number}"


def sends_by_uid(asked: Iterable[AskedOrder]) -> Mapping[str, int]:
    """How often the request of each command reached the broker's door."""
    counts: dict[str, int] = defaultdict(int)
    for request in asked:
        counts[request.gt_uid] += 1
    return counts
