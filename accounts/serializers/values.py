"""How single values look outside: decimals as plain strings, times with the offset of Korea, days as ISO dates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from accounts.clock import KST


def plain(value: Decimal | None) -> str | None:
    """`"1500000"`, `"0.1"`: no exponent, no zeros at the end, no minus zero; None stays None."""
    if value is None:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def moment(value: datetime | None) -> str | None:
    """ISO 8601 with +09:00."""
    return value.astimezone(KST).isoformat() if value is not None else None


def day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None
