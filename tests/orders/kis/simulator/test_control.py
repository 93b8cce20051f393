from __future__ import annotations

from typing import Any

import pytest

from orders.kis.simulator.faults import KNOWN
from tests.orders.kis.simulator.conftest import FUTURES, Clock, Desk, running


def test_the_page_names_every_fault_and_event(desk: Desk) -> None:
    shown = desk.shown()
    assert shown["known_faults"] == list(KNOWN) == list(shown["fault_sentences"])
    assert all(sentence.endswith(".") for sentence in shown["fault_sentences"].values())
    assert {"fill", "transmit", "external_order", "reject", "confirm"} <= set(shown["known_events"])
    assert shown["requests"] == {"/oauth2/tokenP": 1}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "neither clear"),
    ({"event": "earthquake"}, "neither clear"),
    ({"fault": "earthquake"}, "no such fault"),
    ({"fault": "html", "times": 0}, "at least 1"),
    ({"fault": "html", "rate": 0}, "at most 1"),
    ({"fault": "html", "rate": 2}, "at most 1"),
    ({"fault": "delay_after", "seconds": "long"}, "could not convert"),
    ({"event": "run", "markets": ["FO_NIGHT"]}, "no account can trade"),
    ({"event": "run", "markets": ["MOON"]}, "MOON"),
    ({"fault": "plain_frame"}, "no open order"),
    ({"event": "fill"}, "no open order"),
    ({"event": "fill", "order": 7}, "no such open order"),
    ({"event": "fill", "order": "seven"}, "invalid literal"),
    ({"event": "external_order", "qty": "-1"}, "positive number"),
    ({"event": "external_order", "qty": "NaN"}, "positive number"),
    ({"event": "external_order", "price": "cheap"}, "ConversionSyntax"),
    ({"event": "external_order", "market": "MOON"}, "MOON"),
    ({"event": "external_order", "side": "both"}, "both"),
    ({"event": "external_order", "account": "1-1"}, "not an account"),
]


@pytest.mark.parametrize(("body", "words"), MISTAKES)
def test_a_mistake_is_told_and_changes_nothing(desk: Desk, body: dict[str, Any], words: str) -> None:
    answer = desk.session.post(f"{desk.url}/_control", json=body, timeout=5)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert (desk.shown()["faults"], desk.shown()["open_orders"]) == ({}, 0)


@pytest.mark.parametrize("body", [b"not json", b"[1]"])
def test_a_body_that_is_no_object_is_told(desk: Desk, body: bytes) -> None:
    assert desk.session.post(f"{desk.url}/_control", data=body, timeout=5).status_code == 400


def test_a_market_that_no_account_trades_is_told(clock: Clock) -> None:
    with running(clock) as desk:
        desk.simulator.settings = type(desk.simulator.settings)(accounts=())
        answer = desk.session.post(f"{desk.url}/_control", json={"event": "external_order"}, timeout=5)
        assert "no account trades" in answer.json()["error"]


def test_an_order_of_a_named_account_is_drawn_where_it_can_trade_now(desk: Desk) -> None:
    order = desk.order(account=FUTURES)
    assert (order["account"], order["market"]) == (FUTURES, "FO_DAY")
    assert desk.order()["market"] == "US_DAYTIME"


def test_when_everything_is_closed_an_order_is_drawn_all_the_same(desk: Desk, clock: Clock) -> None:
    clock.move("09:00", day=22)
    assert desk.order()["market"] == "US"


def test_a_symbol_that_the_desk_does_not_know_is_traded_at_100(desk: Desk) -> None:
    us = desk.order(market="US_DAYTIME", symbol="ZZZZ")
    stock = desk.order(market="KRX", symbol="999999")
    assert (us["exchange"], us["price"], stock["exchange"]) == ("NASD", "100", "KRX")


def test_any_fill_takes_the_newest_working_order_of_an_open_market(desk: Desk) -> None:
    desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)
    newest = desk.order(market="US_DAYTIME", symbol="TSLA", qty=10)["number"]
    desk.order(market="FO_NIGHT", symbol="A01612")
    filled = desk.press(event="fill", order="", qty="3", price="")
    assert (filled["order"]["number"], filled["qty"]) == (newest, "3")


def test_a_fill_is_never_more_than_what_is_left(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME", qty=10)["number"]
    assert desk.press(event="fill", order=number, qty=30)["qty"] == "10"
    assert desk.simulator.desk.book.orders[0].leaves == 0


def test_an_order_can_be_refused_after_it_was_taken(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME")["number"]
    refused = desk.press(event="reject", order=number, reason="호가단위 오류")["order"]
    assert (refused["number"], refused["rejected"]) == (number, "호가단위 오류")
    fresh = desk.press(event="reject", market="US_DAYTIME")["order"]
    assert (fresh["number"] != number, fresh["rejected"]) == (True, "주문가능수량이 부족합니다.")


def test_held_confirmations_wait_for_the_button_of_their_order(desk: Desk) -> None:
    numbers = [desk.order(market="US_DAYTIME", qty=5)["number"] for _ in range(2)]
    desk.press(fault="hold_confirm", times=2)
    children = [desk.press(event="cancel", order=number)["order"]["number"] for number in numbers]
    assert [desk.plain(number)["leaves"] for number in numbers] == ["5", "5"]
    assert desk.press(event="confirm", order=children[0])["confirmed"] == 1
    assert [desk.plain(number)["leaves"] for number in numbers] == ["0", "5"]
    assert desk.press(event="confirm")["confirmed"] == 1


def test_all_reservations_are_sent_when_none_is_named(desk: Desk) -> None:
    for _ in range(2):
        desk.press(event="reserve")
    assert desk.shown()["reservations"] == 2
    assert len(desk.press(event="transmit")["orders"]) == 2
    assert desk.shown()["reservations"] == 0


def test_the_orders_page_lists_orders_and_reservations(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", qty=5)["number"]
    desk.press(event="reserve", symbol="KO")
    shown = desk.session.get(f"{desk.url}/_control/orders", timeout=5).json()
    assert [order["number"] for order in shown["orders"]] == [number]
    assert [row["pdno"] for row in shown["reservations"]] == ["KO"]
