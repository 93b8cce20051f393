"""The schedule: what the beat of each minute starts, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

import pytest
import time_machine
from celery import current_app
from celery.signals import before_task_publish

from accounts import tasks
from accounts.models import ScheduleEntry, SyncRun, SyncStep, User
from accounts.tasks import dispatch_syncs, sync_accounts
from tests.accounts.sync_desk import kst, make_firm

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """The arguments of each message that was put into the queue."""
    messages: list[dict[str, Any]] = []

    def note(body: Any, **_signal: Any) -> None:
        messages.append(body[1])

    before_task_publish.connect(note)
    yield messages
    before_task_publish.disconnect(note)
    current_app.control.purge()


def dispatch_at(text: str) -> bool:
    with time_machine.travel(kst(text), tick=False):
        return bool(dispatch_syncs())


def test_the_slots_are_in_the_table_from_the_start() -> None:
    rows = set(ScheduleEntry.objects.values_list("slot", "starts_at", "enabled"))
    usual = {("evening", time(20, 30), True), ("confirm", time(6, 30), True), ("kis", time(6, 20), True)}
    assert rows == usual


@pytest.mark.parametrize("at", ["2026-11-18 20:30", "2026-11-19 06:30", "2026-11-21 20:30", "2026-11-18 20:35"])
def test_a_slot_starts_at_its_minute_and_is_looked_after_each_fifth(sent: list[dict[str, Any]], at: str) -> None:
    make_firm()
    assert dispatch_at(at)
    assert sent == [{"scheduled": True}]


@pytest.mark.parametrize(
    "at", ["2026-11-18 20:29", "2026-11-18 20:31", "2026-11-18 16:05", "2026-11-18 12:00", "2026-11-18 08:25"]
)
def test_at_other_minutes_nothing_starts(sent: list[dict[str, Any]], at: str) -> None:
    make_firm()
    assert not dispatch_at(at)
    assert sent == []


def test_a_doubled_beat_writes_one_run(sent: list[dict[str, Any]]) -> None:
    make_firm()
    dispatch_at("2026-11-18 20:30")
    dispatch_at("2026-11-18 20:30")
    assert (SyncRun.objects.count(), SyncStep.objects.count()) == (1, 1)


def test_what_is_complete_wakes_nobody(sent: list[dict[str, Any]]) -> None:
    make_firm()
    dispatch_at("2026-11-18 20:30")
    SyncStep.objects.update(state="done", finished_at=kst("2026-11-18 20:31"))
    assert not dispatch_at("2026-11-18 20:35")


def test_the_table_is_the_schedule(sent: list[dict[str, Any]]) -> None:
    make_firm()
    ScheduleEntry.objects.filter(slot="evening").update(starts_at=time(21, 13))
    assert not dispatch_at("2026-11-18 20:30")
    assert dispatch_at("2026-11-18 21:13")
    ScheduleEntry.objects.update(enabled=False)
    assert not dispatch_at("2026-11-18 21:15")


def test_a_task_in_the_closed_window_asks_nothing_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    make_firm()
    User.objects.create_user("kim")
    with time_machine.travel(kst("2026-11-18 12:00"), tick=False):
        sync_accounts(dataset="balances", username="kim")
    assert "sync not started" in caplog.text
    assert not SyncRun.objects.exists()


def test_a_task_works_what_is_due(caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(kst("2026-11-18 20:31"), tick=False):
        sync_accounts()
    assert SyncRun.objects.get().state == "done"


def test_the_queue_knows_both_tasks() -> None:
    assert {tasks.dispatch_syncs.name, tasks.sync_accounts.name} <= set(current_app.tasks)
