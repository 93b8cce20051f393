"""The simulators as processes: they answer, their death is told, and they end with whoever started them."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from portal.demo.simulators import Simulator, SimulatorFailed

ROOT = Path(__file__).parents[3]
KOSCOM = ["accounts.koscom.simulator", "--port", "0"]
START = """
import sys
from pathlib import Path
from portal.demo.simulators import Simulator
simulator = Simulator("Koscom", {arguments!r}, Path.cwd())
print(simulator.wait_for_ports()[0], flush=True)
sys.stdin.read()
"""


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/_control", timeout=2) as answer:
            return bool(json.load(answer))
    except OSError:
        return False


def _until(true: bool, port: int) -> bool:
    deadline = time.monotonic() + 5
    while _answers(port) is not true and time.monotonic() < deadline:
        time.sleep(0.02)
    return _answers(port) is true


def test_a_started_simulator_answers_and_ends_when_told() -> None:
    simulator = Simulator("Koscom", KOSCOM, ROOT)
    (port,) = simulator.wait_for_ports()
    assert _answers(port)
    simulator.end()
    simulator.end()
    simulator.watcher.join(5)
    assert not _answers(port)


def test_a_simulator_that_does_not_start_is_named() -> None:
    simulator = Simulator("Koscom", ["accounts.koscom.simulator", "--seed", "no number"], ROOT)
    with pytest.raises(SimulatorFailed, match="the Koscom simulator did not start"):
        simulator.wait_for_ports()


def test_a_simulator_that_dies_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    simulator = Simulator("Koscom", KOSCOM, ROOT)
    simulator.wait_for_ports()
    with caplog.at_level(logging.ERROR, "portal.demo.simulators"):
        os.kill(simulator.pid, signal.SIGKILL)
        simulator.watcher.join(5)
    simulator.end()
    assert caplog.messages == ["the Koscom simulator ended with status -9; the portal goes on without it"]


def test_a_simulator_ends_with_a_killed_parent() -> None:
    command = [sys.executable, "-c", START.format(arguments=KOSCOM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert _until(True, port)
        parent.kill()
    assert _until(False, port)
