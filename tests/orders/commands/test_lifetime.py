"""A process that was stopped on its way to the broker sends nothing when it wakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database

from orders.commands import submit
from orders.commands.lifetime import Lifetime
from orders.models import Order, OrderCommand
from tests.orders.broker import Answer, Broker
from tests.orders.commands.samples import ACCEPTED, EVENING, asked, lists, reservation_row, resolve
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kind", "claimed_after", "seconds"), [("cancel", 1, 6), ("cancel", 12, 15), ("modify", 1, 5)])
def test_a_command_may_leave_inside_its_ttl_and_soon_after_its_claim(
    kind: str, claimed_after: int, seconds: int
) -> None:
    life = Lifetime.of(OrderCommand(type=kind, created_at=EVENING), 100.0)
    claimed = life.claimed(EVENING + timedelta(seconds=claimed_after), 100.0 + claimed_after)
    assert claimed == Lifetime(EVENING + timedelta(seconds=seconds), 100.0 + seconds)


def test_a_wall_clock_that_was_set_back_gives_no_more_time() -> None:
    life = Lifetime.of(OrderCommand(type="cancel", created_at=EVENING), 100.0)
    assert life.claimed(EVENING - timedelta(hours=1), 114.0).until_tick == 115.0


@pytest.mark.parametrize(("until", "tick", "lasts"), [(1, 1e12, True), (-1, 1e12, False), (1, 0.0, False)])
def test_either_clock_ends_it(until: int, tick: float, lasts: bool) -> None:
    with time_machine.travel(EVENING, tick=False):
        assert Lifetime(EVENING + timedelta(seconds=until), tick).lasts() is lasts


def test_a_process_that_sleeps_after_its_last_look_sends_nothing(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    def sleepy(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        found = execute(sql, params, many, context)
        if ' AS "a" ' in sql and "SENDING" in map(str, params or ()):
            clock.shift(timedelta(minutes=20))
        return found

    broker.reply("order-resv-ccnl", ACCEPTED)
    with database.execute_wrapper(sleepy):
        command = submit(asked(desk, reserved))
    assert (command.state, command.sends, broker.orders) == ("NOT_SENT", 1, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "asked_again"), [("NOT_APPLIED", True), ("TOO_LATE", True), ("CONFIRMED", False), ("SUPERSEDED", True)]
)
def test_what_is_accepted_after_its_end_is_asked_for_anew(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller, state: str, asked_again: bool
) -> None:
    def late() -> Answer:
        OrderCommand.objects.update(state=state, asks=20)
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = late
    command = submit(asked(desk, reserved))
    assert (command.state, command.next_ask_at is not None) == (state, asked_again)
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 2)
    reserved.refresh_from_db()
    assert reserved.status == ("CANCELED" if asked_again else "RESERVED")


@pytest.mark.django_db(transaction=True)
def test_it_is_asked_for_three_minutes(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    def late() -> Answer:
        OrderCommand.objects.update(state="NOT_APPLIED")
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = late
    command = submit(asked(desk, reserved))
    lists(broker, reservation_row())
    resolve(clock, 100)
    asked_still = OrderCommand.objects.filter(pk=command.pk, state="NOT_APPLIED", next_ask_at__gt=datetime.now(UTC))
    assert asked_still.exists()
    resolve(clock, 100)
    assert OrderCommand.objects.filter(pk=command.pk, state="NOT_APPLIED", next_ask_at=None).exists()
