"""What all texts from KIS have in common, on the socket and over HTTP."""

from __future__ import annotations

import json
from typing import Any


def json_object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in `raw`; None for HTML, cut or endlessly nested JSON, and everything that is no object."""
    try:
        body = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def clean(value: object) -> str:
    """A wire text without its padding; "" for null.

    JSON can spell NUL and half a surrogate pair, which PostgreSQL and UTF-8 cannot hold: they are taken out.
    """
    if value is None:
        return ""
    return str(value).encode("utf-8", "replace").decode().replace("\x00", "").strip()


def text_of(mapping: dict[str, Any], name: str) -> str:
    """A field that KIS sends as a text; "" when it is absent or of another kind."""
    value = mapping.get(name)
    return clean(value) if isinstance(value, str) else ""
