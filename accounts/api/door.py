"""What every endpoint does first: who asks, for whose account, with which parameters."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access, audit
from accounts.models import ClientAccount, User

NO_STORE = "no-store"
YES, NO = {"true", "1"}, {"false", "0"}


class ClientDataView(APIView):
    """An endpoint whose answers stay out of every cache, for bearers of tokens too."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", NO_STORE)
        return final


class ReadView(ClientDataView):
    throttle_scope = "read"


def user_of(request: Request) -> User:
    """The person behind a request that has passed authentication."""
    if not isinstance(request.user, User):
        raise NotFound
    return request.user


def account_of(request: Request, pk: int) -> ClientAccount:
    """The account if the asker may see it; otherwise it does not exist."""
    found = access.visible_accounts(user_of(request)).select_related("firm", "balance").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def viewed(request: Request, account: ClientAccount, what: str) -> None:
    """Keep in the audit trail that a person looked at an account."""
    by = audit.By(user_of(request), user_of(request).get_username(), request.META.get("REMOTE_ADDR") or None)
    with transaction.atomic():
        audit.record(by, audit.Act("account.viewed", account=account, subject=what))


def date_of(request: Request, name: str) -> date | None:
    """A query parameter as a day. Anything but YYYY-MM-DD is refused, never ignored."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ValidationError({name: _("날짜는 YYYY-MM-DD 형식이어야 합니다.")})
    return found


def flag_of(request: Request, name: str) -> bool:
    """A query parameter as yes or no; absent is no."""
    text = request.query_params.get(name, "false").lower()
    if text not in YES | NO:
        raise ValidationError({name: _("true 또는 false여야 합니다.")})
    return text in YES


def choice_of(request: Request, name: str, known: Collection[str]) -> str | None:
    """A query parameter that is one of the known words."""
    text = request.query_params.get(name)
    if text is not None and text not in known:
        raise ValidationError({name: _("알 수 없는 값입니다.")})
    return text


def number_of(request: Request, name: str) -> int | None:
    """A query parameter as a whole number from 0 up."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValidationError({name: _("0 이상의 정수여야 합니다.")})
    return int(text)
