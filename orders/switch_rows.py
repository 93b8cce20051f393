"""Switches, batches, lists and rehearsals as the REST API, the pages and the live stream give them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from accounts import access, clock
from accounts.models import User
from accounts.serializers import moment, plain
from orders import switches
from orders.cancel_lists import CancelList, Line
from orders.models import BatchRow, CommandBatch, Order, OrderCommand, Rehearsal, RowState, Switch
from orders.models.switches import RELEASE_REQUEST_LASTS
from orders.serializers import command_row, with_row

PEOPLE = ("engaged_by", "release_asked_by", "released_by", "manager", "account")  # whom a switch's row names
ABANDONED_AFTER = timedelta(seconds=15)  # a batch at work says so at every row it takes and ends


def switch_row(switch: Switch, user: User, now: datetime | None = None) -> dict[str, Any]:
    """One switch for this person: whom it is for, who engaged it and why, and how far its release is."""
    now = clock.now() if now is None else now
    asked = switch.release_is_asked(now)
    return {
        "id": switch.pk,
        "kind": switch.kind,
        "kind_label": switch.get_kind_display(),
        "scope": switch.scope,
        "scope_label": switches.label(switch, user),
        "reason": switch.reason,
        "engaged": switch.is_engaged,
        "engaged_by": switch.engaged_by.get_username(),
        "engaged_at": moment(switch.engaged_at),
        "release_asked_by": _name(switch.release_asked_by) if asked or not switch.is_engaged else None,
        "release_asked_at": moment(switch.release_asked_at) if asked or not switch.is_engaged else None,
        "release_reason": switch.release_reason if asked or not switch.is_engaged else "",
        "release_lapses_at": moment(_lapses_at(switch)) if asked else None,
        "released_by": _name(switch.released_by),
        "released_at": moment(switch.released_at),
        "version": switch.version,
    }


def _name(user: User | None) -> str | None:
    return user.get_username() if user is not None else None


def _lapses_at(switch: Switch) -> datetime | None:
    return switch.release_asked_at + RELEASE_REQUEST_LASTS if switch.release_asked_at is not None else None


def list_row(found: CancelList, confirmation: str) -> dict[str, Any]:
    """A dry-run list with what has to be typed to confirm it."""
    return {
        "count": found.count,
        "possible": found.possible,
        "amounts": [{"currency": name, "amount": plain(total)} for name, total in sorted(found.amounts.items())],
        "contracts": plain(found.contracts),
        "without_price": found.without_price,
        "digest": found.digest,
        "confirmation": confirmation,
        "orders": [line_row(line) for line in found.lines],
    }


def line_row(line: Line) -> dict[str, Any]:
    return {**order_facts(line.order), "allowed": not line.obstacle, "reason": line.obstacle}


def order_facts(order: Order) -> dict[str, Any]:
    """As much of an order as tells one from another; its account is masked."""
    return {
        "id": order.pk,
        "account": order.account_id,
        "account_number": order.account.masked_number,
        "account_alias": order.account.alias,
        "market": order.market,
        "symbol": order.symbol,
        "name": order.name,
        "side": order.side,
        "order_qty": plain(order.order_qty),
        "leaves_qty": plain(order.leaves_qty),
        "price": plain(order.price),
        "currency": order.currency,
        "status": order.status,
        "version": order.version,
        "ordered_at": moment(order.ordered_at),
    }


def batch_row(batch: CommandBatch, now: datetime | None = None) -> dict[str, Any]:
    """How far a batch is; nothing of any client in it."""
    now = clock.now() if now is None else now
    counted = dict(batch.rows.order_by().values_list("state").annotate(n=Count("pk")))
    counts = {state.value: counted.get(state.value, 0) for state in RowState}
    waiting = counts[RowState.PENDING] + counts[RowState.TAKEN]
    total = sum(counts.values())
    return {
        "id": str(batch.pk),
        "kind": batch.kind,
        "switch": batch.switch_id,
        "state": _state(batch, now),
        "total": total,
        "done": total - waiting,
        "counts": counts,
        "created_at": moment(batch.created_at),
        "finished_at": moment(batch.finished_at),
        "version": batch.version,
    }


def _state(batch: CommandBatch, now: datetime) -> str:
    if batch.finished_at is not None:
        return "finished"
    return "abandoned" if now - batch.worked_at > ABANDONED_AFTER else "working"


def batch_lines(batch: CommandBatch, user: User) -> list[dict[str, Any]]:
    """One outcome a row, for the accounts that this person may see now."""
    rows = batch.rows.filter(order__account__in=access.visible_accounts(user)).order_by("position")
    orders = {order.pk: order for order in _orders(rows)}
    commands = OrderCommand.objects.defer("raw_answer").in_bulk([row.command_id for row in rows if row.command_id])
    return [_batch_line(row, orders[row.order_id], commands) for row in rows]


def _orders(rows: Iterable[BatchRow]) -> QuerySet[Order]:
    return with_row(Order.objects.filter(pk__in=[row.order_id for row in rows]))


def _batch_line(row: BatchRow, order: Order, commands: dict[Any, OrderCommand]) -> dict[str, Any]:
    command = commands.get(row.command_id)
    return {
        "position": row.position,
        "order": order_facts(order),
        "state": row.state,
        "command": command_row(command) if command is not None else None,
        "code": row.code or None,
        "reason": row.reason,
    }


def rehearsal_row(row: Rehearsal) -> dict[str, Any]:
    took = row.took
    return {
        "day": row.day.isoformat(),
        "started_at": moment(row.started_at),
        "finished_at": moment(row.finished_at),
        "took_seconds": round(took.total_seconds(), 1) if took is not None else None,
        "accounts": row.accounts,
        "orders": row.orders,
        "matched": row.matched,
        "text": _rehearsal_text(row),
        "differences": len(row.differences),
    }


def _rehearsal_text(row: Rehearsal) -> str:
    if row.matched is None:
        return _("진행 중")
    return _("일치") if row.matched else _("불일치 %(n)s건") % {"n": len(row.differences)}
