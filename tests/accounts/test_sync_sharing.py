"""Several syncs at once: steps are claimed, shared, and free again when their worker is gone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ClientAccount, Firm, RawPage, Snapshot, SyncStep
from accounts.sync import SyncRequest, is_anything_due, plan
from accounts.sync.claims import LEASE, LeaseLost, claim
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db
NOW = kst("2026-11-18 20:35")


@pytest.fixture
def desk() -> Desk:
    firm = make_firm("shinhan")
    ClientAccount.objects.create(firm=firm, number="0019923122221")
    return Desk(NOW)


def take(desk: Desk, step: SyncStep, owner: str = "other") -> Any:
    return claim(step.pk, step.attempt, owner, wall=desk.clock(), now=desk.clock())


def balance_step(desk: Desk) -> SyncStep:
    plan(desk.clock(), SyncRequest(dataset="balances"))
    return SyncStep.objects.get()


def test_planning_twice_writes_one_run_and_each_step_once(desk: Desk) -> None:
    first, second = plan(NOW, SyncRequest()), plan(NOW, SyncRequest())
    assert first.run == second.run
    assert SyncStep.objects.count() == 5


def test_a_step_has_one_worker(desk: Desk) -> None:
    step = balance_step(desk)
    assert take(desk, step) is not None
    assert take(desk, step, "me") is None


def test_the_step_of_a_worker_that_was_killed_is_free_after_120_seconds(desk: Desk) -> None:
    take(desk, balance_step(desk))
    result = desk.sync(dataset="balances")
    assert result.complete
    assert LEASE <= desk.clock.now - NOW < LEASE + timedelta(seconds=5)
    assert SyncStep.objects.get().attempt == 2


def test_the_schedule_does_not_wait_for_another_worker(desk: Desk) -> None:
    take(desk, balance_step(desk))
    assert not desk.sync(dataset="balances", scheduled=True).complete
    assert (desk.calls, desk.clock.slept) == (0, [])


def test_what_another_worker_finishes_is_waited_for_and_not_repeated(desk: Desk) -> None:
    theirs = take(desk, balance_step(desk))

    def finish() -> None:
        desk.clock.on_sleep.clear()
        theirs.end(state="done", finished_at=desk.clock())

    desk.clock.on_sleep.append(finish)
    assert desk.sync(dataset="balances").complete
    assert desk.calls == 0


def test_a_step_that_another_worker_tried_meanwhile_is_not_tried_again(desk: Desk) -> None:
    step = balance_step(desk)
    theirs = take(desk, step)
    theirs.end(state="failed", finished_at=desk.clock())
    assert take(desk, step, "me") is None


def test_a_worker_that_lost_its_lease_publishes_nothing(desk: Desk) -> None:
    def taken_over() -> None:
        SyncStep.objects.update(lease_owner="other")

    desk.hooks.append(taken_over)
    step = balance_step(desk)
    result = desk.sync(dataset="balances", scheduled=True)
    assert not result.complete
    assert not Snapshot.objects.exists()
    step.refresh_from_db()
    assert (step.state, step.lease_owner) == ("running", "other")


def test_a_lease_is_renewed_while_pages_come(desk: Desk) -> None:
    mine = take(desk, balance_step(desk), "me")
    mine.renew(NOW + timedelta(seconds=100))
    assert SyncStep.objects.get().lease_until == NOW + timedelta(seconds=220)
    SyncStep.objects.update(lease_owner="other")
    with pytest.raises(LeaseLost):
        mine.renew(NOW + timedelta(seconds=200))


def test_a_second_sync_in_the_middle_of_the_first_repeats_nothing(desk: Desk) -> None:
    def second() -> None:
        desk.hooks.clear()
        desk.sync(scheduled=True)

    desk.hooks.append(second)
    desk.sync()
    attempts = Counter(SyncStep.objects.values_list("attempt", flat=True))
    assert set(attempts) == {1}
    assert RawPage.objects.count() == desk.calls
    assert set(SyncStep.objects.values_list("state", flat=True)) == {"done"}


def test_a_firm_that_another_worker_stopped_is_asked_no_more(desk: Desk) -> None:
    def stopped() -> None:
        Firm.objects.update(stopped_at=NOW, stopped_reason="2003")

    desk.hooks.append(stopped)
    result = desk.sync(dataset="balances")
    assert desk.calls == 1
    assert result.failures[0].reason == "증권사가 중지되어 있습니다: 2003"


def is_due(text: str, *, scheduled: bool = False) -> bool:
    return is_anything_due(kst(text), kst(text), SyncRequest(dataset="balances", scheduled=scheduled))


def test_what_was_fetched_by_hand_before_the_slot_began_is_due_to_the_schedule(desk: Desk) -> None:
    desk.clock.move(kst("2026-11-18 16:30"))
    assert desk.sync(dataset="balances").complete
    assert not is_due("2026-11-18 16:31")
    assert is_due("2026-11-18 20:30", scheduled=True)
    desk.clock.move(kst("2026-11-18 20:31"))
    assert desk.sync(dataset="balances", scheduled=True).complete
    assert not is_due("2026-11-18 20:35", scheduled=True)


def test_while_a_worker_is_at_it_no_second_one_is_woken(desk: Desk) -> None:
    plan(NOW, SyncRequest())
    take(desk, SyncStep.objects.get(dataset="balances"))
    assert not is_due("2026-11-18 20:36", scheduled=True)
    assert is_due("2026-11-18 20:37", scheduled=True)
