"""What became of a request that was sent: judged from inquiry rows against what the broker last said before it.

Absence is not evidence. A number that names ours and was not there before is ours, and its quantities decide; nothing
else confirms anything, and no count of retries resolves a command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from orders.domain.accounting import ZERO, Before, cancels, gone, is_filled_through, left, share
from orders.domain.events import Family, OrderReport, ReportStatus, RequestKind

ESCALATE_READS = 3
ESCALATE_AFTER = timedelta(seconds=180)
ESCALATE_AT_LAST = timedelta(minutes=10)  # lists that never catch up must not leave a command to itself
FINAL_READS_APART = timedelta(minutes=10)
_FIRST_OFFSETS = (1, 2, 4, 8, 15, 30, 60)


def ask_offset(attempt: int) -> timedelta:
    """When to ask for the `attempt`-th time (from 0), counted from the answer, or from the send where none came.

    +1, 2, 4, 8, 15, 30, 60 s, then each minute. A reservation has no notices: the same schedule starts at its ACKED.
    """
    if attempt < len(_FIRST_OFFSETS):
        return timedelta(seconds=_FIRST_OFFSETS[attempt])
    return timedelta(seconds=60 * (attempt - len(_FIRST_OFFSETS) + 2))


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """What was asked: `quantity` is what was to be canceled or re-priced, in figures also when it was "all": such a
    request may be listed with more, up to `most`, where less was thought to be left.

    `number` is the order's newest number at the send, `new_number` the one of the answer if there was an answer.
    `order_qty`, `cum_qty`, `leaves_qty` and `children` (the numbers that named it already) are what the broker last
    said of that number before the send.
    """

    kind: RequestKind  # MODIFY or CANCEL
    family: Family
    number: int
    quantity: Decimal
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    price: Decimal | None = None
    new_number: int | None = None
    children: frozenset[int] = frozenset()
    most: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class History:
    """The reads so far: how often and how long the trace was the same; `final_*` counts those after the session.

    Reads that were stale or lagged are not among the equal ones. `waiting_for` is counted from the answer, or from
    when it was given up.
    """

    equal_reads: int
    unchanged_for: timedelta
    waiting_for: timedelta = timedelta(0)
    final_reads: int = 0
    final_span: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`quantity` was canceled or re-priced, all that was asked. `external`: somebody else's request did it."""

    quantity: Decimal
    number: int | None = None
    external: bool = False


@dataclass(frozen=True, slots=True)
class PartiallyConfirmed:
    quantity: Decimal
    number: int | None = None


@dataclass(frozen=True, slots=True)
class TooLate:
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The request's own number carries a refusal, in the broker's words."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotApplied:
    """The session is over and two final reads well apart show no trace."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Unchanged for long enough that a person has to call the broker."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    reason: str


Judgement = Confirmed | PartiallyConfirmed | TooLate | Refused | NotApplied | Stuck | Undecided

FILLED = "filled"
CANCELED = "canceled"
TRANSMITTED = "transmitted"
BROKER_DID_NOT_SEND = "not sent by the broker"
NOT_LISTED = "the broker's list does not show the order"
UNCHANGED = "the order stands unchanged"
REQUESTED = "the request is listed, its effect is not"
STALE = "the lists are older than what is known of the order"


def judge(facts: CommandFacts, reports: Sequence[OrderReport], history: History) -> Judgement:
    """What the rows of one complete read (all pages, lists of orders and of open orders) say of the command.

    Of a stale read nothing is concluded, see `is_stale`.
    """
    children = ours(facts, reports)
    judgement = Undecided(STALE) if is_stale(facts, reports) else _judge(facts, reports, children)
    if isinstance(judgement, Undecided):
        return _judge_silence(judgement, history, traced=bool(children))
    return judgement


def is_stale(facts: CommandFacts, reports: Iterable[OrderReport], seen: Decimal = ZERO) -> bool:
    """The order's row tells less than what was known before the send, or than `seen`, what an earlier read told."""
    own = _own(facts, reports)
    return own is not None and own.cum_qty < max(facts.cum_qty, seen)


def lags(facts: CommandFacts, reports: Iterable[OrderReport]) -> bool:
    """The broker took the request under a number that its lists do not show yet. A reservation's they never show."""
    if facts.new_number is None or facts.family is Family.RESERVED:
        return False
    return all(report.key.number != facts.new_number for report in reports)


def filled(facts: CommandFacts, reports: Iterable[OrderReport]) -> Decimal:
    """How much of the order's number the read tells as filled."""
    own = _own(facts, reports)
    return ZERO if own is None else own.cum_qty


def _judge(facts: CommandFacts, reports: Sequence[OrderReport], children: list[OrderReport]) -> Judgement:
    if facts.family is Family.RESERVED:
        return _judge_reservation(_own(facts, reports))
    judge_it = _judge_cancel if facts.kind is RequestKind.CANCEL else _judge_modify
    return judge_it(facts, reports, children)


def ours(facts: CommandFacts, reports: Iterable[OrderReport]) -> list[OrderReport]:
    """The rows of our own request: by the number of the answer, else new numbers of that kind that name the order."""
    named = [report for report in reports if report.orig_number == facts.number and report.kind is facts.kind]
    if facts.new_number is not None:
        return [report for report in named if report.key.number == facts.new_number]
    return [report for report in named if report.key.number not in facts.children]


def trace(facts: CommandFacts, reports: Sequence[OrderReport]) -> tuple[tuple[object, ...], ...]:
    """What must be the same for two reads to count as equal: every row of the order and of those that name it."""
    rows = [r for r in reports if facts.number in (r.key.number, r.orig_number)]
    return tuple(sorted((r.key.number, str(r.status), r.order_qty, r.cum_qty, str(r.leaves_qty)) for r in rows))


def _own(facts: CommandFacts, reports: Iterable[OrderReport]) -> OrderReport | None:
    rows = [r for r in reports if r.key.number == facts.number and r.key.family is facts.family]
    # Two lists may show the same number a moment apart: the later total is the larger one.
    return max(rows, key=lambda r: (r.cum_qty, -left(r)), default=None)


_RESERVATION_IS_GONE = {
    ReportStatus.TRANSMITTED: TRANSMITTED,
    ReportStatus.NOT_SENT: BROKER_DID_NOT_SEND,
    ReportStatus.REJECTED: BROKER_DID_NOT_SEND,
    ReportStatus.DONE: TRANSMITTED,
}


def _judge_reservation(own: OrderReport | None) -> Judgement:
    if own is None:
        return Undecided(NOT_LISTED)
    if own.status is ReportStatus.CANCELED:
        return Confirmed(own.order_qty)
    if own.status in _RESERVATION_IS_GONE:
        return TooLate(_RESERVATION_IS_GONE[own.status])
    return Undecided(UNCHANGED)


def _judge_cancel(facts: CommandFacts, reports: Sequence[OrderReport], children: list[OrderReport]) -> Judgement:
    own = _own(facts, reports)
    refused = _refusal(children)
    if refused is not None:
        return refused
    if own is None:
        return Undecided(NOT_LISTED)
    if _is_filled(facts, own) or is_filled_through(own, reports, _before(facts).canceled):
        return TooLate(FILLED)
    child = _candidate(facts, children)
    done = _measured(facts, own, reports, child) if child is not None else None
    done = done or _canceled_by_any(facts, own, reports, children)
    return done or Undecided(REQUESTED if children else UNCHANGED)


def _canceled_by_any(
    facts: CommandFacts, own: OrderReport, reports: Sequence[OrderReport], children: list[OrderReport]
) -> Confirmed | PartiallyConfirmed | None:
    """Nothing is left, and cancels that need not be ours took out what we asked for, but for what was filled."""
    numbers = cancels(own, reports)
    child = _candidate(facts, children)
    others = numbers - {child.key.number} if child is not None else numbers
    named = others or (own.status is ReportStatus.CANCELED and not children)
    canceled = share(own, reports, numbers, _before(facts)).least
    is_all = canceled > ZERO and canceled >= min(facts.quantity, _unfilled(facts, own))
    if not named or not is_all or left(own) > ZERO:
        return None
    if children and canceled < facts.quantity:
        return PartiallyConfirmed(canceled)
    return Confirmed(canceled, external=True)


def _candidate(facts: CommandFacts, rows: Sequence[OrderReport]) -> OrderReport | None:
    """The row of our own request. Without a number of ours, only where there is one that can be it."""
    if len({row.key.number for row in rows}) != 1:
        return None
    row = max(rows, key=lambda row: (row.cum_qty, -row.order_qty))
    fits = row.order_qty <= max(facts.quantity, facts.most)
    return row if facts.new_number is not None or fits else None


def _before(facts: CommandFacts) -> Before:
    return Before(facts.order_qty - facts.cum_qty - facts.leaves_qty, facts.children)


def _unfilled(facts: CommandFacts, own: OrderReport) -> Decimal:
    """What was left before the send and was not filled since."""
    return facts.leaves_qty - (own.cum_qty - facts.cum_qty)


def _is_filled(facts: CommandFacts, own: OrderReport) -> bool:
    """Nothing is left and nothing went elsewhere since the pre-image."""
    return left(own) == ZERO and gone(own) <= _before(facts).canceled and _unfilled(facts, own) <= ZERO


def _measured(
    facts: CommandFacts, own: OrderReport, reports: Sequence[OrderReport], child: OrderReport
) -> Confirmed | PartiallyConfirmed | None:
    """What the rows prove that this request took out; None where they prove nothing, or not how much.

    Only a request that found less than it asked for is done in part, and it leaves nothing.
    """
    took = share(own, reports, {child.key.number}, _before(facts))
    if not took.sure:
        return None
    if took.sure >= facts.quantity:
        return Confirmed(took.sure, child.key.number)
    return PartiallyConfirmed(took.sure, child.key.number) if took.is_exact and left(own) == ZERO else None


def _refusal(children: list[OrderReport]) -> Refused | None:
    # With several rows of the kind and no number of ours, a refusal of one says nothing of the others.
    if children and all(child.status is ReportStatus.REJECTED for child in children):
        return Refused(children[0].reason)
    return None


_AT_THE_EXCHANGE = frozenset({ReportStatus.OPEN, ReportStatus.DONE, ReportStatus.CANCELED})


def _judge_modify(facts: CommandFacts, reports: Sequence[OrderReport], children: list[OrderReport]) -> Judgement:
    own = _own(facts, reports)
    refused = _refusal(children)
    if refused is not None:
        return refused
    child = _candidate(facts, [row for row in children if facts.price in (None, row.price)])
    done = _in_force(facts, own, reports, child) if child is not None and child.status in _AT_THE_EXCHANGE else None
    if done is not None:
        return done
    if own is None:
        return Undecided(NOT_LISTED)
    if children or left(own) > ZERO:
        return Undecided(REQUESTED if children else UNCHANGED)
    if _is_filled(facts, own):
        return TooLate(FILLED)
    canceled = share(own, reports, cancels(own, reports), _before(facts)).least
    is_canceled = own.status is ReportStatus.CANCELED and canceled >= _unfilled(facts, own)
    return TooLate(CANCELED) if is_canceled else Undecided(UNCHANGED)


def _in_force(
    facts: CommandFacts, own: OrderReport | None, reports: Sequence[OrderReport], child: OrderReport
) -> Confirmed | PartiallyConfirmed | None:
    """A modify is in force once the original gave up what goes on under the new number; until then it is a request."""
    if own is not None and child.cum_qty == ZERO:
        return _measured(facts, own, reports, child)
    if child.order_qty >= facts.quantity:
        return Confirmed(child.order_qty, child.key.number)
    return PartiallyConfirmed(child.order_qty, child.key.number)


def _judge_silence(undecided: Undecided, history: History, *, traced: bool) -> Judgement:
    over = history.final_reads >= 2 and history.final_span >= FINAL_READS_APART
    if over and not traced and undecided.reason == UNCHANGED:
        return NotApplied()
    quiet = history.equal_reads >= ESCALATE_READS and history.unchanged_for >= ESCALATE_AFTER
    if quiet or history.waiting_for >= ESCALATE_AT_LAST:
        return Stuck(undecided.reason)
    return undecided
