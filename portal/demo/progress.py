"""How far the history has come, in a file of the data folder that every page reads while it grows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Progress:
    """How many of the year's trading days are in."""

    done: int
    total: int


def progress() -> Progress | None:
    """What the pages say of it; None when nothing is left to load."""
    try:
        row = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Progress(row["done"], row["total"]) if row["done"] < row["total"] else None


def tell(now: Progress) -> None:
    fresh = _file().with_suffix(".new")
    fresh.write_text(json.dumps(asdict(now)), encoding="utf-8")
    fresh.replace(_file())


def _file() -> Path:
    path: Path = settings.DATA_DIR / "history.json"
    return path
