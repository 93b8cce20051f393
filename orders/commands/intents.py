"""One intent of one person becomes one command: the same key gives the same row, and one command is live an order."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import access, clock
from orders import ledger, outcomes
from orders.commands import pre_image
from orders.commands.request import CommandRequest, Conflict, NotPermitted, NotVisible, Refused, check_values
from orders.commands.sending import carry_out
from orders.crash_points import CrashPoint, reach
from orders.domain.command_state import CommandState, may_be_superseded
from orders.models import CommandType, Order, OrderCommand


def submit(request: CommandRequest) -> OrderCommand:
    """Take one command and carry it out. The same key gives the same command, concurrent calls included.

    Raises NotPermitted, NotVisible, Conflict or Refused before anything is recorded. A refusal by our own checks is a
    command too, in state DENIED.
    """
    order = _permitted_order(request)
    known = _same_intent(request)
    if known is not None:
        return known
    check_values(request, order)
    try:
        command, is_new = _record(request)
    except IntegrityError:
        known = _same_intent(request)
        if known is not None:
            return known
        raise _in_flight(order) from None
    if not is_new:
        return command
    reach(CrashPoint.COMMAND_CREATED)
    return carry_out(command, request.by)


def _permitted_order(request: CommandRequest) -> Order:
    """The order, if this person may do this to it now: the role, the second factor, and then the account."""
    for_a_switch = _cancels_for_a_switch(request)
    if not request.user.may_trade and not for_a_switch:
        raise NotPermitted("role", _("주문 권한이 없습니다."))
    if not request.fresh_factor:
        raise NotPermitted("second_factor_needed", _("2차 인증을 다시 해야 합니다."))
    found = Order.objects.filter(pk=request.order_id).select_related("account__firm", "account__kis__connection")
    order = found.filter(account__in=access.visible_accounts(request.user)).first()
    if order is None or not (for_a_switch or access.may_trade(request.user, order.account)):
        raise NotVisible("not_found", _("찾을 수 없습니다."))
    return order


def _cancels_for_a_switch(request: CommandRequest) -> bool:
    return request.of_kill_switch and request.type == CommandType.CANCEL


def _same_intent(request: CommandRequest) -> OrderCommand | None:
    known = OrderCommand.objects.filter(actor=request.user, intent=request.intent).first()
    if known is not None and known.parameters_hash != request.digest():
        raise Conflict("key_reused", _("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."))
    return known


def _record(request: CommandRequest) -> tuple[OrderCommand, bool]:
    """The intent, its audit row and the order's new version, in one transaction, and whether it is new.

    The key is looked for again under the order's lock: of a double click the second finds the first's command, not a
    conflict with it. Raises Conflict, IntegrityError.
    """
    with transaction.atomic():
        order = ledger.lock(request.order_id)
        known = _same_intent(request)
        if known is not None:
            return known, False
        now = clock.now()
        if request.valid_until is not None and now > request.valid_until:
            raise Conflict("too_late", _("요청한 지 오래되어 보내지 않았습니다."))
        superseded = _superseded(request, order, now)
        if any(live != superseded for live in order.commands.all() if live.is_live):
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
            pre_image=pre_image.of(order),
            created_at=now,
        )
        command.save(force_insert=True)
        outcomes.note(command, "command.created", request.by)
        outcomes.show(order, now)
    return command, True


def _superseded(request: CommandRequest, order: Order, now: datetime) -> OrderCommand | None:
    """The command that a person steps over, after it was escalated or, for a full cancel, 15 s without an answer.

    It stays what it is until the new one was sent: one that is refused by our own checks, or never leaves, replaces
    nothing, and the order stays locked by what may still be carried out.
    """
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
