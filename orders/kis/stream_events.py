"""What the notice stream tells of itself, beside the protocol's own events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orders.kis.protocol import Event


class WaitReason(StrEnum):
    NO_APPROVAL = "no_approval"  # no approval key could be had
    UNREACHABLE = "unreachable"
    SLOT_HELD = "slot_held"
    REFUSED = "refused"
    SILENT = "silent"
    CLOSED = "closed"  # by KIS, or by the line
    FAILED = "failed"  # our own fault, logged
    NO_RIGHT = "no_right"  # the stream is somebody else's now


@dataclass(frozen=True, slots=True)
class Connecting:
    """An attempt begins; `failures` came before it without a steady session."""

    failures: int


@dataclass(frozen=True, slots=True)
class Live:
    """KIS has registered the first TR id of this session."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The session is over; the next attempt begins in `seconds`."""

    reason: WaitReason
    detail: str
    seconds: float


StreamEvent = Event | Connecting | Live | Waiting
