"""The evening's sync, from nothing to published accounts."""

from __future__ import annotations

import pytest

from accounts.models import ClientAccount, Dataset, RunState, SyncRun
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db
EVENING = kst("2026-11-18 20:35")


def test_the_first_sync_lists_the_accounts_and_publishes_every_dataset() -> None:
    desk = Desk(EVENING)
    make_firm("shinhan")
    result = desk.sync()
    assert result.failures == ()
    assert result.state == RunState.DONE
    active = ClientAccount.objects.filter(contract_status="active")
    assert active.exists()
    assert all(account.balance_id and account.total_value for account in active)
    run = SyncRun.objects.get()
    assert (run.slot, f"{run.calendar_date}") == ("evening", "2026-11-18")
    assert set(run.steps.values_list("dataset", flat=True)) == set(Dataset.values)
