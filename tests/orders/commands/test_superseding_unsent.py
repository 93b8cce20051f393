"""A second cancel that never reaches the broker replaces nothing: the first request may still be carried out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.db import connection as database

from accounts import audit
from orders import crash_points, outcomes, reconciliation, serializers
from orders.commands import CommandError, submit
from orders.crash_points import CrashPoint
from orders.domain.command_state import EvidenceConfirmed
from orders.models import KisConnection, Order, OrderCommand, Switch
from tests.orders.broker import Answer, Broker, body
from tests.orders.commands.samples import ACCEPTED, DAYTIME_OK, asked, lists, reservation_row, resolve
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


class DiedError(Exception):
    """The process, at a crash point."""


@dataclass
class Locked:
    """An order with a modify of a part that nobody knows the outcome of, escalated."""

    desk: Desk
    broker: Broker
    order: Order
    clock: time_machine.Traveller
    old: OrderCommand

    def cancel(self) -> OrderCommand:
        self.order.refresh_from_db()
        return submit(asked(self.desk, self.order, supersedes=self.old.pk))

    def modify(self) -> str:
        """How a second modify of a part is answered."""
        self.order.refresh_from_db()
        try:
            request = asked(self.desk, self.order, type="modify", price=Decimal(182), quantity=Decimal(4))
            return submit(request).state
        except CommandError as error:
            return error.code

    def state(self) -> str:
        self.old.refresh_from_db()
        return self.old.state


@pytest.fixture
def locked(desk: Desk, broker: Broker, daytime: Order, clock: time_machine.Traveller) -> Locked:
    broker.reply("daytime-order-rvsecncl", None)
    old = submit(asked(desk, daytime, type="modify", price=Decimal(181), quantity=Decimal(4)))
    OrderCommand.objects.update(state="ESCALATED")
    clock.shift(timedelta(seconds=200))
    Order.objects.update(inquired_at=datetime.now(UTC))
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    return Locked(desk, broker, daytime, clock, old)


@contextlib.contextmanager
def at(wanted: CrashPoint, deed: Callable[[], object]) -> Iterator[None]:
    def hook(point: CrashPoint) -> None:
        if point is wanted:
            deed()

    crash_points.install(hook)
    try:
        yield
    finally:
        crash_points.install(None)


def die() -> None:
    raise DiedError


def denied(locked: Locked) -> OrderCommand:
    switch = Switch.objects.create(
        kind="sending_off", scope="all", engaged_by=locked.desk.manager, engaged_at=datetime.now(UTC), reason="복구"
    )
    command = locked.cancel()
    switch.delete()
    return command


def too_old(locked: Locked) -> OrderCommand:
    with at(CrashPoint.COMMAND_READY, lambda: locked.clock.shift(timedelta(seconds=16))):
        command = locked.cancel()
    Order.objects.update(inquired_at=datetime.now(UTC))
    return command


def unreachable(locked: Locked) -> OrderCommand:
    KisConnection.objects.update(rest_url="http://127.0.0.1:9")
    command = locked.cancel()
    KisConnection.objects.update(rest_url=locked.broker.url)
    return command


def died_before_the_claim(locked: Locked) -> OrderCommand:
    with at(CrashPoint.COMMAND_READY, die), pytest.raises(DiedError):
        locked.cancel()
    assert locked.modify() == "command_in_flight"
    locked.clock.shift(timedelta(seconds=31))
    reconciliation.recover(datetime.now(UTC))
    Order.objects.update(inquired_at=datetime.now(UTC))
    return OrderCommand.objects.exclude(pk=locked.old.pk).get()


def kept_at_the_gateway(locked: Locked) -> OrderCommand:
    KisConnection.objects.update(egw_refusals_prove=True)
    locked.broker.reply("daytime-order-rvsecncl", body(rt_cd="1", msg_cd="EGW00201", msg1="초당 거래건수 초과"))
    command = locked.cancel()
    locked.broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    return command


ENDINGS = {
    "DENIED": denied,
    "EXPIRED": too_old,
    "NOT_SENT": unreachable,
    "EXPIRED after a crash": died_before_the_claim,
    "REJECTED by the gateway": kept_at_the_gateway,
}


@pytest.mark.parametrize(("ending", "end"), ENDINGS.items(), ids=ENDINGS)
def test_a_cancel_that_never_left_leaves_the_order_locked_by_the_old_request(
    locked: Locked, ending: str, end: Callable[[Locked], OrderCommand]
) -> None:
    unsent = end(locked)
    assert unsent.state == ending.split(maxsplit=1)[0]
    assert locked.state() == "ESCALATED"
    assert locked.modify() == "command_in_flight"
    again = locked.cancel()
    assert (again.state, again.supersedes_id, locked.state()) == ("ACKED", locked.old.pk, "SUPERSEDED")


def test_the_row_goes_on_showing_the_request_without_an_outcome(locked: Locked) -> None:
    unsent = denied(locked)
    row = serializers.order_row(locked.order, locked.desk.manager)
    assert row["command"]["id"] == str(locked.old.pk) != str(unsent.pk)
    assert not any(button["allowed"] for button in row["allowed_actions"])


def test_a_cancel_whose_process_died_after_the_claim_takes_the_old_ones_place(locked: Locked) -> None:
    with at(CrashPoint.COMMAND_CLAIMED, die), pytest.raises(DiedError):
        locked.cancel()
    assert locked.state() == "ESCALATED"
    reconciliation.recover(datetime.now(UTC) + timedelta(seconds=11))
    new = OrderCommand.objects.exclude(pk=locked.old.pk).get()
    assert (new.state, locked.state()) == ("UNKNOWN", "SUPERSEDED")


def test_an_old_request_that_was_settled_meanwhile_stays_settled(locked: Locked) -> None:
    def settle() -> None:
        with transaction.atomic():
            locked.old.refresh_from_db()
            by = audit.By.system("resolver")
            outcomes.move(locked.old, EvidenceConfirmed("inquiry:1"), datetime.now(UTC), by)

    with at(CrashPoint.COMMAND_READY, settle):
        assert locked.cancel().state == "ACKED"
    assert locked.state() == "CONFIRMED"


@pytest.mark.django_db(transaction=True)
def test_what_the_lists_show_while_a_second_cancel_is_sent_decides_nothing_yet(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    old = submit(asked(desk, reserved))
    clock.shift(timedelta(seconds=20))
    reserved.refresh_from_db()
    lists(broker, reservation_row())
    meanwhile: list[str] = []

    def answer() -> Answer:
        lists(broker, reservation_row(cncl_yn="Y"))
        reconciliation.resolve_due(datetime.now(UTC))
        meanwhile.append(OrderCommand.objects.get(pk=old.pk).state)
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = answer
    new = submit(asked(desk, reserved, supersedes=old.pk))
    assert (meanwhile, new.state) == (["UNKNOWN"], "ACKED")
    resolve(clock, 5)
    states = [OrderCommand.objects.get(pk=command.pk).state for command in (old, new)]
    assert states == ["SUPERSEDED", "CONFIRMED"]


def test_the_database_itself_keeps_a_second_live_command_away(locked: Locked) -> None:
    def row(state: str, over: OrderCommand | None) -> OrderCommand:
        fields = {"actor": locked.desk.manager, "order": locked.order, "type": "cancel", "expected_version": 1}
        digest = {"parameters_hash": "", "created_at": datetime.now(UTC), "intent": uuid4()}
        return OrderCommand(**fields, **digest, state=state, supersedes=over)

    for state, over in (("CREATED", None), ("SENDING", None), ("UNKNOWN", locked.old), ("ACKED", locked.old)):
        with pytest.raises(IntegrityError), transaction.atomic():
            row(state, over).save()
    row("READY", locked.old).save()
    for state in ("CREATED", "READY", "SENDING"):
        with pytest.raises(IntegrityError), transaction.atomic():
            row(state, locked.old).save()


def test_of_two_commands_one_is_being_sent(locked: Locked) -> None:
    OrderCommand.objects.update(state="SENDING")
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderCommand.objects.create(
            actor=locked.desk.manager,
            intent=uuid4(),
            order=locked.order,
            type="cancel",
            expected_version=1,
            created_at=datetime.now(UTC),
            supersedes=locked.old,
            state="SENDING",
        )
