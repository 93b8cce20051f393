"""From a recorded command to its outcome: check, claim, send once, record. Each step commits before the next begins."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from orders import gateway, ledger, outcomes, permissions, switches
from orders.commands import checks, pre_image
from orders.commands.checks import Doubted
from orders.commands.lifetime import TTL, Lifetime
from orders.crash_points import CrashPoint, reach
from orders.domain.command_state import (
    FINAL,
    UNDONE,
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
from orders.domain.events import RequestKind
from orders.domain.resolution import ask_offset
from orders.domain.sessions import Action, Reason
from orders.kis import codes
from orders.kis.client import OrderRequest
from orders.kis.errors import KisError, UnsupportedError
from orders.kis.schemas import Revisable
from orders.kis.translate import Accepted, NotSent, Rejected, SendOutcome, Unknown
from orders.models import CommandType, KisConnection, Order, OrderCommand
from orders.permissions import Doubt

log = logging.getLogger(__name__)

MOST_SENDS = 2  # the second only where no byte of the first left
MOST_RECORDINGS = 3
GATEWAY_REFUSALS = codes.TOKEN_REJECTED | {codes.RATE_LIMITED}
OVER = frozenset({Reason.MARKET_CLOSED.value, Reason.RESERVATION_BREAK.value})


def carry_out(command: OrderCommand, by: audit.By) -> OrderCommand:
    """Check, claim, send and record one command in CREATED. Called once, by the request that recorded it."""
    life = Lifetime.of(command, time.monotonic())
    try:
        sender, request = _prepare(command, by)
    except Doubted as refused:
        return _deny(command, refused.doubt, by)
    if not _claim(command, life, by):
        command.refresh_from_db()
        return command
    reach(CrashPoint.COMMAND_CLAIMED)
    return _send(command, life, _Sending(sender, request), by)


def _prepare(command: OrderCommand, by: audit.By) -> tuple[gateway.Sender, OrderRequest]:
    """Everything that can be done before the right to send is taken. The command is READY. Raises Doubted."""
    order = Order.objects.select_related("account__firm", "account__kis__connection").get(pk=command.order_id)
    checks.check(command, order)
    checks.read_stale_books(order)
    revisable = checks.ask_revisable(order)
    try:
        sender = gateway.sender(order)
    except KisError as error:
        log.warning("an order cannot be sent now", extra={"command": str(command.pk), "error": str(error)})
        raise Doubted(Doubt("gateway", _("지금은 증권사에 보낼 수 없습니다."))) from error
    _make_ready(command, revisable, by)
    reach(CrashPoint.COMMAND_READY)
    try:
        return sender, gateway.request_for(sender.connection, order, command)
    except (UnsupportedError, ValueError) as error:
        log.warning("an order cannot be asked for", extra={"command": str(command.pk), "error": str(error)})
        raise Doubted(Doubt("unsupported", _("KIS가 받지 않는 요청이라 보내지 않았습니다."))) from error


def _deny(command: OrderCommand, doubt: Doubt, by: audit.By) -> OrderCommand:
    """Refused by our own checks; a command that was given up as too old meanwhile stays what it is."""
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        command = OrderCommand.objects.get(pk=command.pk)
        command.order = order
        if command.state in {CommandState.CREATED, CommandState.READY}:
            _end_unsent(command, doubt, Denied(doubt.text), by)
    return command


def _end_unsent(command: OrderCommand, doubt: Doubt, outcome: Outcome, by: audit.By) -> None:
    command.reason_code, command.reason = doubt.key[:32], doubt.text[:500]
    outcomes.move(command, outcome, clock.now(), by)
    outcomes.show(command.order, clock.now())


def _make_ready(command: OrderCommand, revisable: Mapping[int, Revisable] | None, by: audit.By) -> None:
    """READY with what the broker last said of the order: what every later judgement starts from.

    Checked once more under the order's lock. Raises Doubted, and then nothing is changed.
    """
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        checks.check(command, order)
        checks.check_exact(order)
        command.refresh_from_db()
        if command.state != CommandState.CREATED:
            return
        checks.check_seen(command, order)
        command.order = order
        number, text = outcomes.number_of(order)
        command.pre_image = pre_image.of(order, checks.bounded(command, revisable, number))
        command.target_number = text
        outcomes.move(command, Checked(), clock.now(), by)
        reach(CrashPoint.COMMAND_CHECKING)


def _claim(command: OrderCommand, life: Lifetime, by: audit.By) -> bool:
    """Take the right to send: a conditional update, committed. From here on a crash means UNKNOWN.

    The switches and the hours are read again in the same transaction: what was engaged, or closed, since READY holds.
    """
    now = clock.now()
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        command.refresh_from_db()
        command.order = order
        if command.state == CommandState.READY and _held_back(command, order, by):
            return False
        claimed = life.lasts() and OrderCommand.objects.filter(
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


def _held_back(command: OrderCommand, order: Order, by: audit.By) -> bool:
    stop = switches.stop_of_claim(order, Action(command.type))
    if stop is not None:
        _end_unsent(command, Doubt(stop.key, stop.text), Denied(stop.text), by)
        return True
    closed = permissions.session_obstacle(order, Action(command.type), clock.now())
    if closed is None or closed.key not in OVER:
        return False
    _end_unsent(command, closed, TtlPassed(), by)  # the session that it was for is over
    return True


@dataclass(frozen=True, slots=True)
class _Sending:
    """What is sent, and by whom."""

    sender: gateway.Sender
    request: OrderRequest


def _send(command: OrderCommand, life: Lifetime, sending: _Sending, by: audit.By) -> OrderCommand:
    """One request; a second only where the first did not leave, inside the same lifetime."""
    life = life.claimed(clock.now(), time.monotonic())
    outcome: SendOutcome = NotSent("not tried")
    sends = 0
    sent_at = clock.now()
    while isinstance(outcome, NotSent) and sends < MOST_SENDS and _may_send(command, life):
        sends += 1
        sent_at = clock.now()
        outcome = sending.sender.send(sending.request, command.gt_uid or "", life.lasts)
    reach(CrashPoint.COMMAND_ANSWERED)
    command = _recorded(command, outcome, _Sent(sends, sent_at, _as_outcome(outcome, sending.sender.connection)), by)
    reach(CrashPoint.COMMAND_RECORDED)
    return command


def _may_send(command: OrderCommand, life: Lifetime) -> bool:
    """Young enough, and still ours: whoever gave it up as unknown, or stepped over it, has ended the right to send."""
    return life.lasts() and OrderCommand.objects.filter(pk=command.pk, state=CommandState.SENDING).exists()


@dataclass(frozen=True, slots=True)
class _Sent:
    """How often and when it was sent, and what the answer makes of the command."""

    times: int
    at: datetime
    outcome: Outcome


def _recorded(command: OrderCommand, outcome: SendOutcome, sent: _Sent, by: audit.By) -> OrderCommand:
    """Record the outcome, again where the database was busy or gone: an answer is not asked for twice."""
    for _attempt in range(MOST_RECORDINGS - 1):
        try:
            return _record_outcome(command, outcome, sent, by)
        except OperationalError:
            log.warning("an outcome was not recorded, once more", extra={"command": str(command.pk)}, exc_info=True)
            if not connection.in_atomic_block:
                connection.close()  # a new one is opened by the next query
    return _record_outcome(command, outcome, sent, by)


def _record_outcome(command: OrderCommand, outcome: SendOutcome, sent: _Sent, by: audit.By) -> OrderCommand:
    with transaction.atomic():
        order = ledger.lock(command.order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command.pk)
        command.order = order
        now = clock.now()
        evidence = outcome.evidence
        command.sends = sent.times
        command.sent_at = sent.at
        command.http_status = evidence.http_status
        command.rt_cd = evidence.rt_cd[:8]
        command.raw_answer = evidence.raw or None
        command.reason_code = evidence.msg_cd[:32]
        if isinstance(outcome, Accepted):
            command.broker_order_id = f"{outcome.number:010d}"
            _own_number(order, command, outcome.number)
        if not isinstance(outcome, NotSent):
            _wait_for_evidence(command, now)
        if _may_have_arrived(sent.outcome):
            outcomes.supersede(command, now, by)
        _move_if_waiting(command, sent.outcome, now, by)
        detail = {"command": str(command.pk), "state": command.state, "text": evidence.msg1}
        ledger.note(order, f"Command{type(outcome).__name__}", ledger.Evidence("command", str(command.pk), now, detail))
        outcomes.settle_by_earlier_notices(command, order, now)
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
        _follow_late(command, outcome)
    command.save()


def _follow_late(command: OrderCommand, outcome: Outcome) -> None:
    """What was said to have done nothing, and is accepted after all, is asked for anew: it shows in the order."""
    if command.state in UNDONE and isinstance(outcome, SendAccepted):
        command.asks = 0
    elif command.state in FINAL - outcomes.ASKED_STILL:
        command.next_ask_at = None


def _may_have_arrived(outcome: Outcome) -> bool:
    """Whether the broker's order engine may have got the request: not where it never left, or the gateway kept it."""
    kept = isinstance(outcome, SendRejected) and outcome.code in GATEWAY_REFUSALS
    return not kept and not isinstance(outcome, SendNotSent)


def _own_number(order: Order, command: OrderCommand, number: int) -> None:
    """The new number is the order's own, except where a modify of a part will make a row of its own."""
    if command.type == CommandType.CANCEL:
        ledger.add_number(order, number, RequestKind.CANCEL)
    elif command.quantity is None or command.quantity >= order.leaves_qty:
        ledger.add_number(order, number, None)


def _wait_for_evidence(command: OrderCommand, now: datetime) -> None:
    """From now on reads count, the first a second from here; none where the environment has no list to look in."""
    command.waits_since = now
    if checks.has_no_list(command.order):
        command.reason = _("모의투자에는 예약주문 목록이 없어 처리 결과를 조회로 확인할 수 없습니다.")
    else:
        command.next_ask_at = now + ask_offset(0)


def _as_outcome(outcome: SendOutcome, connection: KisConnection) -> Outcome:
    """What an answer makes of the command. The gateway's own refusals prove nothing unless the connection says so."""
    match outcome:
        case Accepted(number=number):
            return SendAccepted(number)
        case Rejected(code=code, message=message):
            return SendRejected(code, message)
        case Unknown(code=code, evidence=evidence) if connection.egw_refusals_prove and code in GATEWAY_REFUSALS:
            return SendRejected(code, evidence.msg1)
        case Unknown(reason=reason):
            return SendUnknown(reason.value)
        case NotSent(reason=text):
            return SendNotSent(text)
