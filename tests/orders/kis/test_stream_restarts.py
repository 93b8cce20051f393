"""What ends a session, and how long the next one is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from websockets.asyncio.server import ServerConnection

from orders.domain.sessions import SEOUL
from orders.kis.errors import RefusedError, TokenWaitError
from orders.kis.protocol import NoticeReceived, Refused, SlotHeld, Subscribed
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
from tests.orders.kis.stream_bench import ACK, Bench, saying
from tests.orders.kis.test_protocol import FILL_FRAME


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.finish()


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
