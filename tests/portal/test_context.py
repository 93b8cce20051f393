"""How the nightly batch stands, as the third feed chip says it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from accounts.models import Firm, FirmKind, RunState, Slot, SyncRun
from portal.context import koscom_state

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)


def test_without_a_koscom_firm_the_batch_says_nothing() -> None:
    Firm.objects.create(name="한국투자증권", short_name="kis", kind=FirmKind.KIS)
    assert koscom_state() == ""


def test_a_firm_without_a_run_is_well() -> None:
    _firm()
    assert koscom_state() == "live"


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (RunState.RUNNING, "syncing"),
        (RunState.DONE, "live"),
        (RunState.DONE_WITH_FAILURES, "live"),
        (RunState.PAUSED, "live"),
        (RunState.FAILED, "down"),
    ],
)
def test_the_newest_run_decides(state: RunState, shown: str) -> None:
    _firm()
    _run(Slot.EVENING, state)
    assert koscom_state() == shown


def test_loading_history_says_nothing_about_tonight() -> None:
    _firm()
    _run(Slot.HISTORY, RunState.RUNNING)
    assert koscom_state() == "live"


def test_a_stopped_firm_is_down_whatever_the_runs_say() -> None:
    firm = _firm()
    Firm.objects.filter(pk=firm.pk).update(stopped_at=EVENING)
    _run(Slot.EVENING, RunState.DONE)
    assert koscom_state() == "down"


def _firm() -> Firm:
    return Firm.objects.create(name="신한투자증권", short_name="shinhan", kind=FirmKind.KOSCOM)


def _run(slot: Slot, state: RunState) -> None:
    SyncRun.objects.create(slot=slot, calendar_date=date(2026, 11, 20), state=state, started_at=EVENING)
