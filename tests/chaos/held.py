"""What the portal's database holds of the orders, read through its own models."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max

from accounts import clock
from accounts.hub import encode
from accounts.models import StreamEvent, StreamHead, User
from orders import queries
from orders.models import Fill, Notice, NoticeFrame, Order, OrderEventRecord, OrderNumber, StreamLease
from orders.serializers import order_row
from tests.chaos.checker import Held
from tests.chaos.leases import Takeover
from tests.chaos.truth import OrderKey

ZERO = Decimal(0)


def held_orders(accounts: Collection[str] = ()) -> list[Held]:
    """Every order that a page shows, with the sums of its fills; of these accounts, or of all."""
    numbers: dict[int, list[OrderKey]] = defaultdict(list)
    for row in OrderNumber.objects.select_related("account"):
        numbers[row.order_id].append(OrderKey(str(row.account.number), row.family, row.number))
    fills: dict[int, list[Fill]] = defaultdict(list)
    for fill in Fill.objects.all():
        fills[fill.order_id].append(fill)
    found = [_held(order, numbers[order.pk], fills[order.pk]) for order in Order.objects.shown()]
    return [held for held in found if not accounts or any(key.account in accounts for key in held.numbers)]


def _held(order: Order, numbers: list[OrderKey], fills: list[Fill]) -> Held:
    return Held(
        pk=order.pk,
        numbers=frozenset(numbers),
        status=order.status,
        cum_qty=order.cum_qty,
        cum_amount=order.cum_amount,
        fills_qty=sum((fill.last_qty for fill in fills), ZERO),
        fills_amount=sum((fill.amount for fill in fills), ZERO),
        leaves_qty=order.leaves_qty,
        alarm=order.alarm,
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a stream: the process, 0 for nobody."""

    pid: int
    epoch: int


def lease_of(connection: str) -> Lease:
    row = StreamLease.objects.get(connection__name=connection)
    _, _, rest = row.holder.partition(":")
    return Lease(int(rest.partition(":")[0] or 0), row.epoch)


def of_an_old_epoch(takeovers: Sequence[Takeover]) -> list[str]:
    """Frames, fills and order events of an epoch before a takeover that were written after the old leader woke."""
    found = []
    for takeover in takeovers:
        since = datetime.fromtimestamp(takeover.woken_at, UTC)
        frames = NoticeFrame.objects.filter(connection__name=takeover.connection, epoch__lt=takeover.epoch)
        late = frames.filter(received_at__gt=since + clock.shift())
        notices = Notice.objects.filter(frame__in=frames).values_list("pk", flat=True)
        fills = Fill.objects.filter(notice__in=notices, recorded_at__gt=since)
        ids = [str(pk) for pk in notices]
        events = OrderEventRecord.objects.filter(evidence_kind="notice", evidence_id__in=ids, recorded_at__gt=since)
        counts = {"frames": late.count(), "fills": fills.count(), "order events": events.count()}
        found += [f"{takeover.connection}, epoch {takeover.epoch}: {n} {what}" for what, n in counts.items() if n]
    return found


# What depends on the moment of asking, and not on the order alone.
OF_THE_MOMENT = {"freshness", "allowed_actions"}


def heads() -> dict[str, int]:
    """The newest number of each person."""
    return {head.user.get_username(): head.seq for head in StreamHead.objects.select_related("user")}


def newest_events() -> dict[str, float]:
    """When each person's newest number was written, by the wall clock."""
    rows = StreamEvent.objects.values("user__username").annotate(at=Max("created_at"))
    return {row["user__username"]: row["at"].timestamp() for row in rows}


def shown_rows(username: str) -> dict[str, dict[str, Any]]:
    """Every row of `orders/` as this person gets it, by the order's id."""
    user = User.objects.get(username=username)
    rows = [order_row(order, user) for order in queries.orders(user, queries.OrderQuery())]
    sent = [json.loads(encode(row)) for row in rows]
    return {str(row["id"]): {k: v for k, v in row.items() if k not in OF_THE_MOMENT} for row in sent}
