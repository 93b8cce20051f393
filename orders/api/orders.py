"""`orders/`: the list, one order, and what happened to it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import schema as shapes
from accounts.api.door import ReadView, choice_of, flag_of, number_of, user_of, viewed
from accounts.pagination import paged
from orders import queries, serializers, switches
from orders.api import schema
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.models import Order, OrderEventRecord

STATUSES = [status.value for status in OrderStatus]
MARKETS = [market.value for market in Market]


def order_of(request: Request, pk: int) -> Order:
    """The order if the asker may see its account; otherwise it does not exist."""
    found = queries.order(user_of(request), pk)
    if found is None:
        raise NotFound
    return found


class OrderList(ReadView):
    """The orders of the accounts that the asker may see, newest first."""

    @extend_schema(
        operation_id="orders_list",
        responses=shapes.page_of(schema.Order),
        parameters=[
            shapes.number("account"),
            shapes.one_of("status", STATUSES),
            shapes.flag("open"),
            shapes.one_of("market", MARKETS),
        ],
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        asked = queries.OrderQuery(
            account=number_of(request, "account"),
            status=choice_of(request, "status", STATUSES),
            market=choice_of(request, "market", MARKETS),
            open=flag_of(request, "open"),
        )

        def rows(orders: list[Order]) -> list[dict[str, Any]]:
            return [serializers.order_row(order, user) for order in switches.attach(orders)]

        return paged(self, queries.orders(user, asked), ("-ordered_at", "-id"), rows)


class OrderDetail(ReadView):
    @extend_schema(responses=schema.Order)
    def get(self, request: Request, pk: int) -> Response:
        order = order_of(request, pk)
        viewed(request, order.account, f"order {order.pk}")
        return Response(serializers.order_row(order, user_of(request)))


class OrderEventList(ReadView):
    """What happened to the order, oldest first, each with its evidence."""

    @extend_schema(operation_id="order_events_list", responses=shapes.page_of(schema.OrderEvent))
    def get(self, request: Request, pk: int) -> Response:
        order = order_of(request, pk)
        viewed(request, order.account, f"order {order.pk} events")
        return paged(self, order.events.all(), ("id",), _event_rows)


def _event_rows(events: list[OrderEventRecord]) -> list[dict[str, Any]]:
    return [serializers.event_row(event) for event in events]
