"""One row that all processes share: every place is given once, and an order's goes before any inquiry's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections

from orders import pace
from orders.domain.pace import Turn
from orders.kis.errors import NotSentError
from orders.models import KisConnection, RequestPace
from tests.factories import KisConnectionFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def in_threads(count: int, work: Callable[[], None]) -> None:
    def closing() -> None:
        work()
        connections.close_all()

    threads = [threading.Thread(target=closing) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def taken(connection: KisConnection, turn: Turn) -> list[datetime]:
    rows = RequestPace.objects.get(pk=connection.pk)
    return sorted(place.at for place in pace.places(rows) if place.turn is turn)


@pytest.mark.django_db
def test_orders_take_every_place_of_a_second_and_then_reserve_the_next() -> None:
    connection = KisConnectionFactory.create(requests_per_second=2)
    with time_machine.travel(NOW, tick=False) as clock:
        places = [(pace.reserve(connection) - NOW).total_seconds() for _ in range(3)]
        assert places == [0, 0, 1.05]
        clock.shift(10)
        assert pace.reserve(connection) == NOW + timedelta(seconds=10)


@pytest.mark.django_db
def test_an_order_that_would_wait_for_more_than_five_seconds_is_not_sent() -> None:
    connection = KisConnectionFactory.create(requests_per_second=1)
    with time_machine.travel(NOW, tick=False):
        for _ in range(5):
            pace.reserve(connection)
        with pytest.raises(NotSentError):
            pace.reserve(connection)


@pytest.mark.django_db(transaction=True)
def test_places_reserved_at_once_are_all_kept() -> None:
    connection = KisConnectionFactory.create(requests_per_second=20)
    places: list[datetime] = []
    in_threads(4, lambda: places.extend(pace.reserve(connection) for _ in range(10)))
    ordered = sorted(places)
    assert len(ordered) == 40
    assert all(ordered[n + 20] - ordered[n] >= timedelta(seconds=1) for n in range(20))
    assert RequestPace.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_does_not_wait_behind_the_inquiries_of_other_threads() -> None:
    connection = KisConnectionFactory.create(requests_per_second=6)
    asked: list[float] = []

    def ask() -> None:
        for _ in range(2):
            pace.wait_turn(connection)
            asked.append(time.monotonic())

    inquiries = threading.Thread(target=lambda: in_threads(4, ask))
    inquiries.start()
    time.sleep(0.3)  # eight inquiries share two places a second
    waits = []
    for _ in range(4):
        began = time.monotonic()
        pace.wait_turn(connection, Turn.ORDER)
        waits.append(time.monotonic() - began)
    inquiries.join(60)
    assert max(waits) < 0.5
    ordered = sorted(asked)
    assert len(ordered) == 8
    assert all(ordered[n + 2] - ordered[n] > 0.9 for n in range(6))


@pytest.mark.django_db(transaction=True)
def test_on_paper_an_order_goes_before_every_inquiry_that_waits() -> None:
    connection = KisConnectionFactory.create(requests_per_second=1)
    pace.wait_turn(connection)
    left: list[Turn] = []

    def ask() -> None:
        pace.wait_turn(connection)
        left.append(Turn.INQUIRY)

    inquiry = threading.Thread(target=lambda: in_threads(1, ask))
    inquiry.start()
    time.sleep(0.1)
    pace.wait_turn(connection, Turn.ORDER)
    left.append(Turn.ORDER)
    inquiry.join(60)
    assert left == [Turn.ORDER, Turn.INQUIRY]


@pytest.mark.django_db
def test_an_inquiry_gives_up_after_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = KisConnectionFactory.create(requests_per_second=1)
    with time_machine.travel(NOW, tick=False) as clock:

        def sleep(_seconds: float) -> None:
            clock.shift(31)
            pace.reserve(connection)  # an order is always ahead

        monkeypatch.setattr(time, "sleep", sleep)
        pace.reserve(connection)
        with pytest.raises(NotSentError):
            pace.wait_turn(connection)
    assert len(taken(connection, Turn.ORDER)) == 1
