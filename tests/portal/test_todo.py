"""What 확인할 일 names: a sync that did not run is an alarm of its own."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import RunState, Slot, SyncRun, User
from portal.views import todo

pytestmark = pytest.mark.django_db

SEOUL = ZoneInfo("Asia/Seoul")


def kst(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SEOUL)


def alarms(now: datetime) -> list[str]:
    user = User.objects.filter(username="ops").first() or User.objects.create_user("ops", role="operations")
    return [item["text"] for item in todo.items(user, now) if item["kind"] == "not_run"]


def run(slot: str, day: int, state: str, started: datetime) -> None:
    SyncRun.objects.create(slot=slot, calendar_date=date(2026, 11, day), state=state, started_at=started)


def test_a_new_installation_has_missed_nothing() -> None:
    assert alarms(kst(20, 23, 30)) == []


def test_an_evening_that_is_not_done_by_eleven_is_named() -> None:
    run(Slot.EVENING, 18, RunState.DONE, kst(18, 20, 30))
    run(Slot.CONFIRM, 20, RunState.DONE, kst(20, 6, 30))
    run(Slot.EVENING, 19, RunState.DONE, kst(19, 20, 30))
    assert alarms(kst(20, 22, 59)) == []
    assert alarms(kst(20, 23, 0)) == ["저녁 동기화가 11-20 23:00까지 끝나지 않았습니다"]
    run(Slot.EVENING, 20, RunState.RUNNING, kst(20, 20, 30))
    assert len(alarms(kst(20, 23, 1))) == 1
    SyncRun.objects.filter(slot=Slot.EVENING).update(state=RunState.DONE_WITH_FAILURES)
    assert alarms(kst(20, 23, 2)) == []


def test_a_confirmation_that_is_not_done_before_the_window_closes_is_named() -> None:
    run(Slot.EVENING, 19, RunState.DONE, kst(19, 20, 30))
    assert alarms(kst(20, 8, 24)) == []
    run(Slot.CONFIRM, 20, RunState.PAUSED, kst(20, 6, 30))
    assert alarms(kst(20, 8, 26)) == ["확정 동기화가 11-20 08:25까지 끝나지 않았습니다"]
