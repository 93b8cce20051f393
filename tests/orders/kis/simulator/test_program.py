"""`python -m orders.kis.simulator` as a process, and its clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from orders.kis.simulator.clock import ShiftedClock
from tests.orders.kis.simulator.conftest import eventually

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
