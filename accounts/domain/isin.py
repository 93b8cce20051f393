"""ISIN form and check digit (ISO 6166): two letters, nine letters or digits, one check digit."""

from __future__ import annotations

import re

_FORM = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", re.ASCII)


def check_digit(stem: str) -> str:
    """Give the twelfth character for the first eleven (upper-case letters and digits)."""
    digits = "".join(str(int(character, 36)) for character in stem)
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def is_isin(text: str) -> bool:
    """Say whether `text` has the form of an ISIN and its check digit is right."""
    return _FORM.fullmatch(text) is not None and check_digit(text[:11]) == text[11]
