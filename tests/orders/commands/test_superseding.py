"""The one door past a command without an outcome: a person, a cancel, and not too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection as database

from orders import reconciliation
from orders.commands import CommandError, Conflict, submit
from orders.models import Order, OrderCommand
from tests.orders.broker import Answer, Broker
from tests.orders.commands.samples import (
    ACCEPTED,
    asked,
    lists,
    reservation_row,
    resolve,
)
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def test_only_a_person_steps_over_an_escalated_command(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    lists(broker, reservation_row())
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
    lists(broker, reservation_row())
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


FULL: dict[str, Any] = {"type": "cancel"}
PART: dict[str, Any] = {"type": "cancel", "quantity": Decimal(4)}
PRICE: dict[str, Any] = {"type": "modify", "price": Decimal(181)}
RULES: dict[str, tuple[dict[str, Any], str, int, dict[str, Any], str]] = {
    # the old command, its state, its age in seconds, the new one, what comes of it
    "a full cancel over an unknown full cancel": (FULL, "UNKNOWN", 16, FULL, "taken"),
    "the same a second too early": (FULL, "UNKNOWN", 14, FULL, "not_supersedable"),
    "a full cancel over an unknown part": (PART, "UNKNOWN", 60, FULL, "not_supersedable"),
    "a part over an unknown full cancel": (FULL, "UNKNOWN", 60, PART, "not_supersedable"),
    "a full cancel over an unknown modify": (PRICE, "UNKNOWN", 60, FULL, "not_supersedable"),
    "a full cancel over an escalated modify": (PRICE, "ESCALATED", 200, FULL, "taken"),
    "a part over an escalated cancel": (FULL, "ESCALATED", 200, PART, "taken"),
    "a modify over an escalated cancel": (FULL, "ESCALATED", 200, PRICE, "invalid"),
    "a cancel over one that was accepted": (FULL, "ACKED", 60, FULL, "not_supersedable"),
    "a cancel over one that is being sent": (FULL, "SENDING", 60, FULL, "not_supersedable"),
    "a cancel over one that was confirmed": (FULL, "CONFIRMED", 60, FULL, "not_supersedable"),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_who_may_step_over_what(
    desk: Desk,
    broker: Broker,
    daytime: Order,
    clock: time_machine.Traveller,
    rule: tuple[dict[str, Any], str, int, dict[str, Any], str],
) -> None:
    old, state, age, new, outcome = rule
    broker.reply("daytime-order-rvsecncl", None)
    first = submit(asked(desk, daytime, **old))
    OrderCommand.objects.update(state=state)
    clock.shift(timedelta(seconds=age))
    daytime.refresh_from_db()
    Order.objects.update(inquired_at=datetime.now(UTC))
    sent = len(broker.orders)
    try:
        submit(asked(desk, daytime, supersedes=first.pk, **new))
        code = "taken"
    except CommandError as error:
        code = error.code
    first.refresh_from_db()
    assert (code, len(broker.orders) - sent) == (outcome, int(outcome == "taken"))
    assert first.state == ("SUPERSEDED" if outcome == "taken" else state)


def test_a_superseded_command_is_looked_for_until_its_order_is_done(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    clock.shift(timedelta(seconds=20))
    reserved.refresh_from_db()
    lists(broker, reservation_row())
    second = submit(asked(desk, reserved, supersedes=first.pk))
    resolve(clock, 30)
    first.refresh_from_db()
    assert first.next_ask_at is not None
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 60)
    first.refresh_from_db()
    second.refresh_from_db()
    assert [first.state, first.next_ask_at, second.state] == ["SUPERSEDED", None, "CONFIRMED"]
    assert len(broker.orders) == 2


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_comes_after_the_command_was_given_up_is_kept_and_proves_nothing(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    def late() -> Answer:
        reconciliation.recover(datetime.now(UTC) + timedelta(seconds=11))
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = late
    command = submit(asked(desk, reserved))
    assert (command.state, command.broker_order_id) == ("UNKNOWN", "0030138295")
    assert (command.raw_answer, command.http_status) == (ACCEPTED[1], 200)
    assert command.next_ask_at is not None
