"""What was asked, what the database says became of it, and what the broker says. Pure: values in, figures out."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.figures import Findings, percentile
from tests.chaos.truth import AskedOrder, Truth

OPEN = frozenset({"CREATED", "READY", "SENDING", "ACKED", "UNKNOWN", "ESCALATED"})
NEVER_SENT = frozenset({"DENIED", "EXPIRED", "NOT_SENT"})
DONE = frozenset({"CONFIRMED", "PARTIALLY_CONFIRMED"})
# What may only be reached one way: a hole before it shows as a move from elsewhere.
NEXT = {"": {"CREATED"}, "CREATED": {"READY", "DENIED", "EXPIRED"}, "READY": {"SENDING", "DENIED", "EXPIRED"}}
SEEN_WITHIN = 1.0
RESOLVED_WITHIN = 10.0
KEPT_UNKNOWN = 180.0
LAG, LAG_SECONDS = "lag", 180  # a kind whose lists are that old, and whose notices nobody hears


@dataclass(frozen=True, slots=True)
class Commanded:
    """One intent as a person gave it. `answers`: the state of each 202, another status with its
    code, or "" for no answer."""

    kind: str
    intent: uuid.UUID
    order: int
    act: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One audit row: from which state to which, and when by the wall clock."""

    before: str
    after: str
    at: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """One command's row with its trail."""

    intent: uuid.UUID
    pk: str
    gt_uid: str
    account: str
    number: int
    type: str
    state: str
    created_at: float
    moves: tuple[Move, ...]

    def entered(self, state: str) -> float | None:
        return next((move.at for move in self.moves if move.after == state), None)

    def left(self, state: str) -> float | None:
        return next((move.at for move in self.moves if move.before == state), None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a run is judged by. `seen`: when a browser first heard of a command's state, by the wall clock."""

    given: Sequence[Commanded]
    commands: Sequence[Recorded]
    truth: Truth
    seen: Mapping[tuple[str, str], float]


def was_taken(command: Recorded, truth: Truth) -> bool:
    """Whether the broker took the request."""
    return any(asked.accepted for asked in truth.asked if asked.gt_uid and asked.gt_uid == command.gt_uid)


def was_done(command: Recorded, truth: Truth) -> bool:
    """Whether the exchange did what was asked: a child of that kind names the order, and works."""
    return any(
        done.original == command.number and done.kind == command.type and done.working and not done.refused
        for key, done in truth.executed.items()
        if key.account == command.account
    )


def sent_twice(commands: Sequence[Recorded], asked: Sequence[AskedOrder]) -> list[str]:
    """Intents with more than one request at the broker's door, and requests that no intent explains."""
    counts = Counter(request.gt_uid for request in asked)
    known = {command.gt_uid for command in commands if command.gt_uid}
    return [f"{count} requests with the uid {uid}" for uid, count in counts.items() if count > 1] + [
        f"a request for {request.number} that no command sent" for request in asked if request.gt_uid not in known
    ]


def wrong(commands: Sequence[Recorded], truth: Truth) -> list[str]:
    """Final states that the broker's word contradicts."""
    return [
        f"{command.type} of {command.number}: {command.state}, and the broker "
        + ("did it" if was_done(command, truth) else "did not do it")
        for command in commands
        if command.state not in OPEN and (command.state in DONE) != was_done(command, truth)
    ]


def broken_trails(commands: Sequence[Recorded]) -> list[str]:
    """Trails that do not lead from nothing to the present state with a row for every change."""
    found = []
    for command in commands:
        state = ""
        for move in command.moves:
            if move.before != state or (state in NEXT and move.after not in NEXT[state]):
                found.append(f"command {command.pk}: {state or 'nothing'}, then from {move.before} to {move.after}")
            state = move.after
        if state != command.state:
            found.append(f"command {command.pk}: {command.state}, and its last row says {state}")
    return found


def unsettled(commands: Sequence[Recorded], truth: Truth) -> list[Recorded]:
    """What evidence can still move: all that the broker took and is not final, and all that is under way."""
    return [
        command
        for command in commands
        if command.state in {"CREATED", "READY", "SENDING"} or (command.state in OPEN and was_taken(command, truth))
    ]


def judge(evidence: Evidence, found: Findings) -> None:
    """Every promise about commands."""
    commands, truth = evidence.commands, evidence.truth
    found.require("requests more than one an intent", sent_twice(commands, truth.asked))
    found.require("orders with two requests", _twice_an_order(truth))
    found.require("wrong against the broker's word", wrong(commands, truth))
    found.require("audit rows missing", broken_trails(commands))
    found.require("clicks answered wrongly", _answers(evidence.given))
    found.require("taken by the broker and not resolved", [_name(c) for c in unsettled(commands, truth)])
    unknown = [command for command in commands if command.entered("UNKNOWN") is not None]
    found.require("unknown outcomes not seen within a second", _seen_late(unknown, evidence.seen, found.slack))
    found.require("left UNKNOWN too early", _left_early([c for c in unknown if not was_taken(c, truth)]))
    lagging = {item.intent for item in evidence.given if item.kind == LAG}
    found.require("guessed while the lists lagged", _guessed([c for c in commands if c.intent in lagging]))
    resolved = _resolved([c for c in unknown if was_taken(c, truth) and c.intent not in lagging])
    slow = percentile(resolved, 0.95)
    found.at_most("p95 of the resolution", slow, RESOLVED_WITHIN)
    found.require("undisturbed ones not CONFIRMED", _not_confirmed(_states(evidence, "undisturbed"), found.slack))
    seen = [span for command in unknown if (span := _first_seen(command, evidence.seen)) is not None]
    found.figures |= {
        "intents": len(evidence.given),
        "commands": len(commands),
        "requests": len(truth.asked),
        "unknown": len(unknown),
        "unknown_seen_p99": percentile(seen, 0.99),
        "unknown_taken": len(resolved),
        "resolved_p95": slow,
        "resolved_p95_by_kind": _by_kind(evidence, truth),
        "states": {kind: dict(_states(evidence, kind)) for kind in sorted({g.kind for g in evidence.given})},
    }


def _twice_an_order(truth: Truth) -> list[str]:
    counts = Counter((asked.account, asked.number) for asked in truth.asked)
    return [f"{account} {number}: {count} requests" for (account, number), count in counts.items() if count > 1]


def _answers(given: Sequence[Commanded]) -> list[str]:
    """A double click is one command; of two tabs one is refused; nobody else is."""
    found = [
        f"{item.kind} of order {item.order}: {item.answers}"
        for item in given
        if item.kind not in {"two tabs", "kill"} and any(not is_state(answer) for answer in item.answers)
    ]
    tabs: dict[int, int] = defaultdict(int)
    for item in given:
        if item.kind == "two tabs":
            tabs[item.order] += is_state(item.answers[0])
    return found + [f"two tabs of order {order}: {count} taken" for order, count in tabs.items() if count != 1]


def is_state(answer: str) -> bool:
    """Whether the click was taken: 202 with the command."""
    return answer.isupper()


def _first_seen(command: Recorded, seen: Mapping[tuple[str, str], float]) -> float | None:
    """Seconds from UNKNOWN until a browser heard of it, or of what it became in the same change; None: never."""
    since = command.entered("UNKNOWN")
    states = [move.after for move in command.moves if since is not None and move.at >= since]
    heard = [seen[command.pk, state] for state in states if (command.pk, state) in seen]
    return min(heard) - since if heard and since is not None else None


def _seen_late(unknown: Sequence[Recorded], seen: Mapping[tuple[str, str], float], slack: float) -> list[str]:
    spans = [(command, _first_seen(command, seen)) for command in unknown]
    return [
        f"{_name(command)}: {'never' if span is None else f'after {span:.2f} s'}"
        for command, span in spans
        if span is None or span > SEEN_WITHIN * slack
    ]


def _left_early(commands: Sequence[Recorded]) -> list[str]:
    """The broker never took these: nothing can be known of them before 180 s."""
    found = []
    for command in commands:
        entered, left = command.entered("UNKNOWN"), command.left("UNKNOWN")
        if entered is not None and left is not None and left - entered < KEPT_UNKNOWN:
            found.append(f"{_name(command)}: {command.state} after {left - entered:.0f} s")
    return found


def _guessed(commands: Sequence[Recorded]) -> list[str]:
    """Final before anything could be known of it."""
    ends = [(command, command.moves[-1].at - command.created_at) for command in commands if command.moves]
    return [
        f"{_name(command)}: after {after:.0f} s"
        for command, after in ends
        if command.state not in {*OPEN, *NEVER_SENT} and after < LAG_SECONDS
    ]


def _resolved(commands: Sequence[Recorded]) -> list[float]:
    """Seconds from UNKNOWN to the outcome."""
    spans = [(command.entered("UNKNOWN"), command.left("UNKNOWN")) for command in commands]
    return [left - entered for entered, left in spans if entered is not None and left is not None]


def _by_kind(evidence: Evidence, truth: Truth) -> dict[str, float | None]:
    """The same for each kind of those that the broker took."""
    kinds = {item.intent: item.kind for item in evidence.given}
    taken = [command for command in evidence.commands if was_taken(command, truth)]
    spans = {kind: _resolved([c for c in taken if kinds.get(c.intent) == kind]) for kind in sorted(set(kinds.values()))}
    return {kind: percentile(found, 0.95) for kind, found in spans.items() if found}


def _states(evidence: Evidence, kind: str) -> Counter[str]:
    intents = {item.intent for item in evidence.given if item.kind == kind}
    return Counter(command.state for command in evidence.commands if command.intent in intents)


def _not_confirmed(states: Counter[str], slack: float) -> list[str]:
    """Where the machine is slower than the portal's own limits, what was too old to be sent says nothing."""
    counted = sum(count for state, count in states.items() if slack == 1 or state not in NEVER_SENT)
    return [str(dict(states))] if states["CONFIRMED"] < 0.99 * counted else []


def _name(command: Recorded) -> str:
    return f"{command.type} of {command.number} ({command.state})"
