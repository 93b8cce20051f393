"""The notice stream against the simulated broker as a process: its states, its fills, and one owner at a time."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from accounts import broadcast
from orders import notice_stream
from orders.models import Fill, NoticeFrame, Order, StreamLease
from tests.orders.conftest import Desk
from tests.portal.running import ROOT, environment
from tests.servers.programs import Program, start

US_DAYTIME = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday
CONNECTIONS = """
[[kis]]
name = "desk-1"
environment = "live"
rest_url = "{rest}"
ws_url = "{ws}"
app_key = "demo"
app_secret = "demo"
hts_id = "desk01"
accounts = ["12345678-01"]
"""


@dataclass(frozen=True)
class Simulator:
    """The simulated broker's process, with a quiet market, at 11:00 of a Friday."""

    rest: str
    ws: str

    def press(self, **what: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.rest}/_control", json=what, timeout=10)
        assert answer.ok, answer.text
        pressed: dict[str, Any] = answer.json()
        return pressed

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.rest}/_control", timeout=10).json()
        return found

    def place(self) -> int:
        placed = self.press(
            event="external_order", account="12345678-01", market="US_DAYTIME", symbol="AAPL", qty="10", price="180"
        )
        return int(placed["order"]["number"])


@pytest.fixture
def simulator(tmp_path: Path, settings: Any) -> Iterator[Simulator]:
    clock_file = tmp_path / "clock.json"
    clock_file.write_text(json.dumps({"shift_seconds": (US_DAYTIME - datetime.now(UTC)).total_seconds()}))
    settings.CLOCK_FILE = clock_file
    arguments = ["--port", "0", "--ws-port", "0", "--quiet-market", "--clock-file", str(clock_file)]
    command = [sys.executable, "-m", "orders.kis.simulator", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready, rest, ws = process.stdout.readline().split()
        assert ready == "ready"
        yield Simulator(f"http://127.0.0.1:{rest}", f"ws://127.0.0.1:{ws}")
        process.terminate()


@pytest.fixture
def connected(desk: Desk, simulator: Simulator) -> Desk:
    """The desk's app key, with the simulator at its end."""
    connection = desk.connection
    connection.rest_url, connection.ws_url = simulator.rest, simulator.ws
    connection.app_key = connection.app_secret = "demo"
    connection.requests_per_second = 15
    connection.save()
    StreamLease.objects.all().delete()
    return desk


@contextmanager
def streaming() -> Iterator[list[str]]:
    """The streams of this process, in a thread; gives every state of the feed, newest last."""
    states: list[str] = []
    ready = threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def heard() -> None:
        states.extend(row["state"] for row in broadcast.upstreams() if row["state"] not in states[-1:])

    async def run() -> None:
        ready.set()
        await notice_stream.run(stop)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    broadcast.listen_here(heard)
    thread.start()
    ready.wait(10)
    try:
        yield states
    finally:
        began = time.monotonic()
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
        broadcast.listen_here(lambda: None)
    assert time.monotonic() - began < 3, "the stream did not end in time"


def until(holds: Callable[[], object], seconds: float = 25) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_it_reconciles_goes_live_and_brings_a_fill_into_the_database(connected: Desk, simulator: Simulator) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        assert states[states.index("syncing") :] == ["syncing", "live"]
        assert len(simulator.seen()["registered"]) == 5
        number = simulator.place()
        until(lambda: Order.objects.filter(numbers__number=number).exists())
        simulator.press(event="fill", order=number, qty="4", price="179.5")
        until(lambda: Order.objects.filter(numbers__number=number, cum_qty=4).exists())
    fill = Fill.objects.get()
    order = Order.objects.get()
    assert (str(fill.last_qty), fill.last_px, fill.source) == ("4.000000", 179.5, "notice")
    assert (order.account, order.market, order.leaves_qty) == (connected.stock, "US_DAYTIME", 6)
    assert set(NoticeFrame.objects.values_list("epoch", flat=True)) == {StreamLease.objects.get().epoch}
    assert StreamLease.objects.get().holder == ""


@pytest.mark.django_db(transaction=True)
def test_a_broken_line_is_said_and_what_was_missed_is_found_on_return(connected: Desk, simulator: Simulator) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        number = simulator.place()
        until(lambda: Order.objects.filter(numbers__number=number, status="WORKING").exists())
        before = StreamLease.objects.get().epoch
        simulator.press(fault="drop_notices")
        simulator.press(event="fill", order=number, qty="10")
        simulator.press(fault="close_ws")
        until(lambda: "polling" in states)
        until(lambda: states[-1:] == ["live"] and len(states) > 2)
        until(lambda: Order.objects.filter(numbers__number=number, status="FILLED").exists())
    assert StreamLease.objects.get().epoch > before
    assert Fill.objects.get().source == "gap"
    assert Order.objects.get().account == connected.stock


@pytest.mark.django_db(transaction=True)
def test_while_somebody_else_holds_the_app_keys_slot_it_polls(connected: Desk, simulator: Simulator) -> None:
    simulator.press(fault="slot_held", times=9)
    number = simulator.place()
    with streaming() as states:
        until(lambda: states[-1:] == ["polling"])
        until(lambda: Order.objects.filter(numbers__number=number, account=connected.stock).exists())
    assert "live" not in states
    assert simulator.seen()["faults"] == {"slot_held": 8}, "a held slot is not hammered"


@dataclass(frozen=True)
class Installation:
    """A data folder with `streamnotices` processes on it, read as a file: the test's own database is another."""

    folder: Path

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True, timeout=120)

    def start(self, name: str) -> Program:
        command = [sys.executable, "manage.py", "streamnotices"]
        return start(command, self.folder / f"{name}.log", self.environment, cwd=ROOT)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.folder, 0)

    def holder(self) -> int | None:
        """The process that holds the lease."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3")) as database:
            row = database.execute("SELECT holder FROM orders_streamlease").fetchone()
        return int(row[0].split(":")[1]) if row and row[0] else None


def test_of_two_processes_one_works_and_the_other_takes_over(tmp_path: Path, simulator: Simulator) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(CONNECTIONS.format(rest=simulator.rest, ws=simulator.ws), encoding="utf-8")
    here = Installation(tmp_path)
    here.manage("migrate", "-v0")
    here.manage("connect", str(file))
    programs = [here.start("one"), here.start("two")]
    try:
        until(lambda: simulator.seen()["registered"], seconds=40)
        assert simulator.seen()["connected"] == 1
        first = next(program for program in programs if program.process.pid == here.holder())
        other = next(program for program in programs if program is not first)
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(5) == 0
        until(lambda: here.holder() == other.process.pid)
        until(lambda: simulator.seen()["connected"] == 2 and simulator.seen()["registered"])
        assert other.stop() == 0
    finally:
        for program in programs:
            program.stop()
