"""The vendor's own payloads, and ways to bend them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.koscom.answers import Tree, decode, open_answer

DATA = Path(__file__).parents[2] / "data" / "koscom"
APIS = ("accountlist", "balancelist", "settlelist", "tradebook", "orderdetail")
ASKED = "0019923122221"


def body(api: str) -> bytes:
    """Give the vendor's sample response, byte for byte."""
    return (DATA / f"{api}.response.json").read_bytes()


def tree(api: str) -> Tree:
    """Open the vendor's sample response."""
    return open_answer(200, body(api))


def bent(api: str, bend: Callable[[Any], object]) -> Tree:
    """Open a variant of the sample: `bend` changes the JSON document in place."""
    document = copy.deepcopy(json.loads(body(api)))
    bend(document)
    return decode(json.dumps(document).encode())


def with_number(api: str, name: str, literal: str) -> Tree:
    """Open the sample with every `"name": <number>` written as `literal`."""
    marker = "@@literal@@"

    def mark(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key == name:
                node[key] = marker
            elif isinstance(value, dict | list):
                mark(value)

    document = json.loads(body(api))
    mark(document)
    return decode(json.dumps(document).replace(f'"{marker}"', literal).encode())
