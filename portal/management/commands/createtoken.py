"""Make a bearer token for the REST API and print it, once: only its digest is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import ApiToken, User
from accounts.models.users import Scope
from accounts.sign_in import second_factor_required

MOST_DAYS = 365
DAYS = {Scope.READ: 30, Scope.TRADE: 1}


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.READ)
        parser.add_argument("--days", type=int, metavar="N", help="how long it is good for")
        parser.add_argument("--code", default="", help="the user's current TOTP code")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"no active user {options['user']!r}")
        scope = Scope(options["scope"])
        days = _days(scope, options["days"])
        has_factor = _second_factor(user, scope, options["code"])
        self.stdout.write(_create(user, scope, days, has_factor=has_factor))


def _days(scope: Scope, days: int | None) -> int:
    days = DAYS[scope] if days is None else days
    most = 1 if scope is Scope.TRADE and second_factor_required() else MOST_DAYS
    if not 1 <= days <= most:
        raise CommandError(f"--days: 1 to {most} for scope {scope}")
    return days


def _second_factor(user: User, scope: Scope, code: str) -> bool:
    """Whether a right code came along; refuses a wrong one, and a trade token without one where it is required."""
    if scope is Scope.TRADE and not user.may_trade:
        raise CommandError(f"a {user.role} does not trade")
    if not code:
        if scope is Scope.TRADE and second_factor_required():
            raise CommandError("--code: the user's current TOTP code is needed for scope trade")
        return False
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if factor is None:
        raise CommandError("--code: the user has no TOTP device")
    if not TOTP(factor).validate_code(code):
        raise CommandError("--code: wrong or used already")
    return True


def _create(user: User, scope: Scope, days: int, *, has_factor: bool) -> str:
    token, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        row = ApiToken.objects.create(
            user=user,
            digest=ApiToken.digest_of(token),
            scope=scope,
            created_at=now,
            expires_at=now + timedelta(days=days),
            second_factor_at=now if has_factor else None,
        )
        act = audit.Act("token.created", subject=f"token {row.pk} of {user}", detail={"scope": scope, "days": days})
        audit.record(audit.By.system("createtoken"), act)
    return token
