"""Generated histories of orders, commands, faults and crashes keep every invariant.

Forty here; `make histories` runs thousands: HISTORIES= of them, from FIRST_HISTORY= on, so that a run may be shown
in parts.
"""

from __future__ import annotations

import os

import pytest

from tests.orders.histories.history import first_failure
from tests.orders.histories.memory import Memory

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("HISTORIES", "40"))
FIRST = int(os.environ.get("FIRST_HISTORY", "0"))
PART = 20


@pytest.mark.parametrize("first", range(FIRST, FIRST + HISTORIES, PART))
def test_generated_histories_keep_every_invariant(memory: Memory, first: int) -> None:
    last = min(first + PART, FIRST + HISTORIES)
    failure = first_failure(memory, range(first, last))
    assert failure is None, str(failure)
