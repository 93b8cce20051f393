"""A peer that does with one order request what no HTTP server would: a double at the transport."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Deed = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n"


@dataclass
class Wire:
    """`requests` are those of which every byte arrived."""

    url: str
    deed: Deed = lambda _socket: None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_an_answer(peer: socket.socket) -> None:
    peer.sendall(HEAD + b'{"rt_cd":"0","output":{"ODNO":"43')


def no_http(peer: socket.socket) -> None:
    peer.sendall(b"+OK pop3 ready\r\n")


def silence(_peer: socket.socket) -> None:
    time.sleep(6)


def drip(peer: socket.socket) -> None:
    for letter in HEAD[:60]:
        with contextlib.suppress(OSError):
            peer.sendall(bytes([letter]))
        time.sleep(0.12)


@contextlib.contextmanager
def running_wire() -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(server, wire), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(server: socket.socket, wire: Wire) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = server.accept()
            wire.connections += 1
            with peer:
                request = _read(peer)
                if request:
                    wire.requests.append(request)
                    wire.deed(peer)


def _read(peer: socket.socket) -> bytes:
    """A whole request; empty where it is none (a TLS greeting)."""
    received = b""
    peer.settimeout(2)
    while chunk := peer.recv(65536):
        received += chunk
        if not b"POST".startswith(received[:4]):
            return b""
        head, gap, body = received.partition(b"\r\n\r\n")
        length = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
        if gap and len(body) >= int(length):
            return received
    return b""
