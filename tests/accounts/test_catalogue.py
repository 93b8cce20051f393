"""The English catalogue: whole, and with the same gaps to fill as the Korean source."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

ENGLISH = Path(__file__).parents[2] / "locale" / "en" / "LC_MESSAGES" / "django.po"
GAPS = re.compile(r"%\(\w+\)s|\{\w+\}")


def test_every_text_has_its_english() -> None:
    assert [message.id for message in _messages() if not all(_texts(message.string))] == []


def test_english_fills_the_gaps_that_korean_has() -> None:
    for message in _messages():
        asked = set(GAPS.findall(_texts(message.id)[0]))
        assert all(set(GAPS.findall(text)) == asked for text in _texts(message.string)), message.id


def _messages() -> list[Message]:
    with ENGLISH.open("rb") as file:
        return [message for message in read_po(file, locale="en") if message.id]


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)
