"""How an account number and a holder's name look where they need not be read in full; the same everywhere."""

from __future__ import annotations

import re

_KIS_FORM = re.compile(r"(\d{4})\d{4}(-\d{2})")
HEAD, TAIL = 4, 2


def mask_number(number: str) -> str:
    """`1234****-01` for KIS's 8-2 form; else the first four and last two digits stand, and dashes keep their place."""
    kis = _KIS_FORM.fullmatch(number)
    if kis:
        return f"{kis[1]}****{kis[2]}"
    length = sum(char.isalnum() for char in number)
    head = HEAD if length > HEAD + TAIL else 0
    tail = TAIL if length > TAIL else 0
    shown = ""
    place = 0
    for char in number:
        hidden = char.isalnum() and head <= place < length - tail
        place += char.isalnum()
        shown += "*" if hidden else char
    return shown


def mask_name(name: str) -> str:
    """`홍*동`, `이*`: the middle of a name hidden, however long it is."""
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]
