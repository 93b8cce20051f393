"""Cancel and modify: record the intent, check, claim, send once, record the outcome.

The promise is at most one send, then evidence. Each step commits before the next begins, so that a crash leaves a state
that says what may have happened: from SENDING on nobody sends again, and only evidence moves the command. The order's
own status is never touched here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import access, audit, clock
from accounts import broadcast as stream
from accounts.models import User
from accounts.models.stream import Feed
from orders import gateway, inquiries, ledger, outcomes, permissions
from orders.broadcast import orders_changed
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
    Supersede,
    TtlPassed,
    may_be_superseded,
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


class CommandError(Exception):
    """A command that was not taken; nothing was recorded."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Conflict(CommandError):
    """409: the key reused with other parameters, another live command, or a stale version."""


class NotPermitted(CommandError):
    """403: the role, or a second factor that is not fresh."""


class NotVisible(CommandError):
    """404: not there, or not this person's."""


class Refused(CommandError):
    """422: a value that cannot be; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("invalid", detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """What a person asked. `quantity` None is all that is left; `price` is for modifies alone."""

    user: User
    address: str | None
    order_id: int
    type: str
    intent: UUID
    expected_version: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    supersedes: UUID | None = None
    fresh_factor: bool = False

    def digest(self) -> str:
        """The parameters' hash: one key may stand for one request alone."""
        parameters = [
            self.order_id,
            self.type,
            self.expected_version,
            _plain(self.quantity),
            _plain(self.price),
            str(self.supersedes or ""),
        ]
        return hashlib.sha256(json.dumps(parameters).encode()).hexdigest()

    @property
    def by(self) -> audit.By:
        return audit.By(self.user, self.user.get_username(), self.address)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def submit(request: CommandRequest) -> OrderCommand:
    """Take one command and carry it out. The same key gives the same command, concurrent calls included.

    Raises NotPermitted, NotVisible, Conflict or Refused before anything is recorded. A refusal by our own checks is a
    command too, in state DENIED.
    """
    order = _permitted_order(request)
    known = _same_intent(request)
    if known is not None:
        return known
    _check_values(request, order)
    try:
        command = _record(request)
    except IntegrityError:
        known = _same_intent(request)
        if known is not None:
            return known
        raise _in_flight(order) from None
    return carry_out(command, request.by)


def _permitted_order(request: CommandRequest) -> Order:
    if not request.user.may_trade:
        raise NotPermitted("role", _("주문 권한이 없습니다."))
    if not request.fresh_factor:
        raise NotPermitted("second_factor_needed", _("2차 인증을 다시 해야 합니다."))
    order = (
        Order.objects.filter(pk=request.order_id, account__in=access.visible_accounts(request.user))
        .select_related("account__firm", "account__kis__connection")
        .first()
    )
    if order is None:
        raise NotVisible("not_found", _("찾을 수 없습니다."))
    return order


def _same_intent(request: CommandRequest) -> OrderCommand | None:
    known = OrderCommand.objects.filter(actor=request.user, intent=request.intent).first()
    if known is not None and known.parameters_hash != request.digest():
        raise Conflict("key_reused", _("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."))
    return known


def _check_values(request: CommandRequest, order: Order) -> None:
    if request.type == CommandType.MODIFY:
        _check_price(request.price)
    elif request.price is not None:
        raise Refused("price", _("취소에는 가격이 없습니다."))
    if request.quantity is None:
        return
    if request.quantity <= 0 or request.quantity != request.quantity.to_integral_value():
        raise Refused("quantity", _("수량은 1 이상의 정수여야 합니다."))
    if order.is_open and request.quantity > order.leaves_qty:
        raise Refused("quantity", _("미체결 수량보다 많습니다."))
    if order.market == Market.US_RESERVED and request.quantity != order.leaves_qty:
        raise Refused("quantity", _("예약주문은 전량만 취소할 수 있습니다."))


def _check_price(price: Decimal | None) -> None:
    if price is None:
        raise Refused("price", _("정정 가격이 필요합니다."))
    if not price.is_finite() or price <= 0:
        raise Refused("price", _("가격은 0보다 커야 합니다."))
    if -int(price.normalize().as_tuple().exponent) > 4:
        raise Refused("price", _("가격은 소수 4자리까지입니다."))


def _record(request: CommandRequest) -> OrderCommand:
    """The intent, its audit row and the order's new version, in one transaction. Raises Conflict, IntegrityError."""
    with transaction.atomic():
        order = ledger.lock(request.order_id)
        now = clock.now()
        superseded = _superseded(request, order, now)
        if superseded is None and permissions.live_command(order) is not None:
            raise _in_flight(order)
        if order.version != request.expected_version:
            raise Conflict("stale_version", _("그 사이 주문이 바뀌었습니다. 다시 확인하십시오."))
        command = OrderCommand(
            actor=request.user,
            intent=request.intent,
            order=order,
            type=request.type,
            quantity=request.quantity,
            price=request.price,
            expected_version=request.expected_version,
            parameters_hash=request.digest(),
            address=request.address,
            supersedes=superseded,
            created_at=now,
        )
        if superseded is not None:
            outcomes.move(superseded, Supersede(str(command.pk)), now, request.by)
        command.save(force_insert=True)
        _note(command, "command.created", request.by)
        _show(order, now)
    return command


def _superseded(request: CommandRequest, order: Order, now: datetime) -> OrderCommand | None:
    """The command that a person steps over, after it was escalated or, for a full cancel, 15 s without an answer."""
    if request.supersedes is None:
        return None
    old = order.commands.filter(pk=request.supersedes).first()
    if old is None or request.type != CommandType.CANCEL:
        raise Refused("supersedes", _("대신할 수 있는 요청이 아닙니다."))
    full = old.type == CommandType.CANCEL and old.quantity is None and request.quantity is None
    age = now - (old.sent_at or old.created_at)
    if not may_be_superseded(CommandState(old.state), full_cancel=full, age=age):
        raise Conflict("not_supersedable", _("아직 대신할 수 없는 요청입니다."))
    return old


def _in_flight(order: Order) -> Conflict:
    live = OrderCommand.objects.filter(order=order).live().order_by("-created_at").first()
    age = int((clock.now() - live.created_at).total_seconds()) if live else 0
    return Conflict("command_in_flight", _("앞선 요청의 결과를 확인하는 중입니다 (%(age)s초).") % {"age": age})


def _note(command: OrderCommand, action: str, by: audit.By) -> None:
    audit.record(
        by,
        audit.Act(
            action,
            account=command.order.account,
            subject=f"command {command.pk}",
            detail={
                "order": command.order_id,
                "type": command.type,
                "quantity": _plain(command.quantity),
                "price": _plain(command.price),
            },
        ),
    )


def _show(order: Order, at: datetime) -> None:
    outcomes.touch(order, at)
    orders_changed([order])


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
    if not _claim(command, by):
        command.refresh_from_db()
        return command
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
            _show(order, clock.now())
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
            "order_qty": _plain(order.order_qty + order.canceled_qty),  # in the broker's figures, which keep a cancel
            "cum_qty": _plain(order.cum_qty),
            "leaves_qty": _plain(order.leaves_qty),
            "price": "" if order.price is None else _plain(order.price),
            "children": [row.number for row in order.numbers.all() if row.number != number],
            "order_date": order.order_date.isoformat(),
            "family": order.family,
        }
        outcomes.move(command, Checked(), clock.now(), by)
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
            _note(command, "command.sending", by)
        elif command.state == CommandState.READY:
            outcomes.move(command, TtlPassed(), now, by)
        _show(order, now)
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
    return _record_outcome(command, outcome, sends, sent_at, by)


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
            command.next_ask_at = first_ask(command, now)
        _move_if_waiting(command, _as_outcome(outcome), now, by)
        detail = {"command": str(command.pk), "state": command.state, "text": evidence.msg1}
        ledger.note(order, f"Command{type(outcome).__name__}", ledger.Evidence("command", str(command.pk), now, detail))
        _show(order, now)
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
