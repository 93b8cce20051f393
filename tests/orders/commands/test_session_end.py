"""A command whose session is over without a trace: two final reads well apart, and only then NOT_APPLIED."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from orders import reconciliation
from orders.commands import submit
from orders.models import Order, OrderCommand
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import asked
from tests.orders.commands.test_resolving_families import Said, overseas
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db
CLOSES = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 18:00 in Korea: the daytime session ends


def told(broker: Broker, *rows: Said) -> None:
    listed = [overseas(row) | {"thco_ord_tmd": "100300"} for row in rows]
    broker.reply("inquire-ccnl", body(rt_cd="0", msg_cd="", msg1="", output=listed))


@pytest.fixture
def unknown(desk: Desk, broker: Broker, daytime: Order, clock: time_machine.Traveller) -> OrderCommand:
    """Sent two minutes before the end, and never answered."""
    clock.move_to(CLOSES - timedelta(minutes=2))
    Order.objects.update(inquired_at=datetime.now(UTC))
    broker.reply("daytime-order-rvsecncl", None)
    told(broker, Said())
    return submit(asked(desk, daytime))


def read_at(clock: time_machine.Traveller, command: OrderCommand, minutes: float) -> str:
    """Asked once, so many minutes after the session's end: the state after it."""
    clock.move_to(CLOSES + timedelta(minutes=minutes))
    OrderCommand.objects.update(next_ask_at=datetime.now(UTC))
    reconciliation.resolve_due(datetime.now(UTC))
    command.refresh_from_db()
    return command.state


def test_two_final_reads_ten_minutes_apart_say_that_it_was_not_applied(
    unknown: OrderCommand, daytime: Order, clock: time_machine.Traveller
) -> None:
    assert read_at(clock, unknown, 0.5) == "UNKNOWN"
    assert read_at(clock, unknown, 10.6) == "NOT_APPLIED"
    daytime.refresh_from_db()
    assert (daytime.status, daytime.leaves_qty) == ("EXPIRED", 0)
    assert unknown.evidence[-1].startswith("inquiry:")
    assert not daytime.commands.filter(next_ask_at__isnull=False).exists()


def test_reads_too_close_or_before_the_end_do_not(unknown: OrderCommand, clock: time_machine.Traveller) -> None:
    assert read_at(clock, unknown, -1) == "UNKNOWN"
    assert read_at(clock, unknown, 1) == "UNKNOWN"
    assert read_at(clock, unknown, 9) in {"UNKNOWN", "ESCALATED"}


def test_a_request_that_is_listed_is_not_called_not_applied(
    unknown: OrderCommand, broker: Broker, clock: time_machine.Traveller
) -> None:
    told(broker, Said(), Said("30135690", "cancel", left=0, price="0"))
    assert read_at(clock, unknown, 1) == "UNKNOWN"
    assert read_at(clock, unknown, 12) == "ESCALATED"


def test_what_was_canceled_at_the_last_second_is_found(
    unknown: OrderCommand, broker: Broker, daytime: Order, clock: time_machine.Traveller
) -> None:
    assert read_at(clock, unknown, 1) == "UNKNOWN"
    told(broker, Said(left=0), Said("30135690", "cancel", left=0, price="0"))
    assert read_at(clock, unknown, 3) == "CONFIRMED"
    assert daytime.pk == unknown.order_id
