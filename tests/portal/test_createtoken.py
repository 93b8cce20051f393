"""`manage.py createtoken`: who gets what, for how long, and what a trade token costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import ApiToken, AuditEvent, User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)


@pytest.fixture
def kim() -> User:
    return User.objects.create_user("kim", role="manager")


@pytest.fixture
def code(kim: User) -> Iterator[str]:
    """The code that kim's device shows now; now lasts for the whole test."""
    cache.clear()
    secret = generate_totp_secret()
    TOTP.activate(kim, secret)
    with time_machine.travel(NOW, tick=False):
        yield format_hotp_value(hotp_value(secret, next(iter(counters()))))


def create(*arguments: str) -> str:
    out = StringIO()
    call_command("createtoken", *arguments, stdout=out)
    return out.getvalue()


def test_a_read_token_is_printed_alone_and_only_its_digest_is_kept(kim: User) -> None:
    token = create("kim", "--days", "7").removesuffix("\n")
    row = ApiToken.objects.get()
    assert row.digest == ApiToken.digest_of(token)
    assert (row.scope, row.second_factor_at) == ("read", None)
    assert timedelta(days=6) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert token not in str(AuditEvent.objects.values_list("subject", "detail"))


def test_a_trade_token_carries_its_second_factor_for_a_day(kim: User, code: str) -> None:
    create("kim", "--scope", "trade", "--code", code)
    row = ApiToken.objects.get()
    assert row.second_factor_at is not None
    assert row.expires_at - timezone.now() <= timedelta(days=1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nobody",), "no active user"),
        (("kim", "--scope", "trade"), "current TOTP code is needed"),
        (("kim", "--scope", "trade", "--code", "000000"), "no TOTP device"),
        (("kim", "--scope", "trade", "--days", "2"), "1 to 1"),
        (("kim", "--days", "0"), "1 to 365"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_reason(kim: User, arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        create(*arguments)
    assert not ApiToken.objects.exists()


def test_a_wrong_code_is_refused(kim: User, code: str) -> None:
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    with pytest.raises(CommandError, match="wrong or used"):
        create("kim", "--scope", "trade", "--code", wrong)


def test_a_code_is_good_once(kim: User, code: str) -> None:
    create("kim", "--scope", "trade", "--code", code)
    with pytest.raises(CommandError, match="wrong or used"):
        create("kim", "--scope", "trade", "--code", code)


def test_only_managers_trade() -> None:
    User.objects.create_user("park", role="operations")
    with pytest.raises(CommandError, match="does not trade"):
        create("park", "--scope", "trade")


def test_without_a_required_factor_a_trade_token_needs_no_code(kim: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    create("kim", "--scope", "trade", "--days", "3")
    assert not Authenticator.objects.exists()
    assert ApiToken.objects.get().second_factor_at is None
