"""Commands whose process died: before the claim nothing was sent, after it nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts import audit, clock
from orders import ledger, outcomes
from orders.domain import resolution as rules
from orders.domain.command_state import SENDING_LIMIT, CommandState, SendUnknown, TtlPassed
from orders.models import OrderCommand

RESOLVER = audit.By.system("resolver")
GIVEN_UP_AFTER = timedelta(seconds=30)  # the checks before a send take a few seconds at most


def recover(now: datetime) -> int:
    """Give up what was never claimed, and what is still being sent. Number of commands."""
    return _expire_unclaimed(now) + recover_sending(now)


def _expire_unclaimed(now: datetime) -> int:
    unclaimed = [CommandState.CREATED.value, CommandState.READY.value]
    left = OrderCommand.objects.filter(_is_past("created_at", now - GIVEN_UP_AFTER, now), state__in=unclaimed)
    return sum(_expire(command.pk, now) for command in left)


def _is_past(moment: str, limit: datetime, now: datetime) -> Q:
    """Before the limit, or ahead of now: then the clock was set back since, and by it nobody would ever be done."""
    return Q(**{f"{moment}__lte": limit}) | Q(**{f"{moment}__gt": now + clock.AHEAD})


def _expire(command_id: Any, now: datetime) -> bool:
    with transaction.atomic():
        order = ledger.lock(OrderCommand.objects.get(pk=command_id).order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state not in {CommandState.CREATED, CommandState.READY}:
            return False
        outcomes.move(command, TtlPassed(), now, RESOLVER)
        outcomes.show(order, now)
    return True


def recover_sending(now: datetime) -> int:
    """SENDING for 10 s: whether a byte left is not known. Number of commands.

    At start-up too no sooner: another process may be sending right now, and the longest send takes 9 s.
    """
    stuck = OrderCommand.objects.filter(_is_past("claimed_at", now - SENDING_LIMIT, now), state=CommandState.SENDING)
    return sum(_give_up(command.pk, now) for command in stuck)


def _give_up(command_id: Any, now: datetime) -> bool:
    with transaction.atomic():
        order = ledger.lock(OrderCommand.objects.get(pk=command_id).order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state != CommandState.SENDING:
            return False
        command.sent_at = command.sent_at or command.claimed_at
        command.waits_since = now
        command.next_ask_at = now + rules.ask_offset(0)
        outcomes.supersede(command, now, RESOLVER)
        outcomes.move(command, SendUnknown("died_while_sending"), now, RESOLVER)
        outcomes.settle_by_earlier_notices(command, order, now)
        outcomes.show(order, now)
    return True
