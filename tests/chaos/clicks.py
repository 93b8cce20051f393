"""Orders to click on, and what a click says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.chaos.broker import Broker
from tests.chaos.browsers import Browser
from tests.chaos.portal import Portal
from tests.chaos.waiting import START_WITHIN, until

MARKET = "US_DAYTIME"
TICK = Decimal("0.01")


@dataclass
class Orders:
    """Fresh open orders of one broker, as its people see them: in `browser`, or without one in the REST list."""

    broker: Broker
    portal: Portal
    rng: random.Random
    browser: Browser | None = None
    ids: tuple[int, ...] = ()

    def fresh(self, count: int) -> list[dict[str, Any]]:
        """Place so many, and wait until the stream has brought them. Raises NeverHappened."""
        numbers = {self._place() for _ in range(count)}
        found: list[dict[str, Any]] = []

        def all_shown() -> bool:
            found[:] = [row for row in self._shown() if int(row["order_id"]) in numbers and row["status"] == "WORKING"]
            return len(found) == count

        until(f"{self.broker.name}: orders are shown", all_shown, within=START_WITHIN, every=0.5)
        return found

    def _place(self) -> int:
        stocks = [account for account in self.broker.accounts if account.endswith("-01")]
        placed = self.broker.place(self.rng.choice(stocks), market=MARKET, qty=self.rng.randint(5, 90))
        return int(placed["number"])

    def _shown(self) -> Iterator[dict[str, Any]]:
        if self.browser is not None:
            mine = set(self._accounts())
            yield from (row for row in list(self.browser.rows.values()) if row["account"] in mine)
            return
        for account in self._accounts():
            yield from self.portal.rows(f"orders/?open=true&account={account}")

    def _accounts(self) -> Sequence[int]:
        """The ids of the accounts: every broker counts its numbers alike, so that a number alone names no order."""
        if not self.ids:
            found = [self.portal.get(f"accounts/?search={number}")["results"] for number in self.broker.accounts]
            self.ids = tuple(int(rows[0]["id"]) for rows in found)
        return self.ids


def values_of(kind: str, row: dict[str, Any], rng: random.Random) -> tuple[str, dict[str, Any]]:
    """The address and the body of a `cancel`, a `modify price` or a `modify quantity`."""
    price = Decimal(row["price"])
    if kind == "cancel":
        return "cancel", {}
    if kind == "modify price":
        return "modify", {"price": str(price + TICK * rng.randint(1, 9))}
    return "modify", {"price": str(price), "quantity": str(rng.randint(1, int(Decimal(row["leaves_qty"])) - 1))}
