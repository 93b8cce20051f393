"""What browsers are told of an order: the row of the REST list, for each person who may see its account."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, prefetch_related_objects

from accounts import broadcast as stream
from orders import switches
from orders.models import Order, OrderCommand
from orders.serializers import order_row


def orders_changed(orders: Iterable[Order]) -> None:
    """Number the new rows in the caller's transaction. Call it last: it locks the head rows of the audience."""
    rows = list(switches.attach(orders))
    # Once for all readers: each of them gets a row of their own, with the same numbers and requests.
    prefetch_related_objects(rows, "numbers", Prefetch("commands", OrderCommand.objects.defer("raw_answer")))
    stream.record([_change(order) for order in rows])


def _change(order: Order) -> stream.Change:
    return stream.Change(
        account=order.account,
        entity="order",
        entity_id=str(order.pk),
        version=order.version,
        row_for=lambda user: order_row(order, user),
    )
