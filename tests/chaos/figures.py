"""What a run found: one line of JSON on standard output and in `.data/chaos/PART.jsonl`, with seed and commit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".data" / "chaos"
SHOWN = 12
Figure = int | float | str | None | Mapping[str, "Figure"]


@dataclass(slots=True)
class Findings:
    """What a part has found so far: its figures, and every promise that was not kept with what differs.

    `slack` stretches the limits in seconds: the short form runs beside other tests, and the proof alone tells speed.
    """

    slack: float = 1.0
    figures: dict[str, Figure] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)

    def at_most(self, promise: str, seconds: float | None, limit: float) -> None:
        """A promise about speed."""
        late = seconds is not None and seconds > limit * self.slack
        self.require(promise, [f"{seconds} s, not {limit * self.slack:.0f} s"] if late else [])

    def require(self, promise: str, differing: Sequence[str]) -> None:
        """A promise is kept when nothing differs. The first few are told by name."""
        if differing:
            more = [f"and {len(differing) - SHOWN} more"] if len(differing) > SHOWN else []
            self.broken[promise] = [*differing[:SHOWN], *more]


@dataclass(frozen=True, slots=True)
class Run:
    """Which run it is. `began` is a monotonic second; `share` 4 says that it is a quarter of the proof."""

    part: str
    database: str
    size: str
    seed: int
    began: float
    share: int = 1

    def keep(self, found: Findings) -> None:
        """Print the line and append it."""
        line = {
            "part": self.part,
            "database": self.database,
            "size": self.size,
            **({"share": f"1/{self.share}"} if self.share > 1 else {}),
            "seed": self.seed,
            "commit": commit(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.began, 1),
            "passed": not found.broken,
            **({"broken": found.broken} if found.broken else {}),
            **found.figures,
        }
        text = json.dumps(line, ensure_ascii=False)
        KEPT.mkdir(parents=True, exist_ok=True)
        with (KEPT / f"{self.part}.jsonl").open("a", encoding="utf-8") as kept:
            kept.write(text + "\n")
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def commit() -> str:
    """The commit of the tree, with a plus where files differ from it."""
    head = _git("rev-parse", "--short", "HEAD")
    return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that so many of all do not exceed; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(len(ordered) * share) - 1)], 3)
