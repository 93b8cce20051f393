"""A desk for sync tests: the simulator behind the HTTP library, and a clock that moves only when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from accounts.koscom.simulator import KoscomSimulator, SimRequest
from accounts.koscom.transport import WindowGuard
from accounts.models import Firm
from accounts.sync import Ports, SyncRequest, SyncResult, run_due

KST = ZoneInfo("Asia/Seoul")
FIRMS = {"shinhan": "신한투자증권", "nhinvest": "NH투자증권", "kiwoom": "키움증권"}


def kst(text: str) -> datetime:
    """`2026-11-19 20:35` in Korea."""
    return datetime.fromisoformat(text).replace(tzinfo=KST)


class FakeClock:
    """Business, wall and monotonic time in one; sleeping moves it on."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.slept: list[float] = []
        self.on_sleep: list[Callable[[], None]] = []
        self._zero = now

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - self._zero).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        for hook in list(self.on_sleep):
            hook()

    def move(self, to: datetime) -> None:
        """Time passes: no jump, since the monotonic clock goes along."""
        self.now = to


class SimulatorAdapter(BaseAdapter):
    """Carries requests to the simulator without a socket; `before` is called ahead of each."""

    def __init__(self, simulator: KoscomSimulator, guard: WindowGuard, desk: Desk) -> None:
        super().__init__()
        self._simulator = simulator
        self._guard = guard
        self._desk = desk

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self._guard()
        self._desk.before_request()
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes) else b""
        answer = self._simulator.handle(SimRequest(request.method or "", request.path_url, headers, body))
        if answer.reset or answer.hang:
            raise requests.ConnectionError("reset")
        return _response(answer.status, self._desk.bend(answer.body), {"Content-Type": answer.content_type})

    def close(self) -> None:
        """Nothing is open."""


def _response(status: int, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=False)
    return response


class Desk:
    """Simulator, clock and ports of one test."""

    def __init__(self, now: datetime, seed: int = 7) -> None:
        self.clock = FakeClock(now)
        self.simulator = KoscomSimulator(seed, self.clock)
        self.hooks: list[Callable[[], None]] = []
        self.bend: Callable[[bytes], bytes] = lambda body: body

    @property
    def ports(self) -> Ports:
        return Ports(
            now=self.clock,
            wall=self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            new_session=self._session,
        )

    @property
    def calls(self) -> int:
        return self.simulator.requests.total()

    def before_request(self) -> None:
        for hook in list(self.hooks):
            hook()

    def sync(self, **request: Any) -> SyncResult:
        return run_due(SyncRequest(**request), self.ports)

    def _session(self, guard: WindowGuard) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", SimulatorAdapter(self.simulator, guard, self))
        return session


def make_firm(short_name: str = "shinhan", **columns: Any) -> Firm:
    """A firm of the simulator."""
    defaults: dict[str, Any] = {
        "name": FIRMS[short_name],
        "base_url": "http://127.0.0.1:9101/v1",
        "com_id": "F9999",
        "srv_id": "100",
        "api_key": f"demo-{short_name}",
        "api_secret": "demo-secret",
    }
    return Firm.objects.create(short_name=short_name, **(defaults | columns))
