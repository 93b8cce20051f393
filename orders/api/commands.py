"""Cancel and modify over REST, and what became of a command.

Checked in this order: who asks, whether they may at all, whether the order is theirs, the Idempotency-Key, the values,
and only then whether another command is under way or the version is stale.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.door import ClientDataView, ReadView, user_of
from orders import commands, queries, serializers
from orders.api import schema
from orders.api.door import KEY_PARAMETER, ConflictAnswer, MayCommand, answered, has_fresh_factor, intent_of
from orders.api.orders import order_of
from orders.models import CommandType, OrderCommand


class CommandView(ClientDataView):
    """One intent on one order; subclasses name its type and its body."""

    throttle_scope = "command"
    permission_classes = (IsAuthenticated, MayCommand)
    body: type[schema.CommandBody]
    kind: CommandType

    def take(self, request: Request, pk: int) -> Response:
        order_of(request, pk)
        intent = intent_of(request)
        body = self.body(data=request.data)
        if not body.is_valid():
            _refuse_reused_key(request, intent)
            raise ValidationError(body.errors)
        asked = self._request(request, pk, intent, body.validated_data)
        command = answered(lambda: commands.submit(asked))
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
            fresh_factor=has_fresh_factor(request),
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


def _refuse_reused_key(request: Request, intent: UUID) -> None:
    """A known key with values that were never acceptable is a key with other values."""
    if OrderCommand.objects.filter(actor=user_of(request), intent=intent).exists():
        raise ConflictAnswer(_("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."), code="key_reused")
