from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from orders.domain.events import Market, OrderReport
from orders.kis.client import (
    KisClient,
    KisConfig,
    Limits,
    Ports,
    Target,
    cancel_daytime,
    cancel_reservation,
    new_session,
)
from orders.kis.errors import (
    BadAnswerError,
    NoAnswerError,
    RefusedError,
    TokenRejectedError,
    TokenWaitError,
    UnsupportedError,
)
from orders.kis.schemas import Account, ReportPage, Sessions
from orders.kis.tr_ids import Environment
from orders.kis.translate import Accepted, NotSent, Rejected, SendOutcome, Unknown, UnknownReason
from tests.orders.kis import samples
from tests.orders.kis.client.loopback import answering, closed_port, read_request, serving
from tests.orders.kis.schemas.test_domestic import STOCK_ROW
from tests.orders.kis.schemas.test_reserved import ROW as RESERVED_ROW
from tests.orders.kis.test_auth import CONFIG

ACCOUNT = Account("12345678", "01")
START, END = date(2026, 6, 1), date(2026, 6, 2)
SESSIONS = Sessions(is_daytime=lambda at: 10 <= at.hour < 18, evening_before=lambda day: day)
OVERSEAS = "https://kis.test:9443/uapi/overseas-stock/v1/trading"
CORPORATE = replace(
    CONFIG,
    customer_type="B",
    personal_sec_key="personal",
    mac_address="AABBCCDDEEFF",
    phone_number="01011112222",
    ip_addr="203.0.113.9",
)


class Bench:
    """A client whose ports are recorded."""

    def __init__(self, config: KisConfig = CONFIG) -> None:
        self.forgotten: list[str] = []
        self.slept: list[float] = []
        self.turns = 0
        self.uids = 0
        self.token: Callable[[], str] = lambda: "token"
        ports = Ports(self.give_token, self.forgotten.append, self.turn, self.uid, self.slept.append)
        self.client = KisClient(config, requests.Session(), ports, SESSIONS, Limits(connect=2, read=0.5))

    def give_token(self) -> str:
        return self.token()

    def turn(self) -> None:
        self.turns += 1

    def uid(self) -> str:
        self.uids += 1
        return f"uid-{self.uids}"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def page(rows: object, rows_field: str = "output", **fields: str) -> dict[str, object]:
    return {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "조회 완료", rows_field: rows} | fields


def reports(pages: Iterator[ReportPage]) -> list[OrderReport]:
    return [report for found in pages for report in found.reports]


# Headers.


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


# Inquiries.


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


# Pages.


@responses.activate
def test_pages_are_followed_with_the_keys_as_they_came(bench: Bench) -> None:
    keys = {"ctx_area_fk200": "12345678^01^      ", "ctx_area_nk200": "20260601^5     "}
    row = samples.read("rest_inquire_nccs_rows.json")[0]
    first = page([row], **keys)
    second = page([row | {"odno": "2"}], ctx_area_fk200=keys["ctx_area_fk200"], ctx_area_nk200="20260601^9")
    responses.get(f"{OVERSEAS}/inquire-nccs", json=first, headers={"tr_cont": "F"})
    responses.get(f"{OVERSEAS}/inquire-nccs", json=second, headers={"tr_cont": "M"})
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([row | {"odno": "3"}]), headers={"tr_cont": "E"})
    found = reports(bench.client.open_overseas(ACCOUNT))
    assert [report.key.number for report in found] == [30138113, 2, 3]
    asked = [call.request for call in responses.calls]
    assert [request.headers["tr_cont"] for request in asked] == ["", "N", "N"]
    assert asked[1].params["CTX_AREA_FK200"] == keys["ctx_area_fk200"]  # type: ignore[attr-defined]  # set by responses
    assert asked[2].params["CTX_AREA_NK200"] == "20260601^9"  # type: ignore[attr-defined]  # set by responses
    assert bench.turns == 3


@responses.activate
@pytest.mark.parametrize("tr_cont", ["D", "E", "", "X"])
def test_any_other_mark_is_the_last_page(bench: Bench, tr_cont: str) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]), headers={"tr_cont": tr_cont})
    assert len(list(bench.client.open_overseas(ACCOUNT))) == 1


@responses.activate
@pytest.mark.parametrize("keys", [{}, {"ctx_area_fk200": " " * 200}, {"ctx_area_nk200": "same"}])
def test_a_page_key_that_does_not_advance_stops_the_inquiry(bench: Bench, keys: dict[str, str]) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([], **keys), headers={"tr_cont": "M"})
    with pytest.raises(BadAnswerError, match="does not advance"):
        list(bench.client.open_overseas(ACCOUNT))


@responses.activate
def test_pages_without_end_are_given_up(bench: Bench) -> None:
    def endless(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {"tr_cont": "M"}, json.dumps(page([], ctx_area_nk200=str(len(responses.calls))))

    responses.add_callback(responses.GET, f"{OVERSEAS}/inquire-nccs", callback=endless)
    with pytest.raises(BadAnswerError, match="more than 100 pages"):
        list(bench.client.open_overseas(ACCOUNT))
    assert len(responses.calls) == 100


# Refusals and retries of a GET.


@responses.activate
@pytest.mark.parametrize(("status", "body"), [(500, None), (200, None), (503, b"<html>"), (500, b"{}")])
def test_a_busy_gateway_is_asked_again(bench: Bench, status: int, body: bytes | None) -> None:
    busy = samples.raw("rest_err_EGW00201_http500.json") if body is None else body
    responses.get(f"{OVERSEAS}/inquire-nccs", body=busy, status=status)
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    assert len(list(bench.client.open_overseas(ACCOUNT))) == 1
    assert bench.slept == [0.5]
    assert bench.turns == 2


@responses.activate
def test_a_gateway_that_stays_busy_is_a_refusal_after_three_tries(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw("rest_err_EGW00201_http500.json"), status=500)
    with pytest.raises(RefusedError) as caught:
        list(bench.client.open_overseas(ACCOUNT))
    assert (caught.value.code, caught.value.status) == ("EGW00201", 500)
    assert len(responses.calls) == 3
    assert bench.slept == [0.5, 1.0]


@responses.activate
@pytest.mark.parametrize("name", ["EGW00121_token_invalid", "EGW00123_token_expired"])
def test_a_rejected_token_is_forgotten_and_another_one_tried(bench: Bench, name: str) -> None:
    tokens = iter(["dead", "fresh"])
    bench.token = lambda: next(tokens)
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw(f"rest_err_{name}.json"), status=500)
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    list(bench.client.open_overseas(ACCOUNT))
    assert bench.forgotten == ["dead"]
    assert responses.calls[1].request.headers["authorization"] == "Bearer fresh"


@responses.activate
def test_a_token_that_stays_rejected_is_told(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw("rest_err_EGW00121_token_invalid.json"))
    with pytest.raises(TokenRejectedError):
        list(bench.client.open_overseas(ACCOUNT))


@responses.activate
def test_another_refusal_is_told_at_once(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json={"rt_cd": "1", "msg_cd": "OPSQ2000", "msg1": "계좌번호 오류   "})
    with pytest.raises(RefusedError, match="OPSQ2000: 계좌번호 오류"):
        list(bench.client.open_overseas(ACCOUNT))
    assert bench.slept == []


@responses.activate
@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>login</html>"), (302, b"{}"), (404, b"{}"), (200, b'{"rt_cd":"0"')]
)
def test_an_answer_that_is_not_kis_is_a_bad_answer(bench: Bench, status: int, body: bytes) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=body, status=status, headers={"location": "http://127.0.0.1:1/"})
    with pytest.raises(BadAnswerError):
        list(bench.client.open_overseas(ACCOUNT))
    assert len(responses.calls) == 1


@responses.activate
def test_a_get_without_an_answer_is_told(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=requests.exceptions.ReadTimeout("x"))
    with pytest.raises(NoAnswerError) as caught:
        list(bench.client.open_overseas(ACCOUNT))
    assert caught.value.timed_out


# Orders.

CANCEL = cancel_reservation(ACCOUNT, date(2026, 6, 1), 30135682)


def http(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


def send(answer: bytes, config: KisConfig = CONFIG) -> tuple[SendOutcome, int]:
    with serving(answering(answer)) as server:
        outcome = Bench(replace(config, rest_url=server.url)).client.send(CANCEL)
        return outcome, server.connections


def test_an_accepted_order_is_sent_once() -> None:
    body = json.dumps(samples.read("rest_order_resv_ccnl.json")["response"]).encode()
    outcome, connections = send(http(body))
    assert isinstance(outcome, Accepted)
    assert (outcome.number, outcome.evidence.raw, outcome.evidence.gt_uid) == (30138295, body, "")
    assert connections == 1


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (samples.raw("rest_err_APBK0927_nothing_to_cancel.json"), 200, Rejected),
        (samples.raw("rest_err_EGW00201_http500.json"), 500, Unknown),
        (samples.raw("rest_err_EGW00123_token_expired.json"), 200, Unknown),
        (b"<html>", 502, Unknown),
    ],
)
def test_no_answer_at_all_makes_an_order_go_out_twice(body: bytes, status: int, kind: type[SendOutcome]) -> None:
    outcome, connections = send(http(body, status))
    assert isinstance(outcome, kind)
    assert connections == 1


def test_the_order_request_in_literal_bytes() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(read_request(connection))

    with serving(script) as server:
        Bench(replace(CORPORATE, rest_url=server.url)).client.send(CANCEL, gt_uid="stored-uid")
        port = server.port
    assert seen == [
        b"POST /uapi/overseas-stock/v1/trading/order-resv-ccnl HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port
        + b"content-type: application/json; charset=utf-8\r\nauthorization: Bearer token\r\nappkey: app-key\r\n"
        + b"appsecret: app-secret\r\ntr_id: TTTT3017U\r\ncusttype: B\r\ntr_cont: \r\npersonalseckey: personal\r\n"
        + b"seq_no: 001\r\nmac_address: AABBCCDDEEFF\r\nphone_number: 01011112222\r\nip_addr: 203.0.113.9\r\n"
        + b"gt_uid: stored-uid\r\ncontent-length: 104\r\n\r\n"
        + b'{"CANO": "12345678", "ACNT_PRDT_CD": "01", "RSVN_ORD_RCIT_DT": "20260601", "OVRS_RSVN_ODNO": "30135682"}'
    ]


def test_the_uid_of_a_corporation_is_given_back() -> None:
    body = json.dumps(samples.read("rest_order_resv_ccnl.json")["response"]).encode()
    outcome, _connections = send(http(body), CORPORATE)
    assert outcome.evidence.gt_uid == "uid-1"


def test_a_refused_connection_is_not_sent(bench: Bench) -> None:
    client = Bench(replace(CONFIG, rest_url=f"http://127.0.0.1:{closed_port()}")).client
    assert isinstance(client.send(CANCEL), NotSent)


def test_what_paper_lacks_is_not_sent_and_says_why() -> None:
    bench = Bench(replace(CONFIG, environment=Environment.PAPER))
    outcome = bench.client.send(cancel_daytime(ACCOUNT, Target("NASD", "AAPL", 1), Decimal(1)))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "KIS has no daytime_revise in the paper environment"
    assert bench.turns == 0


@pytest.mark.parametrize(
    "error",
    [TokenWaitError(datetime(2026, 6, 1, tzinfo=UTC)), NoAnswerError("tokenP", timed_out=True), RefusedError("E", "m")],
)
def test_without_a_token_nothing_is_sent(bench: Bench, error: Exception) -> None:
    def token() -> str:
        raise error

    bench.token = token
    assert isinstance(bench.client.send(CANCEL), NotSent)


def test_a_silent_broker_is_a_timeout() -> None:
    release = threading.Event()

    def script(connection: socket.socket) -> None:
        read_request(connection)
        release.wait(5)

    with serving(script) as server:
        outcome = Bench(replace(CONFIG, rest_url=server.url)).client.send(CANCEL)
        release.set()
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.TIMEOUT


def test_a_broken_connection_is_a_reset() -> None:
    outcome, connections = send(b"")
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.RESET
    assert connections == 1


def test_the_ports_sleep_by_the_wall_clock_unless_told() -> None:
    ports: Any = Ports(lambda: "", lambda _token: None, lambda: None, lambda: "")
    assert ports.sleep.__name__ == "sleep"
