"""A quiet simulator on two real ports, its clock in the test's hand, and a small client."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from orders.kis.crypto import NoticeCipher
from orders.kis.notices import ExecutionNotice, parse_notices
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.server import Pace, SimulatorServer
from orders.kis.simulator.settings import NO_FILES, Files, SimSettings, read_account

KST = ZoneInfo("Asia/Seoul")
TODAY = date(2026, 11, 20)
STOCKS, FUTURES = "12345678-01", "12345678-03"
QUIET = SimSettings(
    accounts=(read_account(STOCKS), read_account(FUTURES)), quiet=True, exchange_delay=0.0, reservation_delay=0.0
)
US = "/uapi/overseas-stock/v1/trading"
FO = "/uapi/domestic-futureoption/v1/trading"
KRX = "/uapi/domestic-stock/v1/trading"


@dataclass
class Clock:
    """The business clock; starts in the US daytime session of a Friday in winter."""

    at: datetime = datetime(2026, 11, 20, 11, 0, tzinfo=KST)

    def __call__(self) -> datetime:
        return self.at

    def move(self, hhmm: str, day: int = 20) -> None:
        self.at = datetime(2026, 11, day, int(hhmm[:2]), int(hhmm[3:]), tzinfo=KST)


@dataclass
class Desk:
    """A running simulator and the client's side of it."""

    simulator: KisSimulator
    server: SimulatorServer
    clock: Clock
    session: requests.Session
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def sign_in(self) -> None:
        answer = self.post("/oauth2/tokenP", grant_type="client_credentials", appkey="demo", appsecret="demo")
        self.token = answer.json()["access_token"]

    def approval(self) -> str:
        answer = self.post("/oauth2/Approval", grant_type="client_credentials", appkey="demo", secretkey="demo")
        return str(answer.json()["approval_key"])

    def post(self, path: str, tr_id: str = "", **body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, headers=self._headers(tr_id), timeout=5)

    def get(self, path: str, tr_id: str, account: str = STOCKS, **query: str) -> requests.Response:
        number, product = account.split("-")
        params = {"CANO": number, "ACNT_PRDT_CD": product, **query}
        return self.session.get(self.url + path, params=params, headers=self._headers(tr_id), timeout=5)

    def press(self, **body: Any) -> Any:
        """A button; its answer. Fails when the simulator does not take it."""
        answer = self.session.post(self.url + "/_control", json=body, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def shown(self) -> Any:
        return self.session.get(self.url + "/_control", timeout=5).json()

    def order(self, **body: Any) -> Any:
        """A new order of somebody else's, already at the exchange."""
        placed = self.press(event="external_order", **body)["order"]
        self.simulator.desk.work()
        return placed

    def plain(self, number: int) -> Any:
        self.simulator.desk.work()
        orders = self.session.get(self.url + "/_control/orders", timeout=5).json()["orders"]
        return next(order for order in orders if order["number"] == number)

    def _headers(self, tr_id: str) -> dict[str, str]:
        return {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {self.token}",
            "appkey": "demo",
            "appsecret": "demo",
            "custtype": "P",
            "tr_id": tr_id,
            **self.headers,
        }


Start = Callable[..., AbstractContextManager[Desk]]


@contextmanager
def running(clock: Clock, *, files: Files = NO_FILES, **changes: Any) -> Iterator[Desk]:
    simulator = KisSimulator(replace(QUIET, **changes), clock, files=files)
    server = SimulatorServer(simulator, pace=Pace(look=0.005))
    server.start()
    with requests.Session() as session:
        desk = Desk(simulator, server, clock, session)
        desk.sign_in()
        yield desk
    server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Iterator[Desk]:
    with running(clock) as started:
        yield started


@dataclass
class Stream:
    """The client's side of the notice socket."""

    socket: ClientConnection
    approval: str
    ciphers: dict[str, NoticeCipher] = field(default_factory=dict)

    def ask(self, tr_id: str, tr_type: str = "1", tr_key: str = "desk01") -> Any:
        header = {"approval_key": self.approval, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"}
        body = {"input": {"tr_id": tr_id, "tr_key": tr_key}}
        self.socket.send(json.dumps({"header": header, "body": body}))
        answer = json.loads(self.text())
        output = answer["body"].get("output")
        if output:
            self.ciphers[tr_id] = NoticeCipher(output["key"], output["iv"])
        return answer

    def text(self) -> str:
        received = self.socket.recv(timeout=10)
        assert isinstance(received, str)
        return received

    def plaintext(self) -> tuple[str, str]:
        flag, tr_id, count, payload = self.text().split("|", 3)
        assert (flag, count) == ("1", "001")
        return tr_id, self.ciphers[tr_id].decrypt(payload)

    def notice(self) -> ExecutionNotice:
        tr_id, text = self.plaintext()
        (notice,) = parse_notices(tr_id, 1, text)
        return notice

    def silent(self, seconds: float = 0.15) -> bool:
        try:
            self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False


@contextmanager
def streaming(desk: Desk, *tr_ids: str) -> Iterator[Stream]:
    with connect(f"ws://127.0.0.1:{desk.server.ws_port}", ping_interval=None, compression=None) as socket:
        stream = Stream(socket, desk.approval())
        for tr_id in tr_ids:
            assert stream.ask(tr_id)["body"]["rt_cd"] == "0"
        yield stream


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for what another thread brings about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
