"""How long a claimed command may still leave: whoever was stopped and wakes later sends nothing any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from accounts import clock
from orders.domain.command_state import CANCEL_TTL, LEAVES_WITHIN, MODIFY_TTL
from orders.models import CommandType, OrderCommand

TTL = {CommandType.CANCEL: CANCEL_TTL, CommandType.MODIFY: MODIFY_TTL}


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Until when the first byte may leave, by the wall and in seconds of the monotonic clock.

    A wall clock may be set back, and the monotonic one stands still while a machine sleeps: either may end it.
    """

    until: datetime
    until_tick: float

    @classmethod
    def of(cls, command: OrderCommand, now: datetime, tick: float) -> Lifetime:
        """Of a claimed command: what is left of its TTL, and before anybody else gives it up as unknown."""
        until = command.created_at + TTL[CommandType(command.type)]
        if command.claimed_at is not None:
            until = min(until, command.claimed_at + LEAVES_WITHIN)
        return cls(until, tick + (until - now).total_seconds())

    def lasts(self) -> bool:
        return clock.now() < self.until and time.monotonic() < self.until_tick
