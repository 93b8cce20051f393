"""A broker that answers as it is told, a clock, and an order of each kind to command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from orders.models import Order
from tests.orders.broker import Broker, running_broker
from tests.orders.commands.samples import EVENING, MORNING, make_order
from tests.orders.conftest import Desk


@pytest.fixture
def broker(desk: Desk) -> Iterator[Broker]:
    with running_broker() as running:
        desk.connection.rest_url = running.url
        desk.connection.save()
        yield running


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def reserved(desk: Desk, broker: Broker, clock: object) -> Order:
    del broker, clock
    return make_order(desk)


@pytest.fixture
def daytime(desk: Desk, broker: Broker, clock: time_machine.Traveller) -> Order:
    del broker
    clock.move_to(MORNING)
    at = MORNING - timedelta(minutes=2)
    return make_order(
        desk,
        market="US_DAYTIME",
        family="OVERSEAS",
        status="WORKING",
        ordered_at=at,
        transact_time=at,
        inquired_at=MORNING,
    )
