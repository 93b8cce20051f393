"""The broker's simulator as a process: its buttons, and its own word for what really happened."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from portal.demo.simulators import Simulator
from tests.chaos.relay import Relay
from tests.chaos.truth import AskedOrder, Executed, OrderKey, Truth

REQUESTS_PER_SECOND = 18
# A company's requests carry an id of their own (gt_uid), by which each can be told in the broker's ledger.
COMPANY = {
    "customer_type": "B",
    "personal_sec_key": "rehearsal",
    "mac_address": "00:00:5e:00:53:01",
    "phone_number": "0200000000",
    "ip_addr": "192.0.2.1",
}
PRODUCTS = ("01", "03")


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
        answer = self._http.post(f"{self.url}/_control", json=button, timeout=30)
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
        """Every order with what was done of it, and every order request that arrived."""
        orders = self._get("/_control/orders")["orders"]
        executed = {_key(order): _executed(order) for order in orders}
        return Truth(executed, tuple(_asked(entry) for entry in self.shown()["ledger"]))

    @property
    def _http(self) -> requests.Session:
        """One a thread: a session's connections are not shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def _get(self, path: str) -> Any:
        return self._http.get(f"{self.url}{path}", timeout=30).json()


ROOT = Path(__file__).parents[2]
FAMILIES = {"KRX": "KRX", "US": "OVERSEAS", "US_DAYTIME": "OVERSEAS", "FO_DAY": "FO", "FO_NIGHT": "FO"}


def _key(order: Mapping[str, Any]) -> OrderKey:
    return OrderKey(str(order["account"]), FAMILIES[str(order["market"])], int(order["number"]))


def _executed(order: Mapping[str, Any]) -> Executed:
    figures = {name: Decimal(order[name]) for name in ("qty", "filled", "amount", "canceled")}
    return Executed(
        **figures,
        kind=str(order["kind"]),
        original=order["original"],
        working=bool(order["working"]),
        refused=bool(order["rejected"]),
    )


def _asked(entry: Mapping[str, Any]) -> AskedOrder:
    body = entry["body"]
    number = body.get("ORGN_ODNO") or body.get("OVRS_RSVN_ODNO") or "0"
    account = f"{body.get('CANO')}-{body.get('ACNT_PRDT_CD')}"
    return AskedOrder(str(entry["gt_uid"]), account, int(number), bool(entry["accepted"]), str(entry["fault"]))
