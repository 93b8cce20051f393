"""Bearer tokens at the REST door. Only a token's digest is stored; `request.auth` is its row."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User

SCHEME = b"bearer"


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. Without that header the browser's session is asked instead."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's person. A token that is unknown, expired or revoked raises, whatever session comes with it."""
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != SCHEME:
            return None
        token = _token(rest)
        if token is None:
            raise AuthenticationFailed(_("토큰이 올바르지 않습니다."), code="invalid_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


def _token(parts: list[bytes]) -> ApiToken | None:
    if len(parts) != 1:
        return None
    digest = ApiToken.digest_of(parts[0].decode("latin1"))
    row = ApiToken.objects.select_related("user").filter(digest=digest).first()
    return row if row is not None and row.is_valid(timezone.now()) else None
