"""What is refused: by the broker, by our own checks before anything is sent, and by KIS's mock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.commands import Refused
from orders.domain.sessions import Sessions
from orders.kis.simulator.hours import MarketHours
from orders.models import Order
from tests.flows.markets.cases import (
    ASIA_CASES,
    ASIAN_RESERVATIONS,
    DAY_CASES,
    DAYTIME,
    EVERY,
    KRX_CASES,
    NIGHT_CASES,
    ONE_EACH,
    RESERVATIONS,
    US_CASES,
    US_RESERVED,
    MarketCase,
)
from tests.flows.markets.house import House
from tests.flows.markets.pages import sent

pytestmark = pytest.mark.django_db
D = Decimal
ON_PAPER = (KRX_CASES[0], US_CASES[1], *ASIA_CASES, DAY_CASES[0])
NOT_ON_PAPER = (KRX_CASES[1], KRX_CASES[2], DAYTIME, *NIGHT_CASES)
NOTHING_LEFT = "정정취소 가능수량이 없습니다."


@pytest.mark.parametrize("case", ONE_EACH, ids=str)
def test_with_nothing_left_the_broker_says_no_and_the_lists_say_why(house: House, case: MarketCase) -> None:
    """The rest was filled, no notice told of it, and the lists are a moment behind."""
    order = house.order(case)
    house.later(60)
    house.live()
    house.arm("drop_notices", times=None)
    house.arm("inquiry_lag", times=None, seconds=30.0)
    house.fill(house.at_broker(order), 7)
    command = house.ask(order)
    assert (command.state, command.reason) == ("REJECTED", NOTHING_LEFT)
    assert len(house.at_engine()) == 1
    house.disarm()
    house.resolve()
    house.later(4)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.leaves_qty) == ("FILLED", 0)
    assert len(house.asked) == 1
    house.check_books()


@pytest.mark.parametrize("case", [*ONE_EACH, US_RESERVED, ASIAN_RESERVATIONS[0]], ids=str)
def test_a_broker_that_says_closed_is_believed_and_the_other_request_is_not_tried(
    house: House, case: MarketCase
) -> None:
    order = house.order(case)
    house.simulator.desk.hours = MarketHours(Sessions(hours=()))
    command = house.ask(order)
    assert (command.state, [tr for _, tr, _ in house.at_engine()]) == ("REJECTED", [case.live])
    assert command.reason
    house.resolve()
    order.refresh_from_db()
    assert (order.is_open, house.actions(order)["cancel"][0]) == (True, True)


@pytest.mark.parametrize("case", [case for case in EVERY if case.modify is None], ids=str)
def test_what_a_market_does_not_modify_is_refused_before_anything_is_sent(house: House, case: MarketCase) -> None:
    order = house.order(case)
    command = house.ask(order, "modify", price=D(case.new_price))
    assert (command.state, command.reason_code, house.asked) == ("DENIED", "modify_not_offered", [])
    assert house.actions(order)["modify"] == (False, command.reason)


@pytest.mark.parametrize("case", [*NIGHT_CASES, *RESERVATIONS], ids=str)
def test_what_is_taken_whole_alone_is_refused_in_part_by_name(house: House, case: MarketCase) -> None:
    order = house.order(case)
    with pytest.raises(Refused, match="전") as refused:
        house.ask(order, quantity=D(4))
    assert (refused.value.field, house.asked) == ("quantity", [])


@pytest.mark.parametrize("case", ON_PAPER, ids=str)
def test_the_mock_takes_what_it_has_under_its_own_tr(paper: House, case: MarketCase) -> None:
    order = paper.order(case)
    command = paper.ask(order)
    body = sent(case.cancel, order)
    assert paper.at_engine() == [(case.path, case.paper, body | ({"ORD_QTY": "7"} if case.product == "03" else {}))]
    paper.later(1)
    command.refresh_from_db()
    order.refresh_from_db()
    assert (command.state, order.status) == ("CONFIRMED", "CANCELED")
    paper.check_books()


def test_what_the_mock_lacks_is_refused_before_anything_is_sent(paper: House) -> None:
    for case in NOT_ON_PAPER:
        order = paper.entered(case)
        for kind, price in (("cancel", None), ("modify", D(case.new_price))):
            command = paper.ask(order, kind, price=price)
            assert (command.state, command.reason_code) == ("DENIED", "paper_unsupported"), case.name
        assert {reason for _, reason in paper.actions(order).values()} == {
            "모의투자에서는 KIS가 이 기능을 제공하지 않습니다."
        }
    assert (paper.asked, Order.objects.count()) == ([], len(NOT_ON_PAPER))
