"""What shows each step of an order: a notice, an inquiry's row, the answer to a request. No personal data in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Q

from accounts import clock
from accounts.models import User
from accounts.serializers import moment, plain
from orders.kis.errors import NoticeError
from orders.kis.notices import ExecutionNotice, Record, parse_record
from orders.kis.wire import json_object, text_of
from orders.models import Fill, Notice, Order, OrderCommand, OrderEventRecord
from orders.serializers import command_row, event_row, order_row

INQUIRY = "inquiry:"
PERSONAL = frozenset({"cust_id", "acnt_no", "acnt_name"})
NOT_COLUMNS = frozenset({"tr_id", "later", "extra", "known_layout"})
OF_A_VIEWER = frozenset({"allowed_actions", "freshness"})  # what one may do now is no evidence of what happened


@dataclass(frozen=True, slots=True)
class Sources:
    """Notices and commands by the id with which an order's events name them."""

    notices: Mapping[str, Notice]
    commands: Mapping[str, OrderCommand]

    def of(self, event: OrderEventRecord) -> dict[str, Any]:
        """The evidence of one event. What it names and is not kept any more leaves its kind and id."""
        if event.evidence_kind == "inquiry":
            return inquiry_evidence(event)
        if event.evidence_kind == "notice" and event.evidence_id in self.notices:
            return notice_evidence(self.notices[event.evidence_id])
        if event.evidence_kind == "command" and event.evidence_id in self.commands:
            return command_evidence(self.commands[event.evidence_id])
        return {"kind": event.evidence_kind, "id": event.evidence_id}


def sources(order: Order) -> Sources:
    """Everything that the order's events may name, in two queries."""
    named = [event.evidence_id for event in order.events.all() if event.evidence_kind == "notice"]
    ids = [int(one) for one in named if one.isdecimal()]
    notices = Notice.objects.filter(Q(pk__in=ids) | Q(order=order)).select_related("frame__connection").order_by("pk")
    commands = order.commands.select_related("actor").order_by("created_at")
    return Sources(
        {str(notice.pk): notice for notice in notices},
        {str(command.pk): command for command in commands},
    )


def notice_evidence(notice: Notice) -> dict[str, Any]:
    """Where and when a notice came in, and its columns under the vendor's names."""
    frame = notice.frame
    return {
        "kind": "notice",
        "id": str(notice.pk),
        "tr_id": notice.tr_id,
        "connection": frame.connection.name,
        "received_at": moment(frame.received_at),
        "epoch": frame.epoch,
        "frame": frame.number,
        "position": notice.position,
        "state": notice.state,
        "columns": _columns(notice),
    }


def _columns(notice: Notice) -> dict[str, str]:
    """Columns without a name stay out: nobody can say that they hold nothing personal."""
    try:
        read = parse_record(Record(notice.tr_id, tuple(notice.plaintext.split("^"))))
    except (NoticeError, KeyError):
        return {}
    names = [one.name for one in fields(ExecutionNotice) if one.name not in PERSONAL | NOT_COLUMNS]
    core = {name.upper(): str(getattr(read, name)) for name in names}
    return {name: value for name, value in {**core, **dict(read.later)}.items() if value}


def inquiry_evidence(event: OrderEventRecord) -> dict[str, Any]:
    """When the lists were asked for, and what the order's row in them said."""
    asked_at = event.evidence_id.removeprefix(INQUIRY)
    return {"kind": "inquiry", "id": event.evidence_id, "asked_at": asked_at, "rows": [event.detail]}


def command_evidence(command: OrderCommand) -> dict[str, Any]:
    """What was asked, by whom, and the broker's answer to it."""
    answer = json_object(bytes(command.raw_answer)) if command.raw_answer else None
    said = answer or {}
    return {
        "kind": "command",
        "id": str(command.pk),
        "type": command.type,
        "requested_by": command.actor.get_username(),
        "created_at": moment(command.created_at),
        "sent_at": moment(command.sent_at),
        "sends": command.sends,
        "http_status": command.http_status,
        "rt_cd": command.rt_cd or None,
        "msg_cd": text_of(said, "msg_cd") or None,
        "msg1": text_of(said, "msg1") or None,
        "broker_order_id": command.broker_order_id or None,
        "state": command.state,
    }


def document(order: Order, user: User) -> dict[str, Any]:
    """All of it, to be kept outside: the order, its events, requests, fills and notices, oldest first."""
    known = sources(order)
    row = order_row(order, user)
    return {
        "exported_at": moment(clock.now()),
        "exported_by": user.get_username(),
        "order": {name: value for name, value in row.items() if name not in OF_A_VIEWER},
        "events": [{**event_row(event), "evidence": known.of(event)} for event in order.events.all()],
        "commands": [{**command_row(one), **command_evidence(one)} for one in known.commands.values()],
        "fills": [_fill(fill) for fill in order.fills.order_by("pk")],
        "notices": [notice_evidence(notice) for notice in known.notices.values()],
    }


def _fill(fill: Fill) -> dict[str, Any]:
    return {
        "id": fill.pk,
        "number": fill.number,
        "source": fill.source,
        "last_qty": plain(fill.last_qty),
        "last_px": plain(fill.last_px),
        "amount": plain(fill.amount),
        "transact_time": moment(fill.transact_time),
        "recorded_at": moment(fill.recorded_at),
        "notice": fill.notice_id,
        "reverses": fill.reverses_id,
    }
