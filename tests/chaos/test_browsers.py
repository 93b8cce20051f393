"""What a simulated browser notices."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from websockets.asyncio.client import ClientConnection

from tests.chaos.browsers import Browser
from tests.chaos.figures import percentile
from tests.chaos.portal import Portal

NO_SOCKET = cast("ClientConnection", None)


def browser(*messages: dict[str, Any], resuming: bool = False) -> Browser:
    """One that was told numbers up to 4 and shows order 7 in its third version, after these messages."""
    told = Browser(Portal(0, ""), rows={"7": {"version": 3}}, epoch="e", seq=4, resuming=resuming)
    for message in messages:
        asyncio.run(told._take(message, NO_SOCKET))
    return told


def event(seq: int, version: int = 4) -> dict[str, Any]:
    row = {"version": version}
    return {"type": "event", "seq": seq, "entity": "order", "id": "7", "version": version, "row": row}


def test_the_next_number_changes_the_model() -> None:
    told = browser(event(5))
    assert (told.seq, told.rows["7"], told.faults) == (5, {"version": 4}, [])


def test_an_older_version_changes_nothing() -> None:
    assert browser(event(5, version=2)).rows["7"] == {"version": 3}


def test_a_number_left_out_or_told_twice_is_a_fault() -> None:
    assert browser(event(6)).faults == ["6 after 4"]
    assert browser(event(5), event(5)).faults == ["5 after 5"]


def test_a_heartbeat_ahead_of_the_numbers_is_a_fault() -> None:
    assert browser({"type": "heartbeat", "seq": 5}).faults == ["heartbeat at 5, told up to 4"]


def test_numbers_before_the_resume_was_read_come_again() -> None:
    told = browser(event(7, version=6), event(5), event(6, version=5), event(7, version=6), resuming=True)
    assert (told.seq, told.early, told.faults, told.rows["7"]) == (7, 1, [], {"version": 6})


def test_a_gap_after_the_resume_is_a_fault() -> None:
    assert browser(event(5), event(7), resuming=True).faults == ["7 after 5"]


def test_a_percentile_is_a_value_that_occurred() -> None:
    assert percentile([3, 1, 2], 0.95) == 3
    assert percentile([float(number) for number in range(1, 101)], 0.95) == 95
    assert percentile([], 0.5) is None
