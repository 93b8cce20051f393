"""An order's row as the REST API, the blotter and the live stream give it, its events, commands and notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts import clock
from accounts.models import User
from accounts.serializers import moment, plain
from orders import permissions
from orders.domain.command_state import UNRESOLVED
from orders.models import Notice, Order, OrderCommand, OrderEventRecord, OrderNumber
from orders.session_clock import transmission

CONNECTION_SECRETS = (
    "app_key",
    "app_secret",
    "hts_id",
    "personal_sec_key",
    "mac_address",
    "phone_number",
    "ip_addr",
)
SWEPT_WITHIN = timedelta(seconds=180)  # open orders are inquired each 10 s, all of them each 60 s
AVERAGE_PLACES = Decimal("0.00000001")
RESERVED = "RESERVED"


def with_row(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with everything that their rows need, in four queries however many they are."""
    commands = OrderCommand.objects.defer("raw_answer")
    unread = [f"account__kis__connection__{name}" for name in CONNECTION_SECRETS]
    return (
        orders.select_related("account__kis__connection", "parent")
        .defer("account__virtual_number", "account__holder_name", *unread)
        .prefetch_related("numbers", "parent__numbers", Prefetch("commands", commands))
    )


def order_row(order: Order, user: User) -> dict[str, Any]:
    """One row of `orders/` for this person: the buttons differ from one to the next. See `with_row`."""
    now = clock.now()
    return {
        "id": order.pk,
        "account": order.account_id,
        "account_number": order.account.masked_number,
        "account_alias": order.account.alias,
        "market": order.market,
        **_numbers(order),
        "symbol": order.symbol,
        "name": order.name,
        "side": order.side,
        **_figures(order),
        "currency": order.currency,
        "status": order.status,
        "status_text": order.alarm or order.status_text or None,
        "needs_person": order.needs_person or bool(order.alarm),
        "reason": order.reason,
        "origin": order.origin,
        "merged_into": order.merged_into_id,
        "command": _newest_command(order),
        "allowed_actions": permissions.allowed_actions(order, user, now),
        "version": order.version,
        "transmit_at": moment(transmission(order, now)),
        "ordered_at": moment(order.ordered_at),
        "transact_time": moment(order.transact_time),
        "freshness": _freshness(order, now),
    }


def _figures(order: Order) -> dict[str, str | None]:
    average = (order.cum_amount / order.cum_qty).quantize(AVERAGE_PLACES) if order.cum_qty else None
    return {
        "order_qty": plain(order.order_qty),
        "cum_qty": plain(order.cum_qty),
        "leaves_qty": plain(order.leaves_qty),
        "price": plain(order.price),
        "avg_px": plain(average),
    }


def _numbers(order: Order) -> dict[str, Any]:
    """The chain of broker numbers: the newest, the first, all; and the reservation's own.

    The number of a request, a cancel's or a modify's not in force yet, names no order, so that it is not of the chain.
    """
    rows = [row for row in order.numbers.all() if row.kind in {"new", "modify"}]
    chain = [row.text for row in rows if row.family != RESERVED]
    reserved = next((row.text for row in rows if row.family == RESERVED), None)
    return {
        "order_id": chain[-1] if chain else reserved,
        "orig_order_id": _first_number(order.parent) if order.parent else _first(chain),
        "order_ids": chain or ([reserved] if reserved else []),
        "reserved_id": reserved,
    }


def _first(chain: Sequence[str]) -> str | None:
    """The original's number, once a modify has given out another."""
    return chain[0] if len(chain) > 1 else None


def _first_number(parent: Order) -> str | None:
    rows: list[OrderNumber] = [row for row in parent.numbers.all() if row.kind in {"new", "modify"}]
    return rows[0].text if rows else None


def _newest_command(order: Order) -> dict[str, Any] | None:
    """The newest, or the one without an outcome: what was asked for over it has not taken its place yet."""
    newest = max(
        order.commands.all(), key=lambda command: (command.state in UNRESOLVED, command.created_at), default=None
    )
    return command_row(newest) if newest is not None else None


def _freshness(order: Order, now: datetime) -> dict[str, Any]:
    heard = [at for at in (order.noticed_at, order.inquired_at) if at is not None]
    newest = max(heard, default=None)
    return {"state": _age(order, newest, now), "business_date": None, "fetched_at": moment(newest), "source": "kis"}


def _age(order: Order, heard: datetime | None, now: datetime) -> str:
    if heard is None:
        return "never"
    return "stale" if order.is_open and now - heard > SWEPT_WITHIN else "fresh"


def command_row(command: OrderCommand) -> dict[str, Any]:
    """What was asked of an order, and what became of it."""
    return {
        "id": str(command.pk),
        "order": command.order_id,
        "type": command.type,
        "state": command.state,
        "reason": command.reason,
        "reason_code": command.reason_code or None,
        "quantity": plain(command.quantity),
        "price": plain(command.price),
        "broker_order_id": command.broker_order_id or None,
        "created_at": moment(command.created_at),
        "sent_at": moment(command.sent_at),
        "resolved_at": moment(command.resolved_at),
        "evidence": command.evidence,
        **_evidence_so_far(command),
    }


def _evidence_so_far(command: OrderCommand) -> dict[str, Any]:
    """How often the broker's lists were read for it, since when they say the same, and when they are read next."""
    watch = command.watch
    return {
        "reads": watch.get("asked", 0),
        "equal_since": _kept_moment(watch.get("since")),
        "last_read_at": _kept_moment(watch.get("last")),
        "next_read_at": moment(command.next_ask_at),
        "age_since": moment(command.waits_since or command.sent_at or command.created_at),
    }


def _kept_moment(text: str | None) -> str | None:
    return moment(datetime.fromisoformat(text)) if text else None


def event_row(event: OrderEventRecord) -> dict[str, Any]:
    """One line of an order's timeline, with what shows it."""
    return {
        "id": event.pk,
        "at": moment(event.at),
        "recorded_at": moment(event.recorded_at),
        "type": event.type,
        "status_before": event.status_before or None,
        "status_after": event.status_after or None,
        "evidence": {"kind": event.evidence_kind, "id": event.evidence_id},
        "detail": event.detail,
    }


def notice_row(notice: Notice) -> dict[str, Any]:
    """One record of the notice journal, without its content; `frame__connection` is selected with it."""
    return {
        "id": notice.pk,
        "connection": notice.frame.connection.name,
        "received_at": moment(notice.frame.received_at),
        "tr_id": notice.tr_id or None,
        "state": notice.state,
        "reason": notice.reason or None,
        "order": notice.order_id,
    }
