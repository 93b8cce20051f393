"""What every endpoint that acts does first: the key of the intent, the second factor, and the words of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import sign_in
from accounts.api.door import user_of
from accounts.models import ApiToken
from accounts.models.users import Scope
from orders import commands

KEY_HEADER = "Idempotency-Key"
KEY_PARAMETER = OpenApiParameter(KEY_HEADER, UUID, OpenApiParameter.HEADER, required=True)
Answer = TypeVar("Answer")


class ConflictAnswer(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class MayAct(BasePermission):
    """With a token of scope `trade`, or in a session whose second factor was given within ten minutes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiToken) and request.auth.scope != Scope.TRADE:
            raise PermissionDenied(_("이 토큰은 조회만 할 수 있습니다."), code="scope_too_small")
        self.check_role(request, view)
        if not has_fresh_factor(request):
            raise PermissionDenied(_("2차 인증을 다시 해야 합니다."), code="second_factor_needed")
        return True

    def check_role(self, request: Request, view: APIView) -> None:
        """Whatever the scope of the request leaves to the operation itself."""


class MayCommand(MayAct):
    """A manager, who acts."""

    def check_role(self, request: Request, view: APIView) -> None:
        del view
        if not user_of(request).may_trade:
            raise PermissionDenied(_("주문 권한이 없습니다."), code="role")


def has_fresh_factor(request: Request) -> bool:
    """A trade token was made with a second factor and carries it; the ten minutes are for sessions."""
    return isinstance(request.auth, ApiToken) or sign_in.has_fresh_factor(request.session)


def intent_of(request: Request) -> UUID:
    """The key that stands for this one request. Raises ValidationError."""
    try:
        return UUID(request.headers.get(KEY_HEADER, ""))
    except ValueError:
        raise ValidationError({KEY_HEADER: _("UUID여야 합니다.")}) from None


def answered(act: Callable[[], Answer]) -> Answer:
    """What the operation gives; what it refuses, in HTTP's words."""
    try:
        return act()
    except commands.NotVisible:
        raise NotFound from None
    except commands.NotPermitted as error:
        raise PermissionDenied(error.detail, code=error.code) from None
    except commands.Conflict as error:
        raise ConflictAnswer(error.detail, code=error.code) from None
    except commands.Refused as error:
        raise ValidationError({error.field: error.detail}) from None
