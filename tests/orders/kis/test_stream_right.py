"""A stream whose right is gone says nothing more than goodbye, and one that starts late waits as long as it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from websockets.asyncio.server import ServerConnection

from orders.kis.frames import Subscription
from orders.kis.protocol import NoticeConnection, SlotHeld
from orders.kis.stream import Connecting, Live, StreamParams, Waiting, WaitReason, run
from tests.orders.kis import samples
from tests.orders.kis.stream_bench import ACK, PING, SUBSCRIBE, Bench, saying
from tests.orders.kis.test_protocol import FILL_FRAME

HELD = samples.text("ws_err_OPSP8996_already_in_use.json")


class Owned(Bench):
    """A bench whose stream may lose its right."""

    right = True
    answers: Sequence[bool] = ()  # the first ones, before `right` counts
    held_before = 0

    def may_go_on(self) -> bool:
        first, self.answers = self.answers[:1], self.answers[1:]
        return first[0] if first else self.right

    def start(self, url: str) -> None:
        params = StreamParams(url, self.time.clock, self.time.sleep, lambda: 0.0, self.may_go_on, self.held_before)
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


async def test_a_right_lost_while_registering_registers_nothing_more(bench: Owned) -> None:
    seen: list[str | bytes] = []

    async def two() -> NoticeConnection:
        return NoticeConnection([Subscription("H0TEST01", "desk01"), Subscription("H0TEST02", "desk01")], "key", "P")

    async def handler(websocket: ServerConnection) -> None:
        seen.append(await websocket.recv())
        await websocket.send(PING)
        seen.extend([message async for message in websocket])

    bench.factory = two  # type: ignore[method-assign]  # the test's own double
    bench.answers = [True, True, True]  # at the start, with the approval, for the first registration
    bench.right = False
    await bench.serve(handler)
    assert bench.task is not None
    await asyncio.wait_for(bench.task, 2)
    assert len(seen) == 1


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


async def test_a_refusal_told_while_registering_is_read_though_the_socket_closes_at_once(bench: Owned) -> None:
    async def five() -> NoticeConnection:
        return NoticeConnection([Subscription(f"H0TEST0{number}", "desk01") for number in range(5)], "approval", "P")

    async def handler(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(HELD)
        await websocket.close()

    bench.factory = five  # type: ignore[method-assign]  # the test's own double
    await bench.serve(handler)
    waiting = await bench.until(Waiting)
    assert (waiting.reason, waiting.seconds) == (WaitReason.SLOT_HELD, 30)


async def test_a_factory_that_fails_when_all_has_to_end_is_no_failure(
    bench: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    async def ending() -> NoticeConnection:
        bench.stop.set()
        raise RuntimeError("the lease is somebody else's")

    bench.factory = ending  # type: ignore[method-assign]  # the test's own double
    await bench.serve(saying(ACK))
    await asyncio.wait_for(bench.task or asyncio.sleep(0), 2)
    assert "could not begin" not in caplog.text
