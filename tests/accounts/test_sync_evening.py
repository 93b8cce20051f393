"""The evening's sync, from nothing to published accounts, and what is due afterwards."""

from __future__ import annotations

import json

import pytest

from accounts.koscom.simulator import SimRequest
from accounts.models import (
    AuditEvent,
    ClientAccount,
    Dataset,
    Firm,
    RawPage,
    RunState,
    Snapshot,
    StreamEvent,
    SyncRun,
    SyncStep,
    Trade,
    User,
)
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db
EVENING = kst("2026-11-18 20:35")


@pytest.fixture
def desk() -> Desk:
    make_firm("shinhan")
    return Desk(EVENING)


def test_the_first_sync_lists_the_accounts_and_publishes_every_dataset(desk: Desk) -> None:
    result = desk.sync()
    assert (result.state, result.failures) == (RunState.DONE, ())
    active = ClientAccount.objects.filter(contract_status="active")
    assert active.count() > 5
    assert all(account.balance_id and account.total_value for account in active)
    run = SyncRun.objects.get()
    assert (run.slot, f"{run.calendar_date}", run.state) == ("evening", "2026-11-18", "done")
    assert set(run.steps.values_list("dataset", flat=True)) == set(Dataset.values)
    assert Snapshot.objects.filter(dataset=Dataset.ORDERS).exists()
    assert Trade.objects.exists()


def test_terminated_contracts_are_listed_and_not_asked_for(desk: Desk) -> None:
    desk.sync()
    ended = ClientAccount.objects.exclude(contract_status="active")
    assert ended.exists()
    assert not SyncStep.objects.filter(account__in=ended).exists()


def test_declared_accounts_that_the_list_shows_as_ended_leave_the_run_complete(desk: Desk) -> None:
    listed = json.loads(desk.simulator.handle(SimRequest("GET", "/_control/accounts", {}, b"")).body)
    firm = Firm.objects.get()
    for row in listed:
        if row["firm"] == firm.short_name:
            ClientAccount.objects.create(firm=firm, number=row["number"])
    assert desk.sync().state is RunState.DONE
    ended = ClientAccount.objects.exclude(contract_status="active")
    assert ended.exists()
    assert not SyncStep.objects.filter(account__in=ended).exists()


def test_every_answer_is_kept_encrypted_with_its_question(desk: Desk) -> None:
    desk.sync()
    assert RawPage.objects.count() == desk.calls
    page = RawPage.objects.filter(step__dataset=Dataset.BALANCES).first()
    assert page is not None
    assert page.query.startswith("balances ")
    assert "balanceList" in page.text()


def test_what_is_complete_is_not_asked_for_again(desk: Desk) -> None:
    desk.sync()
    calls = desk.calls
    result = desk.sync()
    assert (desk.calls, result.failures, result.state) == (calls, (), RunState.DONE)


def test_a_named_account_is_fetched_again_and_makes_no_new_rows(desk: Desk) -> None:
    desk.sync()
    account = ClientAccount.objects.filter(contract_status="active")[0]
    snapshots, audits, calls = Snapshot.objects.count(), AuditEvent.objects.count(), desk.calls
    desk.sync(account_id=account.pk, dataset=Dataset.BALANCES)
    assert desk.calls > calls
    assert (Snapshot.objects.count(), AuditEvent.objects.count()) == (snapshots, audits)


def test_the_next_evening_is_a_run_of_its_own(desk: Desk) -> None:
    desk.sync()
    desk.clock.move(kst("2026-11-19 20:31"))
    desk.sync()
    assert SyncRun.objects.count() == 2
    account = ClientAccount.objects.filter(contract_status="active")[0]
    assert f"{account.business_date}" == "2026-11-19"


def test_the_morning_confirms_the_business_date_of_the_evening(desk: Desk) -> None:
    desk.sync()
    desk.clock.move(kst("2026-11-19 06:35"))
    result = desk.sync()
    run = SyncRun.objects.get(pk=result.run_id)
    assert (run.slot, f"{run.calendar_date}") == ("confirm", "2026-11-19")
    assert {f"{day}" for day in run.steps.values_list("business_date", flat=True)} == {"2026-11-18"}


def test_after_midnight_it_is_still_the_evening(desk: Desk) -> None:
    desk.sync()
    desk.clock.move(kst("2026-11-19 00:10"))
    calls = desk.calls
    desk.sync()
    assert (desk.calls, SyncRun.objects.count()) == (calls, 1)


def test_a_changed_account_is_told_to_those_who_may_see_it(desk: Desk) -> None:
    compliance = User.objects.create_user("han", role="compliance")
    User.objects.create_user("kim", role="manager")
    desk.sync()
    events = StreamEvent.objects.all()
    assert {event.user_id for event in events} == {compliance.pk}
    assert {event.entity for event in events} == {"account"}
    row = events[0].row
    assert row["business_date"] == "2026-11-18"
    assert row["total_value"] is not None


def test_each_published_change_has_its_audit_row(desk: Desk) -> None:
    desk.sync()
    changed = SyncStep.objects.filter(changed=True).count()
    assert AuditEvent.objects.filter(action="sync.published").count() == changed


def test_all_rows_of_a_snapshot_come_from_one_step(desk: Desk) -> None:
    desk.sync()
    for snapshot in Snapshot.objects.all():
        assert snapshot.step.account_id == snapshot.account_id
        assert snapshot.step.dataset == snapshot.dataset


def test_a_history_is_loaded_without_moving_what_is_shown(desk: Desk) -> None:
    desk.sync()
    account = ClientAccount.objects.filter(contract_status="active")[0]
    shown = (account.balance_id, account.total_value, account.business_date)
    for day in ("2026-11-17", "2026-11-16"):
        result = desk.sync(dataset=Dataset.BALANCES, simulated_at=kst(f"{day} 20:30"))
        assert result.complete
    account.refresh_from_db()
    assert (account.balance_id, account.total_value, account.business_date) == shown
    days = Snapshot.objects.filter(account=account, dataset=Dataset.BALANCES).order_by("valid_from")
    assert f"{days[0].valid_from}" == "2026-11-16"
    assert SyncRun.objects.filter(slot="history").count() == 2


def test_another_time_is_asked_of_a_simulator_alone() -> None:
    firm = make_firm("shinhan", base_url="https://gateway.example.org/v1")
    ClientAccount.objects.create(firm=firm, number="0019923122221")
    desk = Desk(EVENING)
    result = desk.sync(dataset=Dataset.BALANCES, simulated_at=kst("2026-11-17 20:30"))
    assert desk.calls == 0
    assert "only a simulator on loopback" in result.failures[0].reason
