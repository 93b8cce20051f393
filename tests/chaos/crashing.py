"""A process of the product that kills itself, by SIGKILL, when it reaches a named point for the n-th time."""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import dataclass

from orders import crash_points
from orders.crash_points import CrashPoint


@dataclass(frozen=True, slots=True)
class Crash:
    """Where, and at the how-manieth time."""

    point: CrashPoint
    nth: int = 1


def arm(crash: Crash) -> None:
    """From now on this process dies there: no handler runs, nothing is flushed, no transaction is ended."""
    reached = itertools.count(1)

    def hook(point: CrashPoint) -> None:
        if point is crash.point and next(reached) >= crash.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.install(hook)
