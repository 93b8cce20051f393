"""The embedded portal as a process of its own, in a folder of its own, and what a person does there first."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers.programs import Program, start
from tests.servers.valkey import free_port

ROOT = Path(__file__).parents[2]
PASSWORD = "mandate-demo-2026"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
NOT_OURS = ("PORTAL_", "DJANGO_", "PYTEST", "DATABASE_URL", "REDIS_URL", "PORT")


@dataclass(frozen=True)
class Running:
    """A started portal, not necessarily ready."""

    program: Program
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.program.process.pid

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Ready is what a person sees: the address is printed once the pages answer."""
        self.program.wait_until(lambda: f"{self.url}/" in self.program.tail() and self.is_ready(), timeout=seconds)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Exit status, and how many seconds it took."""
        began = time.monotonic()
        self.program.process.send_signal(number)
        return self.program.process.wait(10), time.monotonic() - began


def run(command: str, folder: Path, *options: str, **settings: str) -> Running:
    """Start `manage.py COMMAND` on `folder`, with settings beyond its own folder and port."""
    port = free_port()
    python = [sys.executable, str(ROOT / "manage.py"), command, *options]
    return Running(start(python, folder / f"{command}.log", environment(folder, port, **settings), cwd=ROOT), port)


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    return {**kept, "PORTAL_DATA_DIR": str(folder), "PORT": str(port), **settings}


def children(pid: int) -> list[int]:
    """The processes that this one started and that still live."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def alive(pids: Sequence[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def sign_in(portal: Running, username: str, password: str = PASSWORD) -> requests.Session:
    """A browser's session: the form with its CSRF token, then the cookie."""
    session = requests.Session()
    _post(session, f"{portal.url}/account/login/", login=username, password=password)
    return session


def press(portal: Running, session: requests.Session, control: str) -> None:
    """A button of the simulator page."""
    _post(session, f"{portal.url}/simulator/", control=control)


def _post(session: requests.Session, address: str, **form: str) -> None:
    """Send a page's form with its CSRF token, as a browser does."""
    page = session.get(address, timeout=10)
    found = TOKEN.search(page.text)
    assert found is not None
    sent = {"csrfmiddlewaretoken": found[1], **form}
    session.post(address, sent, headers={"Referer": page.url}, timeout=10).raise_for_status()
