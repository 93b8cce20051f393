"""What a session may open before it has given its second factor, and what no cache may keep."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from accounts import access
from accounts.models import User
from orders.models import Switch
from tests.factories import ClientAccountFactory, UserFactory
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
PAGES = ("/", "/accounts/", "/orders/", "/sync/", "/admin/", "/api/v1/docs/x")


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    """Signed in with the password alone."""
    client.force_login(user)
    return client


def give_second_factor(browser: Client) -> None:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session.save()


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("/api/")])
def test_a_session_without_a_second_factor_is_sent_to_set_one_up(browser: Client, page: str) -> None:
    response = browser.get(page)
    assert (response.status_code, response.headers["Location"]) == (302, "/account/2fa/totp/activate/?next=/")


def test_a_session_that_has_one_is_sent_to_give_it(browser: Client, user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    response = browser.get("/accounts/")
    assert (response.status_code, response.headers["Location"]) == (302, "/account/2fa/reauthenticate/?next=/")


def test_a_post_is_stopped_too(browser: Client) -> None:
    assert browser.post("/sync/").status_code == 302


@pytest.mark.parametrize("path", ["/api/v1/accounts/", "/api/v1/nowhere/", "/api/v1/schema/"])
def test_the_api_answers_with_a_problem_and_no_redirect(browser: Client, path: str) -> None:
    response = browser.get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (403, "application/problem+json")
    assert response.json()["code"] == "second_factor_needed"


def test_the_problem_is_told_in_the_readers_language(browser: Client) -> None:
    korean, english = (browser.get("/api/v1/accounts/", headers={"Accept-Language": lang}) for lang in ("ko", "en"))
    assert "2차 인증" in korean.json()["detail"]
    assert english.json()["detail"].isascii()


@pytest.mark.parametrize("path", ["/healthz", "/account/login/", "/account/2fa/totp/activate/", "/account/logout/"])
def test_what_leads_in_or_out_stays_open(browser: Client, path: str) -> None:
    location = browser.get(path).headers.get("Location", "")
    assert "next=/" not in location or location.startswith("/account/reauthenticate/")


def test_with_the_second_factor_the_pages_open_and_no_cache_keeps_them(browser: Client, user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    give_second_factor(browser)
    response = browser.get("/accounts/")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert browser.get("/api/v1/accounts/").status_code == 200


def test_where_it_is_optional_a_password_is_enough(browser: Client, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    assert browser.get("/accounts/").status_code == 200


def test_somebody_who_is_not_signed_in_is_sent_to_sign_in(client: Client) -> None:
    response = client.get("/accounts/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/account/login/")


def test_before_the_second_factor_no_page_says_what_switches_hold_back(browser: Client, user: User) -> None:
    account = ClientAccountFactory.create(alias="가을 일임")
    access.assign(user, account, date(2010, 1, 1))
    Switch.objects.create(
        kind="kill", scope="account", account=account, reason="멈춤", engaged_by=user, engaged_at=timezone.now()
    )
    enrolled = UserFactory.create()
    access.assign(enrolled, account, date(2010, 1, 1))

    half = browser.get("/account/2fa/", follow=True).content.decode()
    whole = signed_in(enrolled).get("/").content.decode()

    assert "멈춤" not in half
    assert "멈춤" in whole
