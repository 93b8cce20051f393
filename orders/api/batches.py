"""Canceling many orders at once over REST, and one outcome a row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.door import ClientDataView, ReadView, user_of
from accounts.api.schema import SIDES, Figure, Moment, Text
from accounts.models import User
from orders import batches
from orders.api import schema
from orders.api.door import KEY_PARAMETER, MayCommand, answered, has_fresh_factor, intent_of
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.models import BatchKind, CommandBatch, RowState
from orders.switch_rows import batch_lines, batch_row


class OrderFacts(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    account = serializers.IntegerField()
    account_number = serializers.CharField(help_text="masked")
    account_alias = serializers.CharField(allow_blank=True)
    market = serializers.ChoiceField([market.value for market in Market])
    symbol = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    side = serializers.ChoiceField(SIDES)
    order_qty = Figure()
    leaves_qty = Figure()
    price = Figure()
    currency = serializers.CharField()
    status = serializers.ChoiceField([item.value for item in OrderStatus])
    version = serializers.IntegerField()
    ordered_at = Moment()


class SelectedOrder(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    expected_version = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class CancelSelectedBody(serializers.Serializer[Any]):
    orders = SelectedOrder(many=True, allow_empty=False)


class BatchCounts(serializers.Serializer[Any]):
    pending = serializers.IntegerField()
    taken = serializers.IntegerField()
    submitted = serializers.IntegerField()
    refused = serializers.IntegerField()
    expired = serializers.IntegerField()


class Batch(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(BatchKind.choices)
    switch = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(("working", "abandoned", "finished"))
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    counts = BatchCounts()
    created_at = Moment()
    finished_at = Moment()
    version = serializers.IntegerField()


class BatchLine(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    order = OrderFacts()
    state = serializers.ChoiceField(RowState.choices)
    command = schema.Command(allow_null=True)
    code = Text()
    reason = serializers.CharField(allow_blank=True)


class BatchBody(Batch):
    rows = BatchLine(many=True)


def batch_body(batch: CommandBatch, user: User) -> dict[str, Any]:
    return {**batch_row(batch), "rows": batch_lines(batch, user)}


class CancelSelected(ClientDataView):
    throttle_scope = "command"
    permission_classes = (IsAuthenticated, MayCommand)

    @extend_schema(request=CancelSelectedBody, responses={202: BatchBody}, parameters=[KEY_PARAMETER])
    def post(self, request: Request) -> Response:
        """Cancel all that is left of each of these orders: single commands, one outcome a row."""
        intent = intent_of(request)
        body = CancelSelectedBody(data=request.data)
        if not body.is_valid():
            raise ValidationError(body.errors)
        asked = batches.Selection(
            user=user_of(request),
            address=request.META.get("REMOTE_ADDR") or None,
            intent=intent,
            orders=tuple((row["id"], row["expected_version"]) for row in body.validated_data["orders"]),
            fresh_factor=has_fresh_factor(request),
        )
        batch = answered(lambda: batches.cancel_selected(asked))
        return Response(batch_body(batch, user_of(request)), status=status.HTTP_202_ACCEPTED)


class BatchDetail(ReadView):
    @extend_schema(responses=BatchBody)
    def get(self, request: Request, pk: UUID) -> Response:
        batch = batches.visible(user_of(request), pk)
        if batch is None:
            raise NotFound
        return Response(batch_body(batch, user_of(request)))
