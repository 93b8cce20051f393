"""The business clock of the simulator: the wall clock and a shift from a file that the demo writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path


def _wall() -> datetime:
    return datetime.now(UTC)


class ShiftedClock:
    """Reads `{"shift_seconds": 0}` again when the file changes; no file, or one half-written, changes nothing."""

    def __init__(self, path: Path | None, wall: Callable[[], datetime] = _wall) -> None:
        self._path = path
        self._wall = wall
        self._read_at: int | None = None
        self._shift = timedelta(0)

    def __call__(self) -> datetime:
        """The business time, aware."""
        if self._path is not None:
            self._refresh(self._path)
        return self._wall() + self._shift

    def _refresh(self, path: Path) -> None:
        try:
            changed_at = path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._shift = timedelta(seconds=float(json.loads(path.read_text())["shift_seconds"]))
                self._read_at = changed_at
        except FileNotFoundError:
            self._shift = timedelta(0)
        except (ValueError, KeyError, TypeError):
            return  # half-written: the old shift holds until the next look
