"""Sends one order request at most once.

A new connection each time, without retries, redirects or proxies. What failed before the first request byte is
NotSentError, everything later NoAnswerError: the broker may have acted. Connecting and answering each have a limit in
total, however slowly the other side drips.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from orders.kis.errors import NoAnswerError, NotSentError

MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, each in total: to connect, and from the first request byte to the last byte of the answer."""

    connect: float = 2.0
    read: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    raw: bytes


def at_any_time() -> bool:
    """For a request that never becomes too old to leave."""
    return True


def post_once(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    limits: Limits,
    still_good: Callable[[], bool] = at_any_time,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answer:
    """POSTs `body` and returns the answer, whatever its status. Raises NotSentError or NoAnswerError.

    `still_good()` is asked right before the first byte, on the open connection: a process that was stopped on the way
    there may wake up long after its right to send has ended.
    """
    connection = _connected(url, headers, body, limits, monotonic)
    with contextlib.closing(connection), _Deadline(connection.sock, limits.read) as deadline:
        if not still_good():
            raise NotSentError("too old to leave")
        try:
            connection.endheaders(body)
            answer = _read(connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            timed_out = deadline.passed or isinstance(error, TimeoutError)
            raise NoAnswerError(f"{type(error).__name__}: {error}", timed_out=timed_out) from error
        if deadline.passed:  # what was cut off may look whole: an answer without a length ends where the socket does
            raise NoAnswerError("cut off at the limit", timed_out=True)
        return answer


def _connected(
    url: str, headers: Mapping[str, str], body: bytes, limits: Limits, monotonic: Callable[[], float]
) -> http.client.HTTPConnection:
    """A connection with the request's head buffered and no byte of it written."""
    started = monotonic()
    connection: http.client.HTTPConnection | None = None
    try:
        connection = _connection(url, limits.connect)
        connection.putrequest("POST", urlsplit(url).path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("content-length", str(len(body)))
        connection.connect()
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection is not None:
            connection.close()
        raise NotSentError(f"{type(error).__name__}: {error}") from error
    if monotonic() - started > limits.connect:
        connection.close()
        raise NotSentError(f"connecting took longer than {limits.connect} s")
    connection.sock.settimeout(limits.read)
    # A dropped connection must not be opened anew behind our back: that would be a second send.
    connection.auto_open = 0
    return connection


def _connection(url: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=_tls())
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)


@functools.cache
def _tls() -> ssl.SSLContext:
    # The same authorities as requests, so that inquiries and orders trust the same hosts.
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)


def _read(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    raw = response.read(MAX_BODY_BYTES)
    if response.length:
        raise http.client.IncompleteRead(raw, response.length)
    return Answer(response.status, raw)


class _Deadline:
    """Shuts the socket down after `seconds`, which ends a read that a per-read timeout would let go on for ever."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.passed = False
        self._socket = sock
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.passed = True
        # Not SSLSocket's own shutdown, which would pull the TLS object from under the reading thread.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
