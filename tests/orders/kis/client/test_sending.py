from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orders.kis.client import KisConfig, OrderRequest, Ports
from orders.kis.errors import NoAnswerError, RefusedError, TokenWaitError
from orders.kis.tr_ids import Environment, Operation
from orders.kis.translate import Accepted, NotSent, Rejected, SendOutcome, Unknown, UnknownReason
from tests.orders.kis import samples
from tests.orders.kis.client.bench import CORPORATE, Bench
from tests.orders.kis.client.loopback import answering, closed_port, read_request, serving
from tests.orders.kis.test_auth import CONFIG

CANCEL = OrderRequest(
    Operation.US_RESERVE_CANCEL,
    {"CANO": "12345678", "ACNT_PRDT_CD": "01", "RSVN_ORD_RCIT_DT": "20260601", "OVRS_RSVN_ODNO": "30135682"},
)


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


def test_what_became_too_old_on_the_way_is_not_sent() -> None:
    with serving(lambda connection: connection.close()) as server:
        outcome = Bench(replace(CONFIG, rest_url=server.url)).client.send(CANCEL, still_good=lambda: False)
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "too old to leave"


def test_what_paper_lacks_is_not_sent_and_says_why() -> None:
    bench = Bench(replace(CONFIG, environment=Environment.PAPER))
    outcome = bench.client.send(OrderRequest(Operation.DAYTIME_REVISE, {}))
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
