from __future__ import annotations

import pytest

from orders.kis.wire import clean, json_object, text_of


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'"text"', b'{"a":', b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_object_is_none(raw: bytes) -> None:
    assert json_object(raw) is None


def test_broken_utf8_inside_json_is_replaced() -> None:
    assert json_object(b'{"a":"\xec\x82"}') == {"a": "�"}


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("  말  ", "말"), ("a\x00\ud800b", "a?b"), (7, "7"), (1.5, "1.5")]
)
def test_a_wire_text_loses_padding_and_what_cannot_be_stored(value: object, text: str) -> None:
    assert clean(value) == text


@pytest.mark.parametrize(("value", "text"), [("x ", "x"), (1, ""), (None, ""), ({}, "")])
def test_only_a_text_counts_as_a_text_field(value: object, text: str) -> None:
    assert text_of({"name": value}, "name") == text
    assert text_of({}, "name") == ""
