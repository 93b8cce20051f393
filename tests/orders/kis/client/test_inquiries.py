from __future__ import annotations

from dataclasses import replace

import pytest
import responses
from responses import matchers

from orders.domain.events import Market
from orders.kis.client import (
    new_session,
)
from orders.kis.errors import (
    UnsupportedError,
)
from orders.kis.schemas import ReportPage
from orders.kis.tr_ids import Environment
from tests.orders.kis import samples
from tests.orders.kis.client.bench import ACCOUNT, CORPORATE, END, OVERSEAS, START, Bench, page, reports
from tests.orders.kis.schemas.test_domestic import STOCK_ROW
from tests.orders.kis.schemas.test_reserved import ROW as RESERVED_ROW
from tests.orders.kis.test_auth import CONFIG


@responses.activate
def test_a_request_of_an_individual_has_the_common_headers(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    list(bench.client.open_overseas(ACCOUNT))
    sent = responses.calls[0].request.headers
    assert {name: sent[name] for name in ("authorization", "appkey", "appsecret", "tr_id", "custtype", "tr_cont")} == {
        "authorization": "Bearer token",
        "appkey": "app-key",
        "appsecret": "app-secret",
        "tr_id": "TTTS3018R",
        "custtype": "P",
        "tr_cont": "",
    }
    assert sent["content-type"] == "application/json; charset=utf-8"
    assert not {"personalseckey", "gt_uid", "seq_no", "mac_address", "phone_number", "ip_addr"} & set(sent)


@responses.activate
def test_a_request_of_a_corporation_has_its_own_headers_too() -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    bench = Bench(CORPORATE)
    list(bench.client.open_overseas(ACCOUNT))
    list(bench.client.open_overseas(ACCOUNT))
    first, second = (call.request.headers for call in responses.calls)
    names = ("custtype", "personalseckey", "seq_no", "mac_address", "phone_number", "ip_addr", "gt_uid")
    assert {name: first[name] for name in names} == {
        "custtype": "B",
        "personalseckey": "personal",
        "seq_no": "001",
        "mac_address": "AABBCCDDEEFF",
        "phone_number": "01011112222",
        "ip_addr": "203.0.113.9",
        "gt_uid": "uid-1",
    }
    assert second["gt_uid"] == "uid-2"


def test_a_new_session_ignores_the_environment() -> None:
    assert new_session().trust_env is False


@responses.activate
def test_reservations_are_asked_for_and_read(bench: Bench) -> None:
    query = {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "INQR_STRT_DT": "20260601",
        "INQR_END_DT": "20260602",
        "INQR_DVSN_CD": "00",
        "PRDT_TYPE_CD": "",
        "OVRS_EXCG_CD": "",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    responses.get(
        f"{OVERSEAS}/order-resv-list",
        json=page([RESERVED_ROW]),
        match=[matchers.query_param_matcher(query), matchers.header_matcher({"tr_id": "TTTT3039R"})],
    )
    assert [report.market for report in reports(bench.client.reservations(ACCOUNT, START, END))] == [Market.US_RESERVED]


@responses.activate
def test_asian_reservations_have_their_own_tr_id(bench: Bench) -> None:
    match = [matchers.header_matcher({"tr_id": "TTTS3014R"})]
    responses.get(f"{OVERSEAS}/order-resv-list", json=page([RESERVED_ROW | {"ovrs_excg_cd": "TKSE"}]), match=match)
    found = reports(bench.client.asia_reservations(ACCOUNT, START, END))
    assert [report.market for report in found] == [Market.ASIA_RESERVED]


@responses.activate
def test_open_overseas_orders_are_asked_for_and_read(bench: Bench) -> None:
    query = {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NASD",
        "SORT_SQN": "DS",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    rows = samples.read("rest_inquire_nccs_rows.json")
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page(rows), match=[matchers.query_param_matcher(query)])
    assert [report.key.number for report in reports(bench.client.open_overseas(ACCOUNT))] == [30138113]


@responses.activate
@pytest.mark.parametrize(
    ("environment", "tr_id", "everything"), [(Environment.LIVE, "TTTS3035R", "%"), (Environment.PAPER, "VTTS3035R", "")]
)
def test_overseas_orders_are_asked_for_and_read(environment: Environment, tr_id: str, everything: str) -> None:
    query = {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "PDNO": everything,
        "ORD_STRT_DT": "20260601",
        "ORD_END_DT": "20260602",
        "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": everything,
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    match = [matchers.query_param_matcher(query), matchers.header_matcher({"tr_id": tr_id})]
    rows = samples.read("rest_overseas_inquire_ccnl_rows.json")
    responses.get(f"{OVERSEAS}/inquire-ccnl", json=page(rows), match=match)
    (found,) = Bench(replace(CONFIG, environment=environment)).client.overseas_orders(ACCOUNT, START, END)
    assert [report.key.number for report in found.reports] == [31276871]
    assert [bad.raw["odno"] for bad in found.bad] == ["rejected-order", "3567"]


FUTURES_QUERY = {
    "CANO": "12345678",
    "ACNT_PRDT_CD": "01",
    "STRT_ORD_DT": "20260601",
    "END_ORD_DT": "20260602",
    "SLL_BUY_DVSN_CD": "00",
    "CCLD_NCCS_DVSN": "00",
    "SORT_SQN": "AS",
    "STRT_ODNO": "",
    "PDNO": "",
    "MKET_ID_CD": "",
    "CTX_AREA_FK200": "",
    "CTX_AREA_NK200": "",
}


@responses.activate
def test_day_derivatives_are_asked_for_and_read(bench: Bench) -> None:
    row = samples.read("rest_futureoption_night_and_day_rows.json")["day_output1"]
    responses.get(
        "https://kis.test:9443/uapi/domestic-futureoption/v1/trading/inquire-ccnl",
        json=page([row], "output1"),
        match=[matchers.query_param_matcher(FUTURES_QUERY), matchers.header_matcher({"tr_id": "TTTO5201R"})],
    )
    found = reports(bench.client.fo_day_orders(ACCOUNT, START, END))
    assert [(report.market, report.key.number) for report in found] == [(Market.FO_DAY, 5605)]


@responses.activate
def test_night_derivatives_are_asked_for_up_to_the_day_after(bench: Bench) -> None:
    row = samples.read("rest_futureoption_night_and_day_rows.json")["night_output1"]
    query = FUTURES_QUERY | {"END_ORD_DT": "20260603", "FUOP_DVSN_CD": "", "SCRN_DVSN": "02"}
    responses.get(
        "https://kis.test:9443/uapi/domestic-futureoption/v1/trading/inquire-ngt-ccnl",
        json=page([row], "output1"),
        match=[matchers.query_param_matcher(query), matchers.header_matcher({"tr_id": "STTN5201R"})],
    )
    found = reports(bench.client.fo_night_orders(ACCOUNT, START, END))
    assert [(report.market, report.key.number) for report in found] == [(Market.FO_NIGHT, 5605)]


@responses.activate
@pytest.mark.parametrize(
    ("environment", "tr_id", "exchange"),
    [(Environment.LIVE, "TTTC0081R", "ALL"), (Environment.PAPER, "VTTC0081R", "KRX")],
)
def test_domestic_orders_are_asked_for_and_read(environment: Environment, tr_id: str, exchange: str) -> None:
    query = {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "INQR_STRT_DT": "20260601",
        "INQR_END_DT": "20260602",
        "SLL_BUY_DVSN_CD": "00",
        "PDNO": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "CCLD_DVSN": "00",
        "INQR_DVSN": "01",
        "INQR_DVSN_1": "",
        "INQR_DVSN_3": "00",
        "EXCG_ID_DVSN_CD": exchange,
        "CTX_AREA_FK100": "",
        "CTX_AREA_NK100": "",
    }
    responses.get(
        "https://kis.test:9443/uapi/domestic-stock/v1/trading/inquire-daily-ccld",
        json=page([STOCK_ROW], "output1"),
        match=[matchers.query_param_matcher(query), matchers.header_matcher({"tr_id": tr_id})],
    )
    client = Bench(replace(CONFIG, environment=environment)).client
    assert [report.key.number for report in reports(client.krx_orders(ACCOUNT, START, END))] == [4336]


@responses.activate
def test_the_sample_of_an_empty_list_is_a_page_without_rows(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw("rest_empty_list_KIOK0560.json"))
    assert list(bench.client.open_overseas(ACCOUNT)) == [ReportPage(())]


@responses.activate
def test_what_paper_lacks_is_refused_before_any_request() -> None:
    client = Bench(replace(CONFIG, environment=Environment.PAPER)).client
    for inquiry in (client.reservations(ACCOUNT, START, END), client.open_overseas(ACCOUNT)):
        with pytest.raises(UnsupportedError):
            list(inquiry)
    assert len(responses.calls) == 0
