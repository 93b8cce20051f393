"""Every part in its short form, each in a process of its own: `make chaos` has the figures of the proof."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 240
SHORT_FORMS = [
    ("fills", "sqlite"),
    ("fills", "postgres"),
    ("commands", "postgres"),
    ("crashes", "sqlite"),
    ("leases", "postgres"),
    ("sockets", "postgres"),
    ("reconnects", "sqlite"),
]


@pytest.mark.parametrize(("part", "database"), SHORT_FORMS, ids=[" on ".join(form) for form in SHORT_FORMS])
def test_the_promises_hold_through_broken_lines_and_killed_processes(part: str, database: str) -> None:
    words = [sys.executable, "-m", "tests.chaos", part, "--database", database]
    rig = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said, _ = rig.communicate(timeout=MOST_SECONDS)
    finally:
        if rig.poll() is None:
            rig.send_signal(signal.SIGTERM)
            rig.wait(20)
    assert rig.returncode == 0, said
