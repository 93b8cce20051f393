"""No answer, in every market: what the broker took is found in its lists, what it never saw is guessed by nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connections

from orders.models import Order, OrderCommand
from tests.flows.markets.cases import (
    ASIA_CASES,
    ASIAN_RESERVATIONS,
    DAY_CASES,
    DAYTIME,
    KRX_CASES,
    NIGHT_CASES,
    ONE_EACH,
    US_CASES,
    US_RESERVED,
    MarketCase,
)
from tests.flows.markets.house import House, kst
from tests.flows.markets.pages import sent

D = Decimal
LOST = [*ONE_EACH, US_RESERVED, ASIAN_RESERVATIONS[0]]
MODIFIED = [case for case in ONE_EACH if case.modify is not None]


@pytest.mark.django_db
@pytest.mark.parametrize("case", LOST, ids=str)
def test_a_cancel_that_was_taken_without_an_answer_is_found_in_the_lists(house: House, case: MarketCase) -> None:
    order = house.order(case)
    house.arm("drop_after")
    house.arm("drop_notices", times=None)
    command = house.ask(order)
    assert (command.state, house.row(order)["command"]["state"]) == ("UNKNOWN", "UNKNOWN")
    assert house.actions(order)["cancel"] == (False, "앞선 요청의 결과를 확인하는 중입니다.")
    house.resolve()
    house.resolve()
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, command.evidence[0][:8]) == ("CONFIRMED", "inquiry:")
    assert (order.status, order.leaves_qty) == ("CANCELED", 0)
    assert house.at_engine() == [(case.path, case.live, sent(case.cancel, order))]
    house.check_books()


@pytest.mark.django_db
@pytest.mark.parametrize("case", MODIFIED, ids=str)
def test_a_new_price_that_was_taken_without_an_answer_is_found_too(house: House, case: MarketCase) -> None:
    order = house.order(case)
    house.arm("reset_after")
    house.arm("drop_notices", times=None)
    command = house.ask(order, "modify", price=D(case.new_price))
    assert command.state == "UNKNOWN"
    house.resolve()
    house.resolve()
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.price, order.leaves_qty) == ("CONFIRMED", D(case.new_price), 7)
    assert (len(house.row(order)["order_ids"]), len(house.at_engine())) == (2, 1)
    house.check_books()


@pytest.mark.django_db
@pytest.mark.parametrize("case", LOST, ids=str)
def test_a_cancel_that_never_arrived_is_unknown_for_three_minutes_and_then_a_persons(
    house: House, case: MarketCase
) -> None:
    order = house.order(case)
    house.arm("drop_before")
    command = house.ask(order)
    for seconds in (2, 20, 60, 60, 28):
        house.resolve(seconds)
    command.refresh_from_db()
    assert command.state == "UNKNOWN"
    for seconds in (60, 61):
        house.resolve(seconds)
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.is_open, house.at_engine()) == ("ESCALATED", True, [])
    assert house.actions(order)["cancel"][0] is False
    again = house.ask(order, supersedes=command.pk)
    assert (again.state, len(house.at_engine())) == ("ACKED", 1)
    house.resolve()
    again.refresh_from_db()
    command.refresh_from_db()
    assert (again.state, command.state) == ("CONFIRMED", "SUPERSEDED")
    house.check_books()


@pytest.mark.django_db
@pytest.mark.parametrize("case", ONE_EACH, ids=str)
def test_a_cancel_without_a_trace_until_the_end_was_not_applied(house: House, case: MarketCase) -> None:
    order = house.order(case, filled=0)
    house.arm("drop_before")
    command = house.ask(order)
    house.resolve(10)
    house.time.move_to(kst(case.over))
    for seconds in (61, 200, 200, 250):
        house.resolve(seconds)
    house.go("2026-11-21 09:00")
    for seconds in (61, 300, 301):
        house.resolve(seconds)
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.status, house.at_engine()) == ("NOT_APPLIED", "EXPIRED", [])
    assert command.evidence
    house.check_books()


BY_DAY = (KRX_CASES[1], DAYTIME, ASIA_CASES[0], ASIA_CASES[1], ASIA_CASES[4], *DAY_CASES, US_RESERVED)
BY_NIGHT = (US_CASES[0], *NIGHT_CASES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("at", "cases"), [("2026-11-20 11:20", BY_DAY), ("2026-11-20 20:30", BY_NIGHT)])
def test_a_broker_that_says_nothing_for_five_seconds_is_unknown_everywhere(
    house: House, at: str, cases: tuple[MarketCase, ...]
) -> None:
    """A real time-out of each market at once; half of the requests were taken, half never arrived."""
    orders = [(house.order(case.on(at)), house.order(case.on(at))) for case in cases]
    house.arm("timeout_after_accept", times=None)
    taken = _clicks(house, [pair[0] for pair in orders])
    house.disarm()
    house.arm("timeout_before_accept", times=None)
    lost = _clicks(house, [pair[1] for pair in orders])
    begun = time.perf_counter()
    for thread in (*taken, *lost):
        thread.join(20)
    assert time.perf_counter() - begun < 15
    house.disarm()
    states = set(OrderCommand.objects.values_list("state", flat=True))
    assert (states, OrderCommand.objects.count()) == ({"UNKNOWN"}, 2 * len(cases))
    for _ in range(4):
        house.resolve(2)
    for first, second in orders:
        assert (first.commands.get().state, second.commands.get().state) == ("CONFIRMED", "UNKNOWN"), first.market
    assert len(house.at_engine()) == len(cases)
    house.check_books()


def _clicks(house: House, orders: list[Order]) -> list[threading.Thread]:
    """One click on each at the same time; returns when the broker has all of them."""
    before = len(house.asked)
    threads = [threading.Thread(target=_click, args=(house, order)) for order in orders]
    for thread in threads:
        thread.start()
    _eventually(lambda: len(house.asked) == before + len(orders))
    return threads


def _click(house: House, order: Order) -> None:
    try:
        house.ask(order)
    finally:
        connections.close_all()


def _eventually(condition: Callable[[], bool]) -> None:
    end = time.perf_counter() + 20
    while not condition():
        assert time.perf_counter() < end, "it did not happen"
        time.sleep(0.02)
