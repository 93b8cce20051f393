"""Processes of the product, started with its own commands, and what may be done to them: SIGKILL, SIGSTOP, SIGCONT."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.chaos.crashing import Crash, arm

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.preload"])
GRACE = 10.0


@dataclass(frozen=True)
class Running:
    """One started process. It ends with the rig, however that ends."""

    name: str
    process: ForkServerProcess
    log: Path

    @property
    def pid(self) -> int:
        pid = self.process.pid
        assert pid is not None
        return pid

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.join(GRACE)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended by itself within so many seconds."""
        self.process.join(seconds)
        return not self.process.is_alive()

    def end(self) -> None:
        """SIGTERM, as an operator would; SIGKILL for one that does not take it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        if not self.wait(GRACE):
            self.kill()

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def manage(folder: Path, name: str, words: Sequence[str], crash: Crash | None = None) -> Running:
    """`manage.py WORDS` as a process of its own, with its output in a file of that name."""
    return _start(folder, name, ("manage.py", *words), crash)


def web(folder: Path, name: str, port: int, crash: Crash | None = None) -> Running:
    """The command of the service `web` in docker-compose.yml, on loopback."""
    words = ("uvicorn", "portal.asgi:application", "--host", "127.0.0.1", "--port", str(port))
    return _start(folder, name, (*words, "--log-level", "warning"), crash)


def _start(folder: Path, name: str, words: Sequence[str], crash: Crash | None) -> Running:
    log = folder / f"{name}.log"
    process = FORKS.Process(target=_become, args=(tuple(words), str(log), crash), name=name, daemon=True)
    process.start()
    return Running(name, process, log)


def _become(words: tuple[str, ...], log: str, crash: Crash | None) -> None:
    """In the new process: its own output, its own death with the rig's, then the command."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    threading.Thread(target=_end_with_the_rig, daemon=True).start()
    if crash is not None:
        arm(crash)
    sys.argv = list(words)
    if words[0] == "uvicorn":
        from uvicorn.main import main  # noqa: PLC0415 - imported by the server that this was forked from

        main(args=list(words[1:]), prog_name="uvicorn")
    else:
        from django.core.management import execute_from_command_line  # noqa: PLC0415

        execute_from_command_line(list(words))


def _end_with_the_rig() -> None:
    rig = multiprocessing.parent_process()
    assert rig is not None
    rig.join()
    os.kill(os.getpid(), signal.SIGKILL)
