"""From a recorded command to its outcome: check, claim, send once, record. Each step commits before the next begins."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts import broadcast as stream
from accounts.models.stream import Feed
from orders import gateway, inquiries, ledger, outcomes, permissions
from orders.commands.request import plain
from orders.crash_points import CrashPoint, reach
from orders.domain.command_state import (
    CANCEL_TTL,
    MODIFY_TTL,
    Checked,
    CommandState,
    Denied,
    IllegalCommandTransition,
    Outcome,
    SendAccepted,
    SendNotSent,
    SendRejected,
    SendUnknown,
    TtlPassed,
)
from orders.domain.events import Family, Market, RequestKind
from orders.domain.resolution import ask_offset
from orders.domain.sessions import Action
from orders.kis.errors import KisError
from orders.kis.translate import Accepted, NotSent, Rejected, SendOutcome, Unknown
from orders.models import CommandType, Order, OrderCommand

log = logging.getLogger(__name__)

TTL = {CommandType.CANCEL: CANCEL_TTL, CommandType.MODIFY: MODIFY_TTL}
FRESH_INQUIRY = timedelta(seconds=3)
MOST_SENDS = 2  # the second only where no byte of the first left


def carry_out(command: OrderCommand, by: audit.By) -> OrderCommand:
    """Check, claim, send and record one command in CREATED. Called once, by the request that recorded it."""
    order = Order.objects.select_related("account__firm", "account__kis__connection").get(pk=command.order_id)
    doubt = _doubt(command, order) or _stale_books(order)
    if doubt is not None:
        return _deny(command, doubt, by)
    try:
        sender = gateway.sender(order)
    except KisError as error:
        log.warning("an order cannot be sent now", extra={"command": str(command.pk), "error": str(error)})
        return _deny(command, permissions.Doubt("gateway", _("지금은 증권사에 보낼 수 없습니다.")), by)
    doubt = _make_ready(command, by)
    if doubt is not None:
        return _deny(command, doubt, by)
    reach(CrashPoint.COMMAND_READY)
    if not _claim(command, by):
        command.refresh_from_db()
        return command
    reach(CrashPoint.COMMAND_CLAIMED)
    return _send(command, sender, by)


def _deny(command: OrderCommand, doubt: permissions.Doubt, by: audit.By) -> OrderCommand:
    """Refused by our own checks; a command that was given up as too old meanwhile stays what it is."""
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        command = OrderCommand.objects.get(pk=command.pk)
        command.order = order
        if command.state in {CommandState.CREATED, CommandState.READY}:
            command.reason_code = doubt.key[:32]
            outcomes.move(command, Denied(doubt.text), clock.now(), by)
            outcomes.show(order, clock.now())
    return command


def _stale_books(order: Order) -> permissions.Doubt | None:
    """Nothing is sent on old knowledge: the stream is live, or the lists were read within the last 3 s."""
    connection = permissions.connection_of(order)
    live = connection is not None and any(
        row["name"] == connection.name and row["state"] == Feed.LIVE for row in stream.upstreams()
    )
    if live or _just_read(order) or _has_no_list(order):
        return None
    if inquiries.inquire(order.account, [Family(order.family)]) is None:
        return permissions.Doubt("not_known", _("주문 상태를 확인할 수 없어 보내지 않았습니다."))
    return None


def _just_read(order: Order) -> bool:
    return order.inquired_at is not None and clock.now() - order.inquired_at <= FRESH_INQUIRY


def _has_no_list(order: Order) -> bool:
    """A paper reservation is entered by hand: KIS lists none."""
    connection = permissions.connection_of(order)
    return order.market == Market.US_RESERVED and connection is not None and connection.is_paper


def _doubt(command: OrderCommand, order: Order) -> permissions.Doubt | None:
    found = permissions.obstacle(order, Action(command.type), clock.now())
    if found is not None:
        return found
    if command.quantity is not None and command.quantity > order.leaves_qty:
        return permissions.Doubt("less_left", _("그 사이 체결되어 남은 수량이 더 적습니다."))
    if order.alarm:
        return permissions.Doubt("books", _("장부가 증권사와 맞지 않아 보내지 않았습니다."))
    return None


def _make_ready(command: OrderCommand, by: audit.By) -> permissions.Doubt | None:
    """READY with what the broker last said of the order: what every later judgement starts from.

    Checked once more under the order's lock; a doubt that came up meanwhile is returned and nothing is changed.
    """
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        doubt = _doubt(command, order)
        if doubt is not None:
            return doubt
        command.refresh_from_db()
        if command.state != CommandState.CREATED:
            return None
        command.order = order
        number, text = outcomes.number_of(order)
        command.target_number = text
        command.pre_image = {
            "status": order.status,
            "number": number,
            "order_qty": plain(order.order_qty + order.canceled_qty),  # in the broker's figures, which keep a cancel
            "cum_qty": plain(order.cum_qty),
            "leaves_qty": plain(order.leaves_qty),
            "price": "" if order.price is None else plain(order.price),
            "children": [row.number for row in order.numbers.all() if row.number != number],
            "order_date": order.order_date.isoformat(),
            "family": order.family,
        }
        outcomes.move(command, Checked(), clock.now(), by)
        reach(CrashPoint.COMMAND_CHECKING)
    return None


def _claim(command: OrderCommand, by: audit.By) -> bool:
    """Take the right to send: a conditional update, committed. From here on a crash means UNKNOWN."""
    now = clock.now()
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        claimed = OrderCommand.objects.filter(
            pk=command.pk,
            state=CommandState.READY,
            created_at__gt=now - TTL[CommandType(command.type)],
        ).update(state=CommandState.SENDING, claimed_at=now, gt_uid=gateway.new_gt_uid())
        command.refresh_from_db()
        if claimed:
            outcomes.note(command, "command.sending", by)
        elif command.state == CommandState.READY:
            outcomes.move(command, TtlPassed(), now, by)
        outcomes.show(order, now)
        reach(CrashPoint.COMMAND_CLAIMING)
    return bool(claimed)


def _send(command: OrderCommand, sender: gateway.Sender, by: audit.By) -> OrderCommand:
    """One request; a second only where the first did not leave, inside the same lifetime."""
    outcome: SendOutcome = NotSent("not tried")
    sends = 0
    sent_at = clock.now()
    while isinstance(outcome, NotSent) and sends < MOST_SENDS and _may_send(command):
        sends += 1
        sent_at = clock.now()
        outcome = sender.send(command)
    reach(CrashPoint.COMMAND_ANSWERED)
    command = _record_outcome(command, outcome, sends, sent_at, by)
    reach(CrashPoint.COMMAND_RECORDED)
    return command


def _may_send(command: OrderCommand) -> bool:
    """Young enough, and still ours: whoever gave it up as unknown, or stepped over it, has ended the right to send."""
    young = clock.now() - command.created_at < TTL[CommandType(command.type)]
    return young and OrderCommand.objects.filter(pk=command.pk, state=CommandState.SENDING).exists()


def _record_outcome(
    command: OrderCommand, outcome: SendOutcome, sends: int, sent_at: datetime, by: audit.By
) -> OrderCommand:
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command.pk)
        command.order = order
        now = clock.now()
        evidence = outcome.evidence
        command.sends = sends
        command.sent_at = sent_at
        command.http_status = evidence.http_status
        command.rt_cd = evidence.rt_cd[:8]
        command.raw_answer = evidence.raw or None
        command.reason_code = evidence.msg_cd[:32]
        if isinstance(outcome, Accepted):
            command.broker_order_id = f"{outcome.number:010d}"
            _own_number(order, command, outcome.number)
        if not isinstance(outcome, NotSent):
            command.waits_since = now
            command.next_ask_at = first_ask(command, now)
        _move_if_waiting(command, _as_outcome(outcome), now, by)
        detail = {"command": str(command.pk), "state": command.state, "text": evidence.msg1}
        ledger.note(order, f"Command{type(outcome).__name__}", ledger.Evidence("command", str(command.pk), now, detail))
        outcomes.show(order, now)
        reach(CrashPoint.COMMAND_RECORDING)
    return command


def _move_if_waiting(command: OrderCommand, outcome: Outcome, now: datetime, by: audit.By) -> None:
    """An answer that comes after the command was settled or stepped over is kept beside it, and moves nothing."""
    try:
        if outcomes.move(command, outcome, now, by):
            return
    except IllegalCommandTransition:
        log.warning("a late answer", extra={"command": str(command.pk), "state": command.state})
    command.save()


def _own_number(order: Order, command: OrderCommand, number: int) -> None:
    """The new number is the order's own, except where a modify of a part will make a row of its own."""
    if command.type == CommandType.CANCEL:
        ledger.add_number(order, number, RequestKind.CANCEL)
    elif command.quantity is None or command.quantity >= order.leaves_qty:
        ledger.add_number(order, number, None)


def first_ask(command: OrderCommand, now: datetime) -> datetime | None:
    """When to look for evidence; never where the environment has no list to look in."""
    return None if _has_no_list(command.order) else now + ask_offset(0)


def _as_outcome(outcome: SendOutcome) -> Outcome:
    match outcome:
        case Accepted(number=number):
            return SendAccepted(number)
        case Rejected(code=code, message=message):
            return SendRejected(code, message)
        case Unknown(reason=reason):
            return SendUnknown(reason.value)
        case NotSent(reason=text):
            return SendNotSent(text)
