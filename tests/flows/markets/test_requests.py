"""Cancels and modifies of every market, from the click to the exchange's word, with nothing in the way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import Order
from tests.flows.markets.cases import DAY_CASES, ORDERS, MarketCase
from tests.flows.markets.house import House
from tests.flows.markets.pages import sent

pytestmark = pytest.mark.django_db
MODIFIED = [case for case in ORDERS if case.modify is not None]
SPLIT = [case for case in ORDERS if case.some is not None]
PARTS = [case for case in ORDERS if case.cancel_some is not None]
D = Decimal


def figures(house: House, order: Order) -> tuple[str, str, str, str]:
    row = house.row(order)
    return row["status"], row["order_qty"], row["cum_qty"], row["leaves_qty"]


@pytest.mark.parametrize("case", ORDERS, ids=str)
def test_a_cancel_of_all_that_is_left_is_asked_once_and_confirmed_by_a_notice(house: House, case: MarketCase) -> None:
    order = house.order(case)
    assert (order.market, order.exchange, order.currency) == (case.market.value, case.exchange, case.currency)
    assert house.actions(order) == {"cancel": (True, ""), "modify": (True, "")} | _no_modify(case)
    house.live()
    command = house.ask(order)
    assert (command.state, command.reason) == ("ACKED", "")
    assert house.at_engine() == [(case.path, case.live, sent(case.cancel, order))]
    assert (order.status, order.leaves_qty) == ("PARTIALLY_FILLED", 7)
    house.later(1)
    command.refresh_from_db()
    assert (command.state, command.evidence[0][:7]) == ("CONFIRMED", "notice:")
    assert figures(house, order) == ("CANCELED", "10", "3", "0")
    assert house.actions(order)["cancel"] == (False, "미체결 수량이 없습니다.")
    assert house.timeline(order)[-3:] == ["CommandAccepted", "CancelRequested", "OrderCanceled"]
    house.inquire(order.account)
    assert figures(house, order) == ("CANCELED", "10", "3", "0")
    house.check_books()


def _no_modify(case: MarketCase) -> dict[str, tuple[bool, str]]:
    if case.modify is not None:
        return {}
    return {"modify": (False, "KIS는 이 거래소의 주문을 정정할 수 없고 취소만 받습니다.")}


@pytest.mark.parametrize("case", PARTS, ids=str)
def test_a_cancel_of_a_part_leaves_the_rest_working(house: House, case: MarketCase) -> None:
    order = house.order(case)
    command = house.ask(order, quantity=D(4))
    assert case.cancel_some is not None
    assert house.at_engine() == [(case.path, case.live, sent(case.cancel_some, order))]
    house.later(1)
    command.refresh_from_db()
    assert (command.state, figures(house, order)) == ("CONFIRMED", ("PARTIALLY_FILLED", "6", "3", "3"))
    house.fill(house.at_broker(order), 1)
    house.inquire(order.account)
    assert figures(house, order) == ("PARTIALLY_FILLED", "6", "4", "2")
    assert house.actions(order)["cancel"] == (True, "")
    house.check_books()


@pytest.mark.parametrize("case", MODIFIED, ids=str)
def test_a_new_price_for_all_that_is_left_goes_on_in_the_same_row(house: House, case: MarketCase) -> None:
    order = house.order(case)
    first = house.row(order)["order_id"]
    house.live()
    command = house.ask(order, "modify", price=D(case.new_price))
    assert case.modify is not None
    assert house.at_engine() == [(case.path, case.live, sent(case.modify, order))]
    house.later(1)
    command.refresh_from_db()
    row = house.row(order)
    assert (command.state, row["price"]) == ("CONFIRMED", case.new_price)
    assert (row["order_id"], row["orig_order_id"]) == (command.broker_order_id, first)
    assert row["order_ids"] == [first, command.broker_order_id]
    house.fill(house.at_broker(order), 2, case.new_price)
    house.inquire(order.account)
    assert figures(house, order) == ("PARTIALLY_FILLED", "10", "5", "5")
    assert Order.objects.shown().count() == 1
    house.check_books()


@pytest.mark.parametrize("case", SPLIT, ids=str)
def test_a_new_price_for_a_part_makes_a_second_row(house: House, case: MarketCase) -> None:
    order = house.order(case)
    command = house.ask(order, "modify", price=D(case.new_price), quantity=D(4))
    assert case.some is not None
    assert house.at_engine() == [(case.path, case.live, sent(case.some, order))]
    house.later(1)
    house.inquire(order.account)
    command.refresh_from_db()
    part = Order.objects.shown().exclude(pk=order.pk).get()
    row = house.row(part)
    assert (command.state, figures(house, order)) == ("CONFIRMED", ("PARTIALLY_FILLED", "6", "3", "3"))
    assert (row["status"], row["leaves_qty"], row["price"]) == ("WORKING", "4", case.new_price)
    assert (row["order_id"], row["orig_order_id"]) == (command.broker_order_id, house.row(order)["order_id"])
    house.fill(house.at_broker(part), 4, case.new_price)
    house.inquire(order.account)
    assert (figures(house, part), figures(house, order)[3]) == (("FILLED", "4", "4", "0"), "3")
    house.check_books()


def test_a_part_that_went_on_elsewhere_does_not_keep_a_canceled_derivative_open(house: House) -> None:
    """Four of seven are re-priced, the other three canceled, and no notice tells of either."""
    order = house.order(DAY_CASES[0])
    house.arm("drop_notices", times=None)
    house.ask(order, "modify", price=D("9.15"), quantity=D(4))
    house.resolve()
    house.later(4)
    house.inquire(order.account)
    assert figures(house, order) == ("PARTIALLY_FILLED", "6", "3", "3")
    house.ask(order)
    house.resolve()
    assert figures(house, order) == ("CANCELED", "6", "3", "0")
    house.check_books()


def test_what_ends_with_its_session_after_a_cancel_of_a_part_is_not_called_canceled(house: House) -> None:
    order = house.order(DAY_CASES[0])
    house.arm("drop_notices", times=None)
    house.ask(order, quantity=D(4))
    house.resolve()
    house.go("2026-11-20 15:46")
    house.inquire(order.account)
    assert figures(house, order) == ("EXPIRED", "6", "3", "0")
    house.check_books()
