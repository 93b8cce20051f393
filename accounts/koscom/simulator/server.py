"""The simulator behind a port of this machine: http.server from the standard library, loopback only."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from accounts.koscom.simulator.gateway import KoscomSimulator, SimRequest, SimResponse

_BODY_LIMIT = 1024 * 1024
_HANG_SECONDS = 120.0


class ShiftedClock:
    """The business clock: the wall clock and a shift from a JSON file, read again when the file changes."""

    def __init__(self, path: Path | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self._read_at: int | None = None
        self._shift = timedelta(0)

    def __call__(self) -> datetime:
        """Give the business time, aware; no file means no shift."""
        if self._path is not None:
            self._refresh(self._path)
        return self._now() + self._shift

    def _refresh(self, path: Path) -> None:
        try:
            changed_at = path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._read_at = changed_at
                self._shift = timedelta(seconds=float(json.loads(path.read_text())["shift_seconds"]))
        except FileNotFoundError:
            self._read_at, self._shift = None, timedelta(0)
        except (ValueError, KeyError, TypeError):
            return  # half-written: the old shift holds until the file changes again


class SimulatorServer(ThreadingHTTPServer):
    """Serves one simulator on 127.0.0.1; port 0 takes any free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, simulator: KoscomSimulator) -> None:
        self.simulator = simulator
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "KoscomSimulator"
    disable_nagle_algorithm = True
    server: SimulatorServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: the counters say what was asked."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), _BODY_LIMIT)) if length.isdigit() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._write(self.server.simulator.handle(SimRequest(self.command, self.path, headers, body)))

    def _write(self, response: SimResponse) -> None:
        if response.hang:
            time.sleep(_HANG_SECONDS)
        if response.hang or response.reset:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        head = (
            f"HTTP/1.1 {response.status} {http.client.responses.get(response.status, '')}\r\n"
            f"Content-Type: {response.content_type}\r\nContent-Length: {len(response.body)}\r\n\r\n"
        ).encode()
        if not response.drip:
            # One write for head and body: two would wait for each other's acknowledgement.
            self.wfile.write(head + response.body)
            return
        self.wfile.write(head)
        for byte in response.body:
            self.wfile.write(bytes((byte,)))
            time.sleep(response.drip)
