"""Who is fully in, and whose second factor is fresh enough for an order."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import RequestFactory

from accounts import sign_in
from accounts.models import User
from tests.factories import UserFactory

NOW = 1_790_000_000.0


def session(*methods: tuple[str, float]) -> dict[str, Any]:
    return {AUTHENTICATION_METHODS_SESSION_KEY: [{"method": method, "at": at} for method, at in methods]}


@pytest.fixture
def enrolled(db: None) -> User:
    del db
    user = UserFactory.create()
    TOTP.activate(user, generate_totp_secret())
    return user


def test_a_second_factor_is_asked_for_unless_the_installation_says_otherwise(settings: Any) -> None:
    assert sign_in.second_factor_required()
    settings.DEMO = True
    assert not sign_in.second_factor_required()
    settings.DEMO, settings.SECOND_FACTOR_REQUIRED = False, False
    assert not sign_in.second_factor_required()


@pytest.mark.parametrize(
    ("methods", "complete"),
    [
        ((), False),
        ((("password", NOW),), False),
        ((("password", NOW), ("mfa", NOW + 5)), True),
        ((("mfa", NOW - 86_400),), True),
    ],
)
def test_a_session_is_complete_once_it_gave_the_second_factor(
    enrolled: User, methods: tuple[tuple[str, float], ...], complete: bool
) -> None:
    assert sign_in.is_complete(enrolled, session(*methods)) is complete


def test_taking_the_second_factor_away_makes_a_session_incomplete(enrolled: User) -> None:
    Authenticator.objects.filter(user=enrolled).delete()
    assert not sign_in.is_complete(enrolled, session(("mfa", NOW)))


@pytest.mark.parametrize(
    ("given_at", "fresh"), [(None, False), (NOW, True), (NOW - 600, True), (NOW - 600.1, False), (NOW - 86_400, False)]
)
def test_a_second_factor_is_fresh_for_ten_minutes(given_at: float | None, fresh: bool) -> None:
    methods = () if given_at is None else (("mfa", given_at),)
    with time_machine.travel(NOW, tick=False):
        assert sign_in.has_fresh_factor(session(("password", NOW), *methods)) is fresh


def test_the_newest_second_factor_counts() -> None:
    with time_machine.travel(NOW, tick=False):
        assert sign_in.has_fresh_factor(session(("mfa", NOW - 5000), ("mfa", NOW - 60)))


def test_where_it_is_optional_everybody_is_complete_and_fresh(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    assert sign_in.is_complete(User(), {})
    assert sign_in.has_fresh_factor({})


@pytest.mark.django_db
def test_a_totp_secret_is_encrypted_in_the_database() -> None:
    secret = generate_totp_secret()
    TOTP.activate(UserFactory.create(), secret)
    kept = Authenticator.objects.get().data["secret"]
    assert secret not in kept
    assert sign_in.MfaAdapter().decrypt(kept) == secret


def test_nobody_signs_up() -> None:
    assert not sign_in.AccountAdapter().is_open_for_signup(RequestFactory().get("/account/signup/"))
