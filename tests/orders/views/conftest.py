"""A manager at a window at 11:10 of a Korean morning, one order, a broker that answers as told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from orders.models import Order
from tests import factories as make
from tests.orders.broker import Broker, body, running_broker
from tests.sessions import signed_in

MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)  # 11:10 in Korea: US daytime trading
ACCEPTED = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=True):
        yield


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        running.reply("daytime-order-rvsecncl", ACCEPTED)
        yield running


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def page(manager: User) -> Client:
    return signed_in(manager)


@pytest.fixture
def order(manager: User, broker: Broker) -> Order:
    connection = make.KisConnectionFactory.create(rest_url=broker.url, requests_per_second=1000)
    account = make.assigned(manager, make.KisAccountFactory.create(connection=connection).account)
    order = make.OrderFactory.create(account=account, inquired_at=MORNING)
    make.OrderNumberFactory.create(order=order)
    return order
