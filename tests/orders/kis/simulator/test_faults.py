"""REST faults by name: what the client sees, and whether the order engine carried the request out."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.orders.kis.simulator.conftest import US, Clock, Desk, eventually, running
from tests.orders.kis.simulator.test_orders import cancel_reservation, daytime_order, revise

CARRIED_OUT = {
    "timeout_before_accept": False,
    "timeout_after_accept": True,
    "reset_before": False,
    "reset_after": True,
    "http_500_blank": False,
    "egw00201": False,
    "egw00123": False,
    "html": False,
    "not_json": True,
    "slow_drip": True,
    "drop_before": False,
    "drop_after": True,
    "delay_before": True,
    "delay_after": True,
    "unlisted_code": False,
    "egw00001": False,
    "http_500_json": False,
    "http_502_html": False,
    "http_503_empty": False,
}


def attempt(desk: Desk, number: int) -> requests.Response | Exception:
    body = {"CANO": "12345678", "ACNT_PRDT_CD": "01", "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL"}
    body |= {"ORGN_ODNO": str(number), "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "10", "OVRS_ORD_UNPR": "0"}
    body |= {"CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0"}
    headers = desk._headers("TTTS6038U")
    try:
        return desk.session.post(
            f"{desk.url}{US}/daytime-order-rvsecncl", json=body, headers=headers, timeout=0.3, stream=True
        )
    except requests.RequestException as error:
        return error


@pytest.mark.parametrize(("name", "carried_out"), CARRIED_OUT.items())
def test_each_fault_reaches_the_order_engine_or_not(desk: Desk, name: str, carried_out: bool) -> None:
    number = daytime_order(desk)["number"]
    desk.press(fault=name, seconds=0.01)
    answer = attempt(desk, number)
    if isinstance(answer, requests.Response):
        answer.close()
    (entry,) = desk.shown()["ledger"]
    assert (entry["accepted"], entry["fault"]) == (carried_out, name)
    assert desk.plain(number)["canceled"] == ("10" if carried_out else "0")
    assert desk.shown()["faults"] == {}


@pytest.mark.parametrize("name", ["timeout_before_accept", "timeout_after_accept"])
def test_a_timeout_says_nothing(desk: Desk, name: str) -> None:
    desk.press(fault=name)
    assert isinstance(attempt(desk, 1), requests.Timeout)


@pytest.mark.parametrize("name", ["reset_before", "reset_after"])
def test_a_reset_breaks_the_connection(desk: Desk, name: str) -> None:
    desk.press(fault=name)
    answer = attempt(desk, 1)
    assert isinstance(answer, requests.ConnectionError)
    assert not isinstance(answer, requests.Timeout)


@pytest.mark.parametrize("name", ["drop_before", "drop_after"])
def test_a_connection_may_be_closed_in_order_without_an_answer(desk: Desk, name: str) -> None:
    desk.press(fault=name)
    answer = attempt(desk, 1)
    assert isinstance(answer, requests.ConnectionError)
    assert "RemoteDisconnected" in str(answer)


@pytest.mark.parametrize("name", ["delay_before", "delay_after"])
def test_an_answer_may_come_late(desk: Desk, name: str) -> None:
    desk.press(fault=name, seconds=0.2)
    started = time.monotonic()
    assert revise(desk, 1).json()["msg_cd"] == "APBK0344"
    assert time.monotonic() - started >= 0.2


def test_a_delay_lasts_a_second_unless_said_otherwise(desk: Desk) -> None:
    waited: list[float] = []
    desk.simulator._pause = waited.append
    desk.press(fault="delay_before")
    revise(desk, 1)
    assert waited == [1.0]


def test_a_request_that_waits_before_the_order_engine_holds_nobody_up(desk: Desk) -> None:
    number = daytime_order(desk)["number"]
    desk.press(fault="delay_before", seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(attempt, desk, number)
        desk.press(event="fill", order=number, qty=3)
        assert desk.plain(number)["filled"] == "3"
        assert isinstance(late.result(), requests.Timeout)
    eventually(lambda: "refusal" in (desk.shown()["ledger"] or [{}])[0])
    assert desk.shown()["ledger"][0]["refusal"] == "APBK0927", "ten are no longer left"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_comes_in_three_shapes(desk: Desk, status: int) -> None:
    for shape in ("json", "html", "empty"):
        desk.press(fault=f"http_{status}_{shape}")
    answers = [revise(desk, 1) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {status}
    assert answers[0].json()["msg_cd"] == "EGW00002"
    assert answers[1].text.startswith("<html>")
    assert answers[2].content == b""


def test_a_code_that_no_list_has(desk: Desk) -> None:
    desk.press(fault="unlisted_code")
    desk.press(fault="unlisted_code", code="APBK7777")
    assert [revise(desk, 1).json()["msg_cd"] for _ in range(2)] == ["APBK9999", "APBK7777"]


@pytest.mark.parametrize("code", ["EGW00001", "EGW00121", "EGW00202", "EGW00300"])
def test_the_gateways_codes_come_as_http_500(desk: Desk, code: str) -> None:
    desk.press(fault=code.lower())
    answer = revise(desk, 1)
    assert (answer.status_code, answer.json()["msg_cd"]) == (500, code)


def test_rows_may_carry_fields_that_no_page_has(desk: Desk) -> None:
    daytime_order(desk)
    desk.press(fault="added_fields", count=3)
    answer = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS")
    (row,) = answer.json()["output"]
    assert {name for name in row if name.startswith("new_field")} == {"new_field_0", "new_field_1", "new_field_2"}
    assert answer.headers["tr_cont"] == "D"


def test_a_page_may_say_that_it_is_the_last_when_it_is_not(clock: Clock) -> None:
    with running(clock, page_size=1) as desk:
        for _ in range(3):
            daytime_order(desk)
        query = {"OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS"}
        desk.press(fault="missing_page")
        answer = desk.get(f"{US}/inquire-nccs", "TTTS3018R", **query)
        assert (answer.headers["tr_cont"], answer.json()["ctx_area_nk200"].strip()) == ("D", "")
        assert desk.get(f"{US}/inquire-nccs", "TTTS3018R", **query).headers["tr_cont"] == "F"


def test_a_page_that_is_the_last_stays_the_last(desk: Desk) -> None:
    desk.press(fault="missing_page")
    assert desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD").headers["tr_cont"] == "D"


def test_a_name_in_a_row_may_be_cut_in_a_character(desk: Desk) -> None:
    daytime_order(desk)
    desk.press(fault="invalid_utf8_row")
    body = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD").content
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert "애플" in body.decode("utf-8", "replace")


def test_a_rate_hits_some_requests_until_it_is_cleared(desk: Desk) -> None:
    desk.press(fault="egw00201", rate=0.5)
    codes = [revise(desk, 1).json()["msg_cd"] for _ in range(12)]
    assert 2 < codes.count("EGW00201") < 10
    assert desk.shown()["faults"] == {"egw00201": None}
    desk.press(fault="egw00201", times=2)
    assert desk.shown()["faults"] == {"egw00201": None}
    desk.press(clear=True)
    desk.press(fault="egw00201", rate=1, times=2)
    assert desk.shown()["faults"] == {"egw00201": 2}


BODIES = {
    "http_500_blank": (500, '{"rt_cd": "1", "msg_cd": "", "msg1": ""}'),
    "egw00201": (500, '{"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "초당 거래건수를 초과하였습니다."}'),
    "egw00123": (500, '{"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "기간이 만료된 token 입니다."}'),
}


@pytest.mark.parametrize(("name", "wanted"), BODIES.items())
def test_the_gateways_own_refusals(desk: Desk, name: str, wanted: tuple[int, str]) -> None:
    desk.press(fault=name)
    answer = revise(desk, 1)
    assert (answer.status_code, answer.text) == wanted


def test_a_page_of_html_comes_with_status_200(desk: Desk) -> None:
    desk.press(fault="html")
    answer = revise(desk, 1)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.text.startswith("<html>")


def test_half_a_body_is_no_json(desk: Desk) -> None:
    desk.press(fault="not_json")
    with pytest.raises(requests.JSONDecodeError):
        revise(desk, 1).json()


def test_a_slow_body_drips_byte_by_byte(desk: Desk) -> None:
    desk.press(fault="slow_drip")
    with socket.create_connection(("127.0.0.1", desk.server.port), timeout=3) as raw:
        raw.sendall(f"POST {US}/order-resv-ccnl HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        started = time.monotonic()
        received = b""
        while received.partition(b"\r\n\r\n")[2][:3] != b'{"r':
            received += raw.recv(64)
    assert 0.3 < time.monotonic() - started < 3


def test_a_slow_body_arrives_whole_in_the_end(desk: Desk) -> None:
    desk.press(fault="slow_drip", accept=False)
    assert revise(desk, 1).json() == {}


def test_a_fault_happens_as_often_as_it_was_set(desk: Desk) -> None:
    desk.press(fault="html", times=2)
    assert desk.shown()["faults"] == {"html": 2}
    types = [revise(desk, 1).headers["content-type"] for _ in range(3)]
    assert [kind == "text/html" for kind in types] == [True, True, False]


def test_a_fault_hits_orders_unless_a_path_is_named(desk: Desk) -> None:
    desk.press(fault="html")
    desk.press(fault="egw00201", path="inquire-nccs")
    assert desk.get(f"{US}/inquire-ccnl", "TTTS3035R").status_code == 200
    assert desk.get(f"{US}/inquire-nccs", "TTTS3018R").json()["msg_cd"] == "EGW00201"
    assert desk.get(f"{US}/inquire-nccs", "TTTS3018R").status_code == 200
    assert revise(desk, 1).headers["content-type"] == "text/html"


def test_a_fault_may_be_told_whether_the_request_is_carried_out(desk: Desk) -> None:
    number = desk.press(event="reserve")["reservation"]["ovrs_rsvn_odno"]
    desk.press(fault="http_500_blank", accept=True)
    assert cancel_reservation(desk, number).status_code == 500
    assert desk.shown()["ledger"][0]["accepted"] is True


def test_clearing_disarms_everything(desk: Desk) -> None:
    desk.press(fault="html", times=5)
    desk.press(fault="drop_notices")
    assert desk.press(clear=True) == {"faults": {}}
    assert revise(desk, 1).json()["msg_cd"] == "APBK0344"


def test_clearing_one_fault_leaves_the_others_armed(desk: Desk) -> None:
    desk.press(fault="drop_notices")
    desk.press(fault="inquiry_lag", seconds=60)
    assert desk.press(clear="drop_notices") == {"faults": {"inquiry_lag": None}}
    assert desk.post("/_control", clear="no_such").status_code == 400
