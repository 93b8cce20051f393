"""What the database holds of every command: its state, and each move with the moment that its audit row says."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from accounts import clock
from accounts.models import AuditEvent
from orders.domain.command_state import CommandState
from orders.models import OrderCommand
from tests.chaos.outcomes import Move, Recorded

STATES = {state.value for state in CommandState}


def recorded() -> list[Recorded]:
    """All commands, oldest first, with their audit trails, as of one moment. Moments are of the wall clock."""
    while True:
        states = _states()
        found = _read()
        if _states() == states:
            return found


def _states() -> dict[UUID, str]:
    return dict(OrderCommand.objects.values_list("pk", "state"))


def _read() -> list[Recorded]:
    shift = clock.shift().total_seconds()
    moves: dict[str, list[Move]] = defaultdict(list)
    for row in AuditEvent.objects.filter(subject__startswith="command ", action__startswith="command.").order_by("id"):
        trail, state = moves[row.subject.split()[1]], row.action.removeprefix("command.").upper()
        if state in STATES:
            before = row.detail.get("from", trail[-1].after if trail else "")
            trail.append(Move(before, state, row.at.timestamp() - shift))
    commands = OrderCommand.objects.select_related("order__account").order_by("created_at")
    return [_recorded(command, tuple(moves[str(command.pk)]), shift) for command in commands]


def _recorded(command: OrderCommand, moves: tuple[Move, ...], shift: float) -> Recorded:
    return Recorded(
        intent=command.intent,
        pk=str(command.pk),
        gt_uid=command.gt_uid or "",
        account=str(command.order.account.number),
        number=int(command.pre_image.get("number", 0)),
        type=command.type,
        state=command.state,
        created_at=command.created_at.timestamp() - shift,
        moves=moves,
    )
