"""The one door past a command without an outcome: a person, a cancel, and not too early."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database

from orders.commands import Conflict, submit
from orders.models import Order, OrderCommand
from tests.orders.broker import Answer, Broker
from tests.orders.commands.samples import (
    ACCEPTED,
    asked,
)
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def test_only_a_person_steps_over_an_escalated_command(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    reserved.refresh_from_db()
    early = asked(desk, reserved, supersedes=first.pk)
    with pytest.raises(Conflict) as refused:
        submit(early)
    assert refused.value.code == "not_supersedable"
    clock.shift(timedelta(seconds=20))
    broker.reply("order-resv-ccnl", ACCEPTED)
    second = submit(asked(desk, reserved, supersedes=first.pk))
    first.refresh_from_db()
    assert (first.state, second.state) == ("SUPERSEDED", "ACKED")


def test_the_resolver_of_a_superseded_command_runs_on(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    clock.shift(timedelta(seconds=20))
    reserved.refresh_from_db()
    submit(asked(desk, reserved, supersedes=first.pk))
    first.refresh_from_db()
    assert (first.state, first.next_ask_at is not None) == ("SUPERSEDED", True)


@pytest.mark.django_db(transaction=True)
def test_a_command_given_up_while_it_was_sent_keeps_the_late_answer(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    def late() -> Answer:
        OrderCommand.objects.update(state="SUPERSEDED")
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = late
    command = submit(asked(desk, reserved))
    assert (command.state, command.broker_order_id, len(broker.orders)) == ("SUPERSEDED", "0030138295", 1)
