"""Starts everything in one process, and ends all of it within 3 s of SIGINT or SIGTERM with status 0."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import uvicorn

from orders import notice_stream
from portal.embedded.queue import EmbeddedQueue

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
BACKLOG = 512
GRACE = 1  # seconds for requests under way
LAST_MOMENT = 2.4
STREAM_GRACE = 1.0


class PortTaken(Exception):
    """The address cannot be listened on; the text says why, in one line."""


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, without its signal handling.

    It would raise the signal again at its end, and so spoil the exit status.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Hooks:
    """What a command adds: `ready` runs in a thread once the portal answers; `closing`, brief, and perhaps again, at
    the end.
    """

    ready: Callable[[], None]
    closing: Callable[[], None] = lambda: None


def listen(port: int) -> socket.socket:
    """Take the port on loopback. Raises PortTaken."""
    if port == 0:
        raise PortTaken("PORT: give a port from 1 to 65535; the pages' own address is made of it")
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be taken ({error.strerror})"
        raise PortTaken(f"port {port} {why}; set PORT to another") from None
    return taken


def run(taken: socket.socket, hooks: Hooks) -> NoReturn:
    """Serve until a signal, then end the process. Never returns: threads that hang do not keep it alive."""
    queue = EmbeddedQueue()
    queue.start()
    status = 1
    try:
        status = asyncio.run(_serve(taken, queue, hooks))
    except Exception:
        log.exception("the embedded portal stopped")
    finally:
        queue.ask_to_stop()
        hooks.closing()
        queue.wait_until_stopped(LAST_MOMENT / 2)
        _leave(status, hooks)


async def _serve(taken: socket.socket, queue: EmbeddedQueue, hooks: Hooks) -> int:
    """Run server and notice stream on this loop until one ends or a signal comes; gives the exit status."""
    server, stop = _Server(_config()), asyncio.Event()
    asked = False

    def end() -> None:
        nonlocal asked
        if not asked:
            asked = True
            # Whatever hangs from here on, the process is gone by then.
            _last_moment(hooks)
        stop.set()
        server.should_exit = True
        queue.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    stream = asyncio.create_task(_stream(stop))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait([serving, listening], return_when=asyncio.FIRST_COMPLETED)
    if server.started and not asked:
        await asyncio.to_thread(hooks.ready)
    await serving
    stop.set()
    await asyncio.wait([stream], timeout=STREAM_GRACE)
    return 0 if asked else 1


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        "portal.asgi:application",
        log_config=None,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


async def _stream(stop: asyncio.Event) -> None:
    """The notice stream of every active connection. Its end must not end the pages."""
    try:
        await notice_stream.run(stop, None)
    except Exception:
        log.exception("the notice stream ended; the pages go on without it")


def _last_moment(hooks: Hooks) -> None:
    timer = threading.Timer(LAST_MOMENT, _leave, args=(0, hooks))
    timer.daemon = True
    timer.start()


def _leave(status: int, hooks: Hooks) -> NoReturn:
    """End the process now. `sys.exit` would wait for the threads of every pool."""
    hooks.closing()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
