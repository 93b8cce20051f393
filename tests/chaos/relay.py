"""A line of our own before the broker's socket: it passes everything on, and keeps what the portal said and when."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

CLOSE_FRAME = 0x88  # RFC 6455, 5.2: FIN and opcode 8
_CHUNK = 65536


@dataclass
class Session:
    """One connection of the portal's. Moments are of the wall clock; `said` has the first byte of each chunk."""

    opened_at: float
    said: list[tuple[float, int]] = field(default_factory=list)
    closed_at: float | None = None

    def said_after(self, at: float) -> list[int]:
        return [byte for moment, byte in self.said if moment > at]


class Relay:
    """Listens on a port of loopback for as long as the rig lives."""

    def __init__(self, target_port: int) -> None:
        self.sessions: list[Session] = []
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def end(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed at the end
            while True:
                client, _ = self._listener.accept()
                session = Session(time.time())
                self.sessions.append(session)
                broker = socket.create_connection(("127.0.0.1", self._target_port))
                threading.Thread(target=self._pump, args=(client, broker, session), daemon=True).start()
                threading.Thread(target=self._pump, args=(broker, client, None), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, session: Session | None) -> None:
        """One direction, until either end is gone; then both are."""
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if session is not None:
                    session.said.append((time.time(), chunk[0]))
                sink.sendall(chunk)
        if session is not None:
            session.closed_at = time.time()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
