"""The two simulators as processes of this machine: started, watched, ended."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)

SEED = 7
READY_WITHIN = 15.0
END_WITHIN = 0.5


class SimulatorFailed(Exception):
    """A simulator did not come up; its own words are above on standard error."""


@dataclass(frozen=True)
class Addresses:
    """Where the simulators listen, all on loopback."""

    koscom: str
    kis: str
    kis_ws: str


class Simulator:
    """One started simulator. It ends when its standard input closes: with this process, however that ends."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path) -> None:
        self.name = name
        self._closing = False
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and modules of our own
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            text=True,
            # Ctrl-C goes to the portal alone, which ends its simulators itself.
            start_new_session=True,
        )
        self._killer = threading.Timer(READY_WITHIN, self._process.kill)
        self._killer.daemon = True
        self._killer.start()
        self.watcher = threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for_ports(self) -> list[int]:
        """The ports that it says it listens on. Raises SimulatorFailed."""
        words = self._output.readline().split()
        self._killer.cancel()
        if words[:1] != ["ready"]:
            self.end()
            self._output.close()
            raise SimulatorFailed(f"the {self.name} simulator did not start")
        self.watcher.start()
        return [int(word) for word in words[1:]]

    def ask_to_end(self) -> None:
        self._closing = True
        self._process.terminate()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def end(self) -> None:
        """End it now; may be called again."""
        self.ask_to_end()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_WITHIN)
            return
        self._process.kill()

    @property
    def _output(self) -> IO[str]:
        if self._process.stdout is None:
            raise SimulatorFailed(f"the {self.name} simulator has no output")
        return self._process.stdout

    def _watch(self) -> None:
        with self._output as output:
            for line in output:
                log.info("%s simulator: %s", self.name, line.rstrip())
        status = self._process.wait()
        if not self._closing:
            log.error("the %s simulator ended with status %s; the portal goes on without it", self.name, status)


class Simulators:
    """Both of them, on free ports; `for_kis` are further arguments of the KIS one."""

    def __init__(self, folder: Path, clock_file: Path, for_kis: Sequence[str]) -> None:
        shared = ["--port", "0", "--seed", str(SEED), "--clock-file", str(clock_file)]
        kis = [*shared, "--ws-port", "0", *for_kis]
        self._koscom = Simulator("Koscom", ["accounts.koscom.simulator", *shared], folder)
        self._kis = Simulator("KIS", ["orders.kis.simulator", *kis], folder)

    def wait_for_addresses(self) -> Addresses:
        """Where they listen. Raises SimulatorFailed, with neither left running."""
        try:
            (koscom,) = self._koscom.wait_for_ports()
            kis, kis_ws = self._kis.wait_for_ports()
        except (SimulatorFailed, ValueError):
            self.end()
            raise
        return Addresses(f"http://127.0.0.1:{koscom}", f"http://127.0.0.1:{kis}", f"ws://127.0.0.1:{kis_ws}")

    def end(self) -> None:
        self._koscom.ask_to_end()
        for simulator in (self._kis, self._koscom):
            simulator.end()
