from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import STOCKS, US, Clock, Desk, running
from tests.orders.kis.simulator.order_api.asking import RESERVE, account, code, without

TR = "TTTS3013U"


class Place(NamedTuple):
    """An exchange, its PRDT_TYPE_CD, a Korean time at which reservations are taken, and one at which they are not."""

    exchange: str
    symbol: str
    product: str
    hhmm: str
    closed: str


PLACES = [
    Place("SEHK", "00700", "501", "11:00", "10:25"),
    Place("SHAA", "600519", "551", "11:00", "13:55"),
    Place("SZAA", "300750", "552", "11:00", "08:59"),
    Place("TKSE", "7203", "515", "11:00", "12:20"),
    Place("HASE", "PVS", "507", "10:30", "11:10"),
    Place("VNSE", "FPT", "508", "10:30", "14:50"),
]


def reserved(desk: Desk, symbol: str = "7203", **changes: Any) -> Any:
    return desk.press(event="reserve", market="ASIA_RESERVED", symbol=symbol, qty=100, **changes)["reservation"]


def cancel(row: dict[str, str]) -> dict[str, str]:
    return account(STOCKS) | {
        "SLL_BUY_DVSN_CD": row["sll_buy_dvsn_cd"],
        "RVSE_CNCL_DVSN_CD": "02",
        "PDNO": row["pdno"],
        "PRDT_TYPE_CD": row["prdt_type_cd"],
        "OVRS_EXCG_CD": row["ovrs_excg_cd"],
        "FT_ORD_QTY": row["ft_ord_qty"],
        "FT_ORD_UNPR3": row["ft_ord_unpr3"],
        "ORD_SVR_DVSN_CD": "0",
        "RSVN_ORD_RCIT_DT": row["rsvn_ord_rcit_dt"],
        "OVRS_RSVN_ODNO": row["ovrs_rsvn_odno"],
    }


def listed(desk: Desk, tr_id: str = "TTTS3014R") -> Any:
    answer = desk.get(f"{US}/order-resv-list", tr_id, INQR_STRT_DT="20261101", INQR_END_DT="20261130")
    return answer.json()["output"]


@pytest.mark.parametrize("place", PLACES)
def test_a_reservation_of_each_exchange_is_canceled_within_its_hours(desk: Desk, clock: Clock, place: Place) -> None:
    row = reserved(desk, place.symbol)
    assert (row["ovrs_excg_cd"], row["prdt_type_cd"]) == (place.exchange, place.product)
    clock.move(place.closed)
    assert code(desk.post(RESERVE, TR, **cancel(row))) == ("1", "KIER3672")
    clock.move(place.hhmm)
    body = desk.post(RESERVE, TR, **cancel(row)).json()
    assert (body["rt_cd"], body["msg_cd"]) == ("0", "APBK1711")
    assert body["output"]["RSVN_ORD_RCIT_DT"] == "20261120"
    assert int(body["output"]["OVRS_RSVN_ODNO"]) > int(row["ovrs_rsvn_odno"])
    desk.simulator.desk.work()
    assert (listed(desk)[0]["cncl_yn"], listed(desk, "TTTT3039R")) == ("Y", [])
    assert code(desk.post(RESERVE, TR, **cancel(row))) == ("7", "APBK0927")


REFUSALS = [
    ({"RVSE_CNCL_DVSN_CD": "00"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "01"}, ("7", "APBK0963")),
    ({"OVRS_EXCG_CD": "NASD"}, ("1", "OPSQ2001")),
    ({"PDNO": "6758"}, ("7", "APBK0656")),
    ({"PRDT_TYPE_CD": "501"}, ("7", "APBK0963")),
    ({"RSVN_ORD_RCIT_DT": "20261119"}, ("7", "APBK0344")),
    ({"OVRS_RSVN_ODNO": "7"}, ("7", "APBK0344")),
]


@pytest.mark.parametrize(("changes", "wanted"), REFUSALS)
def test_each_refusal_of_an_asian_reservation(desk: Desk, changes: dict[str, str], wanted: tuple[str, str]) -> None:
    row = reserved(desk)
    assert code(desk.post(RESERVE, TR, **cancel(row) | changes)) == wanted


@pytest.mark.parametrize("name", ["PRDT_TYPE_CD", "FT_ORD_QTY", "FT_ORD_UNPR3", "RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO"])
def test_a_cancel_without_a_required_key_is_refused(desk: Desk, name: str) -> None:
    row = reserved(desk)
    assert code(desk.post(RESERVE, TR, **without(cancel(row), name))) == ("1", "OPSQ2002")


def test_the_us_request_reaches_no_asian_reservation(desk: Desk) -> None:
    row = reserved(desk)
    body = account(STOCKS) | {"RSVN_ORD_RCIT_DT": "20261120", "OVRS_RSVN_ODNO": row["ovrs_rsvn_odno"]}
    assert code(desk.post(f"{US}/order-resv-ccnl", "TTTT3017U", **body)) == ("7", "APBK0344")


def test_paper_cancels_a_reservation_without_listing_it(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER, rate=18) as desk:
        row = reserved(desk)
        assert code(desk.post(RESERVE, "VTTS3013U", **cancel(row))) == ("0", "APBK1711")
        answer = desk.get(f"{US}/order-resv-list", "TTTS3014R")
        assert code(answer) == ("1", "EGW00213")


@pytest.mark.parametrize(("at", "sent"), [("11:00", "12:30"), ("12:25", "12:30")])
def test_an_asian_reservation_goes_to_its_market_after_its_window(desk: Desk, clock: Clock, at: str, sent: str) -> None:
    clock.move(at)
    reserved(desk)
    clock.move("12:29")
    desk.simulator.desk.work()
    assert listed(desk)[0]["ovrs_rsvn_ord_stat_cd_name"] == "접수"
    clock.move(sent, day=20 if at == "11:00" else 23)
    desk.sign_in()
    desk.simulator.desk.work()
    row = listed(desk)[0]
    assert (row["ovrs_rsvn_ord_stat_cd_name"], row["ord_fwdg_tmd"]) == ("전송", "123000")
    assert desk.plain(int(row["odno"]))["market"] == "ASIA"
