"""A broker on loopback that answers as it is told: a double at the transport, for what a simulator would not do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, bytes]
TOKEN = {"access_token": "token", "access_token_token_expired": "2099-01-01 00:00:00", "expires_in": 86400}
EMPTY = {"rt_cd": "0", "msg_cd": "KIOK0560", "msg1": "조회할 내용이 없습니다", "output": [], "output1": []}


def body(**fields: Any) -> Answer:
    return 200, json.dumps(fields).encode()


@dataclass
class Broker:
    """`answers` by the last part of the path; None drops the connection in silence. `orders` holds what was sent."""

    url: str
    answers: dict[str, Callable[[], Answer | None]] = field(default_factory=dict)
    orders: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    inquiries: list[str] = field(default_factory=list)
    by_path: Callable[[str], Answer | None] = lambda _path: None

    def reply(self, operation: str, answer: Answer | None) -> None:
        self.answers[operation] = lambda: answer

    def answer(self, path: str) -> Answer | None:
        told = self.by_path(path)
        if told is not None:
            return told
        operation = urlsplit(path).path.rsplit("/", 1)[-1]
        if operation in self.answers:
            return self.answers[operation]()
        return body(**(TOKEN if operation == "tokenP" else EMPTY))


def _handler(broker: Broker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if "/trading/" in self.path:
                broker.orders.append((self.path, dict(self.headers), sent))
            self._reply()

        def do_GET(self) -> None:
            broker.inquiries.append(self.path)
            self._reply()

        def _reply(self) -> None:
            answer = broker.answer(self.path)
            if answer is None:
                self.connection.close()
                return
            self.send_response(answer[0])
            self.send_header("content-length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            del format, args

    return Handler


@contextmanager
def running_broker() -> Iterator[Broker]:
    broker = Broker("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(broker))
    server.daemon_threads = True
    broker.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield broker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
