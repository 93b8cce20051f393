"""What the portal's database holds of the orders, read through its own models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from accounts import clock
from orders.models import Fill, Notice, NoticeFrame, Order, OrderEventRecord, OrderNumber, StreamLease
from tests.chaos.checker import Held
from tests.chaos.leases import Takeover
from tests.chaos.truth import OrderKey

ZERO = Decimal(0)


def held_orders() -> list[Held]:
    """Every order that a page shows, with the sums of its fills."""
    numbers: dict[int, list[OrderKey]] = defaultdict(list)
    for row in OrderNumber.objects.select_related("account"):
        numbers[row.order_id].append(OrderKey(str(row.account.number), row.family, row.number))
    fills: dict[int, list[Fill]] = defaultdict(list)
    for fill in Fill.objects.all():
        fills[fill.order_id].append(fill)
    return [_held(order, numbers[order.pk], fills[order.pk]) for order in Order.objects.shown()]


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
