"""The load of a seed, driven by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Market, RequestKind
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.load import OPEN_ORDERS, Script
from tests.orders.kis.simulator.conftest import QUIET, Clock, Desk


@dataclass
class Seconds:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


def loaded(clock: Clock, script: Script, seconds: float = 1000.0) -> KisSimulator:
    timer = Seconds()
    simulator = KisSimulator(QUIET, clock, timer)
    simulator.load.start(script)
    timer.at += seconds
    simulator.work()
    return simulator


def summary(simulator: KisSimulator) -> list[Any]:
    return [
        (o.number, o.ticket.instrument.symbol, o.ticket.qty, o.filled, o.amount) for o in simulator.desk.book.orders
    ]


def test_it_makes_as_many_notices_as_it_was_told_at_the_pace_it_was_told(clock: Clock) -> None:
    timer = Seconds()
    simulator = KisSimulator(QUIET, clock, timer)
    simulator.work()
    simulator.load.start(Script(notices=100, per_second=20, seed=1))
    simulator.work()
    assert (simulator.load.made, simulator.load.running) == (0, True)
    timer.at += 2
    simulator.work()
    assert 40 <= simulator.load.made <= 44
    timer.at += 60
    simulator.work()
    assert 100 <= simulator.load.made <= 104
    simulator.work()
    assert simulator.load.running is False


def test_the_same_seed_makes_the_same_orders_and_fills(clock: Clock) -> None:
    first, second, other = (loaded(clock, Script(400, 50, seed)) for seed in (3, 3, 4))
    assert summary(first) == summary(second) != summary(other)


def test_it_fills_cancels_modifies_rejects_and_repeats(clock: Clock) -> None:
    simulator = loaded(clock, Script(3000, 50, 5))
    orders = simulator.desk.book.orders
    assert {order.kind for order in orders} == set(RequestKind)
    assert any(order.rejected for order in orders)
    assert all(order.filled <= order.ticket.qty for order in orders)
    assert sum(1 for _ in simulator.desk.book.open_orders()) <= OPEN_ORDERS
    assert {order.ticket.market for order in orders} >= {Market.US_DAYTIME, Market.KRX, Market.FO_DAY}
    assert sum((order.filled for order in orders), Decimal(0)) > 0


def test_it_keeps_to_the_markets_that_were_named(clock: Clock) -> None:
    simulator = loaded(clock, Script(200, 50, 5, (Market.KRX,)))
    assert {order.ticket.market for order in simulator.desk.book.orders} == {Market.KRX}


def test_where_nobody_can_trade_it_does_not_start(clock: Clock) -> None:
    simulator = KisSimulator(QUIET, clock)
    with pytest.raises(ValueError, match="no account can trade"):
        simulator.load.start(Script(10, 1, 1, (Market.FO_NIGHT,)))


def test_a_button_starts_it_and_the_page_tells_how_far_it_is(desk: Desk) -> None:
    assert desk.shown()["load"] == {"running": False, "made": 0}
    assert desk.press(event="run", notices=30, per_second=10_000, seed=1, markets=["US_DAYTIME"])["notices"] == 30
    other = desk.order(market="KRX", symbol="005930")["number"]
    deadline = time.monotonic() + 10
    while desk.shown()["load"]["running"] and time.monotonic() < deadline:
        desk.simulator.work()
    shown = desk.shown()["load"]
    assert (shown["running"], shown["made"] >= 30) == (False, True)
    assert desk.plain(other)["filled"] == "0", "an order of others is none of its business"
