"""How an account number and a holder's name look where they need not be read in full; the same everywhere."""

from __future__ import annotations

VISIBLE = 4


def mask_number(number: str) -> str:
    """`1234****-01` for the broker's 8-2 form, `0019*******21` else. The length stays, the middle does not."""
    head, dash, tail = number.rpartition("-")
    if dash and head:
        return f"{head[:VISIBLE]}{'*' * max(len(head) - VISIBLE, 0)}-{tail}"
    if len(number) <= VISIBLE:
        return "*" * len(number)
    return number[:VISIBLE] + "*" * max(len(number) - VISIBLE - 2, 1) + number[-2:]


def mask_name(name: str) -> str:
    """`홍*동`, `이*`: the middle of a name hidden, however long it is."""
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]
