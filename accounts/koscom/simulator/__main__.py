"""`python -m accounts.koscom.simulator --port 9101 --seed 7 --clock-file PATH`: ends at EOF on stdin or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

from accounts.koscom.simulator.gateway import KoscomSimulator
from accounts.koscom.simulator.server import ShiftedClock, SimulatorServer


def main(arguments: list[str], stdin: TextIO, stdout: TextIO) -> int:
    """Serve until told to stop, in the main thread, which alone hears signals.

    Prints `ready PORT` when the port listens.
    """
    parser = argparse.ArgumentParser(prog="accounts.koscom.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=9101, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clock-file", type=Path, help='JSON: {"shift_seconds": 0}')
    options = parser.parse_args(arguments)
    server = SimulatorServer(options.port, KoscomSimulator(options.seed, ShiftedClock(options.clock_file)))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    threading.Thread(target=_wait_for_eof, args=(stdin, stop), daemon=True).start()
    stdout.write(f"ready {server.port}\n")
    stdout.flush()
    stop.wait()
    server.shutdown()
    server.server_close()
    return 0


def _wait_for_eof(stdin: TextIO, stop: threading.Event) -> None:
    # The parent holds the other end: when it dies, however it dies, this ends too.
    stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
