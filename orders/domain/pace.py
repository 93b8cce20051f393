"""When a request may go: so many a second for an app key, of which some are kept for orders.

A place is a moment; the places already given are data, passed in. Orders may use every place and reserve the next one
when none is free; inquiries reserve nothing, so that no order ever waits behind one that has not left yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT_FOR_ORDERS = 4
# A little more than the second that the broker counts: requests do not arrive at the distance at which they left.
WINDOW = timedelta(seconds=1.05)


class Turn(StrEnum):
    ORDER = "o"
    INQUIRY = "i"


@dataclass(frozen=True, slots=True)
class Place:
    """One request that left or, an order's alone, has its moment reserved."""

    at: datetime
    turn: Turn


def next_place(taken: Sequence[Place], turn: Turn, now: datetime, per_second: int) -> datetime:
    """The first moment from `now` on at which one more request keeps to the limit. `taken` is in order of time."""
    earliest = max(now, _after(taken, max(per_second, 1), now))
    if turn is Turn.ORDER:
        return earliest
    inquiries = [place for place in taken if place.turn is Turn.INQUIRY]
    return max(earliest, _after(inquiries, max(per_second - KEPT_FOR_ORDERS, 1), now))


def _after(taken: Sequence[Place], limit: int, now: datetime) -> datetime:
    """When the `limit`-th newest place falls out of the window."""
    return now if len(taken) < limit else taken[-limit].at + WINDOW


def still_counted(taken: Sequence[Place], now: datetime, longest_wait: timedelta) -> list[Place]:
    """The places that still matter. One further ahead than anybody waits comes from a clock that was set back."""
    return [place for place in taken if now - WINDOW < place.at <= now + longest_wait + WINDOW]
