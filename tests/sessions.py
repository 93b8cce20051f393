"""Browsers that are signed in, with a second factor of some age or without one."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User

FRESH, OLD = 5.0, 3600.0


def signed_in(user: User, factor_age: float | None = FRESH) -> Client:
    """A browser of this person. `factor_age`: seconds since the second factor was given, None for never."""
    client = Client()
    client.force_login(user)
    if factor_age is not None:
        Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {}})
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - factor_age}]
        session.save()
    return client
