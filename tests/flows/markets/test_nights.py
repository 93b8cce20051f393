"""The night of derivatives: its date, its exact quantities, and the morning in which its rows move to the day table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from orders.models import Order
from tests.flows.markets.cases import NIGHT_CASES
from tests.flows.markets.house import House
from tests.flows.markets.pages import sent

pytestmark = pytest.mark.django_db
CALL = NIGHT_CASES[1]
D = Decimal


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-19 20:25", date(2026, 11, 20)),
        ("2026-11-20 02:25", date(2026, 11, 20)),
        ("2026-11-20 20:25", date(2026, 11, 23)),
        ("2026-11-21 02:25", date(2026, 11, 23)),
        ("2026-12-24 20:25", date(2026, 12, 28)),
    ],
)
def test_a_night_belongs_to_the_trading_day_it_ends_in(house: House, at: str, day: date) -> None:
    """By the notice alone, and by the lists: Friday night is Monday's, and so is the night before Christmas."""
    house.go(at)
    house.give(CALL)
    house.later(1)
    told = Order.objects.get()
    assert (told.market, told.order_date) == ("FO_NIGHT", day)
    house.inquire(told.account)
    listed = Order.objects.get()
    assert (listed.pk, listed.order_date, listed.ordered_at) == (told.pk, day, told.ordered_at)
    assert house.at_broker(listed).order_date == day


def test_the_exact_rest_is_named_though_no_notice_told_of_the_last_fill(house: House) -> None:
    order = house.order(CALL)
    house.live()
    house.arm("drop_notices", times=1)
    house.fill(house.at_broker(order), 2)
    house.inquire(order.account)
    house.later(4)
    house.ask(order)
    assert house.at_engine() == [(CALL.path, CALL.live, sent(CALL.cancel, order) | {"ORD_QTY": "5"})]
    house.later(1)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.cum_qty) == ("CANCELED", 5)
    house.check_books()


def test_a_fill_that_overtakes_the_request_is_a_refusal_and_no_wrong_quantity(house: House) -> None:
    """Filled between the list and the send: KIS refuses what is not exactly left, and nothing is canceled."""
    order = house.order(CALL)
    house.arm("inquiry_lag", times=None, seconds=30.0)
    house.later(60)
    house.arm("drop_notices", times=None)
    house.fill(house.at_broker(order), 1)
    command = house.ask(order)
    assert (command.state, house.at_engine()[0][2]["ORD_QTY"]) == ("REJECTED", "7")
    house.disarm()
    house.resolve()
    house.later(4)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty) == ("PARTIALLY_FILLED", 4, 6)
    house.check_books()


def test_the_move_to_the_day_table_makes_no_second_order(house: House) -> None:
    """A fill of the last minute, told by no notice, is found in the day table on Saturday morning."""
    order = house.order(CALL)
    house.go("2026-11-21 05:59")
    house.inquire(order.account)
    house.arm("drop_notices", times=None)
    house.fill(house.at_broker(order), 2)
    for at in ("2026-11-21 06:01", "2026-11-21 06:09", "2026-11-21 06:11", "2026-11-21 06:21", "2026-11-23 06:20"):
        house.go(at)
        house.inquire(order.account)
        house.later(4)
        house.inquire(order.account)
        order = Order.objects.get()
        assert (order.market, order.order_date) == ("FO_NIGHT", date(2026, 11, 23)), at
        assert (order.status, order.cum_qty, order.leaves_qty) == ("EXPIRED", 5, 0), at
        assert house.actions(order)["cancel"] == (False, "미체결 수량이 없습니다.")
    house.check_books()


@pytest.mark.parametrize("seen", ["2026-11-21 06:05", "2026-11-21 06:12", "2026-11-23 09:30"])
def test_a_cancel_that_is_unknown_across_the_move_is_found_on_either_side(house: House, seen: str) -> None:
    order = house.order(CALL)
    house.go("2026-11-21 05:59")
    house.arm("drop_after")
    house.arm("drop_notices", times=None)
    command = house.ask(order)
    assert command.state == "UNKNOWN"
    house.later(1)
    house.go(seen)
    house.resolve()
    house.later(4)
    house.resolve()
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.status, order.cum_qty) == ("CONFIRMED", "CANCELED", 3)
    assert (Order.objects.count(), len(house.at_engine())) == (1, 1)
    house.check_books()


def test_a_new_price_that_is_unknown_across_the_move_goes_on_in_the_same_row(house: House) -> None:
    order = house.order(CALL)
    house.go("2026-11-21 05:59")
    house.arm("drop_after")
    house.arm("drop_notices", times=None)
    command = house.ask(order, "modify", price=D("9.15"))
    house.later(1)
    house.fill(house.simulator.desk.book.orders[-1], 6, "9.15")
    house.go("2026-11-21 06:15")
    for _ in range(3):
        house.resolve(4)
    house.inquire(order.account)
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.price, order.cum_qty) == ("CONFIRMED", D("9.15"), 9)
    assert (order.status, Order.objects.count()) == ("EXPIRED", 1)
    house.check_books()


def test_an_order_first_seen_in_the_morning_is_one_of_the_night(house: House) -> None:
    """The portal was down all night."""
    house.go("2026-11-19 20:25")
    house.arm("drop_notices", times=None)
    placed = house.give(CALL)
    house.later(1)
    house.fill(house.simulator.desk.book.orders[0], 10)
    house.go("2026-11-20 08:50")
    house.inquire(house.desk.derivatives)
    house.later(4)
    house.inquire(house.desk.derivatives)
    order = Order.objects.get()
    assert (order.market, order.status, order.cum_qty) == ("FO_NIGHT", "FILLED", 10)
    assert (placed.at - order.ordered_at).total_seconds() < 1
    house.check_books()
