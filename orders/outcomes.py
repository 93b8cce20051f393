"""How a command moves: one function writes every state, with its evidence, its audit row and the order's new version.

Callers are inside `atomic` and hold the order's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from accounts import audit
from orders import ledger
from orders.broadcast import orders_changed
from orders.domain import command_state as rules
from orders.domain.command_state import LIVE, CommandState, Outcome
from orders.domain.events import OrderFilled, OrderModified, OrderNews
from orders.domain.order_state import OrderStatus
from orders.models import CommandType, Order, OrderCommand

ASKED_STILL = frozenset({CommandState.REJECTED, CommandState.SUPERSEDED})
SENT = (CommandState.ACKED, CommandState.UNKNOWN, CommandState.ESCALATED)


def move(command: OrderCommand, outcome: Outcome, at: datetime, by: audit.By) -> bool:
    """Apply one outcome and save. False when it changes nothing. Raises IllegalCommandTransition."""
    before = CommandState(command.state)
    after = rules.apply(before, outcome)
    evidence_id = getattr(outcome, "evidence_id", None)
    if after is before:
        return False
    command.state = after.value
    if evidence_id is not None:
        command.evidence = [*command.evidence, evidence_id]
    reason = getattr(outcome, "reason", "") or getattr(outcome, "message", "")
    if reason:
        command.reason = reason[:500]
    command.reason_code = (getattr(outcome, "code", "") or command.reason_code)[:32]
    if after not in LIVE:
        command.resolved_at = at
        # Of a refusal the lists tell what the order is; of a superseded command the resolver still finds the trace.
        command.next_ask_at = command.next_ask_at or at if after in ASKED_STILL else None
    command.save()
    audit.record(
        by,
        audit.Act(
            f"command.{after.value.lower()}",
            account=command.order.account,
            subject=f"command {command.pk}",
            reason=command.reason[:200],
            detail={"order": command.order_id, "type": command.type, "from": before.value, "to": after.value},
        ),
    )
    return True


def settle_by_notice(order: Order, news: OrderNews, evidence: ledger.Evidence) -> OrderCommand | None:
    """Let a notice that answers the order's live command decide it. The command when it moved.

    Where the answer brought no number, only a request of exactly what was asked for is taken for ours: of all else the
    lists tell, which show whether there is more than one that may be.
    """
    command, is_fill = _awaited(order), isinstance(news.event, OrderFilled)
    if command is None or not (is_fill or news.orig_number):
        return None  # what names no order was asked for by nobody: the rest of an IOC or FOK order
    evidence_id = f"notice:{evidence.id}"
    if is_fill:
        outcome = _by_fill(command, order, evidence_id)
    else:
        outcome = _by_request(command, type(news.event).__name__, evidence.detail, evidence_id)
    return command if outcome and move(command, outcome, news.at, audit.By.system("notice")) else None


def _awaited(order: Order) -> OrderCommand | None:
    """The command that news of the order may answer.

    None while another is sent over it: whose news it is shows with the answer to that one.
    """
    found = list(order.commands.filter(state__in=[*SENT, CommandState.SENDING]))
    return found[0] if len(found) == 1 and found[0].state in SENT else None


def supersede(command: OrderCommand, at: datetime, by: audit.By) -> None:
    """Let go of the command that this one was sent over: from now on it may be this one that is carried out."""
    if command.supersedes_id is None:
        return
    old = OrderCommand.objects.get(pk=command.supersedes_id)
    if old.state in SENT:
        old.order = command.order
        move(old, rules.Supersede(str(command.pk)), at, by)


def _by_request(command: OrderCommand, told: str, detail: Mapping[str, str], evidence_id: str) -> Outcome | None:
    """What a notice of a request, or of its refusal, makes of the command."""
    number, ours = int(detail["number"]), bool(command.broker_order_id)
    if ours and int(command.broker_order_id) != number:
        return None
    if told == "OrderRejected":
        refused = ours and detail.get("request") == command.type
        return rules.EvidenceRefused(evidence_id, reason=detail.get("reason", "")) if refused else None
    if told != _DONE[CommandType(command.type)]:
        return None
    done, asked = Decimal(detail["quantity"]), _asked(command)
    if not ours and not (done == asked and _is_new(command, number) and _has_its_price(command, detail.get("price"))):
        return None
    return rules.EvidenceConfirmed(evidence_id) if done >= asked else rules.EvidencePartial(evidence_id)


def answers(command: OrderCommand, number: int, event: OrderModified) -> bool:
    """True where this may be what a modify asked for: it has the number of the answer or, without one, its price."""
    if command.state in {CommandState.CREATED, CommandState.READY}:
        return False
    if command.broker_order_id:
        return int(command.broker_order_id) == number
    return _is_new(command, number) and _has_its_price(command, event.price)


def _asked(command: OrderCommand) -> Decimal:
    return command.quantity if command.quantity is not None else Decimal(command.pre_image.get("leaves_qty", "0"))


def _is_new(command: OrderCommand, number: int) -> bool:
    """The number was not among those of the order before the send."""
    return number not in {command.pre_image.get("number"), *command.pre_image.get("children", [])}


def _has_its_price(command: OrderCommand, price: Decimal | str | None) -> bool:
    return None in {command.price, price} or command.price == Decimal(str(price))


def _by_fill(command: OrderCommand, order: Order, evidence_id: str) -> Outcome | None:
    """A full order leaves nothing to cancel or modify.

    Where something was canceled or modified since the pre-image, it may have been ours, and of two equal fills one may
    have been told twice: the lists tell, as they tell how much a modify took over under whose number this fill came.
    """
    if not command.broker_order_id:
        return None
    filled = order.status == OrderStatus.FILLED and _is_untouched(command, order) and _are_all_different(order)
    return rules.EvidenceTooLate(evidence_id) if filled else None


def _are_all_different(order: Order) -> bool:
    told = list(order.fills.exclude(canonical="").values_list("canonical", flat=True))
    return len(set(told)) == len(told)


def _is_untouched(command: OrderCommand, order: Order) -> bool:
    before = command.pre_image
    canceled = Decimal(before.get("canceled_qty", "0"))
    number, _ = number_of(order)
    return order.canceled_qty <= canceled and number == int(before.get("number", number))


_DONE = {CommandType.CANCEL: "OrderCanceled", CommandType.MODIFY: "OrderModified"}


def settle_by_earlier_notices(command: OrderCommand, order: Order, at: datetime) -> bool:
    """Let what notices told before the answer was recorded, or given up, decide the command. True when it moved."""
    if command.state not in {CommandState.ACKED, CommandState.UNKNOWN}:
        return False
    told = order.events.filter(evidence_kind="notice", type__in=(_DONE[CommandType(command.type)], "OrderRejected"))
    for event in told.order_by("id"):
        outcome = _by_request(command, event.type, event.detail, f"notice:{event.evidence_id}")
        if outcome is not None:
            return move(command, outcome, at, audit.By.system("notice"))
    return False


def number_of(order: Order) -> tuple[int, str]:
    """The broker number that a command has to name: the newest of the chain that is the order itself.

    A transmitted reservation keeps its own number beside the real order's: the family tells them apart.
    """
    chain = order.numbers.filter(kind__in=("new", "modify"), family=order.family)
    newest = chain.order_by("-position", "-id").first()
    return (newest.number, newest.text) if newest else (0, "")


def note(command: OrderCommand, action: str, by: audit.By) -> None:
    """The audit row of one step of a command, with what was asked."""
    asked = {name: getattr(command, name) for name in ("quantity", "price")}
    figures = {name: "" if value is None else f"{value.normalize():f}" for name, value in asked.items()}
    detail = {"order": command.order_id, "type": command.type, **figures}
    audit.record(by, audit.Act(action, command.order.account, f"command {command.pk}", detail=detail))


def show(order: Order, at: datetime) -> None:
    """A command's change shows in its order's row: its version grows and browsers hear of it. Last in a transaction."""
    ledger.save_visible(order, at)
    orders_changed([order])
