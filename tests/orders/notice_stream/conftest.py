"""A simulated broker with a quiet market, and the desk's app key with it at its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orders.models import StreamLease
from tests.orders.conftest import Desk
from tests.orders.notice_stream.stream_bench import US_DAYTIME, Simulator
from tests.portal.running import ROOT


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
