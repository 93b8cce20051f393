"""What every page says about the installation: banners, feeds, and how the nightly batch stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from accounts import broadcast
from accounts.models import Firm, FirmKind, RunState, Slot, SyncRun, User
from portal.context import has_loopback_gateways, koscom_state, portal_status
from tests.factories import KisConnectionFactory, UserFactory

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


def _firm(base_url: str = "") -> Firm:
    return Firm.objects.create(name="신한투자증권", short_name="shinhan", kind=FirmKind.KOSCOM, base_url=base_url)


def _run(slot: Slot, state: RunState) -> None:
    SyncRun.objects.create(slot=slot, calendar_date=date(2026, 11, 20), state=state, started_at=EVENING)


def test_before_signing_in_a_page_says_nothing_of_the_feeds() -> None:
    _firm("http://127.0.0.1:9101/v1")
    broadcast.set_upstream("desk-1", "live")
    status = portal_status(_request(AnonymousUser()))
    assert (status["upstreams"], status["loopback_gateways"], status["koscom_state"]) == ([], False, "")


def test_before_the_second_factor_neither() -> None:
    broadcast.set_upstream("desk-1", "live")
    assert portal_status(_request(UserFactory.create()))["upstreams"] == []


def test_after_it_every_page_says_how_the_installation_is(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    _firm("http://127.0.0.1:9101/v1")
    broadcast.set_upstream("desk-1", "live")
    status = portal_status(_request(UserFactory.create()))
    assert status["upstreams"] == [{"name": "desk-1", "state": "live"}]
    assert (status["loopback_gateways"], status["koscom_state"]) == (True, "live")
    assert (status["demo"], status["history"], status["clock_shifted"]) == (False, None, False)


def test_a_clock_that_is_moved_and_a_second_factor_that_is_not_asked_for_are_said(settings: Any) -> None:
    settings.CLOCK_SHIFT, settings.SECOND_FACTOR_REQUIRED = timedelta(hours=-3), False
    status = portal_status(_request(AnonymousUser()))
    assert (status["clock_shifted"], status["second_factor_optional"]) == (True, True)


@pytest.mark.parametrize(
    ("rest_url", "active", "said"),
    [
        ("http://127.0.0.1:9443", True, True),
        ("http://127.0.0.1:9443", False, False),
        ("https://kis.example", True, False),
    ],
)
def test_a_plain_gateway_is_said_while_it_is_in_use(rest_url: str, active: bool, said: bool) -> None:
    KisConnectionFactory.create(rest_url=rest_url, active=active)
    assert has_loopback_gateways() is said


def _request(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    return request
