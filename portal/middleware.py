"""Keeps a session that has not given its second factor away from everything but giving or setting it up."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import sign_in
from accounts.models import User

OPEN_PREFIXES = ("/account/", "/static/", "/healthz", "/readyz", "/metrics", "/i18n/", "/favicon")
API_PREFIX = "/api/"
NO_STORE = "no-store"


class SignedInMiddleware:
    """Sends a half-signed-in browser to the second factor, and keeps client data out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and not self._may_pass(request, user):
            return self._refuse(request, user)
        response = self.get_response(request)
        if isinstance(user, User) and not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", NO_STORE)
        return response

    @staticmethod
    def _may_pass(request: HttpRequest, user: User) -> bool:
        return request.path.startswith(OPEN_PREFIXES) or sign_in.is_complete(user, request.session)

    @staticmethod
    def _refuse(request: HttpRequest, user: User) -> HttpResponse:
        if request.path.startswith(API_PREFIX):
            from accounts.problems import problem  # noqa: PLC0415 - DRF is loaded only where an API is refused

            return problem(403, "second_factor_needed", _("이 세션은 2차 인증을 마치지 않았습니다."))
        target = "mfa_reauthenticate" if is_mfa_enabled(user) else "mfa_activate_totp"
        return HttpResponseRedirect(f"{reverse(target)}?next={resolve_url('/')}")
