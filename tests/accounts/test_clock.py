"""The business clock: the wall clock, and the shift that the demo's processes share in a file."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts import clock

INSTANT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.CLOCK_FILE = tmp_path / "clock.json"
    settings.CLOCK_SHIFT = None
    return tmp_path / "clock.json"


def write(file: Path, seconds: float, stamp: int) -> None:
    file.write_text(json.dumps({"shift_seconds": seconds}))
    os.utime(file, ns=(stamp, stamp))


@time_machine.travel(INSTANT, tick=False)
def test_without_a_shift_it_is_the_wall_clock(file: Path) -> None:
    assert not file.exists()
    assert clock.now() == INSTANT
    assert clock.shift() == timedelta()


@time_machine.travel(INSTANT, tick=False)
def test_the_day_is_koreas(file: Path) -> None:
    assert not file.exists()
    assert clock.today().isoformat() == "2026-11-21T00:30:00+09:00"


@time_machine.travel(INSTANT, tick=False)
def test_the_environment_shifts_it_until_there_is_a_file(file: Path, settings: Any) -> None:
    settings.CLOCK_SHIFT = timedelta(hours=-3)
    assert clock.now() == INSTANT - timedelta(hours=3)
    write(file, 60, stamp=1)
    assert clock.now() == INSTANT + timedelta(minutes=1)


@time_machine.travel(INSTANT, tick=False)
def test_a_changed_file_moves_a_running_process(file: Path) -> None:
    write(file, -86_400.5, stamp=2)
    assert clock.now() == INSTANT - timedelta(days=1, seconds=0.5)
    write(file, 3_600, stamp=3)
    assert clock.now() == INSTANT + timedelta(hours=1)
    file.unlink()
    assert clock.now() == INSTANT
