"""Servers on loopback that say exactly what a test tells them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accounts.koscom.client import KoscomClient, KoscomConfig
from accounts.koscom.transport import WindowGuard, new_session

NOW = datetime(2026, 11, 19, 11, 35, tzinfo=UTC)


def open_window() -> timedelta:
    """A guard that never objects."""
    return timedelta(hours=1)


def make_client(
    port: int,
    *,
    guard: WindowGuard = open_window,
    session_guard: WindowGuard | None = None,
    total_timeout: float = 5.0,
    firm: str = "shinhan",
    **config: Any,
) -> KoscomClient:
    """Make a client of a local server; request ids count up from r1."""
    numbers = iter(range(1, 10_000))
    settings = KoscomConfig(
        base_url=f"http://127.0.0.1:{port}/v1",
        short_name=firm,
        com_id="F9999",
        srv_id="100",
        **{"api_key": f"demo-{firm}", "api_secret": "demo-secret", **config},
    )
    session = new_session(session_guard or guard, total_timeout=timedelta(seconds=total_timeout))
    return KoscomClient(settings, session, guard=guard, new_request_id=lambda: f"r{next(numbers)}", clock=lambda: NOW)


@dataclass
class Script:
    """Answers in order (the last one for ever), and what was asked."""

    answers: list[tuple[int, dict[str, str], bytes]]
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    port: int = 0


@contextlib.contextmanager
def scripted(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[Script]:
    """Serve the answers over HTTP/1.1."""
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.requests.append((self.path, dict(self.headers), sent))
            status, headers, body = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Line:
    """A listening port that counts connections and keeps the bytes of each."""

    port: int
    connections: int = 0
    received: bytes = b""
    stop: threading.Event = field(default_factory=threading.Event)
    talked: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def listening(talk: Callable[[socket.socket, Line], None]) -> Iterator[Line]:
    """Accept connections and let `talk` do what it likes with each."""
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(listener.getsockname()[1])

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _address = listener.accept()
                line.connections += 1
                with peer, contextlib.suppress(OSError):
                    peer.settimeout(2)
                    talk(peer, line)
                line.talked.set()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(3)


def read_request(peer: socket.socket, line: Line) -> None:
    """Read until the request's JSON is whole."""
    while not line.received.endswith(b"}}}"):
        part = peer.recv(65536)
        if not part:
            return
        line.received += part
