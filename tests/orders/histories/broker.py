"""The broker of a history: the simulator's order engine, reached without a network, and the road to it with its faults.

Doubles sit at the transport alone: `requests`' adapter and the socket below the one send of an order. Everything above
them is the product, everything behind them the simulator. A clock that the history moves drives both.
"""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from orders.domain.events import RequestKind
from orders.kis.simulator.answers import SimAnswer, SimRequest
from orders.kis.simulator.book import SimAccount, SimNotice, SimOrder
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.notice_text import notice_tr_id, plaintext
from orders.kis.simulator.settings import SimSettings
from orders.permissions import sessions
from tests.orders.histories.faults import FAULTS, Fault, spoil

KIM_ACCOUNT, LEE_ACCOUNT = SimAccount("12345678", "01"), SimAccount("87654321", "01")
EXCHANGE_DELAY = 0.6  # seconds from a request to the exchange's word


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One notice on its way: what it says in the clear, and whose fill it is."""

    tr_id: str
    text: str
    number: int
    is_fill: bool


@dataclass(slots=True)
class Reached:
    """One order request that came to the order engine, and the number that it got there."""

    uid: str
    at: datetime
    child: SimOrder | None
    reservation: int | None


class _Simulator(KisSimulator):
    """The simulator with its notices kept in a list, instead of sent over a socket."""

    def __init__(self, seed: int) -> None:
        self.told: list[Told] = []
        settings = SimSettings(
            accounts=(KIM_ACCOUNT, LEE_ACCOUNT),
            seed=seed,
            app_key="k",
            app_secret="s",
            quiet=True,
            exchange_delay=EXCHANGE_DELAY,
            reservation_delay=EXCHANGE_DELAY,
        )
        super().__init__(settings, now, time.time, sessions=sessions())
        ticks = iter(range(1_000_000_000))
        self.access.timer = lambda: float(next(ticks))  # the limit a second is not what histories are about
        self.access.token, self.access.issued_at = "token", now()

    def _publish(self, notice: SimNotice) -> None:
        text = plaintext(notice, self.settings.hts_id)
        self.told.append(Told(notice_tr_id(notice), text, notice.order.number, notice.filled))


@dataclass
class Broker:
    """The order engine, what reached it, and how the road to it is now."""

    seed: int
    simulator: _Simulator = field(init=False)
    fault: Fault = FAULTS["none"]
    refuse_connections: int = 0
    inquiries_fail: bool = False
    lagging: bool = False
    reached: list[Reached] = field(default_factory=list)
    answers: dict[str, tuple[SimRequest, SimAnswer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.simulator = _Simulator(self.seed)

    @property
    def orders(self) -> list[SimOrder]:
        return self.simulator.desk.book.orders

    def take_told(self) -> list[Told]:
        """The notices since the last call, in the order the broker sent them."""
        self.simulator.desk.work()
        told, self.simulator.told = self.simulator.told, []
        return told

    def lag(self) -> None:
        """From now on every list shows what it shows at this moment."""
        for key, (request, _) in list(self.answers.items()):
            self.answers[key] = (request, self.simulator.handle(request))
        self.lagging = True

    def reach(self, request: SimRequest) -> SimAnswer:
        """An order request at the order engine."""
        before = len(self.orders)
        answer = self.simulator.handle(request)
        child = next((o for o in self.orders[before:] if o.kind is not RequestKind.NEW), None)
        taken = json.loads(answer.body).get("rt_cd") == "0"
        reservation = int(request.json().get("OVRS_RSVN_ODNO", 0)) if taken and child is None else None
        self.reached.append(Reached(request.headers.get("gt_uid", ""), now(), child, reservation))
        return answer

    def inquire(self, request: SimRequest) -> SimAnswer:
        """A list, as it is or as it was."""
        key = f"{request.path} {request.headers.get('tr_id')} {sorted(request.query.items())}"
        if not self.lagging or key not in self.answers:
            self.answers[key] = (request, self.simulator.handle(request))
        return self.answers[key][1]


def _requested(request: requests.PreparedRequest) -> SimRequest:
    parts = urlsplit(str(request.url))
    body = request.body or b""
    return SimRequest(
        str(request.method),
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        {name.lower(): str(value) for name, value in request.headers.items()},
        body if isinstance(body, bytes) else body.encode(),
    )


def _respond(broker: Broker, request: requests.PreparedRequest) -> requests.Response:
    if broker.inquiries_fail:
        raise requests.exceptions.ReadTimeout("no answer")
    sent = _requested(request)
    answer = broker.simulator.handle(sent) if sent.method == "POST" else broker.inquire(sent)
    response = requests.Response()
    response.status_code = answer.status
    response._content = answer.body
    response.headers = CaseInsensitiveDict(answer.headers)
    response.url, response.request = str(request.url), request
    return response


class _Socket:
    """One connection for one order: takes the request's bytes, gives the answer's, or the fault in their place."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sent = b""

    def sendall(self, data: bytes) -> None:
        self._sent += data

    def makefile(self, _mode: str) -> io.BytesIO:
        fault, self._broker.fault = self._broker.fault, FAULTS["none"]
        answer = self._broker.reach(_parsed(self._sent)) if fault.reaches else None
        return spoil(fault, answer)

    def settimeout(self, _seconds: float) -> None: ...

    def setsockopt(self, *_option: int) -> None: ...

    def shutdown(self, _how: int) -> None: ...

    def close(self) -> None: ...


def _parsed(raw: bytes) -> SimRequest:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return SimRequest(method, path, {}, headers, body)


@contextmanager
def reachable(broker: Broker) -> Iterator[None]:
    """The product's requests go to this broker, and waiting costs no time."""

    def connect(*_address: Any, **_options: Any) -> _Socket:
        if broker.refuse_connections:
            broker.refuse_connections -= 1
            raise ConnectionRefusedError("nobody listens")
        return _Socket(broker)

    def send(_adapter: object, request: requests.PreparedRequest, **_options: Any) -> requests.Response:
        return _respond(broker, request)

    with (
        mock.patch.object(socket, "create_connection", connect),
        mock.patch.object(requests.adapters.HTTPAdapter, "send", send),
        mock.patch.object(time, "sleep", return_value=None),
    ):
        yield
