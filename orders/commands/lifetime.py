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
    def of(cls, command: OrderCommand, tick: float) -> Lifetime:
        """The whole TTL of a command that was recorded at this tick."""
        ttl = TTL[CommandType(command.type)]
        return cls(command.created_at + ttl, tick + ttl.total_seconds())

    def claimed(self, now: datetime, tick: float) -> Lifetime:
        """What is left once the right to send was taken: it ends before anybody gives the command up as unknown."""
        soon = tick + LEAVES_WITHIN.total_seconds()
        return Lifetime(min(self.until, now + LEAVES_WITHIN), min(self.until_tick, soon))

    def lasts(self) -> bool:
        return clock.now() < self.until and time.monotonic() < self.until_tick
