"""Reservations: canceled while the broker still has them, and sent on as orders of their market, in the same row."""

from __future__ import annotations

from datetime import date

import pytest

from orders.kis.simulator.book import SimOrder
from orders.models import Order
from tests.flows.markets.cases import ASIAN_RESERVATIONS, RESERVATIONS, US_CASES, US_RESERVED, MarketCase
from tests.flows.markets.house import House
from tests.flows.markets.pages import overseas, sent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("case", RESERVATIONS, ids=str)
def test_a_cancel_of_a_reservation_is_confirmed_by_the_list_alone(house: House, case: MarketCase) -> None:
    order = house.order(case)
    assert (order.market, order.status, order.currency) == (case.market.value, "RESERVED", case.currency)
    assert house.actions(order)["cancel"] == (True, "")
    command = house.ask(order)
    assert (command.state, command.reason) == ("ACKED", "")
    assert house.at_engine() == [(case.path, case.live, sent(case.cancel, order))]
    house.resolve()
    command.refresh_from_db()
    row = house.row(order)
    assert (command.state, command.evidence[0][:8]) == ("CONFIRMED", "inquiry:")
    assert (row["status"], row["leaves_qty"], row["reserved_id"]) == ("CANCELED", "0", row["order_id"])
    assert house.timeline(order)[-2:] == ["OrderInquired", "CommandEvidenceConfirmed"]
    house.check_books()


def sent_on(house: House, case: MarketCase, at: str) -> tuple[Order, SimOrder]:
    """The reservation after its market took it, as its notices and the lists tell it."""
    order = house.order(case)
    house.go(at)
    house.later(1)
    house.inquire(order.account)
    order.refresh_from_db()
    return order, house.simulator.desk.book.orders[-1]


def test_a_us_reservation_goes_on_as_a_us_order_and_is_canceled_as_one(house: House) -> None:
    order, real = sent_on(house, US_RESERVED, "2026-11-20 23:30")
    reserved = house.row(order)["reserved_id"]
    assert (order.market, order.status, order.order_qty) == ("US", "WORKING", 10)
    assert (house.row(order)["order_id"], reserved != real.number) == (f"{real.number:010d}", True)
    house.fill(real, 3)
    house.ask(order)
    body = overseas("NASD", "AAPL", "02", "7", "0") | {"ORGN_ODNO": str(real.number)}
    assert house.at_engine() == [(US_CASES[0].path, "TTTT1004U", body)]
    house.later(1)
    house.inquire(order.account)
    row = house.row(order)
    assert (row["status"], row["cum_qty"], row["reserved_id"]) == ("CANCELED", "3", reserved)
    assert Order.objects.shown().count() == 1
    house.check_books()


@pytest.mark.parametrize(
    ("case", "at"),
    [
        (ASIAN_RESERVATIONS[0], "2026-11-20 14:00"),
        (ASIAN_RESERVATIONS[1], "2026-11-20 12:31"),
        (ASIAN_RESERVATIONS[3], "2026-11-20 14:00"),
        (ASIAN_RESERVATIONS[5], "2026-11-20 15:00"),
    ],
    ids=str,
)
def test_an_asian_reservation_goes_on_as_an_order_of_its_exchange(house: House, case: MarketCase, at: str) -> None:
    order, real = sent_on(house, case, at)
    assert (order.market, order.exchange, order.status) == ("ASIA", case.exchange, "WORKING")
    house.fill(real, 2)
    house.ask(order)
    (path, _, body) = house.at_engine()[0]
    assert (path.rsplit("/", 1)[1], body["ORGN_ODNO"], body["ORD_QTY"]) == ("order-rvsecncl", str(real.number), "8")
    house.later(1)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.cum_qty, Order.objects.shown().count()) == ("CANCELED", 2, 1)
    house.check_books()


def test_a_reservation_entered_on_a_us_holiday_is_one_order_of_the_next_day(house: House) -> None:
    """KIS moves it to the next business day: the real order carries that date, not the receipt's."""
    house.go("2026-11-26 11:00")
    order, real = sent_on(house, US_RESERVED.on("2026-11-26 11:00"), "2026-11-27 23:30")
    assert real.order_date == date(2026, 11, 27)
    house.fill(real, 4)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.cum_qty, Order.objects.shown().count()) == ("PARTIALLY_FILLED", 4, 1)
    house.ask(order)
    house.later(1)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.cum_qty, Order.objects.shown().count()) == ("CANCELED", 4, 1)
    house.check_books()


def test_what_the_broker_did_not_send_says_why_and_takes_no_request(house: House) -> None:
    order = house.order(US_RESERVED)
    house.simulator.desk.reservations.refuse(next(house.simulator.desk.reservations.waiting()))
    house.later(4)
    house.inquire(order.account)
    row = house.row(order)
    assert (row["status"], row["reason"]) == ("NOT_SENT", "주문가능금액이 부족합니다.")
    assert house.actions(order)["cancel"][0] is False


def test_a_cancel_that_crosses_the_transmission_is_too_late_and_cancels_nothing(house: House) -> None:
    """The request dies on its way; a moment later the reservation is sent."""
    order = house.order(US_RESERVED)
    house.go("2026-11-20 23:19")
    house.arm("drop_before")
    command = house.ask(order)
    assert command.state == "UNKNOWN"
    house.go("2026-11-20 23:30")
    house.later(1)
    house.resolve()
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.market, order.status) == ("TOO_LATE", "US", "WORKING")
    assert len(house.asked) == 1
    house.check_books()


def test_a_reservation_of_the_mock_has_no_list_and_its_cancel_stays_where_it_is(paper: House) -> None:
    order = paper.entered(US_RESERVED)
    Order.objects.filter(pk=order.pk).update(family="RESERVED", status="RESERVED")
    order.numbers.update(family="RESERVED")
    with paper.simulator.desk.lock:
        placed = paper.give(US_RESERVED)
    order.numbers.update(number=placed.number)
    command = paper.ask(order)
    assert (command.state, paper.at_engine()[0][1], command.next_ask_at) == ("ACKED", "VTTT3017U", None)
    paper.resolve(60)
    command.refresh_from_db()
    assert command.state == "ACKED"
