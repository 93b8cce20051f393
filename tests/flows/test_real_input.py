"""The vendors' own examples, end to end, through the portal's own commands as separate processes.

A server answers the five Koscom inquiries with the published samples, verbatim, and pushes KIS's published notices. The
business clock stands at the samples' own evening, and the API ends with exactly their figures.
"""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.sync.server import ServerConnection, serve

from tests.orders.broker import Broker, running_broker

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
EVENING = datetime(2017, 6, 27, 11, 35, tzinfo=UTC)  # 20:35 in Korea
APIS = {"accountlist", "balancelist", "settlelist", "tradebook", "orderdetail"}
ACK = (DATA / "kis" / "ws_ack_ok_H0IFCNI0.json").read_text(encoding="utf-8")
FRAMES = ("frame_H0IFCNI0_fill_derived.txt", "frame_H0EUCNI0_order_accept_derived.txt")

CONNECTIONS = """
[[koscom]]
name = "신한투자증권"
short_name = "shinhan"
base_url = "{rest}/v1"
com_id = "F9999"
srv_id = "100"
api_key = "key"
api_secret = "secret"

[[kis]]
name = "desk-1"
environment = "live"
rest_url = "{rest}"
ws_url = "{ws}"
app_key = "k"
app_secret = "s"
hts_id = "HTS ID"
accounts = ["12345678-03"]

[[manager]]
username = "kim"
password = "a long enough password"
role = "manager"
accounts = ["12345678-03", "shinhan:0019923122221"]
"""


@dataclass
class Installation:
    """One data folder, and the portal's commands run on it."""

    folder: Path
    broker: Broker

    @property
    def environment(self) -> dict[str, str]:
        shift = (EVENING - datetime.now(UTC)).total_seconds()
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        return kept | {
            "PORTAL_DATA_DIR": str(self.folder),
            "PORTAL_CLOCK_SHIFT": str(shift),
            "PORTAL_SECOND_FACTOR": "optional",
        }

    def manage(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *args]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def start(self, *args: str, **extra: str) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", *args]
        with (self.folder / f"{args[0]}.log").open("w", encoding="utf-8") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment | extra, stdout=log, stderr=subprocess.STDOUT, text=True
            )


def sample(name: str) -> bytes:
    return (DATA / "koscom" / f"{name}.response.json").read_bytes()


@pytest.fixture(scope="module")
def notices() -> Iterator[str]:
    """KIS's end of the socket: acknowledges each registration with the published key, then pushes the examples."""

    def session(connection: ServerConnection) -> None:
        for _ in range(5):
            asked = json.loads(connection.recv(timeout=10))
            ack = json.loads(ACK)
            ack["header"]["tr_id"] = asked["body"]["input"]["tr_id"]
            connection.send(json.dumps(ack))
        for name in FRAMES:
            connection.send((DATA / "kis" / name).read_text(encoding="utf-8").strip())
        for _ in connection:
            pass

    with serve(session, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, notices: str) -> Iterator[Installation]:
    with running_broker() as broker:
        broker.reply("search", None)
        broker.by_path = lambda path: (200, sample(path.split("/")[-2])) if path.split("/")[-2] in APIS else None
        broker.reply("Approval", (200, (DATA / "kis" / "rest_approval_ok.json").read_bytes()))
        folder = tmp_path_factory.mktemp("real")
        (folder / "connections.toml").write_text(CONNECTIONS.format(rest=broker.url, ws=notices), encoding="utf-8")
        yield Installation(folder, broker)


@pytest.fixture(scope="module")
def synced(installation: Installation) -> subprocess.CompletedProcess[str]:
    assert installation.manage("migrate", "-v0").returncode == 0
    connected = installation.manage("connect", str(installation.folder / "connections.toml"))
    assert connected.returncode == 0, connected.stderr
    return installation.manage("syncaccounts")


@pytest.fixture(scope="module")
def portal(installation: Installation, synced: object) -> Iterator[tuple[str, str]]:
    """The address of `manage.py serve` on the same folder and a token, after the notices have come."""
    del synced
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = installation.manage("createtoken", "kim").stdout.strip()
    stream = installation.start("streamnotices")
    server = installation.start("serve", PORT=str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        get = _reader(f"{address}/api/v1/", token)
        _until(lambda: len(get("orders/")["results"]) == len(FRAMES))
        yield address, token
    finally:
        for process in (stream, server):
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) in {0, -signal.SIGTERM}


@pytest.fixture(scope="module")
def api(portal: tuple[str, str]) -> Any:
    address, token = portal
    return _reader(f"{address}/api/v1/", token)


@pytest.fixture(scope="module")
def browser(portal: tuple[str, str]) -> Iterator[Any]:
    """Reads a page's text as the manager, signed in through the form."""
    address, _ = portal
    with requests.Session() as session:
        form = session.get(f"{address}/account/login/", timeout=5).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        fields = {"login": "kim", "password": "a long enough password", "csrfmiddlewaretoken": token[1]}
        headers = {"Referer": f"{address}/account/login/", "Origin": address}
        signed_in = session.post(f"{address}/account/login/", data=fields, headers=headers, timeout=5)
        assert signed_in.url == f"{address}/"

        def text(path: str) -> str:
            response = session.get(address + path, timeout=5)
            assert response.status_code == 200
            return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.text)))

        yield text


def _reader(base: str, token: str) -> Any:
    def get(path: str) -> Any:
        response = requests.get(base + path, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        response.raise_for_status()
        return response.json()

    return get


def _until(done: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError("the notices did not come")


def account_of(api: Any, broker: str) -> dict[str, Any]:
    [row] = [row for row in api("accounts/")["results"] if row["broker"] == broker]
    return dict(row)


def test_the_foreign_order_row_ends_in_quarantine_and_is_named(synced: subprocess.CompletedProcess[str]) -> None:
    assert synced.returncode == 1
    [line] = [line for line in synced.stdout.splitlines() if "shinhan" in line]
    assert "orders" in line
    assert "001-" in line
    assert "992323232" not in line


def test_the_account_is_the_samples(api: Any) -> None:
    row = account_of(api, "shinhan")
    assert (row["number"], row["holder_name"], row["contract_status"]) == ("0019*******21", "홍*동", "active")
    assert row["business_date"] == "2017-06-27"
    assert (row["securities_value"], row["cash_value"], row["total_value"]) == ("13100000", "3000000", "16100000")
    assert (row["profit_loss"], row["incomplete"]) == ("100000", False)


def test_the_balance_is_the_samples(api: Any) -> None:
    balance = api(f"accounts/{account_of(api, 'shinhan')['id']}/balance/")
    [cash] = balance["cash"]
    assert (cash["currency"], cash["settlement_basis"], cash["cash_balance"]) == ("KRW", None, "3000000")
    assert (cash["margin"], cash["substitute"], cash["receivable"]) == ("2500000", "5000000", "0")
    assert (cash["loan_total"], cash["credit_total"]) == ("0", "3600000")
    assert (cash["valuation"], cash["withdrawable"]) == ("5500000", "500000")
    life, electronics = balance["holdings"]
    assert (life["name"], life["isin"], life["short_code"]) == ("삼성생명", None, "A06530")
    assert (life["quantity"], life["cost"], life["market_value"]) == ("300", "9000000", "8700000")
    assert (life["profit_loss"], life["reported_return_rate"]) == ("-300000", "-0.1")
    assert (life["credit_type"], life["credit_amount"]) == ("자기융자", "3600000")
    assert (life["last_buy_date"], life["maturity_date"], life["fx_rate"]) == ("2017-06-21", "2017-09-21", None)
    assert (electronics["name"], electronics["quantity"]) == ("삼성전자", "120")
    assert (electronics["market_value"], electronics["return_rate"]) == ("4400000", "0.1")
    assert (electronics["credit_type"], electronics["maturity_date"]) == (None, None)


def test_the_settlement_is_the_samples(api: Any) -> None:
    rows = api(f"accounts/{account_of(api, 'shinhan')['id']}/settlements/?all=true")["results"]
    [row] = rows
    assert (row["settle_date"], row["side"], row["name"]) == ("2017-06-27", "sell", "삼성생명")
    assert (row["quantity"], row["amount"], row["trade_type"]) == ("300", "9000000", "자기융자매도")
    assert (row["credit_date"], row["credit_amount"], row["cost_total"]) == ("2017-06-27", "360000", "171990")
    assert row["costs"] == [
        {"name": "거래세", "amount": "45000"},
        {"name": "주민세", "amount": "126000"},
        {"name": "일반수수료", "amount": "990"},
    ]


def test_the_trade_is_the_samples_with_its_contradictions_flagged(api: Any) -> None:
    [row] = api(f"accounts/{account_of(api, 'shinhan')['id']}/trades/")["results"]
    assert (row["date"], row["type"], row["name"]) == ("2017-06-22", "sell", "삼성생명")
    assert (row["amount_change"], row["quantity_change"]) == ("-9000000", "300")
    assert (row["quantity_after"], row["cash_after"]) == ("300", "3000000")
    assert (row["subject"], row["summary"]) == ("위탁자", "이체출금")
    assert row["warnings"]


def test_no_order_detail_is_booked_on_an_account_that_it_does_not_name(api: Any) -> None:
    assert api(f"accounts/{account_of(api, 'shinhan')['id']}/order-details/")["results"] == []


def test_the_notices_are_the_portals_examples(api: Any) -> None:
    rows = {row["symbol"]: row for row in api("orders/")["results"]}
    future = rows["111V06"]
    assert (future["market"], future["side"], future["cum_qty"], future["avg_px"]) == ("FO_DAY", "buy", "2", "78400")
    assert (future["order_id"], future["name"]) == ("0000001666", "삼성전자   F 2")
    night = rows["175V06"]
    assert (night["market"], night["status"], night["order_qty"]) == ("FO_NIGHT", "NEW", "1")
    assert (night["price"], night["name"], night["order_id"]) == ("1359", "미국달러F2406", "0000000021")


@pytest.mark.parametrize(
    ("tab", "figures"),
    [
        (
            "holdings",
            ["16,100,000", "삼성생명", "8,700,000", "9,000,000", "-300,000", "삼성전자", "4,400,000", "자기융자"],
        ),
        ("settlements", ["삼성생명", "9,000,000", "171,990", "거래세", "45,000", "2017-06-27"]),
        ("trades", ["2017-06-22", "매도", "-9,000,000", "3,000,000", "이체출금"]),
    ],
)
def test_the_pages_show_the_same_figures(api: Any, browser: Any, tab: str, figures: list[str]) -> None:
    page = browser(f"/accounts/{account_of(api, 'shinhan')['id']}/?tab={tab}")
    assert [figure for figure in figures if figure not in page] == []
    assert "0019923122221" not in page
    assert "홍길동" not in page


def test_the_blotter_shows_the_notices(browser: Any) -> None:
    page = browser("/orders/")
    assert [text for text in ("삼성전자", "78,400", "미국달러F2406", "1,359") if text not in page] == []


def test_the_quarantined_row_is_named_on_the_sync_page(browser: Any) -> None:
    assert "격리" in browser("/sync/")
