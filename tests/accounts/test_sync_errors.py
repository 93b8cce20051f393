"""What each error of a gateway makes of a step, an account and a firm."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.koscom.simulator import Fault, KoscomSimulator
from accounts.models import (
    ApiQuota,
    AuditEvent,
    ClientAccount,
    Firm,
    RawPage,
    RunState,
    SyncStep,
)
from accounts.sync import SyncResult
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db
NUMBER = "0019923122221"


@pytest.fixture
def firm() -> Firm:
    return make_firm("shinhan")


@pytest.fixture
def desk(firm: Firm) -> Desk:
    """A desk with the account of the samples, not listed yet."""
    ClientAccount.objects.create(firm=firm, number=NUMBER)
    return Desk(kst("2026-11-18 20:35"))


def balances(desk: Desk, *faults: Fault, dataset: str = "balances", **request: Any) -> SyncResult:
    for fault in faults:
        desk.simulator.faults.add(fault)
    return desk.sync(dataset=dataset, **request)


def step() -> SyncStep:
    return SyncStep.objects.get()


def test_a_firm_that_is_down_for_a_moment_is_asked_again_after_growing_waits(desk: Desk) -> None:
    assert balances(desk, Fault("firm_down", times=3)).complete
    assert desk.clock.slept == [1, 2, 4]


@pytest.mark.parametrize("fault", ["firm_down", "network_error", "firm_timeout", "reset"])
def test_after_five_tries_the_step_fails_and_says_so(desk: Desk, fault: str) -> None:
    result = balances(desk, Fault(fault, times=None))
    assert desk.calls == 5
    assert desk.clock.slept == [1, 2, 4, 8]
    assert (step().state, result.state) == ("failed", RunState.FAILED)
    assert "shinhan 0019*******21 (id" in str(result.failures[0])


def test_no_step_waits_beyond_90_seconds(desk: Desk) -> None:
    desk.hooks.append(lambda: desk.clock.sleep(29))
    balances(desk, Fault("firm_down", times=None))
    assert desk.clock.monotonic() <= 120
    assert desk.calls == 3


def test_a_firm_that_never_answers_is_left_alone_after_two_steps(firm: Firm, desk: Desk) -> None:
    for number in range(4):
        ClientAccount.objects.create(firm=firm, number=f"00199231222{number}0")
    result = balances(desk, Fault("firm_down", times=None))
    assert desk.calls == 10
    assert len(result.failures) == 5
    assert SyncStep.objects.filter(error_code="unanswered").count() == 3


@pytest.mark.parametrize("fault", ["auth_failed", "lockout", "no_permission"])
def test_a_refused_login_stops_the_firm_with_not_one_more_call(firm: Firm, desk: Desk, fault: str) -> None:
    balances(desk, Fault(fault, times=None), dataset="")
    assert desk.calls == 1
    firm.refresh_from_db()
    assert firm.stopped_at is not None
    assert AuditEvent.objects.filter(action="firm.stopped", subject="shinhan").exists()
    desk.simulator.faults.active.clear()
    assert not balances(desk).complete
    assert desk.calls == 1


def test_the_schedule_leaves_a_stopped_firm_alone(firm: Firm, desk: Desk) -> None:
    balances(desk, Fault("lockout", times=None))
    desk.clock.move(kst("2026-11-18 22:00"))
    desk.sync(scheduled=True)
    assert desk.calls == 1


def test_naming_a_stopped_firm_releases_it(firm: Firm, desk: Desk) -> None:
    balances(desk, Fault("lockout", times=1))
    assert balances(desk, firm="shinhan").complete
    firm.refresh_from_db()
    assert firm.stopped_at is None
    assert AuditEvent.objects.filter(action="firm.released").exists()


def test_wrong_credentials_stop_one_firm_and_the_others_go_on(firm: Firm, desk: Desk) -> None:
    make_firm("kiwoom", asset_types=["ALL"])
    Firm.objects.filter(pk=firm.pk).update(api_secret="wrong")
    result = desk.sync(dataset="accounts")
    assert [failure.firm for failure in result.failures] == ["shinhan"]
    assert result.state == RunState.DONE_WITH_FAILURES
    assert ClientAccount.objects.filter(firm__short_name="kiwoom").exists()


def test_429_stops_every_firm_of_the_institution_until_nine_in_the_morning(firm: Firm, desk: Desk) -> None:
    make_firm("kiwoom")
    balances(desk, Fault("rate_limit", times=1), dataset="accounts")
    assert desk.calls == 1
    assert ApiQuota.objects.get().exhausted
    desk.clock.move(kst("2026-11-19 06:35"))
    balances(desk, dataset="accounts")
    assert desk.calls == 1
    desk.clock.move(kst("2026-11-20 16:05"))
    assert balances(desk, dataset="accounts").complete


def test_the_evening_leaves_a_fifth_of_the_quota_to_the_morning(firm: Firm, desk: Desk) -> None:
    Firm.objects.update(daily_calls=10)
    ApiQuota.objects.create(com_id="F9999", gmt_day=date(2026, 11, 18), calls=8)
    balances(desk)
    assert (desk.calls, step().error_code) == (0, "quota")
    desk.clock.move(kst("2026-11-19 06:35"))
    balances(desk)
    assert desk.calls == 2


@pytest.mark.parametrize("fault", ["expired_account", "unknown_account", "ok_as_error", "too_many"])
def test_an_error_about_one_account_is_not_repeated_and_leaves_the_others(desk: Desk, firm: Firm, fault: str) -> None:
    desk.sync(dataset="accounts")
    calls = desk.calls
    result = balances(desk, Fault(fault, account=NUMBER, times=None))
    assert [failure.account[:13] for failure in result.failures] == ["0019*******21"]
    assert result.done > 5
    assert desk.simulator.requests["shinhan/balancelist"] == desk.calls - calls
    assert RawPage.objects.filter(step__state="failed").count() == 1


def test_a_proxys_page_is_a_failure_in_plain_words(desk: Desk) -> None:
    result = balances(desk, Fault("html", times=1))
    assert result.failures[0].reason == "HTTP 502: 읽을 수 있는 사유가 없습니다."
    assert "<html" in RawPage.objects.get().text().lower()


def test_a_page_key_that_repeats_stops_the_step(desk: Desk) -> None:
    balances(desk, Fault("repeat_key", times=None))
    assert (step().state, step().error_code) == ("failed", "Paging")


def test_a_bad_page_key_restarts_the_query_twice_at_most(desk: Desk) -> None:
    assert balances(desk, Fault("bad_page_key", times=2)).complete
    calls = desk.calls
    balances(desk, Fault("bad_page_key", times=None), firm="shinhan")
    assert desk.calls == calls + 3


def test_a_bad_trcode_is_asked_once_more(desk: Desk) -> None:
    assert balances(desk, Fault("bad_trcode", times=1)).complete


def test_what_failed_is_due_again_at_the_next_call(desk: Desk) -> None:
    balances(desk, Fault("html", times=1))
    assert balances(desk).complete
    assert step().attempt == 2


def test_the_schedule_waits_longer_after_each_failure(desk: Desk) -> None:
    balances(desk, Fault("expired_account", times=None))
    calls = desk.calls
    desk.clock.now += timedelta(minutes=1)
    balances(desk, scheduled=True)
    assert desk.calls == calls
    desk.clock.now += timedelta(minutes=5)
    balances(desk, scheduled=True)
    assert desk.calls == calls + 1


def test_an_error_of_the_portal_itself_ends_one_step(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def break_down() -> None:
        desk.hooks.clear()
        raise RuntimeError("a bug")

    desk.hooks.append(break_down)
    balances(desk)
    assert (step().state, step().error_code) == ("failed", "internal")
    assert "a bug" in caplog.text


def test_a_firm_that_calls_its_own_hours_closed_is_asked_no_more_and_due_again(desk: Desk) -> None:
    desk.simulator = KoscomSimulator(7, lambda: kst("2026-11-18 12:00"))
    result = balances(desk)
    assert desk.calls == 1
    assert (step().state, result.state) == ("cut_off", RunState.PAUSED)
