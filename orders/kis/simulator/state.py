"""The desk in a file, so that a second start goes on where the first one stopped: the broker forgets nothing.

One JSON document, replaced as a whole. What the ledger has of the time after it is played over it: an execution that
was on the way when the process was killed is not lost. Without either the same seed would give the same numbers to
other orders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orders.domain.events import Family, Market
from orders.kis.simulator.book import FAMILIES, FIRST_NUMBERS
from orders.kis.simulator.desk import Legacy
from orders.kis.simulator.ledger import entries
from orders.kis.simulator.records import (
    Record,
    order_record,
    read_moment,
    read_order,
    read_reservation,
    reservation_record,
)
from orders.kis.simulator.settings import Files

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator

LOST_NUMBERS = 100  # given out after the last save by a process that was killed: never to be given out again


def save(simulator: KisSimulator, path: Path) -> None:
    """Writes everything; a reader sees the old document or the new one, never a half."""
    with simulator.desk.lock:
        issued_at = simulator.access.issued_at
        document = {
            "ledger": simulator.ledger.size,
            "numbers": {family.value: number for family, number in simulator.desk.book.numbers.items()},
            "executions": simulator.desk.book.executions,
            "orders": [order_record(order) for order in simulator.desk.book.orders],
            "reservations": [reservation_record(row) for row in simulator.desk.reservations.rows],
            "prices": {symbol: str(price) for symbol, price in simulator.market.prices.items()},
            "token": simulator.access.token,
            "issued_at": issued_at and issued_at.isoformat(),
        }
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(document))
        fresh.replace(path)


def load(simulator: KisSimulator, files: Files) -> bool:
    """Takes over what was saved and what the ledger has since. False when there is nothing that can be read."""
    stored, offset = _saved(files.state) if files.state is not None else (_Stored(), 0)
    if files.ledger is not None:
        for entry in entries(files.ledger, offset):
            stored.read_entry(entry)
    if not stored.found:
        return False
    with simulator.desk.lock:
        simulator.desk.take_over(stored.legacy())
        simulator.market.prices.update(stored.prices)
        simulator.access.token, simulator.access.issued_at = stored.token, stored.issued_at
    return True


@dataclass(slots=True)
class _Stored:
    """The records of an earlier run, the newest of each order and reservation."""

    found: bool = False
    orders: dict[tuple[str, Family, str, int], Record] = field(default_factory=dict)
    reservations: dict[tuple[str, int], Record] = field(default_factory=dict)
    numbers: dict[Family, int] = field(default_factory=lambda: dict(FIRST_NUMBERS))
    executions: int = 0
    prices: dict[str, Decimal] = field(default_factory=dict)
    token: str = ""
    issued_at: datetime | None = None

    def read_entry(self, entry: dict[str, Any]) -> None:
        """Takes one line of the ledger."""
        self.found = True
        for row in entry.get("orders", ()):
            self.take_order(row)
        if entry["kind"] == "reservation":
            self.take_reservation(entry["reservation"])
        elif entry["kind"] == "token":
            self.token, self.issued_at = entry["token"], read_moment(entry["issued_at"])
        self.executions = max(self.executions, int(entry.get("execution", 0)))

    def legacy(self) -> Legacy:
        orders = {key: read_order(row) for key, row in self.orders.items()}
        sent = {(key[0], key[3]): order for key, order in orders.items() if key[1] is Family.OVERSEAS}
        rows = [
            read_reservation(row, sent.get((account, row["sent"])))
            for (account, _number), row in self.reservations.items()
        ]
        numbers = {family: last + LOST_NUMBERS for family, last in self.numbers.items()}
        return Legacy(list(orders.values()), rows, numbers, self.executions)

    def take_order(self, row: Record) -> None:
        family = FAMILIES[Market(row["ticket"]["market"])]
        self.orders[row["ticket"]["account"], family, row["order_date"], int(row["number"])] = row
        self.raise_numbers({family: int(row["number"])})

    def take_reservation(self, row: Record) -> None:
        self.reservations[row["ticket"]["account"], int(row["number"])] = row
        self.raise_numbers({Family.RESERVED: int(row["number"])})

    def raise_numbers(self, numbers: dict[Family, int]) -> None:
        for family, last in numbers.items():
            self.numbers[family] = max(self.numbers[family], last)


def _saved(path: Path) -> tuple[_Stored, int]:
    """The saved books, and the byte of the ledger up to which they go; nothing where they cannot be read."""
    stored = _Stored(found=True)
    try:
        document = json.loads(path.read_text())
        for row in document["orders"]:
            stored.take_order(row)
        for row in document["reservations"]:
            stored.take_reservation(row)
        stored.raise_numbers({Family(family): int(last) for family, last in document["numbers"].items()})
        stored.executions = int(document.get("executions", 0))
        stored.prices = {symbol: Decimal(price) for symbol, price in document["prices"].items()}
        stored.token, stored.issued_at = str(document["token"]), read_moment(document["issued_at"])
        return stored, int(document.get("ledger", 0))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return _Stored(), 0
