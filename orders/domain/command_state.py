"""What became of a request that a person made: one total table over (state, outcome).

At most one send, then evidence. Every outcome that can end a sent command carries the id of its evidence, so no command
leaves UNKNOWN without it. Final states are final: the same evidence told again is harmless, anything else raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any


class CommandState(StrEnum):
    CREATED = "CREATED"
    READY = "READY"
    SENDING = "SENDING"
    ACKED = "ACKED"
    CONFIRMED = "CONFIRMED"
    PARTIALLY_CONFIRMED = "PARTIALLY_CONFIRMED"
    TOO_LATE = "TOO_LATE"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    NOT_SENT = "NOT_SENT"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    ESCALATED = "ESCALATED"
    NOT_APPLIED = "NOT_APPLIED"
    SUPERSEDED = "SUPERSEDED"


_C = CommandState
LIVE = frozenset({_C.CREATED, _C.READY, _C.SENDING, _C.ACKED, _C.UNKNOWN, _C.ESCALATED})
FINAL = frozenset(CommandState) - LIVE
UNANSWERED = frozenset({_C.CREATED, _C.READY, _C.SENDING})
UNRESOLVED = frozenset({_C.UNKNOWN, _C.ESCALATED})  # sent, and nobody knows what became of it
UNSENT = frozenset({_C.EXPIRED, _C.NOT_SENT})  # no byte left, though nothing was against it
UNDONE = frozenset({_C.TOO_LATE, _C.NOT_APPLIED})  # said to have done nothing: a later acceptance speaks against it

CANCEL_TTL = timedelta(seconds=15)
MODIFY_TTL = timedelta(seconds=5)
SENDING_LIMIT = timedelta(seconds=10)  # still SENDING after this, or found so at start-up: SendUnknown
LEAVES_WITHIN = timedelta(seconds=5)  # of the claim: with the 5 s of an answer it ends before SENDING_LIMIT
SUPERSEDE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Checked:
    """Our own checks passed and what the broker last said of the order is kept with the command."""


@dataclass(frozen=True, slots=True)
class Denied:
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """This process alone may send; committed before the first byte."""


@dataclass(frozen=True, slots=True)
class TtlPassed:
    """Too old to be sent; a late cancel may hit a market that the person no longer sees."""


@dataclass(frozen=True, slots=True)
class SendAccepted:
    number: int


@dataclass(frozen=True, slots=True)
class SendRejected:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SendUnknown:
    reason: str


@dataclass(frozen=True, slots=True)
class SendNotSent:
    """Nothing left this machine: the connection failed before the first request byte."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    evidence_id: str

    def __post_init__(self) -> None:
        if not self.evidence_id:
            raise ValueError("evidence without an id")


@dataclass(frozen=True, slots=True)
class EvidenceConfirmed(_Evidence):
    """The exchange did all that was asked."""


@dataclass(frozen=True, slots=True)
class EvidencePartial(_Evidence):
    """The exchange did a part of it; the rest had been filled or canceled already."""


@dataclass(frozen=True, slots=True)
class EvidenceTooLate(_Evidence):
    """There was nothing left to do it to."""


@dataclass(frozen=True, slots=True)
class EvidenceRefused(_Evidence):
    """A notice or an inquiry row says that the broker or the exchange refused the request."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class NoTrace(_Evidence):
    """The session is over and the final reads show no trace of the request; the id is the last read's."""


@dataclass(frozen=True, slots=True)
class Escalate(_Evidence):
    """Asked often enough without an answer: a person has to call the broker. The id is the last read's."""


@dataclass(frozen=True, slots=True)
class Supersede:
    """A person sent a new cancel in spite of this one, and it may have arrived; `by` is the new command's id."""

    by: str

    def __post_init__(self) -> None:
        if not self.by:
            raise ValueError("superseded by nothing")


Outcome = (
    Checked
    | Denied
    | Claimed
    | TtlPassed
    | SendAccepted
    | SendRejected
    | SendUnknown
    | SendNotSent
    | EvidenceConfirmed
    | EvidencePartial
    | EvidenceTooLate
    | EvidenceRefused
    | NoTrace
    | Escalate
    | Supersede
)


class IllegalCommandTransition(ValueError):
    """The outcome cannot follow on the state; nothing was changed."""

    def __init__(self, state: CommandState, outcome: object) -> None:
        super().__init__(f"{type(outcome).__name__} cannot follow on {state}")
        self.state = state
        self.outcome = outcome


def apply(state: CommandState, outcome: Outcome) -> CommandState:
    """The state after `outcome`; `state` itself when the outcome changes nothing. Raises IllegalCommandTransition."""
    after = TABLE[state, type(outcome)]
    if after is None:
        raise IllegalCommandTransition(state, outcome)
    return after


def may_be_superseded(state: CommandState, *, full_cancel: bool, age: timedelta) -> bool:
    """True when a person may send a new cancel over this command.

    A second full cancel can only be refused or do the same, so it need not wait for the escalation.
    """
    if state is CommandState.ESCALATED:
        return True
    return state is CommandState.UNKNOWN and full_cancel and age >= SUPERSEDE_AFTER


_EVIDENCE: Mapping[type[Any], CommandState] = {
    EvidenceConfirmed: _C.CONFIRMED,
    EvidencePartial: _C.PARTIALLY_CONFIRMED,
    EvidenceTooLate: _C.TOO_LATE,
    EvidenceRefused: _C.REJECTED,
    NoTrace: _C.NOT_APPLIED,
    Escalate: _C.ESCALATED,
}
_ANSWERS: Mapping[type[Any], CommandState] = {
    SendAccepted: _C.ACKED,
    SendRejected: _C.REJECTED,
    SendUnknown: _C.UNKNOWN,
    SendNotSent: _C.NOT_SENT,
}
OUTCOMES: tuple[type[Any], ...] = (Checked, Denied, Claimed, TtlPassed, *_ANSWERS, *_EVIDENCE, Supersede)


def _unchanged(state: CommandState, outcomes: Mapping[type[Any], CommandState]) -> dict[type[Any], CommandState]:
    return dict.fromkeys(outcomes, state)


# Evidence that overtakes the answer waits for it: the answer is recorded within seconds, then the evidence is read
# again. An answer that turns up after the command was given up as UNKNOWN is kept beside it but proves nothing.
_LEGAL: Mapping[CommandState, Mapping[type[Any], CommandState]] = {
    _C.CREATED: {Checked: _C.READY, Denied: _C.DENIED, TtlPassed: _C.EXPIRED},
    _C.READY: {Checked: _C.READY, Claimed: _C.SENDING, Denied: _C.DENIED, TtlPassed: _C.EXPIRED},
    _C.SENDING: {**_ANSWERS, **_unchanged(_C.SENDING, _EVIDENCE)},
    _C.ACKED: dict(_EVIDENCE),
    _C.UNKNOWN: {**_unchanged(_C.UNKNOWN, _ANSWERS), **_EVIDENCE, Supersede: _C.SUPERSEDED},
    _C.ESCALATED: {**_unchanged(_C.ESCALATED, _ANSWERS), **_EVIDENCE, Supersede: _C.SUPERSEDED},
    # Final. The same evidence may be read again.
    _C.CONFIRMED: {EvidenceConfirmed: _C.CONFIRMED},
    _C.PARTIALLY_CONFIRMED: {EvidencePartial: _C.PARTIALLY_CONFIRMED},
    _C.TOO_LATE: {EvidenceTooLate: _C.TOO_LATE},
    _C.REJECTED: {EvidenceRefused: _C.REJECTED},
    _C.NOT_APPLIED: {NoTrace: _C.NOT_APPLIED},
    _C.DENIED: {},
    _C.EXPIRED: {},
    _C.NOT_SENT: {},
    # Its resolver runs on, but changes only the order.
    _C.SUPERSEDED: _unchanged(_C.SUPERSEDED, _EVIDENCE),
}
TABLE: Mapping[tuple[CommandState, type[Any]], CommandState | None] = {
    (state, outcome): _LEGAL[state].get(outcome) for state in CommandState for outcome in OUTCOMES
}
