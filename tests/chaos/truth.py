"""The broker's own word, as values: what was executed under each number, and which order requests reached it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class OrderKey(NamedTuple):
    """An order number of one day, as the broker gives it: `account` is CANO-product."""

    account: str
    family: str
    number: int


@dataclass(frozen=True, slots=True)
class Executed:
    """What was done under one number. `kind` is new, modify or cancel; `original` the number that it names,
    `working` says that the exchange has it."""

    qty: Decimal
    filled: Decimal
    amount: Decimal
    canceled: Decimal
    kind: str
    original: int | None
    working: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """One order request as it arrived: `number` is the order that it names."""

    gt_uid: str
    account: str
    number: int
    accepted: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Truth:
    """`notices` were made, `lost` of them reached nobody."""

    executed: Mapping[OrderKey, Executed]
    asked: tuple[AskedOrder, ...]
    notices: int = 0
    lost: int = 0
