"""The firm's account list: who is new, who ended, and who is merely missing."""

from __future__ import annotations

import pytest

from accounts.audit import By
from accounts.koscom.codes import ContractStatus
from accounts.koscom.schemas import Account
from accounts.models import AuditEvent, ClientAccount, SyncStep
from accounts.sync import SyncRequest, plan
from accounts.sync.claims import claim
from accounts.sync.listing import publish_accounts
from accounts.sync.publishing import Notes, Stamp
from tests.accounts.sync_desk import kst, make_firm

pytestmark = pytest.mark.django_db
NOW = kst("2026-11-18 20:35")
ACTIVE, TERMINATED, EXPIRED = ContractStatus.ACTIVE, ContractStatus.TERMINATED, ContractStatus.EXPIRED


@pytest.fixture
def step() -> SyncStep:
    make_firm("shinhan")
    plan(NOW, SyncRequest(dataset="accounts"))
    return SyncStep.objects.get()


def publish(step: SyncStep, *rows: tuple[str, ContractStatus | None]) -> None:
    SyncStep.objects.update(state="pending", attempt=0)
    mine = claim(step.pk, 0, "me", wall=NOW, now=NOW)
    assert mine is not None
    listed = [Account(number, "홍길동", None, status) for number, status in rows]
    publish_accounts(mine, listed, Notes(1, (), ()), Stamp(NOW, NOW, By.system("test")))


def test_a_listed_account_is_added_with_its_contract(step: SyncStep) -> None:
    publish(step, ("0011112222333", ACTIVE), ("0011112222444", EXPIRED))
    rows = list(ClientAccount.objects.order_by("id").values_list("contract_status", "contract_code"))
    assert rows == [("active", "0"), ("expired", "2")]
    assert AuditEvent.objects.filter(action="account.listed").count() == 2


def test_an_account_that_is_missing_keeps_its_state(step: SyncStep) -> None:
    publish(step, ("0011112222333", ACTIVE))
    publish(step)
    assert ClientAccount.objects.get().contract_status == "active"


def test_an_account_that_was_declared_before_is_the_same_one(step: SyncStep) -> None:
    declared = ClientAccount.objects.create(firm=step.firm, number="001-111-2222333")
    publish(step, ("0011112222333", ACTIVE))
    declared.refresh_from_db()
    assert (ClientAccount.objects.count(), declared.contract_status, declared.last_listed_at) == (1, "active", NOW)


def test_of_two_contracts_of_one_number_the_present_one_counts(step: SyncStep) -> None:
    publish(step, ("0011112222333", TERMINATED), ("0011112222333", ACTIVE), ("0011112222333", EXPIRED))
    assert ClientAccount.objects.get().contract_status == "active"


def test_a_contract_that_ends_is_an_audited_change(step: SyncStep) -> None:
    publish(step, ("0011112222333", ACTIVE))
    publish(step, ("0011112222333", TERMINATED))
    event = AuditEvent.objects.filter(action="account.listed").order_by("-id")[0]
    assert event.detail == {"before": "active", "after": "terminated"}


def test_a_list_that_says_nothing_of_the_contract_is_kept_as_unknown(step: SyncStep) -> None:
    publish(step, ("0011112222333", None))
    assert ClientAccount.objects.get().contract_status is None
