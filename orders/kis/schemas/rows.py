"""One row of an inquiry: typed access to its fields, and what becomes of a row that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from orders.domain.events import Family, OrderKey, OrderReport, RequestKind, Side
from orders.domain.sessions import SEOUL
from orders.kis.codes import SIDES
from orders.kis.errors import KisError
from orders.kis.wire import clean

_NUMBER = re.compile(r"[0-9]{1,18}")
_AMOUNT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{0,12})?")
_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]")
_FILLER = frozenset("0. ")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Account:
    """A KIS account: CANO, 8 digits, and ACNT_PRDT_CD, 2 digits."""

    number: str
    product: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """What the rows need to know of the calendar and do not say.

    `is_daytime(at)`: whether a Korean time lies in that date's US daytime session. `evening_before(day)`: the
    calendar day on whose evening the KRX night session dated `day` began (Friday for a Monday).
    """

    is_daytime: Callable[[datetime], bool]
    evening_before: Callable[[date], date]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read: the field's name, why, and the row itself."""

    name: str
    reason: str
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page of an inquiry."""

    reports: tuple[OrderReport, ...]
    bad: tuple[BadRow, ...] = ()


class RowError(KisError):
    """A field of a row breaks its rule. Stays inside this package: it becomes a BadRow."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Row:
    """Typed access to one row. Field names are lower case here: KIS itself writes excg_id_dvsn_Cd."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._values = {name.lower(): clean(value) for name, value in raw.items()}

    def is_filler(self) -> bool:
        """Whether nothing but blanks and zeros stands in it: KIS pads lists with such rows."""
        return all(set(value) <= _FILLER for value in self._values.values())

    def text(self, name: str) -> str:
        """The text without its padding, "" when absent."""
        return self._values.get(name, "")

    def first(self, *names: str) -> str:
        """The first of several fields that says something."""
        return next((value for name in names if (value := self.text(name))), "")

    def number(self, name: str) -> int:
        """An order number. Raises RowError unless it is a positive number."""
        found = self.number_or_none(name)
        if found is None:
            raise RowError(name, "no order number")
        return found

    def number_or_none(self, name: str) -> int | None:
        """An order number; blank and zeros are none. Raises RowError for anything else than digits."""
        text = self.text(name)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise RowError(name, f"not an order number: {text[:20]!r}")
        return int(text) or None

    def amount(self, name: str) -> Decimal:
        """A quantity, price or amount. Raises RowError when absent or malformed."""
        found = self.amount_or_none(name)
        if found is None:
            raise RowError(name, "missing")
        return found

    def amount_or_none(self, name: str) -> Decimal | None:
        """The same, None when the row does not say."""
        text = self.text(name)
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            raise RowError(name, f"not a number: {text[:20]!r}")
        return Decimal(text)

    def nonzero(self, *names: str) -> Decimal | None:
        """The first of several numbers that is there and not zero, as a price is."""
        return next((value for name in names if (value := self.amount_or_none(name))), None)

    def day(self, name: str) -> date:
        """A date. Raises RowError when absent or malformed."""
        text = self.text(name)
        if not _DATE.fullmatch(text):
            raise RowError(name, f"not a date: {text[:20]!r}")
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError as error:
            raise RowError(name, f"not a date: {text!r}") from error

    def korean_time(self, day: date, *names: str) -> datetime | None:
        """`day` at the first of several HHMMSS fields that says something. Raises RowError when malformed."""
        text = self.first(*names)
        if not text:
            return None
        if not _TIME.fullmatch(text):
            raise RowError(names[0], f"not a time: {text[:20]!r}")
        return datetime(day.year, day.month, day.day, int(text[:2]), int(text[2:4]), int(text[4:]), tzinfo=SEOUL)

    def code(self, name: str, table: Mapping[str, _Value]) -> _Value:
        """The meaning of a code. Raises RowError for one that the table does not know."""
        text = self.text(name)
        if text not in table:
            raise RowError(name, f"unknown code: {text[:20]!r}")
        return table[text]

    def side(self) -> Side:
        return self.code("sll_buy_dvsn_cd", SIDES)

    def original(self, number: int) -> int | None:
        """The number that a modify or cancel was aimed at; blank, zeros and the own number are none."""
        found = self.number_or_none("orgn_odno")
        return None if found == number else found

    def reason(self, name_field: str, code_field: str) -> str:
        """Why it was refused: the name, else the code unless that is all zeros, KIS's way to say "not at all"."""
        code = self.text(code_field)
        return self.text(name_field) or (code if code.strip("0") else "")


ReadRow = Callable[[Row, Account, Sessions], OrderReport]


def read_rows(rows: object, account: Account, sessions: Sessions, read: ReadRow) -> ReportPage:
    """Reads the order rows of one page, as `read_each`."""
    reports, bad = read_each(rows, lambda row: read(row, account, sessions))
    return ReportPage(reports, bad)


def read_each(rows: object, read: Callable[[Row], _Value]) -> tuple[tuple[_Value, ...], tuple[BadRow, ...]]:
    """Reads a list of rows. Filler rows are dropped; a row that cannot be read is reported, never lost."""
    values: list[_Value] = []
    bad: list[BadRow] = []
    for raw in _listed(rows):
        if not isinstance(raw, dict):
            bad.append(BadRow("", "not a row", {"row": raw}))
            continue
        row = Row(raw)
        if row.is_filler():
            continue
        try:
            values.append(read(row))
        except RowError as error:
            bad.append(BadRow(error.name, error.reason, raw))
    return tuple(values), tuple(bad)


def read_one(found: object, read: Callable[[Row], _Value]) -> tuple[_Value | None, tuple[BadRow, ...]]:
    """Reads a single object, or a list of one; None where nothing but blanks stands in it. Zeros are values here."""
    raw = next(iter(_listed(found)), None)
    if not isinstance(raw, dict) or not any(clean(value) for value in raw.values()):
        return None, ()
    try:
        return read(Row(raw)), ()
    except RowError as error:
        return None, (BadRow(error.name, error.reason, raw),)


def order_key(row: Row, account: Account, family: Family, number_field: str, date_field: str) -> OrderKey:
    """The key of a row's number, complete: an inquiry always knows product and date."""
    return OrderKey(account.number, account.product, family, row.number(number_field), row.day(date_field))


def request_kind(words: str, original: int | None, price: Decimal | None) -> RequestKind:
    """What a domestic number was given out for; its row has no code for it.

    KIS writes 취소 and 정정 into the trade's name. Without such a word a number with an original and no price is a
    cancel, since a cancel is sent with the price 0.
    """
    if original is None:
        return RequestKind.NEW
    if "취소" in words or "CANCEL" in words.upper():
        return RequestKind.CANCEL
    if "정정" in words or "MODIFY" in words.upper() or price is not None:
        return RequestKind.MODIFY
    return RequestKind.CANCEL


def _listed(rows: object) -> list[Any]:
    if isinstance(rows, list):
        return rows
    return [rows] if rows else []
