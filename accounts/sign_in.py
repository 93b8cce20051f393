"""Signing in: who is fully in, and whose second factor is fresh enough for an order."""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.fields import decrypt, encrypt
from accounts.models import User


def second_factor_required() -> bool:
    """Everywhere but in the demo, and in a test installation that says so on every page."""
    return bool(settings.SECOND_FACTOR_REQUIRED) and not settings.DEMO


def second_factor_at(session: Any) -> float:
    """When this session last gave a second factor (Unix time), 0 for never."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    return max((float(record.get("at", 0)) for record in records if record.get("method") == "mfa"), default=0.0)


def is_complete(user: User, session: Any) -> bool:
    """Whether the session may open anything beyond its own second-factor set-up."""
    if not second_factor_required():
        return True
    return second_factor_at(session) > 0 and is_mfa_enabled(user)


def has_fresh_factor(session: Any) -> bool:
    """Whether the second factor was given within the step-up time; an order command needs it."""
    if not second_factor_required():
        return True
    return time.time() - second_factor_at(session) <= settings.STEP_UP_SECONDS


class AccountAdapter(DefaultAccountAdapter):
    """People are made by `connect`, the admin or `createsuperuser`; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False


class MfaAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery seeds are encrypted like every other secret."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(base64.b64decode(encrypted_text)).decode()


@receiver(authenticator_added)
def _setting_up_counts_as_giving(
    sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: object
) -> None:
    """A code was just checked to activate the authenticator: the session has given its second factor."""
    del sender, kwargs
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
