"""A manager with one account at a broker on loopback, and orders that may be canceled now."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import OperationalError
from django.db import connection as database
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from accounts.models import ClientAccount, User
from orders import batches
from orders.models import KisConnection, Order
from tests import factories as make
from tests.orders.broker import Broker, body, running_broker

MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)  # 11:10 in Korea: US daytime trading
ACCEPTED = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})
Traveller = time_machine.Traveller


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def broker(clock: Traveller) -> Iterator[Broker]:
    del clock
    with running_broker() as running:
        numbers = iter(range(5000, 6000))
        running.answers["daytime-order-rvsecncl"] = lambda: body(
            rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": f"{next(numbers):010d}"}
        )
        yield running


@pytest.fixture
def kim() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def connection(broker: Broker) -> KisConnection:
    return make.KisConnectionFactory.create(rest_url=broker.url, requests_per_second=1000)


@pytest.fixture
def account(kim: User, connection: KisConnection) -> ClientAccount:
    return make.assigned(kim, make.KisAccountFactory.create(connection=connection).account)


@pytest.fixture
def order(account: ClientAccount) -> Callable[..., Order]:
    def one(**changes: Any) -> Order:
        made = make.OrderFactory.create(**{"account": account, "inquired_at": MORNING, **changes})
        make.OrderNumberFactory.create(order=made)
        return made

    return one


def wait_for_batches(*ids: UUID) -> None:
    """Until the threads that a commit has started are done: those of these batches, or all."""
    names = tuple(f"batch-{pk}" for pk in ids) or ("batch-",)
    for thread in threading.enumerate():
        if thread.name.startswith(names):
            thread.join(20)


def selection(user: User, *orders: Order, **changes: Any) -> batches.Selection:
    fields: dict[str, Any] = {
        "user": user,
        "address": "127.0.0.1",
        "intent": uuid4(),
        "orders": tuple((order.pk, order.version) for order in orders),
        "fresh_factor": True,
    }
    return batches.Selection(**{**fields, **changes})


@dataclass
class Busy:
    """A database that is busy for so many statements of one kind."""

    statement: str
    left: int

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if self.left and sql.startswith(self.statement):
            self.left -= 1
            raise OperationalError("database is locked")
        return execute(sql, *rest)


@contextlib.contextmanager
def busy(statement: str, times: int = 1, *, here: bool = True) -> Iterator[Busy]:
    """Every thread that opens a connection meets a busy database, and so does what is done `here`.

    Each such statement fails before it does anything.
    """
    trouble = Busy(statement, times)

    def meet(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if trouble not in connection.execute_wrappers:
            connection.execute_wrappers.append(trouble)

    connection_created.connect(meet)
    try:
        with database.execute_wrapper(trouble) if here else contextlib.nullcontext():
            yield trouble
    finally:
        connection_created.disconnect(meet)
