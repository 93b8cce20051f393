from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection

from orders.kis.protocol import NoticeConnection, NoticeReceived, Pinged, Subscribed
from orders.kis.stream import (
    Connecting,
    Live,
    StreamEvent,
    Waiting,
    WaitReason,
)
from tests.orders.kis import samples
from tests.orders.kis.client.loopback import closed_port
from tests.orders.kis.stream_bench import ACK, PING, SUBSCRIBE, UNSUBSCRIBE, Bench, saying, upgrade
from tests.orders.kis.test_protocol import FILL_FRAME, FUTURES, NIGHT


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.finish()


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
