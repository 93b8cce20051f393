"""The product's own one-process portal, started as a person starts it, on a folder and a port of its own."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.servers.programs import Program, start
from tests.servers.valkey import free_port

ROOT = Path(__file__).parents[2]
SIGN_IN = re.compile(r"^\s*(\w+) / (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class EmbeddedPortal:
    """A running portal. `url` has no slash at its end; `folder` is its PORTAL_DATA_DIR."""

    url: str
    folder: Path
    program: Program

    @property
    def sign_ins(self) -> dict[str, str]:
        """User name to password, as printed at the start."""
        return dict(SIGN_IN.findall(self.program.log.read_text(encoding="utf-8")))

    @property
    def simulators(self) -> dict[str, str]:
        """Addresses of the demo's simulators."""
        return dict(json.loads((self.folder / "simulators.json").read_text(encoding="utf-8")))


@contextmanager
def embedded(command: str, folder: Path, **environment: str) -> Iterator[EmbeddedPortal]:
    """Run `manage.py demo` or `manage.py serve` until the block ends. Raises DidNotStart with its output."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {"PORT": str(port), "PORTAL_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **environment}
    program = start([sys.executable, "manage.py", command], folder / "output.log", env, cwd=ROOT)
    try:
        program.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), timeout=90)
        yield EmbeddedPortal(f"http://127.0.0.1:{port}", folder, program)
    finally:
        program.stop()


def answers(url: str) -> bool:
    """Whether `url` answers with success."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - http on loopback
            return bool(answer.status < 300)
    except (URLError, ConnectionError, TimeoutError):
        return False
