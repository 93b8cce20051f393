"""A market drawn from a seed: orders, fills, equal fills twice in a second, modifies and cancels from elsewhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.chaos.broker import Broker

MARKETS = {"01": ("US_DAYTIME", "KRX"), "03": ("FO_DAY",)}
NOTICES = {"order": 2, "fill": 1, "ask": 2}  # accepted and confirmed; executed
ORDER, TWIN, MODIFY, CANCEL = 0.14, 0.12, 0.02, 0.02  # chances an act; all else is a single fill
MOST_OPEN = 30


@dataclass
class Load:
    """Acts on one broker until it has caused so many notices. `pause` waits between two acts, in seconds."""

    broker: Broker
    rng: random.Random
    per_second: float
    pause: Callable[[float], None]
    caused: int = 0
    orders: int = 0
    _open: list[dict[str, Any]] = field(default_factory=list)

    def run(self, notices: int) -> None:
        while self.caused < notices:
            before = self.caused
            self._act()
            self.pause((self.caused - before) / self.per_second)

    def _act(self) -> None:
        drawn = self.rng.random()
        if len(self._open) < 3 or (drawn < ORDER and len(self._open) < MOST_OPEN):
            self._order()
        elif drawn < ORDER + TWIN:
            self._fill(times=2)
        elif drawn < ORDER + TWIN + MODIFY:
            self._ask("modify")
        elif drawn < ORDER + TWIN + MODIFY + CANCEL:
            self._ask("cancel")
        else:
            self._fill(times=1)

    def _order(self) -> None:
        account = self.rng.choice(self.broker.accounts)
        market = self.rng.choice(MARKETS[account[-2:]])
        qty = self.rng.randint(20, 200)
        placed = self.broker.place(account, market=market, qty=qty, side=self.rng.choice(("buy", "sell")))
        self._open.append({"number": placed["number"], "price": Decimal(placed["price"]), "left": qty})
        self.orders += 1
        self.caused += NOTICES["order"]

    def _fill(self, times: int) -> None:
        """The same quantity and price twice in one second look like a repeat, and are two executions."""
        order = self.rng.choice(self._open)
        qty = min(max(1, round(order["left"] * self.rng.uniform(0.05, 0.6))), order["left"])
        for _ in range(min(times, order["left"] // qty)):
            self._button("fill", order, qty=qty, price=str(order["price"]))
            order["left"] -= qty
            self.caused += NOTICES["fill"]
        if not order["left"]:
            self._open.remove(order)

    def _ask(self, kind: str) -> None:
        """Somebody at another terminal; the order is left alone from then on."""
        order = self.rng.choice(self._open)
        self._open.remove(order)
        self._button(kind, order)
        self.caused += NOTICES["ask"]

    def _button(self, event: str, order: dict[str, Any], **fields: Any) -> None:
        self.broker.press(event=event, order=order["number"], **fields)
