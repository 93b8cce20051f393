"""`orders/recoveries/`: when notices were away, and what was recovered since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from accounts.api import schema as shapes
from accounts.api.door import ReadView, user_of
from accounts.pagination import paged
from orders import recoveries
from orders.domain.order_state import OrderStatus
from orders.models import Recovery, RecoveryReason

SPAN = timedelta(hours=24)


class RecoveredOrder(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    symbol = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField([status.value for status in OrderStatus])
    fills = serializers.IntegerField()
    quantity = shapes.Figure()


class RecoveryRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    connection = serializers.CharField()
    account = serializers.IntegerField(allow_null=True, help_text="null: every account of the connection")
    reason = serializers.ChoiceField(RecoveryReason.choices)
    lost_at = shapes.Moment()
    began_at = shapes.Moment()
    ended_at = shapes.Moment()
    fills = serializers.IntegerField(help_text="recovered fills of the accounts that the caller may see")
    orders = RecoveredOrder(many=True)


class RecoveryList(ReadView):
    """Windows in which fill notices may have been missed, newest first; `ended_at` is null while one goes on."""

    @extend_schema(
        operation_id="orders_recoveries_list",
        responses=shapes.page_of(RecoveryRow),
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="not closed before; default 24 h ago")
        ],
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        rows = recoveries.visible(user, _since(request))

        def shown(found: list[Recovery]) -> list[dict[str, Any]]:
            return [recoveries.recovery_row(recoveries.window(row, user)) for row in found]

        return paged(self, rows, ("-id",), shown)


def _since(request: Request) -> datetime:
    text = request.query_params.get("since")
    if text is None:
        return clock.now() - SPAN
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValidationError({"since": _("시각은 시간대를 포함한 ISO 8601 형식이어야 합니다.")})
    return found
