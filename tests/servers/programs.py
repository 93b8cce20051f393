"""What the ladders share: a rung that was not found, and a program that ends with the tests."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


class LadderEmpty(RuntimeError):
    """No rung of a ladder holds; the text names the ladder and what each rung lacked."""

    def __init__(self, ladder: str, missing: Sequence[str]) -> None:
        super().__init__(f"{ladder}: none found. Tried " + "; ".join(missing))


class DidNotStart(RuntimeError):
    """A program ended, or did not answer in time; the text has the end of its log."""


@dataclass(frozen=True)
class Program:
    """A started process and its log. `stop` may be called twice, and is called when the interpreter ends."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, *, grace: float = 5.0) -> int:
        """Send SIGTERM, after `grace` seconds SIGKILL; gives the exit status."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            return self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def wait_until(self, ready: Callable[[], bool], *, timeout: float = 20.0) -> None:
        """Return as soon as `ready` holds. Raises DidNotStart."""
        deadline = time.monotonic() + timeout
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise DidNotStart(f"{self.process.args!r}\n{self.tail()}")
            time.sleep(0.02)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def start(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, *, cwd: Path | None = None
) -> Program:
    """Start `command` with its output in `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd
        )
    program = Program(process, log)
    atexit.register(program.stop)
    return program


def memory_folder(prefix: str) -> Path:
    """A new folder, in memory where the machine has such a place. Short: a Unix socket's path holds 100 characters."""
    place = next(path for path in ("/dev/shm", "/tmp") if os.access(path, os.W_OK))  # noqa: S108 - mkdtemp makes it ours
    return Path(tempfile.mkdtemp(prefix=prefix, dir=place))


def beside_python(name: str) -> Path:
    """A program of this virtual environment."""
    return Path(sys.executable).parent / name
