"""What a thing looked like after each of its changes, so that an inquiry can answer what was true some seconds ago."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Generic, TypeVar

State = TypeVar("State")
ALWAYS = float("-inf")  # the moment of what an earlier run left: seen by every inquiry, however far it lags


@dataclass(slots=True)
class Past(Generic[State]):
    """States in order of time; times are seconds of the simulator's timer."""

    _times: list[float] = field(default_factory=list)
    _states: list[State] = field(default_factory=list)

    def keep(self, at: float, state: State) -> None:
        self._times.append(at)
        self._states.append(state)

    def as_of(self, at: float) -> State | None:
        """The state at that moment; None when there was nothing yet."""
        found = bisect_right(self._times, at)
        return self._states[found - 1] if found else None
