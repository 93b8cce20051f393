"""A person asks the broker out of turn: once in three seconds an order, audited, and as good as any other read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore

import pytest
import time_machine
from django.test import Client

from accounts import audit
from accounts.models import AuditEvent, Role
from orders import reconciliation
from orders.api import inquire
from orders.commands import submit
from orders.models import KisConnection, Order, OrderCommand
from tests import factories as make
from tests.orders.broker import Broker
from tests.orders.commands.samples import asked, lists, reservation_row
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db
BY = audit.By.system("test")


@pytest.fixture
def unknown(desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller) -> OrderCommand:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    lists(broker, reservation_row())
    clock.shift(timedelta(seconds=1))
    return command


def test_what_the_lists_tell_settles_the_command_at_once(broker: Broker, unknown: OrderCommand) -> None:
    lists(broker, reservation_row(cncl_yn="Y"))
    answer = reconciliation.ask_now(unknown, BY)
    unknown.refresh_from_db()
    assert (answer.error, unknown.state) == ("", "CONFIRMED")
    row = AuditEvent.objects.get(action="order.inquired")
    assert (row.account, row.subject) == (unknown.order.account, f"order {unknown.order_id}")


def test_it_counts_among_the_reads_and_proves_nothing_by_itself(
    unknown: OrderCommand, clock: time_machine.Traveller
) -> None:
    for _ in range(5):
        reconciliation.ask_now(unknown.order, BY)
        clock.shift(timedelta(seconds=3))
    unknown.refresh_from_db()
    assert (unknown.state, unknown.watch["asked"], unknown.watch["reads"]) == ("UNKNOWN", 5, 5)


def test_an_order_is_asked_for_once_in_three_seconds(unknown: OrderCommand, clock: time_machine.Traveller) -> None:
    reconciliation.ask_now(unknown, BY)
    clock.shift(timedelta(seconds=1))
    with pytest.raises(reconciliation.TooSoon) as early:
        reconciliation.ask_now(unknown.order, BY)
    assert timedelta(seconds=1) < early.value.wait <= timedelta(seconds=2)
    assert AuditEvent.objects.filter(action="order.inquired").count() == 1
    clock.shift(timedelta(seconds=2))
    assert reconciliation.ask_now(unknown.order, BY).error == ""


def test_a_broker_that_does_not_answer_is_said_to(broker: Broker, unknown: OrderCommand) -> None:
    broker.reply("order-resv-list", (200, b"<html>"))
    answer = reconciliation.ask_now(unknown, BY)
    unknown.refresh_from_db()
    assert answer.error
    assert (unknown.state, unknown.watch) == ("UNKNOWN", {})


def test_without_an_active_connection_nobody_is_asked(unknown: OrderCommand) -> None:
    KisConnection.objects.update(active=False)
    assert reconciliation.ask_now(unknown, BY).error == "no active connection"


def api(user: object, scope: str = "read") -> Client:
    token = make.token_for(user, scope, timedelta(days=3650))  # type: ignore[arg-type]  # a user
    return Client(headers={"authorization": f"Bearer {token}"})


def test_whoever_sees_the_order_may_ask_and_gets_the_row_with_the_evidence_so_far(
    unknown: OrderCommand, clock: time_machine.Traveller
) -> None:
    watcher = make.UserFactory.create(role=Role.COMPLIANCE)
    path = f"/api/v1/orders/{unknown.order_id}/inquire/"
    answer = api(watcher).post(path)
    assert answer.status_code == 200
    command = answer.json()["order"]["command"]
    assert (answer.json()["error"], command["reads"], command["state"]) == (None, 1, "UNKNOWN")
    assert command["last_read_at"] == command["equal_since"] is not None
    assert command["age_since"] is not None
    assert datetime.fromisoformat(command["next_read_at"]) > datetime(2026, 11, 20, tzinfo=UTC)
    again = api(watcher).post(path)
    assert (again.status_code, again.json()["code"], int(again["Retry-After"]) <= 3) == (429, "throttled", True)
    clock.shift(timedelta(seconds=3))
    assert api(watcher).post(path).status_code == 200


def test_few_are_asked_for_at_once_so_that_a_process_stays_free_for_orders(
    unknown: OrderCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = make.UserFactory.create(role=Role.COMPLIANCE)
    path = f"/api/v1/orders/{unknown.order_id}/inquire/"
    monkeypatch.setattr(inquire, "AT_ONCE", BoundedSemaphore(1))
    with inquire.AT_ONCE:
        answer = api(watcher).post(path)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert api(watcher).post(path).status_code == 200


def test_an_order_of_somebody_else_is_not_there(unknown: OrderCommand) -> None:
    stranger = make.UserFactory.create()
    assert api(stranger, "trade").post(f"/api/v1/orders/{unknown.order_id}/inquire/").status_code == 404
    assert Client().post(f"/api/v1/orders/{unknown.order_id}/inquire/").status_code == 401
