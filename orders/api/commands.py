"""Cancel and modify over REST, and what became of a command.

Checked in this order: who asks, whether they may at all, whether the order is theirs, the Idempotency-Key, the values,
and only then whether another command is under way or the version is stale.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import sign_in
from accounts.api.door import ClientDataView, ReadView, user_of
from accounts.models import ApiToken
from accounts.models.users import Scope
from orders import commands, queries, serializers
from orders.api import schema
from orders.api.orders import order_of
from orders.models import CommandType, OrderCommand

KEY_HEADER = "Idempotency-Key"
KEY_PARAMETER = OpenApiParameter(KEY_HEADER, UUID, OpenApiParameter.HEADER, required=True)


class ConflictAnswer(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class MayCommand(BasePermission):
    """A manager; with a token of scope `trade`, or in a session whose second factor was given within ten minutes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        del view
        if isinstance(request.auth, ApiToken) and request.auth.scope != Scope.TRADE:
            raise PermissionDenied(_("이 토큰은 조회만 할 수 있습니다."), code="scope_too_small")
        if not user_of(request).may_trade:
            raise PermissionDenied(_("주문 권한이 없습니다."), code="role")
        if not _has_fresh_factor(request):
            raise PermissionDenied(_("2차 인증을 다시 해야 합니다."), code="second_factor_needed")
        return True


def _has_fresh_factor(request: Request) -> bool:
    """A trade token was made with a second factor and carries it; the ten minutes are for sessions."""
    return isinstance(request.auth, ApiToken) or sign_in.has_fresh_factor(request.session)


class CommandView(ClientDataView):
    """One intent on one order; subclasses name its type and its body."""

    throttle_scope = "command"
    permission_classes = (IsAuthenticated, MayCommand)
    body: type[schema.CommandBody]
    kind: CommandType

    def take(self, request: Request, pk: int) -> Response:
        order_of(request, pk)
        intent = _intent(request)
        body = self.body(data=request.data)
        if not body.is_valid():
            _refuse_reused_key(request, intent)
            raise ValidationError(body.errors)
        command = _submitted(self._request(request, pk, intent, body.validated_data))
        return Response(serializers.command_row(command), status=status.HTTP_202_ACCEPTED)

    def _request(self, request: Request, pk: int, intent: UUID, values: dict[str, Any]) -> commands.CommandRequest:
        return commands.CommandRequest(
            user=user_of(request),
            address=request.META.get("REMOTE_ADDR") or None,
            order_id=pk,
            type=self.kind.value,
            intent=intent,
            expected_version=values["expected_version"],
            quantity=values.get("quantity"),
            price=values.get("price"),
            supersedes=values.get("supersedes"),
            fresh_factor=_has_fresh_factor(request),
        )


class CancelOrder(CommandView):
    kind = CommandType.CANCEL
    body = schema.CancelBody

    @extend_schema(request=schema.CancelBody, responses={202: schema.Command}, parameters=[KEY_PARAMETER])
    def post(self, request: Request, pk: int) -> Response:
        """Cancel all that is left, or `quantity` of it."""
        return self.take(request, pk)


class ModifyOrder(CommandView):
    kind = CommandType.MODIFY
    body = schema.ModifyBody

    @extend_schema(request=schema.ModifyBody, responses={202: schema.Command}, parameters=[KEY_PARAMETER])
    def post(self, request: Request, pk: int) -> Response:
        """Give all that is left, or `quantity` of it, another price."""
        return self.take(request, pk)


class CommandDetail(ReadView):
    @extend_schema(responses=schema.Command)
    def get(self, request: Request, pk: UUID) -> Response:
        command = queries.command(user_of(request), pk)
        if command is None:
            raise NotFound
        return Response(serializers.command_row(command))


def _intent(request: Request) -> UUID:
    try:
        return UUID(request.headers.get(KEY_HEADER, ""))
    except ValueError:
        raise ValidationError({KEY_HEADER: _("UUID여야 합니다.")}) from None


def _refuse_reused_key(request: Request, intent: UUID) -> None:
    """A known key with values that were never acceptable is a key with other values."""
    if OrderCommand.objects.filter(actor=user_of(request), intent=intent).exists():
        raise ConflictAnswer(_("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."), code="key_reused")


def _submitted(asked: commands.CommandRequest) -> OrderCommand:
    try:
        return commands.submit(asked)
    except commands.NotVisible:
        raise NotFound from None
    except commands.NotPermitted as error:
        raise PermissionDenied(error.detail, code=error.code) from None
    except commands.Conflict as error:
        raise ConflictAnswer(error.detail, code=error.code) from None
    except commands.Refused as error:
        raise ValidationError({error.field: error.detail}) from None
