"""Moments that were stored before a clock was set back: they make no command leave sooner, and keep none for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from orders import inquiries, reconciliation
from orders.models import OrderCommand
from orders.reconciliation.judging import settle
from tests.orders.broker import Broker
from tests.orders.commands.samples import EVENING, lists, make_order, reservation_row
from tests.orders.commands.test_resolving_families import Said
from tests.orders.commands.test_resolving_many import waiting
from tests.orders.commands.test_session_end import read_at, told
from tests.orders.commands.test_session_end import unknown as unanswered
from tests.orders.conftest import Desk

__all__ = ["unanswered"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Ask = Callable[[], tuple[str, dict[str, Any]]]


@pytest.fixture
def unknown(desk: Desk, broker: Broker, clock: time_machine.Traveller) -> OrderCommand:
    del broker, clock
    return waiting(make_order(desk), 30135682)


@pytest.fixture
def ask(unknown: OrderCommand, clock: time_machine.Traveller) -> Ask:
    """The resolver's next question, ten seconds later, and what the command is after it."""

    def once() -> tuple[str, dict[str, Any]]:
        clock.shift(timedelta(seconds=10))
        OrderCommand.objects.update(next_ask_at=datetime.now(UTC))
        reconciliation.resolve_due(datetime.now(UTC))
        unknown.refresh_from_db()
        return unknown.state, unknown.watch

    return once


@pytest.mark.parametrize("stored", [{"waits_since": EVENING + HOUR}, {"waits_since": None, "sent_at": EVENING + HOUR}])
def test_a_wait_since_a_time_to_come_begins_with_the_next_read(
    unknown: OrderCommand, broker: Broker, ask: Ask, stored: dict[str, Any]
) -> None:
    lists(broker, reservation_row(cncl_yn="Y"))
    OrderCommand.objects.update(**stored)
    assert ask() == ("UNKNOWN", {}), "this read may have begun before the answer came"
    assert unknown.waits_since is not None
    assert unknown.waits_since <= datetime.now(UTC)
    assert ask()[0] == "CONFIRMED"


def test_a_wait_that_a_slower_clock_has_seen_begin_is_left_alone(
    unknown: OrderCommand, broker: Broker, ask: Ask
) -> None:
    lists(broker, reservation_row(cncl_yn="Y"))
    soon = EVENING + timedelta(seconds=40)
    OrderCommand.objects.update(waits_since=soon)
    assert (ask(), unknown.waits_since) == (("UNKNOWN", {}), soon)


def test_a_read_over_which_the_clock_was_set_back_proves_nothing(
    unknown: OrderCommand, desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    lists(broker, reservation_row(cncl_yn="Y"))
    clock.shift(HOUR)
    read = inquiries.inquire(desk.stock)
    clock.shift(-HOUR)
    assert read is not None
    assert settle(read) == 0
    unknown.refresh_from_db()
    assert unknown.state == "UNKNOWN"


def test_a_question_put_off_by_a_clock_that_was_ahead_is_asked_now_and_goes_on_by_the_schedule(
    unknown: OrderCommand, broker: Broker, clock: time_machine.Traveller
) -> None:
    lists(broker, reservation_row())
    OrderCommand.objects.update(waits_since=EVENING + HOUR, next_ask_at=EVENING + HOUR, asks=6)
    clock.shift(timedelta(seconds=10))
    now = datetime.now(UTC)
    assert [reconciliation.resolve_due(now), reconciliation.resolve_due(now)] == [1, 0]
    unknown.refresh_from_db()
    assert unknown.next_ask_at is not None
    assert unknown.next_ask_at - now == timedelta(seconds=60)


def test_lists_that_cannot_be_read_call_a_person_whatever_the_clock_was(
    unknown: OrderCommand, broker: Broker, ask: Ask, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-list", (400, b"{}"))
    OrderCommand.objects.update(waits_since=EVENING + 9 * HOUR)
    assert ask()[0] == "UNKNOWN"
    clock.shift(timedelta(minutes=10))
    assert ask()[0] == "ESCALATED"


def test_equal_reads_of_a_time_to_come_are_counted_anew(
    unknown: OrderCommand, broker: Broker, ask: Ask, clock: time_machine.Traveller
) -> None:
    lists(broker, reservation_row())
    assert [ask()[1]["reads"] for _ in range(2)] == [1, 2]
    since = datetime.fromisoformat(unknown.watch["since"])
    watch = unknown.watch | {"since": (since + HOUR).isoformat()}
    OrderCommand.objects.update(watch=watch)
    assert ask()[1]["reads"] == 1
    assert ask()[1]["reads"] == 2
    clock.shift(timedelta(seconds=180))
    assert ask()[0] == "ESCALATED", "three equal reads and 180 s from then on"


def test_a_read_after_the_end_by_a_clock_that_was_ahead_is_no_final_one(
    unanswered: OrderCommand, broker: Broker, clock: time_machine.Traveller
) -> None:
    told(broker, Said())
    assert read_at(clock, unanswered, 5) == "UNKNOWN"
    assert unanswered.watch["final_reads"] == 1
    assert read_at(clock, unanswered, -1) == "UNKNOWN"
    assert "final_reads" not in unanswered.watch
    assert read_at(clock, unanswered, 16) != "NOT_APPLIED"


@pytest.mark.parametrize(
    ("state", "moment", "after"),
    [
        ("CREATED", "created_at", "EXPIRED"),
        ("READY", "created_at", "EXPIRED"),
        ("SENDING", "claimed_at", "UNKNOWN"),
    ],
)
def test_a_command_of_a_time_to_come_is_given_up_and_does_not_lock_its_order(
    unknown: OrderCommand, state: str, moment: str, after: str
) -> None:
    OrderCommand.objects.update(state=state, sent_at=None, **{moment: EVENING + HOUR})
    assert reconciliation.recover(datetime.now(UTC)) == 1
    unknown.refresh_from_db()
    assert unknown.state == after


def test_a_command_that_is_a_moment_ahead_is_left_alone(unknown: OrderCommand) -> None:
    OrderCommand.objects.update(state="SENDING", claimed_at=datetime.now(UTC) + timedelta(seconds=30))
    assert reconciliation.recover(datetime.now(UTC)) == 0
    unknown.refresh_from_db()
    assert unknown.state == "SENDING"
