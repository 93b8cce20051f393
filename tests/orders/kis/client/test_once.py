from __future__ import annotations

import socket
import struct
import threading
import time

import pytest

from orders.kis.client import Limits, post_once
from orders.kis.client.once import Answer
from orders.kis.errors import NoAnswerError, NotSentError
from tests.orders.kis.client.loopback import Script, answering, closed_port, read_request, serving

LIMITS = Limits(connect=2, read=0.3)
HEADERS = {"content-type": "application/json; charset=utf-8", "tr_id": "TTTS6038U"}
OK = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"rt_cd":"0"}'


def post(url: str, limits: Limits = LIMITS) -> Answer:
    return post_once(f"{url}/uapi/order", HEADERS, b'{"CANO":"1"}', limits)


def test_the_request_in_literal_bytes() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(OK)

    with serving(script) as server:
        assert post(server.url) == Answer(200, b'{"rt_cd":"0"}')
        port = server.port
    assert seen == [
        b"POST /uapi/order HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port
        + b"content-type: application/json; charset=utf-8\r\ntr_id: TTTS6038U\r\ncontent-length: 12\r\n\r\n"
        + b'{"CANO":"1"}'
    ]


def test_every_send_opens_its_own_connection() -> None:
    with serving(answering(OK)) as server:
        post(server.url)
        post(server.url)
        assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "status", "raw"),
    [
        (b"HTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\n{}", 500, b"{}"),
        (b"HTTP/1.1 302 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, b"hi"),
    ],
)
def test_any_answer_is_given_back_and_no_redirect_followed(answer: bytes, status: int, raw: bytes) -> None:
    with serving(answering(answer)) as server:
        assert post(server.url) == Answer(status, raw)
        assert server.connections == 1


def test_an_environment_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with serving(answering(OK)) as server:
        assert post(server.url).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://127.0.0.1:{closed}",
    ],
)
def test_what_cannot_connect_was_not_sent(url: str) -> None:
    with pytest.raises(NotSentError):
        post(url.replace("{closed}", str(closed_port())))


def test_a_header_that_cannot_be_written_was_not_sent() -> None:
    with serving(answering(OK)) as server:
        with pytest.raises(NotSentError):
            post_once(f"{server.url}/x", {"appkey": "two\r\nlines"}, b"", LIMITS)
        assert server.connections == 0


def test_a_failed_tls_handshake_was_not_sent() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"this is no TLS\r\n")

    with serving(script) as server, pytest.raises(NotSentError, match="SSL"):
        post(server.url.replace("http", "https"))


def test_a_slow_connect_is_given_up_before_the_first_byte() -> None:
    ticks = iter([0.0, 2.1])
    with serving(answering(OK)) as server, pytest.raises(NotSentError, match=r"longer than 2 s"):
        post_once(f"{server.url}/x", HEADERS, b"", LIMITS, monotonic=lambda: next(ticks))


def test_a_request_that_became_too_old_leaves_no_byte() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))

    with serving(script) as server, pytest.raises(NotSentError, match="too old"):
        post_once(f"{server.url}/x", HEADERS, b"{}", LIMITS, lambda: False)
    assert seen == [b""]


def test_silence_is_a_timeout_and_one_request() -> None:
    release = threading.Event()

    def script(connection: socket.socket) -> None:
        read_request(connection)
        release.wait(5)

    with serving(script) as server:
        with pytest.raises(NoAnswerError) as caught:
            post(server.url)
        release.set()
        assert server.connections == 1
    assert caught.value.timed_out


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"])
def test_a_drip_does_not_stretch_the_limit(head: bytes) -> None:
    release = threading.Event()

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while not release.wait(0.02):
            connection.sendall(b"x")

    with serving(script) as server:
        started = time.monotonic()
        with pytest.raises(NoAnswerError) as caught:
            post(server.url)
        release.set()
    assert caught.value.timed_out
    assert time.monotonic() - started < 2


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "script",
    [
        reset,
        answering(),
        answering(b"not HTTP at all\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"),
        answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhi"),
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 1000001\r\n\r\n", b"x" * 1_000_001),
    ],
)
def test_a_broken_answer_is_no_answer_and_one_request(script: Script) -> None:
    with serving(script) as server:
        with pytest.raises(NoAnswerError) as caught:
            post(server.url, Limits(connect=2, read=5))
        assert server.connections == 1
    assert not caught.value.timed_out
