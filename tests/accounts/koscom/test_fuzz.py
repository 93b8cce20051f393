"""Mutated sample bodies: every outcome is a page or a KoscomError, and none takes long. FUZZ_BODIES sets the count."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts.koscom.answers import open_answer
from accounts.koscom.errors import KoscomError, SchemaError, ServiceError
from tests.accounts.koscom.samples import APIS, body
from tests.accounts.koscom.test_fields import PARSERS

COUNT = int(os.environ.get("FUZZ_BODIES", "2000"))
WORDS = (
    *(b"null", b'"null"', b'""', b"true", b"NaN", b"1E999999", b"-0.0", b"5.0E8", b"[]", b"{}", b"[[[[", b"{{"),
    *(b'"\\ud800"', b'"\\u0000"', b"\x00", b"\xff", b",", b"}", b"]", b'"', b":", b"9" * 500, b"<html>"),
    *(b'"accNo"', b'"resp"', b'"Resp"', b'"page"', b'"balance"', b'"accInfo"', b'"isinInfo"', b'"code"', b"0" * 30),
)
Mutation = Callable[[random.Random, bytearray], None]


def _flip(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def _delete(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 40)]


def _insert(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data) + 1)
    data[start:start] = rng.choice(WORDS)


def _replace_value(rng: random.Random, data: bytearray) -> None:
    colons = [index for index, byte in enumerate(data) if byte == ord(":")]
    start = rng.choice(colons or [0]) + 1
    end = next((index for index in range(start, len(data)) if data[index] in b",}"), len(data))
    data[start:end] = rng.choice(WORDS)


def _copy(rng: random.Random, data: bytearray) -> None:
    start, target = rng.randrange(len(data)), rng.randrange(len(data))
    data[target:target] = data[start : start + rng.randint(1, 200)]


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) + 1 :]


# Values are replaced most often: that is what gets past the decoder.
MUTATIONS: tuple[Mutation, ...] = (_flip, _delete, _insert, _copy, _cut, *([_replace_value] * 5))


def _mutated(rng: random.Random, api: str) -> bytes:
    data = bytearray(body(api))
    for _ in range(rng.randint(1, 4)):
        if data:
            rng.choice(MUTATIONS)(rng, data)
    return bytes(data)


def _outcome(api: str, answer: bytes) -> Any:
    try:
        return PARSERS[api](open_answer(200, answer))
    except KoscomError as error:
        return error


@pytest.mark.parametrize("api", APIS)
def test_a_mutated_body_is_a_page_or_a_named_error(api: str) -> None:
    rng = random.Random(f"koscom:{api}")  # noqa: S311 - repeatable mutations
    pages = 0
    started = time.monotonic()
    for _ in range(max(COUNT // len(APIS), 1)):
        outcome = _outcome(api, _mutated(rng, api))
        if isinstance(outcome, SchemaError):
            assert outcome.path
            assert outcome.reason
        elif not isinstance(outcome, ServiceError):
            assert outcome.info
            pages += 1
    assert pages > 0
    assert time.monotonic() - started < 60 + COUNT / 100
