"""What one read of an account's lists says of the commands that wait for evidence.

A read is evidence only for what was answered, or given up, before it began. Commands are judged without any lock first,
and once more under their order's lock where that would move them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from accounts import clock
from orders import ledger, outcomes
from orders.books import Read
from orders.crash_points import CrashPoint, reach
from orders.domain import resolution as rules
from orders.domain.command_state import (
    CommandState,
    Escalate,
    EvidenceConfirmed,
    EvidencePartial,
    EvidenceRefused,
    EvidenceTooLate,
    NoTrace,
    Outcome,
)
from orders.domain.events import Family, Market, OrderReport, RequestKind
from orders.models import FillSource, Order, OrderCommand
from orders.permissions import sessions
from orders.reconciliation.recovering import RESOLVER

WAITING = (CommandState.ACKED, CommandState.UNKNOWN, CommandState.ESCALATED, CommandState.SUPERSEDED)
UNESCALATED = (CommandState.ACKED, CommandState.UNKNOWN)
EVERYTHING = frozenset(Family)
COUNTED = frozenset({"trace", "since", "reads", "final_reads", "final_since"})


def settle(read: Read, families: Collection[Family] = EVERYTHING, due: Collection[Any] = ()) -> int:
    """Judge every command of the account that waits for these lists. Number of commands that moved.

    `due` are the ids of those whose turn this read is: it counts among their reads also when it decides nothing.
    """
    now = clock.now()
    if read.asked_at > now:
        return 0  # the clock was set back while it was read: what it is evidence of cannot be told
    wait_anew(OrderCommand.objects.filter(order__account=read.account, state__in=WAITING), now)
    rows = _by_number(read.reports)
    undecided: list[OrderCommand] = []
    moved = 0
    for command in _waiting(read):
        if family(command) not in families:
            continue
        if _outcome(_Case.of(command, rows, read).judgement, "-", CommandState(command.state)) is not None:
            moved += _judge(command.pk, rows, read)
        elif command.pk in due:
            undecided.append(command)
    with transaction.atomic():
        for command in undecided:
            _keep(command, _Case.of(command, rows, read).watch)
    return moved


def wait_anew(commands: QuerySet[OrderCommand], now: datetime) -> None:
    """Let those wait since now that seem to wait since a time to come: only what is asked from now on is evidence.

    `now` is the very moment of the call: whatever they wait for was answered, or given up, before it.
    """
    to_come = now + clock.AHEAD
    ahead = commands.filter(Q(waits_since__gt=to_come) | Q(waits_since=None, sent_at__gt=to_come))
    late = list(ahead.values_list("pk", flat=True))
    if late:
        OrderCommand.objects.filter(pk__in=late).update(waits_since=now)


def family(command: OrderCommand) -> Family:
    """The list that the command's number stands in; a transmitted reservation has moved on from it."""
    return Family(command.pre_image.get("family", command.order.family))


def _waiting(read: Read) -> QuerySet[OrderCommand]:
    """Only what was answered or given up before the question was asked."""
    earlier = Q(waits_since__lt=read.asked_at) | Q(waits_since=None, sent_at__lt=read.asked_at)
    mine = OrderCommand.objects.filter(earlier, order__account=read.account, state__in=WAITING)
    live = mine.exclude(state=CommandState.SUPERSEDED, next_ask_at=None)
    return live.select_related("order").prefetch_related("order__numbers").order_by("next_ask_at", "pk")


_Rows = dict[int, list[OrderReport]]


def _by_number(reports: Iterable[OrderReport]) -> _Rows:
    """Each row under its own number and under the one that it names."""
    rows: _Rows = defaultdict(list)
    for report in reports:
        for number in {report.key.number, report.orig_number} - {None}:
            rows[number].append(report)  # type: ignore[index]  # None was taken out
    return rows


def _chain(rows: _Rows, number: int) -> list[OrderReport]:
    """The rows of a number, those that name it, and those that name these in turn."""
    found: list[OrderReport] = []
    numbers = [number]
    for each in numbers:
        fresh = [row for row in rows.get(each, []) if row not in found]
        found += fresh
        numbers += [row.key.number for row in fresh if row.key.number not in numbers]
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    """One command before one read: the judgement, and what is kept of all reads so far."""

    judgement: rules.Judgement
    watch: dict[str, Any]

    @classmethod
    def of(cls, command: OrderCommand, rows: _Rows, read: Read) -> _Case:
        facts = _facts(command)
        mine = _of_the_day(command, _chain(rows, facts.number))
        if rules.is_stale(facts, mine):
            facts = _without_repeats(command, facts)
        watch = _watched(command, facts, mine, read.asked_at)
        if rules.is_stale(facts, mine, Decimal(watch["seen"])):
            mine = []  # less than an earlier read told: nothing may be concluded from it
        return cls(rules.judge(facts, mine, _history(command, watch, read.asked_at)), watch)


def _judge(command_id: Any, rows: _Rows, read: Read) -> bool:
    with transaction.atomic():
        order = ledger.lock(OrderCommand.objects.get(pk=command_id).order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state not in WAITING or _is_sent_over(order):
            return False
        case = _Case.of(command, rows, read)
        outcome = _outcome(case.judgement, f"inquiry:{read.asked_at.isoformat()}", CommandState(command.state))
        if outcome is None:
            return False
        command.watch = case.watch
        moved = _move(command, outcome, case.judgement, read.asked_at)
        reach(CrashPoint.RESOLVER_JUDGING)
    return moved


def escalate(command_id: Any, now: datetime) -> None:
    """The broker gives no list to judge by: from now on the command is a person's."""
    with transaction.atomic():
        order = ledger.lock(OrderCommand.objects.get(pk=command_id).order_id)
        command = OrderCommand.objects.select_for_update().get(pk=command_id)
        command.order = order
        if command.state in UNESCALATED and not _is_sent_over(order):
            unread = rules.Stuck("the lists cannot be read")
            _move(command, Escalate(f"inquiry-failed:{now.isoformat()}"), unread, now)


def _is_sent_over(order: Order) -> bool:
    """While a second request is on its way, what the lists show may be its doing; its answer decides whose."""
    return order.commands.filter(state=CommandState.SENDING).exists()


def _move(command: OrderCommand, outcome: Outcome, judgement: rules.Judgement, asked_at: datetime) -> bool:
    if not outcomes.move(command, outcome, asked_at, RESOLVER):
        done = not command.order.is_open  # superseded: once the order is done there is nothing left to look for
        command.next_ask_at = None if done else command.next_ask_at
        command.save(update_fields=["watch", "next_ask_at"])
        return False
    detail = {"command": str(command.pk), "state": command.state, "reason": getattr(judgement, "reason", "")}
    evidence = ledger.Evidence("inquiry", asked_at.isoformat(), asked_at, detail)
    ledger.note(command.order, f"Command{type(outcome).__name__}", evidence)
    outcomes.show(command.order, asked_at)
    return True


def _keep(command: OrderCommand, watch: dict[str, Any]) -> None:
    """Of two readers at once one count may be lost: asking once more than needed does no harm."""
    OrderCommand.objects.filter(pk=command.pk, state=command.state).update(watch=watch)


def _of_the_day(command: OrderCommand, reports: Iterable[OrderReport]) -> list[OrderReport]:
    """The rows of the command's own order date: a read spans two days, and numbers begin anew each day."""
    number, kind = int(command.pre_image["number"]), family(command).value
    days = [row.order_date for row in command.order.numbers.all() if (row.number, row.family) == (number, kind)]
    day = days[0] if days else date.fromisoformat(command.pre_image["order_date"])
    return [row for row in reports if row.key.order_date == day and row.key.family == kind]


def _facts(command: OrderCommand) -> rules.CommandFacts:
    before = command.pre_image
    leaves = Decimal(before["leaves_qty"])
    return rules.CommandFacts(
        kind=RequestKind(command.type),
        family=family(command),
        number=int(before["number"]),
        quantity=leaves if command.quantity is None else command.quantity,
        order_qty=Decimal(before["order_qty"]),
        cum_qty=Decimal(before["cum_qty"]),
        leaves_qty=leaves,
        price=command.price,
        new_number=int(command.broker_order_id) if command.broker_order_id else None,
        children=frozenset(before["children"]),
    )


def _without_repeats(command: OrderCommand, facts: rules.CommandFacts) -> rules.CommandFacts:
    """What was known before the send, less the fills in it that turned out to be told twice and were reversed since."""
    repeats = command.order.fills.filter(
        source=FillSource.NOTICE,
        number=facts.number,
        recorded_at__lte=command.created_at,
        reversed_by__recorded_at__gt=command.created_at,
    )
    repeated = repeats.aggregate(total=Sum("last_qty", default=Decimal(0)))["total"]
    leaves = facts.leaves_qty + repeated
    most = leaves if command.quantity is None else facts.most
    return replace(facts, cum_qty=facts.cum_qty - repeated, leaves_qty=leaves, most=most)


def _watched(
    command: OrderCommand, facts: rules.CommandFacts, mine: list[OrderReport], asked_at: datetime
) -> dict[str, Any]:
    """All reads so far with this one counted: equal ones in a row, and those after the session's end."""
    watch = {"seen": "0", "asked": 0, **_without_time_to_come(command.watch, asked_at)}
    watch |= {"asked": watch["asked"] + 1, "last": asked_at.isoformat()}
    if rules.is_stale(facts, mine, Decimal(watch["seen"])):
        return {**watch, "stale": watch.get("stale", 0) + 1}
    watch["seen"] = str(max(rules.filled(facts, mine), Decimal(watch["seen"])))
    if rules.lags(facts, mine):
        watch["stale"] = watch.get("stale", 0) + 1
    else:
        watch |= _equal(watch, repr(rules.trace(facts, mine)), asked_at)
    if _session_over(command.order, asked_at):
        watch["final_reads"] = watch.get("final_reads", 0) + 1
        watch.setdefault("final_since", asked_at.isoformat())
    return watch


def _without_time_to_come(watch: dict[str, Any], asked_at: datetime) -> dict[str, Any]:
    """Reads that a clock which was set back since has put ahead of this one count no more: they are counted anew."""
    began = [datetime.fromisoformat(watch[name]) for name in ("since", "final_since") if name in watch]
    if all(at <= asked_at + clock.AHEAD for at in began):
        return watch
    return {name: value for name, value in watch.items() if name not in COUNTED}


def _equal(watch: dict[str, Any], trace: str, asked_at: datetime) -> dict[str, Any]:
    if watch.get("trace") == trace:
        return {"reads": watch["reads"] + 1}
    anew: dict[str, Any] = {"trace": trace, "since": asked_at.isoformat(), "reads": 1}
    return anew | ({"final_reads": 0, "final_since": asked_at.isoformat()} if "final_reads" in watch else {})


def _history(command: OrderCommand, watch: dict[str, Any], asked_at: datetime) -> rules.History:
    def age(name: str) -> Any:
        return asked_at - datetime.fromisoformat(watch.get(name, asked_at.isoformat()))

    return rules.History(
        equal_reads=watch.get("reads", 0),
        unchanged_for=age("since"),
        waiting_for=asked_at - (command.waits_since or command.sent_at or asked_at),
        final_reads=watch.get("final_reads", 0),
        final_span=age("final_since"),
    )


def _session_over(order: Order, at: datetime) -> bool:
    until = sessions().good_until(Market(order.market), order.ordered_at, order.exchange)
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
        return Escalate(evidence_id) if state in UNESCALATED else None
    make = _EVIDENCE.get(type(judgement))
    return make(evidence_id) if make else None
