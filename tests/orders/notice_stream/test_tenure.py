"""What a tenure does when it is lost, when the broker holds the slot, and when notices were missed."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import UpstreamState
from orders import lease
from orders.kis import protocol
from orders.lease import Hold, Instant
from orders.models import Fill, KisConnection, Notice, Order, Recovery, StreamLease
from orders.notice_stream import running, tenure
from orders.notice_stream.tenure import Tenure
from orders.notice_stream.workers import Worker
from tests.orders.conftest import Desk
from tests.orders.notice_stream.stream_bench import Simulator, streaming, until

pytestmark = pytest.mark.django_db(transaction=True)


class Clocks:
    """The process's clocks, which a stop moves on."""

    def __init__(self) -> None:
        self.away = 0.0

    def __call__(self) -> Instant:
        return Instant(time.monotonic() + self.away, time.time() + self.away)


def held(connection: KisConnection, clocks: Clocks) -> Hold:
    hold = lease.take(connection.pk, "one", clocks)
    assert hold is not None
    return hold


@pytest.fixture
def open_order(connected: Desk, simulator: Simulator) -> int:
    """An order of 10, live in the market before anything runs."""
    return simulator.place()


def test_a_leader_that_wakes_after_its_lease_closes_its_socket_and_writes_nothing(
    connected: Desk, simulator: Simulator, open_order: int
) -> None:
    clocks = Clocks()
    hold = held(connected.connection, clocks)

    async def run(stop: asyncio.Event) -> None:
        await Tenure(connected.connection, hold, Worker("lease")).run(stop)

    with streaming(run) as states:
        until(lambda: states[-1:] == ["live"])
        until(lambda: Order.objects.filter(numbers__number=open_order).exists())
        before = (Fill.objects.count(), Notice.objects.count(), StreamLease.objects.get().epoch)
        clocks.away = 16
        simulator.press(event="fill", order=open_order, qty="4", price="179.5")
        until(lambda: not simulator.seen()["registered"])
    assert (Fill.objects.count(), Notice.objects.count(), StreamLease.objects.get().epoch) == before
    assert StreamLease.objects.get().holder == "one", "what is not its own any more it does not release either"


def test_a_slot_that_is_held_is_left_alone_by_the_next_process_too(connected: Desk, simulator: Simulator) -> None:
    simulator.press(fault="slot_held", times=9)
    with streaming() as states:
        until(lambda: states[-1:] == ["polling"])
        until(lambda: StreamLease.objects.get().slot_free_at is not None)
        until(lambda: UpstreamState.objects.get().detail.startswith("다른 접속이 앱키를 쓰고 있습니다 · 다음 시도"))
    free_at = StreamLease.objects.get().slot_free_at
    assert free_at is not None
    assert timedelta(seconds=20) < free_at - timezone.now() < timedelta(seconds=40)
    number = simulator.place()
    with streaming() as states:
        until(lambda: states[-1:] == ["polling"])
        until(lambda: Order.objects.filter(numbers__number=number).exists())
    assert simulator.seen()["faults"] == {"slot_held": 8}, "asked for once, by both together"
    assert StreamLease.objects.get().held == 1


def test_what_was_missed_in_a_lost_session_is_told_with_its_window(
    connected: Desk, simulator: Simulator, open_order: int
) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        until(lambda: Order.objects.filter(numbers__number=open_order).exists())
        until(lambda: not Recovery.objects.filter(ended_at=None).exists())
        simulator.press(fault="drop_notices")
        simulator.press(event="fill", order=open_order, qty="10")
        simulator.press(fault="close_ws")
        until(lambda: Recovery.objects.filter(reason="reconnect", fills_recovered=1).exists(), seconds=40)
    row = Recovery.objects.get(reason="reconnect")
    assert row.began_at is not None
    assert row.ended_at is not None
    assert row.lost_at < row.began_at < row.ended_at
    assert Fill.objects.get().source == "gap"
    assert Recovery.objects.filter(reason="start", ended_at=None).count() == 1, "the next owner's window begins here"


def test_a_line_that_freezes_is_dropped_and_its_silence_is_a_window(
    connected: Desk, simulator: Simulator, open_order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SILENCE_FLOOR", 2.0)  # of 30 s; the broker shows life each 10 s
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        simulator.press(fault="freeze_ws")
        until(lambda: UpstreamState.objects.get().detail.startswith("KIS가 응답하지 않습니다 · 다음 시도"))
        until(lambda: Recovery.objects.filter(began_at=None, ended_at=None).exists())
    assert "polling" in states


def test_a_connection_that_is_switched_off_gives_up_its_socket_and_its_lease(
    connected: Desk, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LOOK_FOR_CONNECTIONS", 0.2)
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        KisConnection.objects.update(active=False)
        until(lambda: not simulator.seen()["registered"])
        until(lambda: StreamLease.objects.get().holder == "")


def test_a_quarantined_notice_brings_an_inquiry_of_its_account(
    connected: Desk, simulator: Simulator, open_order: int
) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        until(lambda: Order.objects.filter(numbers__number=open_order).exists())
        until(lambda: not Recovery.objects.filter(ended_at=None).exists())
        simulator.press(fault="bad_cipher")
        simulator.press(event="fill", order=open_order, qty="4", price="179.5")
        until(lambda: Recovery.objects.filter(reason="quarantine").exists(), seconds=5)
        until(lambda: Order.objects.filter(numbers__number=open_order, cum_qty=4).exists())
    assert Notice.objects.filter(state="quarantined").exists()


def test_a_feed_that_becomes_live_says_so_without_waiting_for_its_next_look(
    connected: Desk, simulator: Simulator, open_order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "LOOK_EVERY", 60.0)
    with streaming() as states:
        until(lambda: states[-2:] == ["syncing", "live"])


def test_the_ages_of_the_sweeps_are_kept(connected: Desk, simulator: Simulator, open_order: int) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        until(lambda: StreamLease.objects.get().open_swept_at is not None)
        until(lambda: "전체 조회" in UpstreamState.objects.get().detail)
    assert StreamLease.objects.get().all_swept_at is not None
