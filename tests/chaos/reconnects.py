"""Fills that nobody heard while a line was away: how soon after its return the books are right, and what is listed."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from tests.chaos.broker import Broker
from tests.chaos.chance import drawn
from tests.chaos.checker import fill_differences
from tests.chaos.clicks import Orders
from tests.chaos.figures import Findings, percentile
from tests.chaos.fills import RECONNECTS_WITHIN, is_registered
from tests.chaos.house import House, Person
from tests.chaos.portal import Portal
from tests.chaos.waiting import START_WITHIN, NeverHappened, until

USER = "kim"
CLOSED_WITHIN = 5.0
AGREES_WITHIN = 90.0
LOOK_EVERY = 0.1
AWAY = 0.3  # seconds after the cut: what is executed from then on is heard by nobody


@dataclass(frozen=True, slots=True)
class Size:
    """`rounds` on each of so many brokers, all of them at once; `orders` are open in each round."""

    brokers: int
    rounds: int
    orders: int


SHORT = Size(brokers=5, rounds=1, orders=4)
HEAVY = Size(brokers=5, rounds=20, orders=10)
COUNTED = ("rounds",)


@dataclass
class Line:
    """One broker whose line is cut again and again. `missed` counts by the order's number."""

    broker: Broker
    orders: Orders
    rng: random.Random
    closed: list[float] = field(default_factory=list)
    missed: dict[int, Decimal] = field(default_factory=dict)

    def run(self, size: Size) -> None:
        for _ in range(size.rounds):
            self._round(size)

    def _round(self, size: Size) -> None:
        until(f"{self.broker.name} has its session", partial(is_registered, self.broker), within=START_WITHIN)
        rows = self.orders.fresh(size.orders)
        before = int(self.broker.shown()["connected"])
        self.broker.press(fault="close_ws")
        time.sleep(AWAY)
        for row in rows:
            self._fill(row)
        until("the line is back", partial(self._is_back, before), within=RECONNECTS_WITHIN, every=LOOK_EVERY)
        self.closed.append(until("the books agree", self._agrees, within=AGREES_WITHIN, every=LOOK_EVERY))

    def _fill(self, row: dict[str, Any]) -> None:
        qty = Decimal(self.rng.randint(1, int(Decimal(row["leaves_qty"]))))
        self.broker.press(event="fill", order=int(row["order_id"]), qty=str(qty))
        self.missed[row["id"]] = qty

    def _is_back(self, before: int) -> bool:
        shown = self.broker.shown()
        return int(shown["connected"]) > before and bool(shown["registered"])

    def _agrees(self) -> bool:
        from tests.chaos.held import held_orders  # noqa: PLC0415 - after Django is set up

        return not fill_differences(self.broker.truth(), held_orders(self.broker.accounts))


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    house.open(size.brokers, [Person(USER, tuple(range(size.brokers)))])
    house.stream()
    _, port = house.web()
    portal = Portal(port, house.tokens[USER])
    until("the server answers", portal.is_ready, within=START_WITHIN)
    lines = [
        Line(broker, Orders(broker, portal, rng), rng)
        for broker, rng in ((broker, drawn(seed, broker.name)) for broker in house.brokers)
    ]
    with ThreadPoolExecutor(size.brokers) as pool:
        for work in [pool.submit(line.run, size) for line in lines]:
            work.result()
    closed = [seconds for line in lines for seconds in line.closed]
    slow = percentile(closed, 0.95)
    found.at_most("p95 of the books", slow, CLOSED_WITHIN)
    found.require("recovered and not listed", _until_listed(portal, lines))
    found.figures |= {
        "reconnects": len(closed),
        "fills_missed": sum(len(line.missed) for line in lines),
        "closed_p50": percentile(closed, 0.5),
        "closed_p95": slow,
        "closed_most": percentile(closed, 1),
    }


def _until_listed(portal: Portal, lines: list[Line]) -> list[str]:
    """What a person reads of the orders that were filled unheard; a window is closed once two reads are equal."""

    def unlisted() -> list[str]:
        listed: dict[int, Decimal] = {}
        for window in portal.rows("orders/recoveries/"):
            for order in window["orders"]:
                listed[order["id"]] = max(listed.get(order["id"], Decimal(0)), Decimal(order["quantity"]))
        missed = {pk: qty for line in lines for pk, qty in line.missed.items()}
        return [f"order {pk}: {listed.get(pk)} of {qty}" for pk, qty in missed.items() if listed.get(pk) != qty]

    try:
        until("the list of what was recovered", lambda: not unlisted(), within=30, every=0.5)
    except NeverHappened:
        return unlisted()
    return []
