"""Questions about orders that pages and API ask alike. Everything starts at the accounts that a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts import access
from orders.domain.command_state import LIVE, UNRESOLVED, CommandState, may_be_superseded
from orders.models import CommandType, Fill, Order, OrderCommand
from orders.serializers import with_row

BLOTTER_SPAN = timedelta(hours=24)  # a night session is of two calendar days


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Filters of the order list; None filters nothing."""

    account: int | None = None
    status: str | None = None
    market: str | None = None
    open: bool = False


def orders(user: access.Viewer, asked: OrderQuery) -> QuerySet[Order]:
    found = with_row(Order.objects.shown().filter(account__in=access.visible_accounts(user)))
    if asked.account is not None:
        found = found.filter(account_id=asked.account)
    if asked.status is not None:
        found = found.filter(status=asked.status)
    if asked.market is not None:
        found = found.filter(market=asked.market)
    if asked.open:
        found = found.open()  # type: ignore[attr-defined]  # of OrderQuerySet
    return found


def order(user: access.Viewer, pk: int) -> Order | None:
    """One order, a row that went on in another one included: links to it stay good."""
    return with_row(Order.objects.filter(account__in=access.visible_accounts(user), pk=pk)).first()


def blotter(user: access.Viewer, asked: OrderQuery, now: datetime) -> QuerySet[Order]:
    """What the desk looks at: open orders, those with a command under way, and all that changed in the last day."""
    live = OrderCommand.objects.filter(state__in=[state.value for state in LIVE]).values("order_id")
    recent = Q(transact_time__gte=now - BLOTTER_SPAN)
    return orders(user, asked).filter(recent | Q(pk__in=Order.objects.open().values("pk")) | Q(pk__in=live))


def unresolved(user: access.Viewer) -> QuerySet[Order]:
    """Orders with a request whose outcome nobody knows, those that wait longest first."""
    states = [state.value for state in UNRESOLVED]
    doubtful = OrderCommand.objects.filter(state__in=states, order=OuterRef("pk")).order_by("created_at")
    found = orders(user, OrderQuery()).annotate(asked_at=Subquery(doubtful.values("created_at")[:1]))
    return found.exclude(asked_at=None).order_by("asked_at", "pk")


def supersedable(order: Order, now: datetime) -> OrderCommand | None:
    """The command under way that a new cancel may step over: escalated, or a full cancel without an answer."""
    for command in order.commands.all():
        full = command.type == CommandType.CANCEL and command.quantity is None
        age = now - (command.sent_at or command.created_at)
        if command.is_live and may_be_superseded(CommandState(command.state), full_cancel=full, age=age):
            return command
    return None


def command(user: access.Viewer, pk: object) -> OrderCommand | None:
    return OrderCommand.objects.filter(order__account__in=access.visible_accounts(user), pk=pk).first()


def latest_fills(user: access.Viewer, since: datetime) -> QuerySet[Fill]:
    """Standing fills, newest first: neither reversals nor what they took back."""
    fills = Fill.objects.filter(order__account__in=access.visible_accounts(user), transact_time__gte=since)
    standing = fills.filter(last_qty__gt=0, reversed_by=None).select_related("order__account")
    return standing.order_by("-transact_time", "-id")
