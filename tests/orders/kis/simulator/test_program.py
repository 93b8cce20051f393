"""`python -m orders.kis.simulator` as a process, and its clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import pytest
import requests
from websockets.sync.client import connect

from orders.kis.simulator.__main__ import main
from orders.kis.simulator.clock import ShiftedClock
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.server import Pace, SimulatorServer
from tests.orders.kis.simulator.conftest import QUIET, Clock, eventually

ROOT = Path(__file__).parents[4]
WALL = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "orders.kis.simulator", "--port", "0", "--ws-port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, port, ws_port = process.stdout.readline().split()
        assert (word, ws_port.isdigit()) == ("ready", True)
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


def ended(process: subprocess.Popen[str]) -> float:
    started = time.monotonic()
    assert process.wait(10) == 0
    return time.monotonic() - started


def test_it_ends_when_its_parent_goes() -> None:
    with program("--quiet-market") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert ended(process) < 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_a_signal(number: signal.Signals) -> None:
    with program("--quiet-market", "--paper") as (process, _):
        process.send_signal(number)
        assert ended(process) < 3


def test_it_serves_until_its_standard_input_ends(stopping: None, tmp_path: Path) -> None:
    (stdin, parent), (child, stdout) = pipe(), pipe()
    books = tmp_path / "kis.json"
    with stdin, stdout, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask_and_leave, child, parent)
        arguments = ["--port", "0", "--ws-port", "0", "--quiet-market", "--state-file", str(books)]
        assert main(arguments, stdin, stdout) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(asked.result(), timeout=5)
    assert books.exists()


def pipe() -> tuple[TextIO, TextIO]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "r"), os.fdopen(writing, "w")


def ask_and_leave(child: TextIO, parent: TextIO) -> str:
    with child, parent:
        word, port, _ws_port = child.readline().split()
        assert word == "ready"
        page = f"http://127.0.0.1:{port}/_control"
        assert requests.get(page, timeout=5).json()["connections"] == 0
    return page


@pytest.fixture
def stopping() -> Iterator[None]:
    """Give the signals back that the program takes."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_time_passes_by_itself_with_books_kept_and_pingpong_sent(clock: Clock, tmp_path: Path) -> None:
    books = tmp_path / "kis.json"
    simulator = KisSimulator(replace(QUIET, quiet=False), clock)
    pace = Pace(tick=0.01, step_every=2, keep_every=3, ping_every=4)
    server = SimulatorServer(simulator, state_file=books, pace=pace)
    server.start()
    try:
        with connect(f"ws://127.0.0.1:{server.ws_port}", ping_interval=None, compression=None) as socket:
            assert json.loads(socket.recv(timeout=10))["header"]["tr_id"] == "PINGPONG"
        eventually(books.exists)
    finally:
        server.stop()


def test_the_clock_file_moves_it_and_the_books_outlive_it(tmp_path: Path) -> None:
    clock, books = tmp_path / "clock.json", tmp_path / "kis.json"
    clock.write_text(json.dumps({"shift_seconds": 0}))
    arguments = (
        "--clock-file",
        str(clock),
        "--state-file",
        str(books),
        "--accounts",
        "12345678-01",
        "--page-size",
        "5",
    )
    with program("--quiet-market", *arguments) as (process, url):
        requests.post(f"{url}/_control", json={"event": "external_order"}, timeout=5)
        clock.write_text(json.dumps({"shift_seconds": 86_400}))
        os.utime(clock, (1, 1))
        shown = requests.get(f"{url}/_control", timeout=5).json()
        assert datetime.fromisoformat(shown["now"]) > datetime.now(UTC) + timedelta(hours=23)
        process.send_signal(signal.SIGTERM)
        ended(process)
    with program(*arguments) as (process, url):
        orders = requests.get(f"{url}/_control/orders", timeout=5).json()["orders"]
        assert orders[0]["account"] == "12345678-01"


def test_the_living_market_moves_by_itself_and_keeps_its_books(tmp_path: Path) -> None:
    clock, books = tmp_path / "clock.json", tmp_path / "kis.json"
    evening = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)
    clock.write_text(json.dumps({"shift_seconds": (evening - datetime.now(UTC)).total_seconds()}))
    with program("--clock-file", str(clock), "--state-file", str(books)) as (_, url):
        before = requests.get(f"{url}/_control/orders", timeout=5).json()
        eventually(lambda: requests.get(f"{url}/_control/orders", timeout=5).json() != before, seconds=15)
        eventually(books.exists, seconds=15)


def test_a_shift_is_read_again_when_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = ShiftedClock(path, lambda: WALL)
    assert clock() == WALL
    path.write_text('{"shift_seconds": 60}')
    assert clock() == WALL + timedelta(minutes=1)
    assert clock() == WALL + timedelta(minutes=1)
    path.write_text('{"shift_seconds": -1.5}')
    os.utime(path, (1, 1))
    assert clock() == WALL - timedelta(seconds=1.5)
    path.write_text("{half")
    os.utime(path, (2, 2))
    assert clock() == WALL - timedelta(seconds=1.5)
    path.unlink()
    assert clock() == WALL


def test_without_a_file_it_is_the_wall_clock() -> None:
    assert abs(ShiftedClock(None)() - datetime.now(UTC)) < timedelta(seconds=5)
