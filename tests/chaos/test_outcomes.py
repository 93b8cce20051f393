"""What the judge of commands finds."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

from tests.chaos.figures import Findings
from tests.chaos.outcomes import Commanded, Evidence, Move, Recorded, broken_trails, judge, sent_twice, wrong
from tests.chaos.truth import AskedOrder, Executed, OrderKey, Truth

INTENT = uuid.UUID(int=1)
TRAIL = (
    Move("", "CREATED", 0.0),
    Move("CREATED", "READY", 0.1),
    Move("READY", "SENDING", 0.2),
    Move("SENDING", "UNKNOWN", 5.2),
    Move("UNKNOWN", "CONFIRMED", 7.0),
)
COMMAND = Recorded(INTENT, "c1", "uid", "10000000-01", 7, "cancel", "CONFIRMED", 0.0, TRAIL)
ASKED = AskedOrder("uid", "10000000-01", 7, accepted=True, fault="timeout")
DONE = Executed(Decimal(10), Decimal(0), Decimal(0), Decimal(0), "cancel", 7, working=True, refused=False)
TRUTH = Truth({OrderKey("10000000-01", "OVERSEAS", 9): DONE}, (ASKED,))
GIVEN = Commanded("timeout", INTENT, 1, "cancel", ("UNKNOWN",))


def found(
    command: Recorded = COMMAND, truth: Truth = TRUTH, seen: float = 5.5, given: Commanded = GIVEN
) -> dict[str, list[str]]:
    findings = Findings()
    judge(Evidence([given], [command], truth, {("c1", "UNKNOWN"): seen}), findings)
    return findings.broken


def test_an_unknown_outcome_that_the_lists_settle_breaks_nothing() -> None:
    assert found() == {}


def test_a_second_request_is_found_by_its_uid_and_by_its_order() -> None:
    twice = Truth(TRUTH.executed, (ASKED, ASKED))
    assert {"requests more than one an intent", "orders with two requests"} <= set(found(truth=twice))
    assert sent_twice([], (ASKED,)) == ["a request for 7 that no command sent"]


def test_a_final_state_against_the_brokers_word_is_wrong() -> None:
    assert wrong([COMMAND], Truth({}, (ASKED,))) != []
    assert wrong([replace(COMMAND, state="NOT_APPLIED")], TRUTH) != []
    assert wrong([replace(COMMAND, state="UNKNOWN")], TRUTH) == []


def test_a_hole_in_the_audit_trail_is_found_wherever_it_is() -> None:
    assert broken_trails([COMMAND]) == []
    for missing in range(len(TRAIL)):
        assert broken_trails([replace(COMMAND, moves=TRAIL[:missing] + TRAIL[missing + 1 :])]) != []


def test_unknown_has_to_be_seen_within_a_second() -> None:
    assert "unknown outcomes not seen within a second" in found(seen=6.3)


def test_what_the_broker_never_took_stays_unknown_for_three_minutes() -> None:
    refused = Truth({}, (replace(ASKED, accepted=False),))
    early = replace(COMMAND, state="ESCALATED", moves=(*TRAIL[:4], Move("UNKNOWN", "ESCALATED", 100.0)))
    late = replace(COMMAND, state="ESCALATED", moves=(*TRAIL[:4], Move("UNKNOWN", "ESCALATED", 186.0)))
    assert "left UNKNOWN too early" in found(early, refused)
    assert found(late, refused) == {}


def test_what_the_broker_took_is_settled_and_soon() -> None:
    slow = replace(COMMAND, moves=(*TRAIL[:4], Move("UNKNOWN", "CONFIRMED", 16.0)))
    still = replace(COMMAND, state="UNKNOWN", moves=TRAIL[:4])
    assert "p95 of the resolution" in found(slow)
    assert "taken by the broker and not resolved" in found(still)


def test_a_click_that_was_refused_and_a_second_tab_that_was_taken_are_found() -> None:
    assert "clicks answered wrongly" in found(given=replace(GIVEN, answers=("409 command_in_flight",)))
    assert "clicks answered wrongly" in found(given=replace(GIVEN, kind="two tabs", answers=("409 stale_version",)))
    assert found(given=replace(GIVEN, kind="two tabs")) == {}


def test_undisturbed_commands_have_to_be_confirmed() -> None:
    denied = replace(COMMAND, state="UNKNOWN", moves=TRAIL[:4])
    assert "undisturbed ones not CONFIRMED" in found(denied, given=replace(GIVEN, kind="undisturbed"))
