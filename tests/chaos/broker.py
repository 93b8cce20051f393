"""The broker's simulator as a process: its buttons, and its own word for what really happened."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import requests

from orders.kis.simulator import truth as simulator
from portal.demo.simulators import Simulator
from tests.chaos.relay import Relay
from tests.chaos.truth import AskedOrder, Executed, OrderKey, Truth

REQUESTS_PER_SECOND = 18
EXCHANGE_DELAY = 0.6  # seconds from a request to the exchange's word, in the simulator
# A company's requests carry an id of their own (gt_uid), by which each can be told in the broker's ledger.
COMPANY = {
    "customer_type": "B",
    "personal_sec_key": "rehearsal",
    "mac_address": "00:00:5e:00:53:01",
    "phone_number": "0200000000",
    "ip_addr": "192.0.2.1",
}
PRODUCTS = ("01", "03")
ROOT = Path(__file__).parents[2]


class Broker:
    """One app key. Its accounts are of its own, half of them for stocks and half for derivatives."""

    def __init__(self, folder: Path, number: int, clock: Path, *, accounts: int) -> None:
        self.name = f"desk-{number}"
        self.accounts = tuple(
            f"{10_000_000 + number * 1000 + place // len(PRODUCTS):08d}-{PRODUCTS[place % len(PRODUCTS)]}"
            for place in range(accounts)
        )
        self._key, self._hts_id = f"key-{number}", f"desk{number:02d}"
        words = ["--port", "0", "--ws-port", "0", "--quiet-market", "--seed", str(number), "--clock-file", str(clock)]
        self._ledger, self._read, self._reader = folder / f"{self.name}.ledger", 0, simulator.TruthReader()
        self._reading = threading.Lock()
        words += ["--ledger", str(self._ledger), "--requests-per-second", str(REQUESTS_PER_SECOND)]
        words += ["--accounts", ",".join(self.accounts), "--hts-id", self._hts_id, "--app-key", self._key]
        self._simulator = Simulator(self.name, ["orders.kis.simulator", *words], folder=ROOT)
        self._local = threading.local()
        self.url = self.ws_url = ""

    def wait_until_ready(self) -> None:
        rest, stream = self._simulator.wait_for_ports()
        self.url, self.ws_url = f"http://127.0.0.1:{rest}", f"ws://127.0.0.1:{stream}"

    def through_a_relay(self) -> Relay:
        """Let the portal reach the socket through a line of ours; called before the connection is declared."""
        relay = Relay(int(self.ws_url.rpartition(":")[2]))
        self.ws_url = f"ws://127.0.0.1:{relay.port}"
        return relay

    def end(self) -> None:
        self._simulator.end()

    def entry(self) -> str:
        """Its part of the connection file."""
        lines: dict[str, object] = {
            "name": self.name,
            "environment": "live",
            "rest_url": self.url,
            "ws_url": self.ws_url,
            "app_key": self._key,
            "app_secret": "demo",
            "hts_id": self._hts_id,
            **COMPANY,
            "accounts": list(self.accounts),
            "requests_per_second": REQUESTS_PER_SECOND,
        }
        return "[[kis]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items()) + "\n"

    def press(self, **button: Any) -> dict[str, Any]:
        """Arm a fault or bring about an event. Raises AssertionError with the simulator's words."""
        answer = self._http.post(f"{self.url}/_control", json=button, timeout=120)
        assert answer.ok, f"{button}: {answer.text}"
        return dict(answer.json())

    def place(self, account: str, **ticket: Any) -> dict[str, Any]:
        """A new order of somebody else's; the exchange confirms it a moment later."""
        return dict(self.press(event="external_order", account=account, **ticket)["order"])

    def shown(self) -> dict[str, Any]:
        return dict(self._get("/_control"))

    def is_connected(self) -> bool:
        return bool(self.shown()["registered"])

    def truth(self) -> Truth:
        """Every order with what was done of it, and every order request that arrived: read from its ledger alone."""
        with self._reading:
            for line in self._unread():
                self._reader.take(json.loads(line))
            return _from(self._reader.truth())

    def _unread(self) -> list[bytes]:
        """The lines written since the last look; one that is being written is left for the next."""
        with self._ledger.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.splitlines()

    @property
    def _http(self) -> requests.Session:
        """One a thread: a session's connections are not shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def _get(self, path: str) -> Any:
        return self._http.get(f"{self.url}{path}", timeout=120).json()


def _from(ledger: simulator.Truth) -> Truth:
    """The simulator's words in ours."""
    executed = {
        OrderKey(order.name.account, order.name.family.value, order.name.number): _executed(order)
        for order in ledger.orders.values()
    }
    asked = tuple(_asked(request) for request in ledger.requests)
    return Truth(executed, asked, notices=len(ledger.notices), lost=sum(bool(n.lost) for n in ledger.notices))


def _executed(order: simulator.TrueOrder) -> Executed:
    return Executed(
        qty=order.qty,
        filled=order.filled,
        amount=order.amount,
        canceled=order.canceled,
        kind=order.kind.value,
        original=order.original,
        working=order.state not in {"accepted", "rejected"},
        refused=order.state == "rejected",
    )


def _asked(request: simulator.TrueRequest) -> AskedOrder:
    body = request.body
    number = body.get("ORGN_ODNO") or body.get("OVRS_RSVN_ODNO") or "0"
    account = f"{body.get('CANO')}-{body.get('ACNT_PRDT_CD')}"
    accepted = request.reached and not request.refusal
    return AskedOrder(request.uid, account, int(number), accepted, request.fault)
