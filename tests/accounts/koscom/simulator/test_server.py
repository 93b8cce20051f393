"""The simulator behind a port: as a program, and asked by the portal's own client."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
import requests

from accounts.domain.sync_window import KST
from accounts.koscom.errors import NoAnswerError, PagingError, SchemaError, ServiceError
from accounts.koscom.simulator import KoscomSimulator
from accounts.koscom.simulator.__main__ import main
from accounts.koscom.simulator.server import ShiftedClock, SimulatorServer
from tests.accounts.koscom.servers import make_client
from tests.accounts.koscom.simulator.test_gateway import Clock

NOW = datetime(2026, 11, 19, 11, 35, tzinfo=UTC)


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the simulator as a program and wait for its port."""
    command = [sys.executable, "-m", "accounts.koscom.simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, port = process.stdout.readline().split()
            assert word == "ready"
            yield process, int(port)
        finally:
            process.kill()


@pytest.fixture
def port() -> Iterator[int]:
    with serving(KoscomSimulator(7, Clock())) as number:
        yield number


@contextlib.contextmanager
def serving(simulator: KoscomSimulator) -> Iterator[int]:
    server = SimulatorServer(0, simulator)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.port
    server.shutdown()
    server.server_close()
    thread.join()


def control(port: int, order: dict[str, Any]) -> None:
    assert requests.post(f"http://127.0.0.1:{port}/_control", json=order, timeout=5).status_code == 200


def test_the_program_is_ready_soon_and_ends_with_its_parent_s_pipe() -> None:
    started = time.monotonic()
    with program("--seed", "7") as (process, port):
        assert requests.get(f"http://127.0.0.1:{port}/_control", timeout=5).json()["total"] == 0
        # 1.5 s on an idle machine; the tests share theirs.
        assert time.monotonic() - started < 5
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=3) == 0


def test_the_program_ends_at_sigterm() -> None:
    with program() as (process, _port):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=3) == 0


def test_the_program_follows_its_clock_file(tmp_path: Path) -> None:
    clock_file = tmp_path / "clock.json"
    clock_file.write_text('{"shift_seconds": 86400000}')
    with program("--clock-file", str(clock_file)) as (_process, port):
        now = requests.get(f"http://127.0.0.1:{port}/_control", timeout=5).json()["now"]
        assert datetime.fromisoformat(now) - datetime.now(UTC) > timedelta(days=990)


def test_the_program_serves_until_its_standard_input_ends(stopping: None) -> None:
    (stdin, parent), (child, stdout) = pipe(), pipe()
    with stdin, stdout, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask_and_leave, child, parent)
        assert main(["--port", "0", "--seed", "8"], stdin, stdout) == 0
    port = asked.result()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/_control", timeout=5)


def pipe() -> tuple[TextIO, TextIO]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "r"), os.fdopen(writing, "w")


def ask_and_leave(child: TextIO, parent: TextIO) -> int:
    with child, parent:
        word, port = child.readline().split()
        assert word == "ready"
        assert requests.get(f"http://127.0.0.1:{port}/_control", timeout=5).json()["total"] == 0
    return int(port)


@pytest.fixture
def stopping() -> Iterator[None]:
    """Give the signals back that the program takes."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_slow_answer_arrives_whole_in_the_end() -> None:
    simulator = KoscomSimulator(7, Clock(), drip=0.0001)
    with serving(simulator) as port:
        control(port, {"fault": "slow"})
        pages = list(make_client(port).accounts())
        assert len(pages[0].accounts) > 0
        assert simulator.faults.active == []


def test_the_client_reads_a_whole_firm_over_the_wire(port: int) -> None:
    client = make_client(port, firm="nhinvest")
    accounts = [account for page in client.accounts() for account in page.accounts]
    assert len(accounts) == 13
    pages = list(client.balances(accounts[0].number, "EQTY"))
    assert pages[0].cash
    assert pages[0].holdings
    day = date(2026, 11, 19)
    assert len(list(client.trades(accounts[0].number, day - timedelta(days=30), day))) >= 1
    assert len(list(client.orders(accounts[0].number, "EQTY", day))) == 1
    assert len(list(client.settlements(accounts[0].number, "EQTY", None))) == 1
    seen = requests.get(f"http://127.0.0.1:{port}/_control", timeout=5).json()
    assert seen["requests"]["nhinvest/accountlist"] == 3
    listed = requests.get(f"http://127.0.0.1:{port}/_control/accounts", timeout=5).json()
    assert [row["number"] for row in listed if row["firm"] == "nhinvest"] == [account.number for account in accounts]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("firm_down", ServiceError),
        ("html", ServiceError),
        ("not_json", SchemaError),
        ("repeat_key", PagingError),
        ("reset", NoAnswerError),
        ("hang", NoAnswerError),
        ("slow", NoAnswerError),
    ],
)
def test_a_fault_reaches_the_client_as_its_error(port: int, fault: str, error: type[Exception]) -> None:
    control(port, {"fault": fault})
    with pytest.raises(error):
        list(make_client(port, total_timeout=0.5, read_timeout=0.4).accounts())


def test_dropped_rows_look_like_an_empty_account_and_foreign_ones_do_not(port: int) -> None:
    client = make_client(port)
    (first, *_), *_rest = (page.accounts for page in client.accounts())
    control(port, {"fault": "drop_rows"})
    (page,) = client.balances(first.number, "EQTY")
    assert (page.cash, page.holdings, page.foreign) == ((), (), ())
    control(port, {"fault": "foreign_row"})
    page = next(client.balances(first.number, "EQTY"))
    assert (page.cash, page.holdings, len(page.foreign)) == ((), (), 1)


def test_a_request_without_a_length_is_answered(port: int) -> None:
    url = f"http://127.0.0.1:{port}/v1/shinhan/b2baccount/accountlist/search"
    assert requests.post(url, headers={"Content-Length": "many"}, timeout=5).status_code == 401


def test_the_clock_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = ShiftedClock(path, lambda: NOW)
    assert clock() == NOW
    for count, (text, shift) in enumerate(
        [('{"shift_seconds": 60.5}', 60.5), ("{", 60.5), ('{"shift_seconds": -1}', -1)]
    ):
        path.write_text(text)
        os.utime(path, ns=(count, count))
        assert clock() == NOW + timedelta(seconds=shift)
        assert clock() == NOW + timedelta(seconds=shift)
    path.unlink()
    assert clock() == NOW


def test_without_a_file_there_is_no_shift() -> None:
    assert ShiftedClock(None, lambda: NOW)() == NOW
    assert abs(ShiftedClock(None)() - datetime.now(KST)) < timedelta(seconds=5)


def test_a_wrong_fault_is_refused_over_the_wire(port: int) -> None:
    answer = requests.post(f"http://127.0.0.1:{port}/_control", data=json.dumps({"fault": "x"}), timeout=5)
    assert answer.status_code == 400
