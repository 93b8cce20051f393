from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from orders.kis.simulator.settings import read_account
from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import Clock, Desk, running, streaming
from tests.orders.kis.simulator.order_api.asking import OVERSEAS, child, code, overseas, without


class Place(NamedTuple):
    """An exchange, its country's TR live and on paper, a Korean time at which it trades, whether it takes a modify."""

    exchange: str
    symbol: str
    live: str
    paper: str
    hhmm: str
    modifies: bool


PLACES = [
    Place("NASD", "AAPL", "TTTT1004U", "VTTT1004U", "23:40", True),
    Place("NYSE", "BA", "TTTT1004U", "VTTT1004U", "19:00", True),
    Place("AMEX", "SPY", "TTTT1004U", "VTTT1004U", "23:40", True),
    Place("SEHK", "00700", "TTTS1003U", "VTTS1003U", "11:00", True),
    Place("TKSE", "7203", "TTTS0309U", "VTTS0309U", "11:00", True),
    Place("SHAA", "600519", "TTTS0302U", "VTTS0302U", "11:00", False),
    Place("SZAA", "300750", "TTTS0306U", "VTTS0306U", "11:00", False),
    Place("HASE", "PVS", "TTTS0312U", "VTTS0312U", "11:30", False),
    Place("VNSE", "FPT", "TTTS0312U", "VTTS0312U", "11:30", False),
]
TRS = sorted({place.live for place in PLACES})


def placed(desk: Desk, exchange: str, symbol: str, **changes: Any) -> Any:
    market = "US" if exchange in {"NASD", "NYSE", "AMEX"} else "ASIA"
    number = desk.order(market=market, symbol=symbol, **({"qty": 10} | changes))["number"]
    return desk.plain(number)


@pytest.mark.parametrize("place", PLACES)
def test_each_exchange_is_canceled_by_its_countrys_tr_and_by_no_other(desk: Desk, clock: Clock, place: Place) -> None:
    clock.move(place.hhmm)
    order = placed(desk, place.exchange, place.symbol)
    for tr_id in TRS:
        if tr_id != place.live:
            assert code(desk.post(OVERSEAS, tr_id, **overseas(order))) == ("1", "OPSQ2001")
    assert code(desk.post(OVERSEAS, place.paper, **overseas(order))) == ("1", "EGW00213")
    made = child(desk, desk.post(OVERSEAS, place.live, **overseas(order)))
    assert (made["kind"], made["original"], made["exchange"]) == ("cancel", order["number"], place.exchange)
    assert desk.plain(order["number"])["canceled"] == "10"


@pytest.mark.parametrize("place", PLACES)
def test_a_modify_is_taken_where_the_exchange_takes_one(desk: Desk, clock: Clock, place: Place) -> None:
    clock.move(place.hhmm)
    order = placed(desk, place.exchange, place.symbol)
    answer = desk.post(OVERSEAS, place.live, **overseas(order, "01") | {"OVRS_ORD_UNPR": "99", "ORD_QTY": "4"})
    if not place.modifies:
        assert code(answer) == ("7", "APBK0963")
        return
    made = child(desk, answer)
    assert (made["kind"], made["price"], made["leaves"]) == ("modify", "99", "4")
    assert desk.plain(order["number"])["leaves"] == "6"


@pytest.mark.parametrize("place", PLACES)
def test_paper_has_the_same_requests_under_its_own_ids(clock: Clock, place: Place) -> None:
    clock.move(place.hhmm)
    with running(clock, environment=Environment.PAPER, rate=18) as desk:
        order = placed(desk, place.exchange, place.symbol)
        assert code(desk.post(OVERSEAS, place.live, **overseas(order))) == ("1", "EGW00213")
        assert child(desk, desk.post(OVERSEAS, place.paper, **overseas(order)))["kind"] == "cancel"


REFUSALS = [
    ({"ORGN_ODNO": "999"}, ("7", "APBK0344")),
    ({"PDNO": "TSLA"}, ("7", "APBK0656")),
    ({"OVRS_EXCG_CD": "NYSE"}, ("7", "APBK0656")),
    ({"OVRS_EXCG_CD": "LSE"}, ("1", "OPSQ2001")),
    ({"RVSE_CNCL_DVSN_CD": "03"}, ("7", "APBK0963")),
    ({"RVSE_CNCL_DVSN_CD": "01"}, ("7", "APBK0963")),
    ({"OVRS_ORD_UNPR": "270.5"}, ("7", "APBK0963")),
    ({"ORD_QTY": "11"}, ("7", "APBK0927")),
    ({"ORD_QTY": "0"}, ("7", "APBK0927")),
    ({"ORD_QTY": "1.5"}, ("7", "APBK0927")),
    ({"ORD_QTY": "NaN"}, ("7", "APBK0927")),
]


@pytest.mark.parametrize(("changes", "wanted"), REFUSALS)
def test_each_refusal_of_an_overseas_request(
    desk: Desk, clock: Clock, changes: dict[str, str], wanted: tuple[str, str]
) -> None:
    clock.move("23:40")
    order = placed(desk, "NASD", "AAPL")
    assert code(desk.post(OVERSEAS, "TTTT1004U", **overseas(order) | changes)) == wanted
    assert desk.plain(order["number"])["leaves"] == "10"


@pytest.mark.parametrize("name", ["OVRS_EXCG_CD", "PDNO", "ORGN_ODNO", "RVSE_CNCL_DVSN_CD", "ORD_QTY", "OVRS_ORD_UNPR"])
def test_a_request_without_a_required_key_is_refused(desk: Desk, clock: Clock, name: str) -> None:
    clock.move("23:40")
    order = placed(desk, "NASD", "AAPL")
    assert code(desk.post(OVERSEAS, "TTTT1004U", **without(overseas(order), name))) == ("1", "OPSQ2002")


@pytest.mark.parametrize(
    ("place", "closed"), [(PLACES[0], "11:00"), (PLACES[3], "13:30"), (PLACES[4], "12:00"), (PLACES[5], "16:00")]
)
def test_while_the_exchange_is_closed_it_refuses(desk: Desk, clock: Clock, place: Place, closed: str) -> None:
    clock.move(place.hhmm)
    order = placed(desk, place.exchange, place.symbol)
    clock.move(closed)
    assert code(desk.post(OVERSEAS, place.live, **overseas(order))) == ("7", "APBK0918")


def test_the_regular_request_knows_no_daytime_order_and_no_other_accounts(clock: Clock) -> None:
    others = (read_account("12345678-01"), read_account("87654321-01"))
    clock.move("23:40")
    with running(clock, accounts=others) as desk:
        daytime = desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)
        assert code(desk.post(OVERSEAS, "TTTT1004U", **overseas(daytime))) == ("7", "APBK0344")
        foreign = desk.order(market="US", symbol="AAPL", qty=10, account="87654321-01")
        assert code(desk.post(OVERSEAS, "TTTT1004U", **overseas(foreign))) == ("7", "APBK0344")


def test_an_asian_notice_carries_its_market_and_its_implied_decimals(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        wanted = {"00700": ("4", "000612500"), "600519": ("A", "001467900"), "7203": ("D", "000031200")}
        prices = {"00700": "612.5", "600519": "1467.9", "7203": "3120"}
        for symbol, (market, price) in wanted.items():
            desk.order(market="ASIA", symbol=symbol, qty=100, price=prices[symbol])
            notice = stream.notice()
            assert (notice.stck_shrn_iscd, notice.oder_cond, notice.cntg_unpr) == (symbol, market, price)
            stream.notice()
        desk.order(market="ASIA", symbol="FPT", qty=100, price="98700")
        assert stream.notice().cntg_unpr == "000098700"


def test_an_asian_order_stands_in_the_lists_with_its_own_currency(desk: Desk) -> None:
    placed(desk, "TKSE", "7203", price="3120")
    placed(desk, "SEHK", "00700")
    path = OVERSEAS.replace("order-rvsecncl", "inquire-nccs")
    (row,) = desk.get(path, "TTTS3018R", OVRS_EXCG_CD="TKSE", SORT_SQN="DS").json()["output"]
    assert (row["tr_crcy_cd"], row["natn_cd"], row["ft_ord_unpr3"]) == ("JPY", "392", "3120.00000000")
    assert desk.get(path, "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS").json()["output"] == []
    assert len(desk.get(path, "TTTS3018R", OVRS_EXCG_CD="", SORT_SQN="DS").json()["output"]) == 2
