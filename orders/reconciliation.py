"""Unknown outcomes and missed fills, settled from the broker's own lists.

The resolver asks for every command that waits for evidence, on a schedule that no retry count ends; the sweep reads the
lists of whole accounts. Both may run in several processes: a due command is taken by a conditional update.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import ClientAccount
from orders import inquiries, ledger, outcomes
from orders.crash_points import CrashPoint, reach
from orders.domain import resolution as rules
from orders.domain.command_state import (
    SENDING_LIMIT,
    CommandState,
    Escalate,
    EvidenceConfirmed,
    EvidencePartial,
    EvidenceRefused,
    EvidenceTooLate,
    NoTrace,
    Outcome,
    SendUnknown,
    TtlPassed,
)
from orders.domain.events import Family, Market, OrderReport, RequestKind
from orders.models import KisAccount, Order, OrderCommand
from orders.permissions import sessions

log = logging.getLogger(__name__)

RESOLVER = audit.By.system("resolver")
WAITING = (CommandState.ACKED, CommandState.UNKNOWN, CommandState.ESCALATED, CommandState.SUPERSEDED)
ASKED = (*WAITING, CommandState.REJECTED)
GIVEN_UP_AFTER = timedelta(seconds=30)  # the checks before a send take a few seconds at most


@dataclass(frozen=True, slots=True)
class Break:
    """Books that do not agree: whose, and what differs."""

    account: ClientAccount
    text: str


def recover(now: datetime) -> int:
    """Commands whose process died: before the claim nothing was sent, after it nobody knows. Number of commands."""
    return _expire_unclaimed(now) + recover_sending(now)


def _expire_unclaimed(now: datetime) -> int:
    unclaimed = [CommandState.CREATED.value, CommandState.READY.value]
    left = OrderCommand.objects.filter(state__in=unclaimed, created_at__lte=now - GIVEN_UP_AFTER)
    return sum(_expire(command.pk, now) for command in left)


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


def recover_sending(now: datetime, *, at_start: bool = False) -> int:
    """SENDING for 10 s, or found so at start-up: whether a byte left is not known. Number of commands."""
    limit = now if at_start else now - SENDING_LIMIT
    stuck = OrderCommand.objects.filter(state=CommandState.SENDING, claimed_at__lte=limit)
    return sum(_give_up(command.pk, now) for command in stuck)


def _give_up(command_id: Any, now: datetime) -> bool:
    with transaction.atomic():
        order = ledger.lock(OrderCommand.objects.get(pk=command_id).order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state != CommandState.SENDING:
            return False
        command.sent_at = command.sent_at or command.claimed_at
        command.next_ask_at = now + rules.ask_offset(0)
        outcomes.move(command, SendUnknown("died_while_sending"), now, RESOLVER)
        outcomes.show(order, now)
    return True


def resolve_due(now: datetime) -> int:
    """Ask for every command whose time has come. Number of commands asked for."""
    due = OrderCommand.objects.filter(state__in=[state.value for state in ASKED], next_ask_at__lte=now)
    return sum(_resolve(command, now) for command in due.select_related("order__account").order_by("next_ask_at"))


def _resolve(command: OrderCommand, now: datetime) -> bool:
    if not _take(command, now):
        return False
    reach(CrashPoint.RESOLVER_TAKEN)
    read = inquiries.inquire(command.order.account, [_family(command)])
    reach(CrashPoint.RESOLVER_ANSWERED)
    if command.state == CommandState.REJECTED and read is not None:
        OrderCommand.objects.filter(pk=command.pk, state=CommandState.REJECTED).update(next_ask_at=None)
    elif read is not None:
        _judge(command.pk, read.reports, read.asked_at)
    return True


def _family(command: OrderCommand) -> Family:
    """The list that the command's number stands in; a transmitted reservation has moved on from it."""
    return Family(command.pre_image.get("family", command.order.family))


def _take(command: OrderCommand, now: datetime) -> bool:
    """One process asks: the next time is written before the question."""
    asks = command.asks + 1
    since = command.sent_at or command.created_at
    coming = max(since + rules.ask_offset(asks), now + timedelta(seconds=1))
    return bool(
        OrderCommand.objects.filter(pk=command.pk, asks=command.asks, next_ask_at=command.next_ask_at).update(
            asks=asks, next_ask_at=coming
        )
    )


def _judge(command_id: Any, reports: tuple[OrderReport, ...], asked_at: datetime) -> None:
    with transaction.atomic():
        command = OrderCommand.objects.get(pk=command_id)
        order = ledger.lock(command.order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state not in WAITING:
            return
        facts = _facts(command)
        reports = _of_the_day(command, reports)
        history = _history(command, facts, reports, asked_at)
        judgement = rules.judge(facts, reports, history)
        outcome = _outcome(judgement, f"inquiry:{asked_at.isoformat()}", CommandState(command.state))
        if outcome is None:
            command.save(update_fields=["watch"])
            return
        if outcomes.move(command, outcome, asked_at, RESOLVER):
            detail = {"command": str(command.pk), "state": command.state, "reason": getattr(judgement, "reason", "")}
            evidence = ledger.Evidence("inquiry", asked_at.isoformat(), asked_at, detail)
            ledger.note(order, f"Command{type(outcome).__name__}", evidence)
            outcomes.show(order, asked_at)
        else:
            command.next_ask_at = command.next_ask_at if order.is_open else None  # superseded, and its order is done
            command.save(update_fields=["watch", "next_ask_at"])
        reach(CrashPoint.RESOLVER_JUDGING)


def _of_the_day(command: OrderCommand, reports: tuple[OrderReport, ...]) -> tuple[OrderReport, ...]:
    """The rows of the command's own order date: a read spans two days, and numbers begin anew each day."""
    number = command.order.numbers.filter(
        number=int(command.pre_image["number"]), family=_family(command).value
    ).first()
    day = number.order_date if number else date.fromisoformat(command.pre_image["order_date"])
    return tuple(row for row in reports if row.key.order_date == day)


def _facts(command: OrderCommand) -> rules.CommandFacts:
    before = command.pre_image
    leaves = Decimal(before["leaves_qty"])
    return rules.CommandFacts(
        kind=RequestKind(command.type),
        family=_family(command),
        number=int(before["number"]),
        quantity=leaves if command.quantity is None else command.quantity,
        order_qty=Decimal(before["order_qty"]),
        cum_qty=Decimal(before["cum_qty"]),
        leaves_qty=leaves,
        price=command.price,
        new_number=int(command.broker_order_id) if command.broker_order_id else None,
        children=frozenset(before["children"]),
    )


def _history(
    command: OrderCommand, facts: rules.CommandFacts, reports: Iterable[OrderReport], asked_at: datetime
) -> rules.History:
    """Count this read: equal ones in a row, and those after the session's end. Kept with the command."""
    trace = repr(rules.trace(facts, list(reports)))
    watch = dict(command.watch)
    if watch.get("trace") != trace:
        watch = {"trace": trace, "since": asked_at.isoformat(), "reads": 0}
    watch["reads"] += 1
    if _session_over(command.order, asked_at):
        watch["final_reads"] = watch.get("final_reads", 0) + 1
        watch.setdefault("final_since", asked_at.isoformat())
    command.watch = watch
    return rules.History(
        equal_reads=watch["reads"],
        unchanged_for=asked_at - datetime.fromisoformat(watch["since"]),
        final_reads=watch.get("final_reads", 0),
        final_span=asked_at - datetime.fromisoformat(watch.get("final_since", asked_at.isoformat())),
    )


def _session_over(order: Order, at: datetime) -> bool:
    until = sessions().good_until(Market(order.market), order.ordered_at)
    return until is not None and at > until


_EVIDENCE: dict[type[Any], Callable[[str], Outcome]] = {
    rules.Confirmed: EvidenceConfirmed,
    rules.PartiallyConfirmed: EvidencePartial,
    rules.TooLate: EvidenceTooLate,
    rules.NotApplied: NoTrace,
}


def _outcome(judgement: rules.Judgement, evidence_id: str, state: CommandState) -> Outcome | None:
    """The command's outcome; None while nothing is decided, or where the command was escalated already."""
    if isinstance(judgement, rules.Refused):
        return EvidenceRefused(evidence_id, reason=judgement.reason)
    if isinstance(judgement, rules.Stuck):
        return Escalate(evidence_id) if state in {CommandState.ACKED, CommandState.UNKNOWN} else None
    make = _EVIDENCE.get(type(judgement))
    return make(evidence_id) if make else None


def sweep(accounts: Iterable[KisAccount]) -> list[Break]:
    """Read all lists of each account, those with open orders first, and name the books that differ."""
    rows = sorted(accounts, key=lambda row: (not _has_open(row.account), row.pk))
    breaks: list[Break] = []
    for row in rows:
        if inquiries.inquire(row.account) is None:
            row.refresh_from_db()
            breaks.append(Break(row.account, row.inquiry_error or "no answer"))
        breaks.extend(_alarms(row.account))
    return breaks


def _has_open(account: ClientAccount) -> bool:
    return Order.objects.filter(account=account).open().exists()


def _alarms(account: ClientAccount) -> list[Break]:
    differing = Order.objects.filter(account=account, merged_into=None).exclude(alarm="")
    waiting = Order.objects.filter(account=account, merged_into=None, alarm="").exclude(differs_since=None)
    return [Break(account, f"order {order.pk}: {order.alarm}") for order in differing] + [
        Break(account, f"order {order.pk}: fills differ since {order.differs_since}") for order in waiting
    ]


def sweep_open(connection_id: int) -> int:
    """Read the lists of accounts with open orders. Number of accounts read."""
    rows = KisAccount.objects.filter(connection_id=connection_id, connection__active=True).select_related("account")
    busy = [row for row in rows if _has_open(row.account)]
    return sum(inquiries.inquire(row.account) is not None for row in busy)
