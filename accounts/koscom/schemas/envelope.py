"""What all five answers share: header, result, paging, whose row it is, instruments and costs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field, ValidationError

from accounts.domain.isin import is_isin
from accounts.koscom.answers import Tree
from accounts.koscom.codes import SHORT_CODES, STANDARD_CODE, RowWarning
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas.fields import Block, Identifier, Number, Rows, Text, WireModel
from accounts.koscom.schemas.values import CostLine, ForeignRow, Instrument, InstrumentCode, PageInfo

KRW = "KRW"
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_SHORT_FORM = re.compile(r"A?[0-9A-Z]{6}", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]")

_Wire = TypeVar("_Wire", bound=WireModel)
_Code = TypeVar("_Code")


class HeaderWire(WireModel):
    # certDn and ci are unused by the service, and ci would be a national identifier: never read.
    request_id: Text = Field(default=None, alias="reqIdPlatform")


class ResultWire(WireModel):
    total_count: Number = Field(default=None, alias="totalCnt")
    count: Number = None
    next_key: Text = Field(default=None, alias="page")


class ResponseBodyWire(WireModel):
    # queryParameter is an echo that differs from the request in the vendor's own samples: never read.
    result: Block[ResultWire] = Field(default=None, alias="queryResult")


class CodeWire(WireModel):
    type: Text = Field(default=None, alias="isinType")
    code: Identifier = Field(default=None, alias="isinCode")
    name: Text = Field(default=None, alias="isinName")


class CostWire(WireModel):
    name: Text = Field(default=None, alias="costName")
    amount: Number = Field(default=None, alias="cost")


class InstrumentRowWire(WireModel):
    """The fields that settlements, trades and orders share."""

    account_number: Identifier = Field(default=None, alias="accNo")
    holder_name: Text = Field(default=None, alias="accName")
    exchange: Text = None
    currency: Text = Field(default=None, alias="crcyCode")
    codes: Rows[CodeWire] = Field(default=(), alias="isinInfo")


_InstrumentRow = TypeVar("_InstrumentRow", bound=InstrumentRowWire)


def read_wire(model: type[_Wire], tree: object, path: str = "$") -> _Wire:
    """Validate a decoded block; SchemaError names the first field that does not fit."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
        raise SchemaError(f"{path}{where}", first["msg"].removeprefix("Value error, ")) from None


def read_info(tree: Tree, body_name: str, block_name: str) -> PageInfo:
    """Read the paging block; SchemaError when the data block is missing though rows were announced.

    A missing block is an empty result (Koscom "API 호출 공통사항") only as long as nothing speaks against it.
    """
    has_body = isinstance(tree.get(body_name), dict)
    body = read_wire(ResponseBodyWire, tree[body_name] if has_body else {}, body_name)
    result = body.result or ResultWire()
    if not isinstance(tree.get(block_name), dict | list) and (not has_body or result.total_count):
        raise SchemaError(block_name, "the data block is missing")
    header_tree = tree.get("commonHeader")
    header = read_wire(HeaderWire, header_tree if isinstance(header_tree, dict) else {}, "commonHeader")
    return PageInfo(header.request_id, result.next_key, result.total_count, result.count)


def block_of(tree: Tree, name: str) -> Tree:
    """Give a data block as an object; a list of rows under its own name is not one of the documented shapes."""
    block = tree.get(name)
    if isinstance(block, list):
        raise SchemaError(name, "an object was expected, not list")
    return block if isinstance(block, dict) else {}


@dataclass(frozen=True, slots=True)
class Asked:
    """The account that a query named, with every number that its rows may bear."""

    number: str
    aliases: Collection[str] = ()

    def foreign(self, path: str, number: str | None) -> ForeignRow | None:
        """Say why a row is not booked, or None: compared without separators.

        A row without a number belongs to the account that the query named.
        """
        if number is None or _plain(number) in {_plain(name) for name in (self.number, *self.aliases)}:
            return None
        return ForeignRow(path, number, self.number)


def own_rows(
    rows: Iterable[_InstrumentRow], asked: Asked, path: str, foreign: list[ForeignRow]
) -> Iterator[_InstrumentRow]:
    """Pass on the rows of the asked account; the others are added to `foreign`."""
    for index, row in enumerate(rows):
        stranger = asked.foreign(f"{path}[{index}]", row.account_number)
        if stranger:
            foreign.append(stranger)
        else:
            yield row


def _plain(number: str) -> str:
    return _SEPARATORS.sub("", number)


def read_choice(table: Mapping[str, _Code], code: str | None, path: str) -> _Code | None:
    """Translate a state code; one that nobody has seen before is an error, not a default."""
    if code is None:
        return None
    if code not in table:
        raise SchemaError(path, f"unknown code {code[:20]!r}")
    return table[code]


def read_currency(code: str | None, path: str) -> str:
    """Give a three-letter currency; what the firm did not say is KRW."""
    if code is None:
        return KRW
    currency = code.strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise SchemaError(path, f"not a currency: {code[:20]!r}")
    return currency


def to_instrument(rows: tuple[CodeWire, ...]) -> Instrument:
    """Join the codes of one instrument; the order in which they come means nothing."""
    codes = tuple(InstrumentCode(row.type, row.code, row.name) for row in rows)
    name = next((code.name for code in codes if code.name), None)
    return Instrument(_isin_of(codes), _short_code_of(codes), name, codes)


def _isin_of(codes: tuple[InstrumentCode, ...]) -> str | None:
    # The label alone proves nothing: the vendor's samples call "KR005930" a 표준코드.
    valid = [code for code in codes if code.code and is_isin(code.code)]
    labelled = (code.code for code in valid if code.type == STANDARD_CODE)
    return next(labelled, valid[0].code if valid else None)


def _short_code_of(codes: tuple[InstrumentCode, ...]) -> str | None:
    labelled = (code.code for code in codes if code.type in SHORT_CODES and code.code)
    unlabelled = (code.code for code in codes if code.type is None and code.code and _SHORT_FORM.fullmatch(code.code))
    return next(labelled, next(unlabelled, None))


def to_costs(rows: tuple[CostWire, ...]) -> tuple[CostLine, ...]:
    """Give the cost lines; a line with neither name nor amount is filler."""
    return tuple(CostLine(row.name, row.amount) for row in rows if row.name or row.amount)


def row_warnings(row: InstrumentRowWire, instrument: Instrument, currency: str) -> list[RowWarning]:
    """Warn of what Koscom's own samples mix up: a currency in `exchange`, a foreign one on a Korean stock."""
    warnings = []
    if row.account_number is None:
        warnings.append(RowWarning.NO_ACCOUNT_NUMBER)
    if row.exchange and row.currency is None and _CURRENCY.fullmatch(row.exchange) and row.exchange in _CURRENCIES:
        warnings.append(RowWarning.CURRENCY_IN_EXCHANGE)
    if currency != KRW and instrument.isin and instrument.isin.startswith("KR"):
        warnings.append(RowWarning.CURRENCY_ON_KOREAN_ISIN)
    return warnings


_CURRENCIES = frozenset(["AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "KRW", "SGD", "TWD", "USD", "VND"])
