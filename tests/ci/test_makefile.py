"""make explains itself, and what it starts ends with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTAL = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path("started").write_text(f"{os.getpid()} {sys.argv[1]} {os.environ.get('PORT')}")
signal.pause()
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The Makefile over a set-up that has nothing to do, and a portal that waits for a signal."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "prepare.py").write_text("")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "manage.py").write_text(PORTAL)
    return tmp_path


# A gate that was started in the background ignores SIGINT, and so would all that it starts.
HEARS_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture(params=["run", "serve"])
def running(clone: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], int, list[str]]]:
    words = [sys.executable, "-c", HEARS_CTRL_C, "make", request.param, "PORT=8123"]
    make = subprocess.Popen(words, cwd=clone, start_new_session=True)
    started = clone / "started"
    deadline = time.monotonic() + 20
    while not (started.exists() and started.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    pid, *rest = started.read_text().split()
    yield make, int(pid), [*rest, {"run": "demo", "serve": "serve"}[request.param]]
    if make.poll() is None:
        os.killpg(make.pid, signal.SIGKILL)
        make.wait()


def test_sigterm_to_make_ends_the_portal(running: tuple[subprocess.Popen[bytes], int, list[str]]) -> None:
    make, portal, (command, port, expected) = running
    assert (command, port) == (expected, "8123")
    make.terminate()
    make.wait(3)
    assert _gone(portal)


def test_ctrl_c_ends_the_portal(running: tuple[subprocess.Popen[bytes], int, list[str]]) -> None:
    make, portal, _ = running
    os.killpg(make.pid, signal.SIGINT)
    make.wait(3)
    assert _gone(portal)


def test_make_alone_prints_a_line_for_each_target() -> None:
    text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = {line.split()[1]: line.split(maxsplit=2)[2] for line in text.splitlines()}
    assert {"run", "serve", "test", "check"} <= set(lines)
    assert all(lines.values())


def test_the_gate_is_make_check() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake check")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
