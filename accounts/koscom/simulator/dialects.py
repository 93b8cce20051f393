"""The simulated firms, and how each writes its answers: blanks, numbers, nesting, page sizes, limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Blank(StrEnum):
    """How a firm says "no value"."""

    NULL = "null"
    TEXT = "text"
    ABSENT = "absent"


class Numbers(StrEnum):
    """How a firm writes numbers: 3000000, 3000000.0 and 5.0E8 (as Java prints a double), or "3000000"."""

    PLAIN = "plain"
    JAVA = "java"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Dialect:
    """`end_key` ends the paging; `bases` are those of the won rows; `max_days` limits a trade book query."""

    blank: Blank
    numbers: Numbers
    end_key: str | None
    row_count: int
    bases: tuple[str | None, ...]
    has_all: bool
    max_days: int
    has_balance_level: bool = True
    cash_name: str = "cashBalInfo"
    cash_in_every_type: bool = False
    dummy_order_row: bool = False
    percent_rates: bool = False


@dataclass(frozen=True, slots=True)
class Firm:
    short_name: str
    name: str
    accounts: int
    prefix: str
    dialect: Dialect


FIRMS = (
    Firm(
        "shinhan",
        "신한투자증권",
        14,
        "270",
        Dialect(Blank.NULL, Numbers.JAVA, None, 8, ("KRW",), has_all=False, max_days=92),
    ),
    Firm(
        "nhinvest",
        "NH투자증권",
        13,
        "201",
        Dialect(
            Blank.TEXT,
            Numbers.TEXT,
            "null",
            6,
            ("KRW-D0", "KRW-D1", "KRW"),
            has_all=False,
            max_days=366,
            cash_in_every_type=True,
            dummy_order_row=True,
        ),
    ),
    Firm(
        "kiwoom",
        "키움증권",
        13,
        "503",
        Dialect(
            Blank.ABSENT,
            Numbers.PLAIN,
            "",
            10,
            (None,),
            has_all=True,
            max_days=31,
            has_balance_level=False,
            cash_name="cachBalInfo",
            percent_rates=True,
        ),
    ),
)


def write_json(value: object, dialect: Dialect) -> str:
    """Write an answer as the firm would; numbers are `Decimal` or int."""
    if isinstance(value, dict):
        members = (
            f"{json.dumps(key)}:{write_json(member, dialect)}"
            for key, member in value.items()
            if member is not None or dialect.blank is not Blank.ABSENT
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(member, dialect) for member in value) + "]"
    if value is None:
        return '"null"' if dialect.blank is Blank.TEXT else "null"
    if isinstance(value, Decimal | int):
        return write_number(Decimal(value), dialect.numbers)
    return json.dumps(value, ensure_ascii=False)


def write_number(number: Decimal, style: Numbers) -> str:
    """Write one number in the firm's style."""
    plain = f"{number:f}"
    if style is Numbers.TEXT:
        return f'"{plain}"'
    return plain if style is Numbers.PLAIN else java_double(number)


def java_double(number: Decimal) -> str:
    """Write a number as Double.toString does: from 10,000,000 on (and under 0.001) with an exponent."""
    if number == 0:
        return "0.0"
    if Decimal("0.001") <= abs(number) < 10_000_000:
        plain = f"{number.normalize():f}"
        return plain if "." in plain else f"{plain}.0"
    digits = "".join(str(digit) for digit in number.normalize().as_tuple().digits)
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{number.adjusted()}"
