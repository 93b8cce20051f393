from __future__ import annotations

from typing import Any

import pytest

from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import Clock, Desk, running
from tests.orders.kis.simulator.order_api.asking import DERIVATIVES, child, code, derivative, without

DAY, NIGHT = "TTTO1103U", "STTN1103U"


def placed(desk: Desk, market: str = "FO_DAY", symbol: str = "A01612", **changes: Any) -> Any:
    return desk.plain(desk.order(market=market, symbol=symbol, **({"qty": 5, "price": "548"} | changes))["number"])


@pytest.fixture
def night(desk: Desk, clock: Clock) -> Desk:
    clock.move("20:00")
    return desk


def test_a_cancel_by_day_says_zero_and_takes_all_that_is_left(desk: Desk) -> None:
    order = placed(desk)
    desk.press(event="fill", order=order["number"], qty=2)
    answer = desk.post(DERIVATIVES, DAY, **derivative(order) | {"ORD_QTY": "0"})
    made = child(desk, answer)
    assert (made["kind"], made["qty"], desk.plain(order["number"])["canceled"]) == ("cancel", "3", "3")
    output = answer.json()["output"]
    assert (output["ITEM_NAME"], output["TRAD_DVSN_NAME"], output["ORD_GNO_BRNO"]) == ("F 202612", "취소", "06010")
    assert (int(output["ORGN_ODNO"]), output["ORD_TMD"]) == (order["number"], "110000")
    assert code(desk.post(DERIVATIVES, DAY, **derivative(order))) == ("7", "APBK0927")


def test_by_day_a_part_may_be_modified(desk: Desk) -> None:
    order = placed(desk)
    part = {"RMN_QTY_YN": "N", "ORD_QTY": "2", "UNIT_PRICE": "547.5", "FUOP_ITEM_DVSN_CD": ""}
    made = child(desk, desk.post(DERIVATIVES, DAY, **derivative(order, "01") | part))
    assert (made["kind"], made["qty"], made["price"]) == ("modify", "2", "547.5")
    assert desk.plain(order["number"])["leaves"] == "3"


@pytest.mark.parametrize(
    ("symbol", "product"), [("A01612", "01"), ("B01612555", "02"), ("C01612540", "03"), ("D0161", "04"), ("201S", "02")]
)
def test_by_night_the_product_code_fits_the_symbol(night: Desk, symbol: str, product: str) -> None:
    order = placed(night, "FO_NIGHT", symbol)
    for other in {"", "01", "02", "03", "04"} - {product}:
        answer = night.post(DERIVATIVES, NIGHT, **derivative(order) | {"FUOP_ITEM_DVSN_CD": other})
        assert code(answer) == ("7", "APBK0656")
    body = derivative(order) | {"FUOP_ITEM_DVSN_CD": product}
    assert child(night, night.post(DERIVATIVES, NIGHT, **body))["kind"] == "cancel"


@pytest.mark.parametrize("qty", ["0", "4", "6"])
def test_by_night_the_quantity_is_exactly_what_is_left(night: Desk, qty: str) -> None:
    order = placed(night, "FO_NIGHT")
    assert code(night.post(DERIVATIVES, NIGHT, **derivative(order) | {"ORD_QTY": qty})) == ("7", "APBK0927")


def test_by_night_there_is_no_part(night: Desk) -> None:
    order = placed(night, "FO_NIGHT")
    body = derivative(order) | {"RMN_QTY_YN": "N"}
    assert code(night.post(DERIVATIVES, NIGHT, **body)) == ("7", "APBK0963")


def test_by_night_a_modify_takes_all_of_it_to_the_new_price(night: Desk) -> None:
    order = placed(night, "FO_NIGHT")
    body = derivative(order, "01") | {"UNIT_PRICE": "549.1"}
    made = child(night, night.post(DERIVATIVES, NIGHT, **body))
    assert (made["qty"], made["price"], night.plain(order["number"])["leaves"]) == ("5", "549.1", "0")


REFUSALS = [
    ({"ORD_PRCS_DVSN_CD": "01"}, ("7", "APBK0963")),
    ({"RMN_QTY_YN": "X"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "00"}, ("7", "APBK0963")),
    ({"KRX_NMPR_CNDT_CD": "3"}, ("7", "APBK0963")),
    ({"ORD_DVSN_CD": "02"}, ("7", "APBK0963")),
    ({"UNIT_PRICE": "548"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "01"}, ("7", "APBK0963")),
    ({"FUOP_ITEM_DVSN_CD": "02"}, ("7", "APBK0656")),
    ({"ORGN_ODNO": "999"}, ("7", "APBK0344")),
    ({"RMN_QTY_YN": "N", "ORD_QTY": "0"}, ("7", "APBK0927")),
]


@pytest.mark.parametrize(("changes", "wanted"), REFUSALS)
def test_each_refusal_of_a_derivatives_request(desk: Desk, changes: dict[str, str], wanted: tuple[str, str]) -> None:
    order = placed(desk)
    assert code(desk.post(DERIVATIVES, DAY, **derivative(order) | changes)) == wanted
    assert desk.plain(order["number"])["leaves"] == "5"


def test_a_request_without_a_required_key_is_refused(desk: Desk) -> None:
    order = placed(desk)
    for name in ("ORD_PRCS_DVSN_CD", "NMPR_TYPE_CD", "KRX_NMPR_CNDT_CD", "RMN_QTY_YN", "ORD_DVSN_CD", "UNIT_PRICE"):
        assert code(desk.post(DERIVATIVES, DAY, **without(derivative(order), name))) == ("1", "OPSQ2002")


def test_day_and_night_know_their_own_orders_and_hours_alone(desk: Desk, clock: Clock) -> None:
    day = placed(desk)
    assert code(desk.post(DERIVATIVES, NIGHT, **derivative(day))) == ("7", "APBK0918")
    clock.move("20:00")
    assert code(desk.post(DERIVATIVES, DAY, **derivative(day))) == ("7", "APBK0918")
    assert code(desk.post(DERIVATIVES, NIGHT, **derivative(day))) == ("7", "APBK0344")


def test_paper_wants_a_quantity_and_has_no_night(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER, rate=18) as desk:
        order = placed(desk)
        zero = derivative(order) | {"ORD_QTY": "0"}
        assert code(desk.post(DERIVATIVES, "VTTO1103U", **zero)) == ("7", "APBK0927")
        assert code(desk.post(DERIVATIVES, NIGHT, **zero)) == ("1", "EGW00213")
        assert child(desk, desk.post(DERIVATIVES, "VTTO1103U", **derivative(order)))["qty"] == "5"
