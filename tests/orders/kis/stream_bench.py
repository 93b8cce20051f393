"""A notice stream against a server on loopback, with time in the test's hands."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve

from orders.kis.frames import subscribe, unsubscribe
from orders.kis.protocol import NoticeConnection
from orders.kis.stream import (
    StreamEvent,
    StreamParams,
    run,
)
from tests.orders.kis import samples
from tests.orders.kis.test_protocol import FUTURES

_Event = TypeVar("_Event")
Handler = Callable[[ServerConnection], Awaitable[None]]
ACK = samples.text("ws_ack_ok_H0IFCNI0.json")
PING = '{"header":{"tr_id":"PINGPONG","datetime":"20260601143000"}}'
SUBSCRIBE = subscribe("approval-1", "P", FUTURES).decode()
UNSUBSCRIBE = unsubscribe("approval-1", "P", FUTURES).decode()


class FakeTime:
    """A clock that moves when told; whoever sleeps wakes when it has moved far enough."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds < 1:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waiter))
        await waiter

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for due, waiter in self._sleepers:
            if due <= self.now and not waiter.done():
                waiter.set_result(None)


class Bench:
    """A stream against a server on loopback: its events in a queue, its stop, its time."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.stop = asyncio.Event()
        self.events: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self.approvals = 0
        self.task: asyncio.Task[None] | None = None
        self.server: Server | None = None
        self.trouble: Exception | None = None
        self.failing: type[StreamEvent] | None = None

    async def factory(self) -> NoticeConnection:
        self.approvals += 1
        if self.trouble is not None:
            raise self.trouble
        return NoticeConnection([FUTURES], f"approval-{self.approvals}", "P")

    async def on_event(self, event: StreamEvent) -> None:
        await self.events.put(event)
        if self.failing is not None and isinstance(event, self.failing):
            raise RuntimeError("the database is away")

    async def serve(self, handler: Handler) -> None:
        self.server = await serve(handler, "127.0.0.1", 0, ping_interval=None)
        port = next(iter(self.server.sockets)).getsockname()[1]
        self.start(f"ws://127.0.0.1:{port}")

    def start(self, url: str) -> None:
        params = StreamParams(url, self.time.clock, self.time.sleep, lambda: 0.0)
        self.task = asyncio.create_task(run(params, self.factory, self.on_event, self.stop))

    async def next(self) -> StreamEvent:
        return await asyncio.wait_for(self.events.get(), 5)

    async def until(self, kind: type[_Event]) -> _Event:
        while True:
            event = await self.next()
            if isinstance(event, kind):
                return event

    async def finish(self) -> None:
        self.stop.set()
        if self.task is not None:
            await asyncio.wait_for(self.task, 5)
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()


def saying(*messages: str | bytes) -> Handler:
    """Answers the registration with `messages` as text frames, then listens."""

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        for message in messages:
            await websocket.send(message, text=True)
        async for _message in websocket:
            pass

    return handler


def upgrade(key: bytes) -> bytes:
    """The server's half of a WebSocket handshake (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
    accept = base64.b64encode(digest)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
