"""Each row of a batch becomes one command with one outcome, and nothing is sent that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, BoundedSemaphore, Thread

import pytest
from django.db import OperationalError, connections, transaction

from accounts.models import AuditEvent, StreamEvent, User
from orders import batches
from orders.batches import retrying, working
from orders.models import BatchKind, BatchRow, CommandBatch, KisConnection, Order, OrderCommand
from orders.switch_rows import batch_lines, batch_row
from tests import factories as make
from tests.orders.batches.conftest import MORNING, Traveller, busy, selection, wait_for_batches
from tests.orders.broker import Broker, body

pytestmark = pytest.mark.django_db
Make = Callable[..., Order]


def worked(batch: CommandBatch) -> list[tuple[str, str]]:
    batches.work(batch.pk)
    return [(row.state, row.command.state if row.command else row.code) for row in batch.rows.all()]


def test_every_row_gets_a_command_of_its_own(kim: User, order: Make, broker: Broker) -> None:
    batch = batches.cancel_selected(selection(kim, order(), order()))
    assert worked(batch) == [("submitted", "ACKED"), ("submitted", "ACKED")]
    assert len(broker.orders) == 2
    assert [row.command.intent for row in batch.rows.all() if row.command] == [row.intent for row in batch.rows.all()]
    batch.refresh_from_db()
    assert batch.finished_at == MORNING
    assert StreamEvent.objects.filter(user=kim, entity="batch").last().row["state"] == "finished"  # type: ignore[union-attr]  # told at least once


def test_one_row_that_is_refused_leaves_the_others_alone(kim: User, order: Make, broker: Broker) -> None:
    stale, busy, gone, fine = order(version=2), order(), order(status="FILLED", leaves_qty=0), order()
    make.OrderCommandFactory.create(order=busy)
    picked = ((stale.pk, 1), (busy.pk, 1), (gone.pk, 1), (fine.pk, 1))
    outcomes = worked(batches.cancel_selected(selection(kim, stale, orders=picked)))
    assert outcomes == [
        ("refused", "stale_version"),
        ("refused", "command_in_flight"),
        ("submitted", "DENIED"),
        ("submitted", "ACKED"),
    ]
    assert len(broker.orders) == 1


def test_an_answer_that_says_nothing_is_one_rows_unknown(kim: User, order: Make, broker: Broker) -> None:
    answers = iter([None, body(rt_cd="0", msg_cd="APBK0013", msg1="", output={"ODNO": "0000004336"})])
    broker.answers["daytime-order-rvsecncl"] = lambda: next(answers)
    outcomes = worked(batches.cancel_selected(selection(kim, order(), order())))
    assert outcomes == [("submitted", "UNKNOWN"), ("submitted", "ACKED")]


def test_working_a_batch_again_sends_nothing_again(kim: User, order: Make, broker: Broker) -> None:
    batch = batches.cancel_selected(selection(kim, order()))
    worked(batch)
    CommandBatch.objects.filter(pk=batch.pk).update(finished_at=None)
    batch.rows.update(state="pending")  # as if the outcome had been lost
    assert worked(batch) == [("submitted", "ACKED")]
    assert len(broker.orders) == 1


def test_a_row_that_fails_unforeseen_says_so_and_the_next_goes_on(kim: User, order: Make, broker: Broker) -> None:
    broken, fine = order(market="NOWHERE"), order()
    outcomes = worked(batches.cancel_selected(selection(kim, broken, fine)))
    assert outcomes == [("refused", "error"), ("submitted", "ACKED")]
    assert len(broker.orders) == 1


def test_a_click_that_its_process_slept_over_sends_nothing(
    kim: User, order: Make, broker: Broker, clock: Traveller
) -> None:
    batch = batches.cancel_selected(selection(kim, order(), order()))
    clock.shift(timedelta(seconds=16))
    assert worked(batch) == [("expired", ""), ("expired", "")]
    assert broker.orders == []
    batch.refresh_from_db()
    assert batch_row(batch)["state"] == "finished"


def test_a_row_taken_too_long_ago_records_no_command(kim: User, order: Make, broker: Broker, clock: Traveller) -> None:
    batch = batches.cancel_selected(selection(kim, order()))
    row = working._take(batch)
    assert row is not None
    clock.shift(timedelta(seconds=16))
    working._carry_out(batch, row)
    assert batch.rows.get().code == "too_late"
    assert (broker.orders, OrderCommand.objects.count()) == ([], 0)


def test_what_a_dead_process_left_is_given_up_as_not_sent(
    kim: User, order: Make, broker: Broker, clock: Traveller
) -> None:
    taken, asked, waiting = order(), order(), order()
    batch = batches.cancel_selected(selection(kim, taken, asked, waiting))
    batch.rows.filter(order__in=[taken, asked]).update(state="taken", taken_at=MORNING)
    row = batch.rows.get(order=asked)
    make.OrderCommandFactory.create(order=asked, actor=kim, intent=row.intent, state="UNKNOWN")
    assert batches.give_up_abandoned(MORNING + timedelta(seconds=14)) == 0
    clock.shift(timedelta(seconds=16))
    assert batch_row(batch)["state"] == "abandoned"
    assert batches.give_up_abandoned(MORNING + timedelta(seconds=16)) == 1
    assert [row.state for row in batch.rows.all()] == ["expired", "submitted", "expired"]
    assert batches.give_up_abandoned(MORNING + timedelta(seconds=17)) == 0
    assert AuditEvent.objects.filter(action="batch.abandoned").count() == 1
    batches.work(batch.pk)
    assert broker.orders == []


def test_rows_are_shown_for_the_accounts_that_one_may_see_now(kim: User, order: Make) -> None:
    mine = order()
    batch = batches.cancel_selected(selection(kim, mine))
    line = batch_lines(batch, kim)[0]
    assert (line["order"]["id"], line["state"], line["command"]) == (mine.pk, "pending", None)
    assert mine.account.number not in str(line)
    kim.assignments.all().delete()
    assert batch_lines(batch, kim) == []


@pytest.mark.django_db(transaction=True)
def test_a_batch_starts_by_itself_once_it_is_committed(kim: User, order: Make, broker: Broker) -> None:
    batch = batches.cancel_selected(selection(kim, *[order() for _ in range(6)]))
    wait_for_batches()
    assert {row.state for row in batch.rows.all()} == {"submitted"}
    assert len(broker.orders) == 6
    batch.refresh_from_db()
    assert batch.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_and_two_workers_send_each_row_once(kim: User, order: Make, broker: Broker) -> None:
    asked = selection(kim, *[order() for _ in range(4)])
    together = Barrier(2)

    def click() -> None:
        together.wait()
        try:
            batch = batches.cancel_selected(asked)
            batches.work(batch.pk)
        finally:
            connections.close_all()

    clicks = [Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(20)
    wait_for_batches()
    assert CommandBatch.objects.count() == 1
    assert len(broker.orders) == 4
    assert BatchRow.objects.filter(state="submitted").count() == 4


@pytest.mark.parametrize(("pace", "expected"), [(1, 1), (8, 2), (18, 4), (1000, 4)])
def test_a_slow_app_key_is_worked_by_few_threads(
    pace: int, expected: int, kim: User, order: Make, connection: KisConnection
) -> None:
    connection.requests_per_second = pace
    connection.save()
    batch = batches.cancel_selected(selection(kim, *[order() for _ in range(5)]))
    assert working._workers(batch.pk) == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "orders_commandbatch"',
        'UPDATE "orders_batchrow"',
        'UPDATE "accounts_streamhead"',
        'INSERT INTO "orders_ordercommand"',
    ],
)
def test_a_busy_database_ends_no_batch_and_loses_no_row(
    kim: User, order: Make, broker: Broker, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(retrying, "AGAIN_AFTER", 0.0)
    asked = selection(kim, order(), order())
    with busy(statement, 3, here=False) as trouble:
        batch = batches.cancel_selected(asked)
        wait_for_batches()
    assert (trouble.left, len(broker.orders)) == (0, 2)
    assert [(row.state, row.code) for row in batch.rows.all()] == [("submitted", "APBK0013")] * 2
    batch.refresh_from_db()
    assert batch.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_waited_for_no_longer_than_ten_minutes(
    kim: User, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "LONGEST", 0.0)
    batch = batches.cancel_selected(selection(kim, order()))
    wait_for_batches()
    with busy('UPDATE "orders_commandbatch"', 99), pytest.raises(OperationalError):
        batches.work(batch.pk)


@pytest.mark.django_db(transaction=True)
def test_a_batch_starts_with_one_thread_where_the_database_is_busy_after_its_commit(
    kim: User, order: Make, broker: Broker
) -> None:
    asked = selection(kim, order(), order())
    with busy('SELECT DISTINCT "orders_kisconnection"') as trouble:
        batch = batches.cancel_selected(asked)
    wait_for_batches()
    assert (trouble.left, len(broker.orders)) == (0, 2)
    assert {row.state for row in batch.rows.all()} == {"submitted"}


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_cannot_be_started_refuses_nothing_that_is_committed(
    kim: User, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Thread.start

    def no_batch(thread: Thread) -> None:
        if thread.name.startswith("batch-"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Thread, "start", no_batch)
    with transaction.atomic():
        batch = batches.cancel_selected(selection(kim, order()))
    assert [row.state for row in batch.rows.all()] == ["pending"]


@pytest.mark.django_db(transaction=True)
def test_rows_of_all_selections_are_few_at_once(
    kim: User, order: Make, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = BoundedSemaphore(1)
    monkeypatch.setitem(working.ROWS_AT_ONCE, BatchKind.SELECTION, one)
    with one:
        batch = batches.cancel_selected(selection(kim, order(), order()))
        assert {row.state for row in batch.rows.all()} == {"pending"}
    wait_for_batches()
    assert {row.state for row in batch.rows.all()} == {"submitted"}
    assert len(broker.orders) == 2
