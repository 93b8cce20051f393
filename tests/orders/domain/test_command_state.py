from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.command_state import (
    FINAL,
    LIVE,
    OUTCOMES,
    TABLE,
    Checked,
    Claimed,
    CommandState,
    Denied,
    Escalate,
    EvidenceConfirmed,
    EvidencePartial,
    EvidenceRefused,
    EvidenceTooLate,
    IllegalCommandTransition,
    NoTrace,
    Outcome,
    SendAccepted,
    SendNotSent,
    SendRejected,
    SendUnknown,
    Supersede,
    TtlPassed,
    apply,
    may_be_superseded,
)

C = CommandState
EVERY: dict[str, Outcome] = {
    "checked": Checked(),
    "denied": Denied("session closed"),
    "claimed": Claimed(),
    "ttl_passed": TtlPassed(),
    "accepted": SendAccepted(4336),
    "send_rejected": SendRejected("APBK0927", "정정취소 가능수량이 없습니다."),
    "unknown": SendUnknown("read timeout"),
    "not_sent": SendNotSent("connection refused"),
    "confirmed": EvidenceConfirmed("notice:1"),
    "partial": EvidencePartial("notice:2"),
    "too_late": EvidenceTooLate("read:3"),
    "refused": EvidenceRefused("notice:4", "거부"),
    "no_trace": NoTrace("read:5"),
    "escalate": Escalate("read:6"),
    "supersede": Supersede("command:7"),
}
# What each state allows; whatever is not named here raises.
EVIDENCE = {
    "confirmed": "CONFIRMED",
    "partial": "PARTIALLY_CONFIRMED",
    "too_late": "TOO_LATE",
    "refused": "REJECTED",
    "no_trace": "NOT_APPLIED",
    "escalate": "ESCALATED",
}
ANSWERS = ("accepted", "send_rejected", "unknown", "not_sent")
EXPECTED: dict[str, dict[str, str]] = {
    "CREATED": {"checked": "READY", "denied": "DENIED", "ttl_passed": "EXPIRED"},
    "READY": {"checked": "READY", "denied": "DENIED", "claimed": "SENDING", "ttl_passed": "EXPIRED"},
    "SENDING": {
        "accepted": "ACKED",
        "send_rejected": "REJECTED",
        "unknown": "UNKNOWN",
        "not_sent": "NOT_SENT",
        **dict.fromkeys(EVIDENCE, "SENDING"),
    },
    "ACKED": EVIDENCE,
    "UNKNOWN": {**dict.fromkeys(ANSWERS, "UNKNOWN"), **EVIDENCE, "supersede": "SUPERSEDED"},
    "ESCALATED": {**dict.fromkeys(ANSWERS, "ESCALATED"), **EVIDENCE, "supersede": "SUPERSEDED"},
    "CONFIRMED": {"confirmed": "CONFIRMED"},
    "PARTIALLY_CONFIRMED": {"partial": "PARTIALLY_CONFIRMED"},
    "TOO_LATE": {"too_late": "TOO_LATE"},
    "REJECTED": {"refused": "REJECTED"},
    "NOT_APPLIED": {"no_trace": "NOT_APPLIED"},
    "DENIED": {},
    "EXPIRED": {},
    "NOT_SENT": {},
    "SUPERSEDED": dict.fromkeys(EVIDENCE, "SUPERSEDED"),
}
CELLS = [
    pytest.param(state, outcome, EXPECTED[state].get(name), id=f"{state}-{name}")
    for state in CommandState
    for name, outcome in EVERY.items()
]


@pytest.mark.parametrize(("state", "outcome", "wanted"), CELLS)
def test_each_cell_of_the_table(state: CommandState, outcome: Outcome, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(IllegalCommandTransition, match=type(outcome).__name__):
            apply(state, outcome)
    else:
        assert apply(state, outcome) is CommandState(wanted)


def test_the_table_decides_every_state_and_every_outcome() -> None:
    assert {type(outcome) for outcome in EVERY.values()} == set(OUTCOMES)
    assert set(TABLE) == {(state, type(outcome)) for state in CommandState for outcome in EVERY.values()}


def test_live_and_final_are_all_states() -> None:
    assert set(CommandState) == LIVE | FINAL
    assert not LIVE & FINAL
    assert len(CommandState) == 15


@given(st.sampled_from(sorted(FINAL)), st.lists(st.sampled_from(list(EVERY.values()))))
def test_no_transition_leads_out_of_a_final_state(state: CommandState, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert TABLE[state, type(outcome)] in {None, state}


def test_a_refusal_names_the_state_and_the_outcome() -> None:
    with pytest.raises(IllegalCommandTransition) as refusal:
        apply(C.DENIED, Claimed())
    assert (refusal.value.state, refusal.value.outcome) == (C.DENIED, Claimed())


@given(st.sampled_from(list(EVERY.values())))
def test_no_command_leaves_unknown_without_the_id_of_its_evidence(outcome: Outcome) -> None:
    try:
        after = apply(C.UNKNOWN, outcome)
    except IllegalCommandTransition:
        return
    if after is not C.UNKNOWN:
        assert getattr(outcome, "evidence_id", None) or getattr(outcome, "by", None)


@pytest.mark.parametrize(
    "kind", [EvidenceConfirmed, EvidencePartial, EvidenceTooLate, EvidenceRefused, NoTrace, Escalate]
)
def test_evidence_without_an_id_cannot_be_made(kind: type[EvidenceConfirmed]) -> None:
    with pytest.raises(ValueError, match="without an id"):
        kind("")


def test_a_command_cannot_be_superseded_by_nothing() -> None:
    with pytest.raises(ValueError, match="by nothing"):
        Supersede("")


@pytest.mark.parametrize(
    ("state", "full_cancel", "seconds", "wanted"),
    [
        (C.ESCALATED, False, 0, True),
        (C.UNKNOWN, True, 15, True),
        (C.UNKNOWN, True, 14, False),
        (C.UNKNOWN, False, 60, False),
        (C.ACKED, True, 60, False),
        (C.SENDING, True, 60, False),
    ],
)
def test_the_one_door_for_a_second_cancel(state: CommandState, full_cancel: bool, seconds: int, wanted: bool) -> None:
    assert may_be_superseded(state, full_cancel=full_cancel, age=timedelta(seconds=seconds)) is wanted
