"""Where a page that acts sends whoever has not given the second factor lately."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User


def to_second_factor(request: HttpRequest, user: User, back: str) -> HttpResponse:
    """To the second factor, and from there to `back`; a part of a page takes the whole page along."""
    name = "mfa_reauthenticate" if is_mfa_enabled(user) else "mfa_activate_totp"
    target = f"{reverse(name)}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
