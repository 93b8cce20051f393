"""Clicks that race: of a double click one row and one request, of two tabs one request and one conflict."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connections

from orders import reconciliation
from orders.commands import CommandRequest, Conflict, submit
from orders.models import Order, OrderCommand
from tests.orders.broker import Broker
from tests.orders.commands.samples import ACCEPTED, asked, lists, reservation_row
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*requests: CommandRequest) -> tuple[list[OrderCommand], list[Conflict]]:
    """Submit all of them at the same moment: the commands, and the conflicts."""
    commands: list[OrderCommand] = []
    conflicts: list[Conflict] = []
    start = threading.Barrier(len(requests))

    def click(request: CommandRequest) -> None:
        start.wait(10)
        try:
            commands.append(submit(request))
        except Conflict as conflict:
            conflicts.append(conflict)
        finally:
            connections.close_all()

    _in_threads([lambda request=request: click(request) for request in requests])  # type: ignore[misc]  # bound now
    return commands, conflicts


def _in_threads(deeds: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_a_double_click_is_one_row_and_one_request(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    request = asked(desk, reserved)
    commands, conflicts = at_once(*[request] * 6)
    assert (len(commands), conflicts) == (6, [])
    assert {command.pk for command in commands} == {OrderCommand.objects.get().pk}
    assert len(broker.orders) == 1


def test_of_two_tabs_one_sends_and_the_others_are_told_to_wait(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    commands, conflicts = at_once(*[asked(desk, reserved) for _ in range(4)])
    assert (len(commands), len(conflicts), len(broker.orders)) == (1, 3, 1)
    assert {conflict.code for conflict in conflicts} <= {"command_in_flight", "stale_version"}


def test_one_key_with_two_contents_at_once_is_one_command_and_one_conflict(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    first = asked(desk, reserved)
    commands, conflicts = at_once(first, replace(first, expected_version=99))
    assert len(broker.orders) == len(commands) <= 1
    assert {conflict.code for conflict in conflicts} <= {"key_reused", "stale_version"}
    assert OrderCommand.objects.count() == len(commands)


def test_a_full_cancel_may_be_superseded_once_alone(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    clock.shift(timedelta(seconds=16))
    reserved.refresh_from_db()
    Order.objects.update(inquired_at=datetime.now(UTC))
    broker.reply("order-resv-ccnl", ACCEPTED)
    requests = [asked(desk, reserved, supersedes=first.pk, intent=uuid4()) for _ in range(3)]
    commands, conflicts = at_once(*requests)
    assert (len(commands), len(conflicts), len(broker.orders)) == (1, 2, 2)
    first.refresh_from_db()
    assert (first.state, commands[0].supersedes_id) == ("SUPERSEDED", first.pk)


def test_two_resolvers_at_once_ask_once(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    lists(broker, reservation_row(cncl_yn="Y"))
    clock.shift(timedelta(seconds=2))
    before = len([path for path in broker.inquiries if "TTTS3014R" not in path])
    now = datetime.now(UTC)

    def resolve() -> None:
        reconciliation.resolve_due(now)
        connections.close_all()

    _in_threads([resolve] * 4)
    command.refresh_from_db()
    assert command.state == "CONFIRMED"
    assert len(broker.inquiries) - before == 2  # the American and the Asian list
