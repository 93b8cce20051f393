"""The simulator behind two ports of this machine, loopback only: http.server for REST, websockets for the notices."""

from __future__ import annotations

import http.client
import queue
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from orders.kis.simulator.answers import SimAnswer, SimRequest
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.state import save

HANG_SECONDS = 60.0
_BODY_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes: seconds a tick, and after how many ticks what is done again."""

    tick: float = 0.2
    step_every: int = 5  # the market moves once a second
    keep_every: int = 25  # the books are written each 5 s, since this process may be killed
    ping_every: int = 50
    look: float = 0.05  # seconds between two looks for the end


USUAL_PACE = Pace()


class SimulatorServer:
    """Both servers and the thread that lets time pass. Port 0 takes any free one."""

    def __init__(
        self,
        simulator: KisSimulator,
        port: int = 0,
        ws_port: int = 0,
        state_file: Path | None = None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        self._simulator = simulator
        self._state_file = state_file
        self._pace = pace
        self._stopping = threading.Event()
        self._http = _HttpServer(port, simulator, self._stopping)
        self._ws: Server = serve(
            self._talk, "127.0.0.1", ws_port, ping_interval=None, compression=None, close_timeout=0.3
        )

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def ws_port(self) -> int:
        return int(self._ws.socket.getsockname()[1])

    def start(self) -> None:
        for target in (self._serve_http, self._ws.serve_forever, self._pass_time):
            threading.Thread(target=target, daemon=True).start()

    def stop(self) -> None:
        """Keeps the books, closes both ports and every connection; returns at once."""
        self._stopping.set()
        self._keep()
        self._simulator.hub.close_all()
        self._http.shutdown()
        self._http.server_close()
        self._ws.shutdown()

    def _serve_http(self) -> None:
        self._http.serve_forever(self._pace.look)

    def _pass_time(self) -> None:
        pace, beats = self._pace, 0
        while not self._stopping.wait(pace.tick):
            beats += 1
            if beats % pace.step_every == 0:
                self._simulator.tick()
            else:
                self._simulator.work()
            if beats % pace.keep_every == 0:
                self._keep()
            if beats % pace.ping_every == 0:
                self._simulator.hub.ping()

    def _keep(self) -> None:
        if self._state_file is not None:
            save(self._simulator, self._state_file)

    def _talk(self, connection: ServerConnection) -> None:
        """One client: what it says goes to the hub, what the hub says goes through a queue of its own."""
        outgoing: queue.SimpleQueue[str | bytes | None] = queue.SimpleQueue()
        hub, clean = self._simulator.hub, True
        wire = hub.connect(outgoing.put, lambda: outgoing.put(None), lambda: _cut(connection.socket))
        sender = threading.Thread(target=_send_all, args=(connection, outgoing), daemon=True)
        sender.start()
        try:
            for message in connection:
                hub.receive(wire, message if isinstance(message, str) else message.decode())
        except (ConnectionClosed, UnicodeDecodeError):
            clean = False
            connection.close()
        finally:
            hub.disconnect(wire, clean=clean)
            outgoing.put(None)


def _cut(line: socket.socket) -> None:
    # The client may have gone first.
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _send_all(connection: ServerConnection, outgoing: queue.SimpleQueue[str | bytes | None]) -> None:
    # The client may be gone before the last of it is sent.
    with suppress(ConnectionClosed):
        while (text := outgoing.get()) is not None:
            connection.send(text, text=True)
        connection.close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, simulator: KisSimulator, stopping: threading.Event) -> None:
        self.simulator = simulator
        self.stopping = stopping
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: the counters say what was asked."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), _BODY_LIMIT)) if length.isdigit() else b""
        split = urlsplit(self.path)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._write(self.server.simulator.handle(SimRequest(self.command, split.path, query, headers, body)))

    def _write(self, answer: SimAnswer) -> None:
        if answer.hang:
            self.server.stopping.wait(HANG_SECONDS)
        if answer.delay:
            self.server.stopping.wait(answer.delay)
        if answer.hang or answer.reset or answer.drop:
            self._break_off(reset=answer.reset)
            return
        head = _head(answer, closing=self.close_connection)
        self.wfile.write(head if answer.drip else head + answer.body)
        if answer.drip:
            for byte in answer.body:
                self.wfile.write(bytes((byte,)))
                time.sleep(answer.drip)

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            # Linger of zero seconds: the peer sees a reset, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)


def _head(answer: SimAnswer, *, closing: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'close' if closing else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
