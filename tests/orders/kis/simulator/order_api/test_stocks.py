from __future__ import annotations

from typing import Any

import pytest

from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import KRX, Clock, Desk, running, streaming
from tests.orders.kis.simulator.order_api.asking import STOCK, child, code, stock, without

TR = "TTTC0013U"


def placed(desk: Desk, **changes: Any) -> Any:
    asked = {"market": "KRX", "symbol": "005930", "qty": 10, "price": "94800"} | changes
    return desk.plain(desk.order(**asked)["number"])


def test_a_cancel_of_all_ignores_the_quantity_and_says_its_branch(desk: Desk) -> None:
    order = placed(desk)
    desk.press(event="fill", order=order["number"], qty=4)
    answer = desk.post(STOCK, TR, **stock(order) | {"ORD_QTY": "0"})
    made = child(desk, answer)
    assert (made["kind"], made["qty"]) == ("cancel", "6")
    assert answer.json()["output"]["KRX_FWDG_ORD_ORGNO"] == "06010"
    assert code(desk.post(STOCK, TR, **stock(order))) == ("7", "APBK0927")


def test_a_part_is_modified_to_another_price(desk: Desk) -> None:
    order = placed(desk)
    part = {"QTY_ALL_ORD_YN": "N", "ORD_QTY": "3", "ORD_UNPR": "94700"}
    made = child(desk, desk.post(STOCK, TR, **stock(order, "01") | part))
    assert (made["kind"], made["qty"], made["price"]) == ("modify", "3", "94700")


@pytest.mark.parametrize("route", ["KRX", "NXT", "SOR"])
def test_an_order_is_known_where_it_was_routed_and_nowhere_else(desk: Desk, route: str) -> None:
    order = placed(desk, exchange=route)
    for other in {"KRX", "NXT", "SOR"} - {route}:
        assert code(desk.post(STOCK, TR, **stock(order) | {"EXCG_ID_DVSN_CD": other})) == ("7", "APBK0344")
    assert code(desk.post(STOCK, TR, **stock(order) | {"KRX_FWDG_ORD_ORGNO": "99999"})) == ("7", "APBK0344")
    made = child(desk, desk.post(STOCK, TR, **stock(order) | {"EXCG_ID_DVSN_CD": route}))
    assert made["exchange"] == route


def test_the_notice_tells_the_route(desk: Desk) -> None:
    with streaming(desk, "H0STCNI0") as stream:
        placed(desk, exchange="NXT")
        assert stream.notice().column("ORD_EXG_GB") == "2"


def test_without_an_exchange_the_request_goes_to_krx(desk: Desk) -> None:
    order = placed(desk)
    assert child(desk, desk.post(STOCK, TR, **without(stock(order), "EXCG_ID_DVSN_CD")))["kind"] == "cancel"


REFUSALS = [
    ({"EXCG_ID_DVSN_CD": "LSE"}, ("7", "APBK0963")),
    ({"QTY_ALL_ORD_YN": "X"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "03"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "01"}, ("7", "APBK0963")),
    ({"ORD_UNPR": "94800"}, ("7", "APBK0963")),
    ({"ORGN_ODNO": "999"}, ("7", "APBK0344")),
    ({"QTY_ALL_ORD_YN": "N", "ORD_QTY": "11"}, ("7", "APBK0927")),
]


@pytest.mark.parametrize(("changes", "wanted"), REFUSALS)
def test_each_refusal_of_a_stock_request(desk: Desk, changes: dict[str, str], wanted: tuple[str, str]) -> None:
    order = placed(desk)
    assert code(desk.post(STOCK, TR, **stock(order) | changes)) == wanted
    assert desk.plain(order["number"])["leaves"] == "10"


def test_a_request_without_a_required_key_is_refused(desk: Desk) -> None:
    order = placed(desk)
    for name in ("KRX_FWDG_ORD_ORGNO", "ORD_DVSN", "ORD_UNPR", "QTY_ALL_ORD_YN"):
        assert code(desk.post(STOCK, TR, **without(stock(order), name))) == ("1", "OPSQ2002")


def test_when_the_exchange_is_closed_it_refuses(desk: Desk, clock: Clock) -> None:
    order = placed(desk)
    clock.move("20:00")
    assert code(desk.post(STOCK, TR, **stock(order))) == ("7", "APBK0918")


def test_paper_knows_krx_alone_and_does_not_list_what_can_be_revised(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER, rate=18) as desk:
        order = placed(desk)
        assert code(desk.post(STOCK, "VTTC0013U", **stock(order) | {"EXCG_ID_DVSN_CD": "SOR"})) == ("1", "APBK3009")
        assert code(desk.get(f"{KRX}/inquire-psbl-rvsecncl", "TTTC0084R")) == ("1", "EGW00213")
        assert child(desk, desk.post(STOCK, "VTTC0013U", **stock(order)))["kind"] == "cancel"


def test_what_can_be_revised_is_listed_by_order_or_by_symbol(desk: Desk) -> None:
    filled = placed(desk, side="buy")
    desk.press(event="fill", order=filled["number"])
    later = placed(desk, side="buy", symbol="105560", exchange="NXT")
    desk.press(event="fill", order=later["number"], qty=4)
    sell = placed(desk, side="sell")

    def listed(**query: str) -> Any:
        asked = {"INQR_DVSN_1": "0", "INQR_DVSN_2": "0"} | query
        return desk.get(f"{KRX}/inquire-psbl-rvsecncl", "TTTC0084R", **asked).json()["output"]

    assert [int(row["odno"]) for row in listed()] == [later["number"], sell["number"]]
    assert [int(row["odno"]) for row in listed(INQR_DVSN_1="1")] == [sell["number"], later["number"]]
    assert [int(row["odno"]) for row in listed(INQR_DVSN_2="1")] == [sell["number"]]
    (row,) = listed(INQR_DVSN_2="2")
    expected = {"psbl_qty": "6", "tot_ccld_qty": "4", "excg_id_dvsn_cd": "NXT", "ord_gno_brno": "06010"}
    assert {name: row[name] for name in expected} == expected
