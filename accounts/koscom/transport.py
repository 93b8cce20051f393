"""A requests session that cannot reach Koscom in the closed window.

The guard is asked twice below the HTTP library, right before connecting and right before bytes are written, and every
answer has a deadline for the whole of it: a body that drips cannot outlive the window.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http.client import HTTPResponse
from typing import Any, Literal, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

WindowGuard = Callable[[], timedelta]
"""Gives the time left until no request may be in flight any more; raises WindowClosedError when there is none."""


def new_session(guard: WindowGuard, *, total_timeout: timedelta = timedelta(seconds=60)) -> requests.Session:
    """Make a session whose connections obey `guard` and end every exchange within `total_timeout`.

    It takes no proxies and no credentials from the environment, retries nothing and keeps no cookies of its own making.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = GuardedAdapter(guard, total_timeout)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class GuardedAdapter(HTTPAdapter):
    """An adapter over the guarded connection classes below; no retries."""

    def __init__(self, guard: WindowGuard, total_timeout: timedelta) -> None:
        self._guard = guard
        self._total_timeout = total_timeout
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make a pool manager whose pools open guarded connections (called by requests)."""
        super().init_poolmanager(*args, **kwargs)
        settings: dict[str, Any] = {"guard": self._guard, "total_timeout": self._total_timeout}
        pools: dict[str, Any] = {
            "http": partial(_new_pool, HTTPConnectionPool, partial(_GuardedConnection, **settings)),
            "https": partial(_new_pool, HTTPSConnectionPool, partial(_GuardedTlsConnection, **settings)),
        }
        self.poolmanager.pool_classes_by_scheme = pools


def _new_pool(pool_class: type[HTTPConnectionPool], connection: Any, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
    pool = pool_class(*args, **kwargs)
    # urllib3 reads the connection class from the pool each time that it opens a connection.
    vars(pool)["ConnectionCls"] = connection
    return pool


class _GuardedConnection(HTTPConnection):
    """Asks the guard before connecting and before writing, and reads under one deadline."""

    def __init__(self, *args: Any, guard: WindowGuard, total_timeout: timedelta, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard
        self._total_timeout = total_timeout

    def _new_conn(self) -> socket.socket:
        """Open the socket, unless the window is closed.

        The name is resolved first: a slow name server must not carry the connect past the guard's answer.
        """
        failure = OSError(f"no address for {self.host}")
        host = self.host.strip("[]")
        for family, kind, protocol, _name, address in socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM):
            left = self._guard().total_seconds()
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(min(float(self.timeout or left), left))
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def send(self, data: Any) -> None:
        """Write a part of the request, unless the window has closed meanwhile."""
        if self.sock is None:
            # http.client would connect inside send: then the guard's second answer would be too old.
            self.connect()
        left = min(self._guard(), self._total_timeout).total_seconds()
        self.sock.settimeout(left)
        # http.client takes the class of its answers from the connection, and urllib3 leaves that so.
        vars(self)["response_class"] = partial(_DeadlineResponse, deadline=time.monotonic() + left)
        super().send(data)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same over TLS."""


class _DeadlineResponse(HTTPResponse):
    """An answer that is read under a deadline, its status line and headers too."""

    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **kwargs: Any) -> None:
        super().__init__(cast("socket.socket", _DeadlineSocket(sock, deadline)), *args, **kwargs)


class _DeadlineSocket:
    """The one method of a socket that an HTTPResponse uses."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: Literal["rb"]) -> io.BufferedReader:
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_DeadlineReader(self._sock, raw, self._deadline))


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: socket.SocketIO, deadline: float) -> None:
        self._sock = sock
        self._raw = raw
        self._deadline = deadline
        self._silence = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._sock.settimeout(min(left, self._silence or left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
