from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from orders.domain.sessions import SEOUL
from orders.kis.errors import RefusedError, TokenWaitError
from orders.kis.frames import subscribe, unsubscribe
from orders.kis.protocol import NoticeConnection, NoticeReceived, Pinged, Refused, SlotHeld, Subscribed
from orders.kis.stream import (
    BACK_OFF,
    HELD_BACK_OFF,
    Connecting,
    Live,
    StreamEvent,
    StreamParams,
    Waiting,
    WaitReason,
    run,
)
from tests.orders.kis import samples
from tests.orders.kis.client.loopback import closed_port
from tests.orders.kis.test_protocol import FILL_FRAME, FUTURES, NIGHT

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


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.finish()


def saying(*messages: str | bytes) -> Handler:
    """Answers the registration with `messages` as text frames, then listens."""

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        for message in messages:
            await websocket.send(message, text=True)
        async for _message in websocket:
            pass

    return handler


async def test_a_session_in_its_order(bench: Bench) -> None:
    await bench.serve(saying(ACK, FILL_FRAME, PING))
    assert await bench.next() == Connecting(0)
    assert await bench.next() == Subscribed("H0IFCNI0", readable=True)
    assert await bench.next() == Live()
    notice = await bench.next()
    assert isinstance(notice, NoticeReceived)
    assert notice.plaintext() == samples.read("notice_H0IFCNI0_fill.json")["plaintext"]
    assert await bench.next() == Pinged()


async def test_the_wire_sees_registration_echo_release_and_a_close_frame(bench: Bench) -> None:
    seen: list[str | bytes] = []
    closed = asyncio.get_running_loop().create_future()

    async def handler(websocket: ServerConnection) -> None:
        seen.append(await websocket.recv())
        await websocket.send(ACK)
        await websocket.send(PING)
        seen.extend([message async for message in websocket])
        closed.set_result(websocket.close_code)

    await bench.serve(handler)
    await bench.until(Pinged)
    started = time.monotonic()
    await bench.finish()
    assert time.monotonic() - started < 1
    assert await asyncio.wait_for(closed, 1) == 1000
    assert seen == [SUBSCRIBE, PING, UNSUBSCRIBE]


async def test_broken_utf8_in_a_text_frame_keeps_the_session(bench: Bench) -> None:
    await bench.serve(saying(ACK, b"1|H0IFCNI0|001|\xec\x82", PING))
    notice = await bench.until(NoticeReceived)
    assert notice.raw == b"1|H0IFCNI0|001|\xec\x82"
    await bench.until(Pinged)


async def test_registrations_are_spaced(bench: Bench) -> None:
    async def two() -> NoticeConnection:
        return NoticeConnection([FUTURES, NIGHT], "approval", "P")

    bench.factory = two  # type: ignore[method-assign]  # the test's own double
    got: list[str | bytes] = []

    async def handler(websocket: ServerConnection) -> None:
        got.extend([await websocket.recv(), await websocket.recv()])
        await websocket.send(ACK)
        await websocket.send(samples.text("ws_ack_ok_H0EUCNI0.json"))
        await websocket.wait_closed()

    await bench.serve(handler)
    await bench.until(Live)
    assert await bench.next() == Subscribed("H0EUCNI0", readable=True)
    assert len(got) == 2
    assert 0.1 in bench.time.slept


async def test_a_held_slot_waits_half_a_minute_and_takes_a_new_approval_key(bench: Bench) -> None:
    await bench.serve(saying(samples.text("ws_err_OPSP8996_already_in_use.json")))
    assert await bench.until(SlotHeld) == SlotHeld("ALREADY IN USE appkey")
    for seconds in (*HELD_BACK_OFF, HELD_BACK_OFF[-1]):
        waiting = await bench.until(Waiting)
        assert waiting == Waiting(WaitReason.SLOT_HELD, "ALREADY IN USE appkey", seconds)
        await asyncio.sleep(0.01)
        bench.time.advance(seconds)
    await bench.until(SlotHeld)
    assert bench.approvals == 5


async def test_an_invalid_approval_waits_as_long(bench: Bench) -> None:
    await bench.serve(saying(samples.text("ws_err_OPSP0011_invalid_approval.json")))
    refused = await bench.until(Refused)
    assert refused.fatal
    assert await bench.until(Waiting) == Waiting(WaitReason.REFUSED, "OPSP0011", 30.0)


async def test_a_refused_registration_alone_keeps_the_session(bench: Bench) -> None:
    await bench.serve(saying(samples.text("ws_err_OPSP0008_max_subscribe.json"), ACK))
    assert not (await bench.until(Refused)).fatal
    await bench.until(Live)


async def test_a_closed_session_is_begun_anew_with_longer_waits(bench: Bench) -> None:
    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()

    await bench.serve(handler)
    for number, seconds in enumerate((*BACK_OFF, BACK_OFF[-1])):
        assert await bench.until(Connecting) == Connecting(number)
        waiting = await bench.until(Waiting)
        assert (waiting.reason, waiting.seconds) == (WaitReason.CLOSED, seconds)
        await asyncio.sleep(0.01)
        bench.time.advance(seconds)


async def test_a_steady_session_starts_the_back_off_anew(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        if bench.approvals > 1:
            await websocket.send(ACK.replace("H0STASP0", "H0IFCNI0"))
            await release.wait()

    await bench.serve(handler)
    assert (await bench.until(Waiting)).seconds == 2
    await asyncio.sleep(0.01)
    bench.time.advance(2)
    await bench.until(Live)
    bench.time.now += 61
    release.set()
    assert (await bench.until(Waiting)).seconds == 2


async def test_chance_stretches_a_wait_by_a_quarter_at_most(bench: Bench) -> None:
    params = StreamParams(f"ws://127.0.0.1:{closed_port()}", bench.time.clock, bench.time.sleep, lambda: 0.999)
    bench.task = asyncio.create_task(run(params, bench.factory, bench.on_event, bench.stop))
    waiting = await bench.until(Waiting)
    assert waiting.reason is WaitReason.UNREACHABLE
    assert 2.49 < waiting.seconds < 2.5


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ws://"])
async def test_an_impossible_address_is_unreachable(bench: Bench, url: str) -> None:
    bench.start(url)
    assert (await bench.until(Waiting)).reason is WaitReason.UNREACHABLE


async def test_silence_closes_the_session(bench: Bench) -> None:
    await bench.serve(saying(ACK))
    await bench.until(Live)
    await asyncio.sleep(0.01)
    bench.time.advance(30)
    assert await bench.until(Waiting) == Waiting(WaitReason.SILENT, "30 s without a message", 2.0)


async def test_any_message_puts_the_silence_off(bench: Bench) -> None:
    more = asyncio.Event()

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(ACK)
        await more.wait()
        await websocket.send(FILL_FRAME, text=True)
        await websocket.wait_closed()

    await bench.serve(handler)
    await bench.until(Live)
    bench.time.now += 29
    more.set()
    await bench.until(NoticeReceived)
    await asyncio.sleep(0.01)
    bench.time.advance(29)
    await asyncio.sleep(0.01)
    assert bench.events.empty()
    bench.time.advance(1)
    assert (await bench.until(Waiting)).reason is WaitReason.SILENT


async def test_a_slow_consumer_is_not_a_silent_line(bench: Bench) -> None:
    await bench.serve(saying(ACK, PING))
    entered, release = asyncio.Event(), asyncio.Event()
    put = bench.on_event

    async def slow(event: StreamEvent) -> None:
        if isinstance(event, Live):
            entered.set()
            await release.wait()
        await put(event)

    bench.on_event = slow  # type: ignore[method-assign]  # the test's own double
    assert bench.task is not None
    bench.task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await bench.task
    assert bench.server is not None
    bench.start(f"ws://127.0.0.1:{next(iter(bench.server.sockets)).getsockname()[1]}")
    await asyncio.wait_for(entered.wait(), 5)
    await asyncio.sleep(0.01)
    bench.time.advance(60)
    await asyncio.sleep(0.01)
    release.set()
    await bench.until(Pinged)


@pytest.mark.parametrize("kind", [Subscribed, Live, NoticeReceived])
async def test_a_failing_consumer_ends_the_session_and_not_the_stream(bench: Bench, kind: type[StreamEvent]) -> None:
    bench.failing = kind
    await bench.serve(saying(ACK, FILL_FRAME))
    waiting = await bench.until(Waiting)
    assert (waiting.reason, waiting.detail) == (WaitReason.FAILED, "RuntimeError")
    bench.failing = None
    await asyncio.sleep(0.01)
    bench.time.advance(waiting.seconds)
    await bench.until(NoticeReceived)


async def test_a_report_that_fails_is_logged_and_no_more(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.failing = Connecting
    await bench.serve(saying(ACK))
    await bench.until(Live)
    assert "could not report Connecting(failures=0)" in caplog.text


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [(RefusedError("EGW00133", "잠시 후"), 30.0), (TokenWaitError(datetime(2026, 6, 1, tzinfo=SEOUL)), 2.0)],
)
async def test_without_an_approval_key_there_is_no_connection(bench: Bench, trouble: Exception, seconds: float) -> None:
    bench.trouble = trouble
    await bench.serve(saying(ACK))
    waiting = await bench.until(Waiting)
    assert (waiting.reason, waiting.detail, waiting.seconds) == (WaitReason.NO_APPROVAL, str(trouble), seconds)


async def test_a_failing_factory_is_tried_again(bench: Bench) -> None:
    bench.trouble = RuntimeError("the database is away")
    await bench.serve(saying(ACK))
    waiting = await bench.until(Waiting)
    assert (waiting.reason, waiting.detail) == (WaitReason.FAILED, "RuntimeError")
    bench.trouble = None
    await asyncio.sleep(0.01)
    bench.time.advance(waiting.seconds)
    await bench.until(Live)


async def test_stop_ends_a_wait_at_once(bench: Bench) -> None:
    bench.start(f"ws://127.0.0.1:{closed_port()}")
    await bench.until(Waiting)
    started = time.monotonic()
    await bench.finish()
    assert time.monotonic() - started < 1


async def test_stop_before_the_start_does_nothing(bench: Bench) -> None:
    bench.stop.set()
    bench.start("ws://127.0.0.1:1")
    await bench.finish()
    assert bench.events.empty()


async def test_stop_ends_an_approval_that_hangs(bench: Bench) -> None:
    async def hanging() -> NoticeConnection:
        await asyncio.Event().wait()
        raise AssertionError

    bench.factory = hanging  # type: ignore[method-assign]  # the test's own double
    bench.start("ws://127.0.0.1:1")
    await bench.until(Connecting)
    await asyncio.sleep(0.01)
    started = time.monotonic()
    await bench.finish()
    assert time.monotonic() - started < 1


async def test_stop_closes_within_a_second_though_the_server_never_answers(bench: Bench) -> None:
    ready, gone = asyncio.Event(), asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = next(
            line for line in (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n") if b"Sec-WebSocket-Key" in line
        )
        writer.write(upgrade(key.split(b": ")[1]))
        ready.set()
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0, family=socket.AF_INET)
    bench.start(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await asyncio.wait_for(ready.wait(), 5)
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await bench.finish()
    assert time.monotonic() - started < 1
    gone.set()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.01)


def upgrade(key: bytes) -> bytes:
    """The server's half of a WebSocket handshake (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
    accept = base64.b64encode(digest)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
