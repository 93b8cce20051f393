"""One owner of an app key's notice stream: by a row, for 15 seconds at a time, with an epoch that marks its writes."""

from __future__ import annotations

import threading

import pytest
import time_machine
from django.db import connections

from orders import lease
from orders.models import StreamLease
from tests.factories import KisConnectionFactory

NOON = "2026-11-20T03:00:00Z"


@pytest.fixture
def key(db: None) -> int:
    del db
    return int(KisConnectionFactory.create().pk)


def epoch(key: int) -> int:
    return StreamLease.objects.get(pk=key).epoch


def test_a_free_lease_is_taken_and_nobody_else_gets_it(key: int) -> None:
    assert lease.acquire(key, "one")
    assert not lease.acquire(key, "two")
    assert StreamLease.objects.get(pk=key).holder == "one"


def test_one_process_may_take_it_again_with_a_new_epoch(key: int) -> None:
    lease.acquire(key, "one")
    first = epoch(key)
    assert lease.acquire(key, "one")
    assert epoch(key) == first + 1


def test_a_holder_that_says_nothing_for_15_seconds_loses_it(key: int) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        lease.acquire(key, "one")
        time.shift(14)
        assert not lease.acquire(key, "two")
        time.shift(2)
        assert lease.acquire(key, "two")
    assert not lease.renew(key, "one")


def test_a_lease_that_a_clock_ahead_of_time_wrote_is_free(key: int) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        lease.acquire(key, "one")
        time.shift(-10)
        assert not lease.acquire(key, "two"), "clocks may differ by some seconds"
        time.shift(-3600)
        assert lease.acquire(key, "two")
        assert not lease.renew(key, "one")
        assert lease.renew(key, "two")


def test_renewing_holds_it_for_another_15_seconds(key: int) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        lease.acquire(key, "one")
        for _ in range(4):
            time.shift(lease.RENEWED_EVERY)
            assert lease.renew(key, "one")
        time.shift(14)
        assert not lease.acquire(key, "two")


def test_what_is_released_is_free_at_once(key: int) -> None:
    lease.acquire(key, "one")
    lease.release(key, "two")
    assert not lease.acquire(key, "two")
    lease.release(key, "one")
    assert lease.acquire(key, "two")


def test_each_session_has_an_epoch_of_its_own_and_only_its_holder_gets_one(key: int) -> None:
    lease.acquire(key, "one")
    first, second = lease.next_epoch(key, "one"), lease.next_epoch(key, "one")
    assert first is not None
    assert second == first + 1 == epoch(key)
    assert lease.next_epoch(key, "two") is None
    assert epoch(key) == second


@pytest.mark.django_db(transaction=True)
def test_of_many_that_reach_for_it_at_once_one_gets_it() -> None:
    key = KisConnectionFactory.create().pk
    began, won = threading.Barrier(4), []

    def reach(holder: str) -> None:
        began.wait(10)
        if lease.acquire(key, holder):
            won.append(holder)
        connections.close_all()

    threads = [threading.Thread(target=reach, args=(f"holder {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert won == [StreamLease.objects.get(pk=key).holder]
