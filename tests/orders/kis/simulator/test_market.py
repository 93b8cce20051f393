"""The market that keeps the demo alive: driven by hand here, without ports."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orders.domain.events import Market, RequestKind
from orders.kis.simulator.book import SimNotice
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.settings import read_account
from tests.orders.kis.simulator.conftest import KST, QUIET, Clock

EVENING = datetime(2026, 11, 20, 20, 25, tzinfo=KST)
MORNING = datetime(2026, 11, 20, 10, 5, tzinfo=KST)


def living(clock: Clock, **changes: Any) -> KisSimulator:
    def seconds() -> float:
        return clock.at.timestamp()

    return KisSimulator(replace(QUIET, quiet=False, **changes), clock, timer=seconds)


def open_in(simulator: KisSimulator) -> Counter[Market]:
    desk = simulator.desk
    return Counter(o.ticket.market for o in desk.book.open_orders() if desk.is_open(o.ticket.market))


def pass_time(simulator: KisSimulator, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        clock.at += timedelta(seconds=1)
        simulator.tick()


@pytest.mark.parametrize(
    ("at", "markets"),
    [(EVENING, {Market.US, Market.FO_NIGHT}), (MORNING, {Market.US_DAYTIME, Market.KRX, Market.FO_DAY, Market.ASIA})],
)
def test_the_desk_opens_with_about_forty_orders_of_the_open_markets(at: datetime, markets: set[Market]) -> None:
    simulator = living(Clock(at))
    waiting = sum(1 for _ in simulator.desk.reservations.waiting())
    assert set(open_in(simulator)) == markets
    assert 30 <= sum(open_in(simulator).values()) + waiting <= 40


def test_orders_are_numbered_in_the_order_of_their_times() -> None:
    orders = living(Clock(EVENING)).desk.book.orders
    for market in {order.ticket.market for order in orders}:
        times = [order.at for order in orders if order.ticket.market is market]
        assert times == sorted(times)


def test_the_evening_shows_what_the_day_did() -> None:
    orders = living(Clock(EVENING)).desk.book.orders
    day = [order for order in orders if order.ticket.market in {Market.KRX, Market.FO_DAY, Market.US_DAYTIME}]
    assert {order.ticket.market for order in day} == {Market.KRX, Market.FO_DAY, Market.US_DAYTIME}
    assert all(order.leaves == 0 and order.at < EVENING for order in day)
    assert any(order.filled for order in day)


def test_a_fill_every_few_seconds_and_the_desk_stays_full() -> None:
    clock = Clock(EVENING)
    simulator = living(clock)
    before = sum(1 for order in simulator.desk.book.orders)
    filled = sum(order.filled for order in simulator.desk.book.orders)
    told: list[SimNotice] = []
    simulator.desk.book.emit = told.append
    pass_time(simulator, clock, 600)
    assert 100 < sum(notice.filled for notice in told) < 300
    assert sum(order.filled for order in simulator.desk.book.orders) > filled
    assert sum(1 for order in simulator.desk.book.orders) > before
    assert 25 <= sum(open_in(simulator).values()) + 8 <= 45


def test_others_cancel_modify_and_are_refused_too() -> None:
    clock = Clock(EVENING)
    simulator = living(clock)
    pass_time(simulator, clock, 900)
    kinds = Counter(order.kind for order in simulator.desk.book.orders)
    assert kinds[RequestKind.CANCEL]
    assert kinds[RequestKind.MODIFY]
    assert any(order.rejected for order in simulator.desk.book.orders)


def test_the_books_balance_whatever_the_market_does() -> None:
    clock = Clock(MORNING)
    simulator = living(clock)
    pass_time(simulator, clock, 600)
    for order in simulator.desk.book.orders:
        assert 0 <= order.filled + order.canceled + order.moved <= order.ticket.qty
        assert order.leaves >= 0
        assert (order.filled > 0) == (order.amount > 0)


def test_the_same_seed_and_clock_give_the_same_day() -> None:
    def day(seed: int) -> list[tuple[int, str]]:
        clock = Clock(EVENING)
        simulator = living(clock, seed=seed)
        pass_time(simulator, clock, 60)
        return [(order.number, str(order.filled)) for order in simulator.desk.book.orders]

    assert day(7) == day(7)
    assert day(7) != day(8)


def test_when_the_next_session_opens_the_desk_fills_up_again() -> None:
    clock = Clock(EVENING)
    simulator = living(clock)
    clock.at = datetime(2026, 11, 23, 10, 5, tzinfo=KST)
    pass_time(simulator, clock, 1)
    assert set(open_in(simulator)) <= {Market.US_DAYTIME, Market.KRX, Market.FO_DAY, Market.ASIA}
    pass_time(simulator, clock, 30)
    assert sum(open_in(simulator).values()) > 20


def test_on_a_sunday_nothing_happens() -> None:
    clock = Clock(datetime(2026, 11, 22, 12, 0, tzinfo=KST))
    simulator = living(clock)
    pass_time(simulator, clock, 60)
    assert not open_in(simulator)


def test_a_quiet_market_does_nothing_by_itself() -> None:
    clock = Clock(EVENING)
    simulator = KisSimulator(QUIET, clock)
    simulator.tick()
    assert simulator.desk.book.orders == []


def test_a_desk_of_derivatives_alone_has_no_reservations() -> None:
    simulator = living(Clock(EVENING), accounts=(read_account("12345678-03"),))
    assert not simulator.desk.reservations.rows
    assert set(open_in(simulator)) == {Market.FO_NIGHT}
