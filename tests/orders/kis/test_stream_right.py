"""A stream whose right is gone says nothing more than goodbye, and one that starts late waits as long as it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection

from orders.kis.protocol import SlotHeld
from orders.kis.stream import Connecting, Live, StreamParams, Waiting, run
from tests.orders.kis import samples
from tests.orders.kis.stream_bench import ACK, PING, SUBSCRIBE, Bench, saying
from tests.orders.kis.test_protocol import FILL_FRAME

HELD = samples.text("ws_err_OPSP8996_already_in_use.json")


class Owned(Bench):
    """A bench whose stream may lose its right."""

    right = True
    held_before = 0

    def start(self, url: str) -> None:
        params = StreamParams(url, self.time.clock, self.time.sleep, lambda: 0.0, lambda: self.right, self.held_before)
        self.task = asyncio.create_task(run(params, self.factory, self.on_event, self.stop))


@pytest.fixture
async def bench() -> AsyncIterator[Owned]:
    bench = Owned()
    yield bench
    await bench.finish()


async def test_after_its_right_is_gone_it_sends_a_close_frame_and_nothing_else(bench: Owned) -> None:
    seen: list[str | bytes] = []
    go, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def handler(websocket: ServerConnection) -> None:
        seen.append(await websocket.recv())
        await websocket.send(ACK)
        await go.wait()
        await websocket.send(PING)
        await websocket.send(FILL_FRAME, text=True)
        seen.extend([message async for message in websocket])
        closed.set_result(websocket.close_code)

    await bench.serve(handler)
    await bench.until(Live)
    bench.right = False
    go.set()
    assert await asyncio.wait_for(closed, 2) == 1000
    assert seen == [SUBSCRIBE], "no echo and no release"
    assert bench.task is not None
    await asyncio.wait_for(bench.task, 2)
    assert bench.events.empty(), "what came after is not even looked at"


async def test_without_a_right_nothing_is_begun(bench: Owned) -> None:
    bench.right = False
    await bench.serve(saying(ACK))
    assert bench.task is not None
    await asyncio.wait_for(bench.task, 2)
    assert bench.approvals == 0


async def test_a_right_lost_while_the_approval_was_asked_for_opens_no_socket(bench: Owned) -> None:
    opened = asyncio.Event()
    ask = bench.factory

    async def losing() -> object:
        bench.right = False
        return await ask()

    async def handler(websocket: ServerConnection) -> None:
        opened.set()

    bench.factory = losing  # type: ignore[method-assign, assignment]  # the test's own double
    await bench.serve(handler)
    assert await bench.until(Connecting) == Connecting(0)
    assert bench.task is not None
    await asyncio.wait_for(bench.task, 2)
    assert not opened.is_set()


async def test_a_right_lost_while_registering_ends_the_registration(bench: Owned) -> None:
    async def handler(websocket: ServerConnection) -> None:
        bench.right = False
        await websocket.wait_closed()

    bench.right = True
    await bench.serve(handler)
    await bench.until(Connecting)
    bench.right = False
    assert bench.task is not None
    await asyncio.wait_for(bench.task, 2)


async def test_the_waits_of_a_held_slot_go_on_where_another_process_left_them(bench: Owned) -> None:
    bench.held_before = 1
    await bench.serve(saying(HELD))
    await bench.until(SlotHeld)
    assert (await bench.until(Waiting)).seconds == 60


async def test_a_session_that_lived_starts_the_waits_of_a_held_slot_anew(bench: Owned) -> None:
    go = asyncio.Event()

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(ACK)
        await go.wait()
        await websocket.send(HELD)
        await websocket.wait_closed()

    bench.held_before = 2
    await bench.serve(handler)
    await bench.until(Live)
    bench.time.now += 1
    go.set()
    assert (await bench.until(Waiting)).seconds == 30
