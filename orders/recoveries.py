"""Windows in which notices may have been missed: opened when the stream is lost, closed when the books are right again.

The stream that asks writes them, under its fence; people read them as "away from .. to .., so many fills recovered".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts import access, clock
from accounts import broadcast as stream
from accounts.models import ClientAccount, User
from accounts.serializers import moment, plain
from orders.lease import Fence
from orders.models import Fill, FillSource, KisAccount, Order, OrderEventRecord, Recovery, RecoveryReason

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Loss:
    """Since when notices may be missing, why, and of which account (None: of all of the connection)."""

    reason: RecoveryReason
    lost_at: datetime
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """One order that the inquiries of a window changed: `fills` and `quantity` are what had been missed of it."""

    order: Order
    fills: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Window:
    """One recovery as one person may see it."""

    recovery: Recovery
    orders: tuple[Recovered, ...]

    @property
    def fills(self) -> int:
        return sum(item.fills for item in self.orders)


def lose(fence: Fence, loss: Loss) -> Recovery:
    """Open a window, or go on with the one that was never closed: it began earlier. Raises LeaseLost."""
    with transaction.atomic():
        fence.check()
        unfinished = Recovery.objects.filter(
            connection_id=fence.connection_id, account_id=loss.account_id, ended_at=None
        ).first()
        row = unfinished or Recovery(
            connection_id=fence.connection_id, account_id=loss.account_id, reason=loss.reason, lost_at=loss.lost_at
        )
        row.epoch, row.began_at = fence.mark or 0, None
        row.save()
        _tell(row)
    return row


def begin(fence: Fence, recovery_id: int, now: datetime) -> None:
    """Notices come again; from here on everything is asked for. Raises LeaseLost."""
    with transaction.atomic():
        fence.check()
        row = Recovery.objects.get(pk=recovery_id)
        row.began_at = now
        row.save(update_fields=["began_at"])
        _tell(row)


def end(fence: Fence, recovery_id: int, reads: int, now: datetime) -> Recovery:
    """Every account's books agree with two equal reads: say what was made good. Raises LeaseLost."""
    with transaction.atomic():
        fence.check()
        row = Recovery.objects.get(pk=recovery_id)
        row.ended_at, row.reads = now, row.reads + reads
        found = _recovered(row, _accounts(row))
        row.orders_changed, row.fills_recovered = len(found), sum(item.fills for item in found)
        row.save()
        _tell(row)
    return row


def recoveries_for(user: access.Viewer, since: datetime) -> list[Window]:
    """The windows that touch accounts of this person and were not closed before `since`, newest first."""
    return [window(row, user) for row in visible(user, since).order_by("-id")[:SHOWN]]


def visible(user: access.Viewer, since: datetime) -> QuerySet[Recovery]:
    """The rows behind `recoveries_for`."""
    mine = access.visible_accounts(user)
    connections = KisAccount.objects.filter(account__in=mine).values("connection_id")
    rows = Recovery.objects.filter(Q(account=None, connection_id__in=connections) | Q(account__in=mine))
    return rows.filter(Q(ended_at=None) | Q(ended_at__gte=since)).select_related("connection")


def window(row: Recovery, user: access.Viewer) -> Window:
    """What of a recovery this person may see."""
    return Window(row, tuple(_recovered(row, _accounts(row).filter(pk__in=access.visible_accounts(user)))))


def recovery_row(seen: Window) -> dict[str, Any]:
    """One row of `orders/recoveries/`; the `recovery` events leave out what was recovered."""
    row = seen.recovery
    return {
        "id": row.pk,
        "connection": row.connection.name,
        "account": row.account_id,
        "reason": row.reason,
        "lost_at": moment(row.lost_at),
        "began_at": moment(row.began_at),
        "ended_at": moment(row.ended_at),
        "fills": seen.fills,
        "orders": [_order_row(item) for item in seen.orders],
    }


def _without_orders(row: dict[str, Any]) -> dict[str, Any]:
    """What an event keeps: an account may stop being somebody's before it is told, so that its orders are asked for."""
    return {name: value for name, value in row.items() if name not in {"fills", "orders"}}


def _order_row(item: Recovered) -> dict[str, Any]:
    return {
        "id": item.order.pk,
        "symbol": item.order.symbol,
        "name": item.order.name,
        "status": item.order.status,
        "fills": item.fills,
        "quantity": plain(item.quantity),
    }


def _accounts(row: Recovery) -> QuerySet[ClientAccount]:
    of_connection = ClientAccount.objects.filter(kis__connection_id=row.connection_id)
    return of_connection if row.account_id is None else of_connection.filter(pk=row.account_id)


def _recovered(row: Recovery, accounts: QuerySet[ClientAccount]) -> list[Recovered]:
    """Fills that no notice brought, and orders that an inquiry moved, inside the window."""
    until = row.ended_at or clock.now()
    filled = _filled(row, until, accounts)
    moved = OrderEventRecord.objects.filter(
        order__account__in=accounts, type="OrderInquired", at__gte=row.lost_at, at__lte=until
    ).exclude(status_before=F("status_after"))
    ids = set(filled) | set(moved.values_list("order_id", flat=True))
    orders = Order.objects.filter(pk__in=ids).order_by("pk")
    return [Recovered(order, *filled.get(order.pk, (0, Decimal(0)))) for order in orders]


def _filled(row: Recovery, until: datetime, accounts: QuerySet[ClientAccount]) -> dict[int, tuple[int, Decimal]]:
    gaps = Fill.objects.filter(
        order__account__in=accounts,
        source=FillSource.GAP,
        reversed_by=None,
        recorded_at__gte=row.lost_at,
        recorded_at__lte=until,
    )
    sums = gaps.values("order_id").annotate(fills=Count("pk"), quantity=Sum("last_qty"))
    return {item["order_id"]: (item["fills"], item["quantity"]) for item in sums.order_by("order_id")}


def _tell(row: Recovery) -> None:
    """To everybody with an account of the connection, each with what was recovered of their own."""
    ids = [row.account_id] if row.account_id else list(_account_ids(row.connection_id))
    people = access.viewers_of_any(ids)
    accounts = ClientAccount.objects.in_bulk([account_id for _, account_id in people])
    version = int(timezone.now().timestamp() * 1000)
    stream.record([_change(row, user, accounts[account_id], version) for user, account_id in people])


def _account_ids(connection_id: int) -> Sequence[int]:
    return list(KisAccount.objects.filter(connection_id=connection_id).values_list("account_id", flat=True))


def _change(row: Recovery, user: User, account: ClientAccount, version: int) -> stream.Change:
    return stream.Change(
        account=account,
        entity="recovery",
        entity_id=str(row.pk),
        version=version,
        row_for=lambda person: _without_orders(recovery_row(window(row, person))),
        audience=(user,),
    )
