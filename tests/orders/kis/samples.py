"""The vendor's payloads of tests/data/kis, as bytes and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "kis"

DUMMY_KEY = "abcdefghijklmnopabcdefghijklmnop"
DUMMY_IV = "0123456789abcdef"


def raw(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def text(name: str) -> str:
    return raw(name).decode().strip()


def read(name: str) -> Any:
    return json.loads(raw(name))
