"""Field types of the wire: what a JSON value may look like, and the Python value it becomes.

No value comes as an absent field, null, "null" or "" (Koscom account service, "API 호출 공통사항"): all become None,
so every field is optional. Numbers come as 3000000, 3000000.0, 5.0E8 or as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from accounts.koscom.answers import NumberText

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{4}|[0-9]{6})?", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_EXACT = Context(prec=128)
# Above any amount in won, below what would cost memory when it is written out.
_WHOLE_DIGITS, _FRACTION_DIGITS = 18, 24


class WireValueError(ValueError):
    """A JSON value that its field cannot hold; pydantic adds the path."""


def is_blank(value: object) -> bool:
    """Say whether a wire value means "no value"."""
    return value is None or value in ("", "null")


def read_text(value: object) -> str | None:
    """Keep a text as it is; a number keeps its literal characters."""
    if is_blank(value):
        return None
    if not isinstance(value, str):
        raise WireValueError("a text was expected")
    if _UNSTORABLE.search(value):
        raise WireValueError("NUL or half a surrogate pair in a text")
    return str(value)


def read_identifier(value: object) -> str | None:
    """Like text, but a JSON number is refused: leading zeros would be gone."""
    if isinstance(value, NumberText):
        raise WireValueError("a text was expected: a number loses leading zeros")
    return read_text(value)


def read_code(value: object) -> str | None:
    """Read a code value ("1"); a firm may send it as the number 1 or 1.0."""
    text = read_text(value)
    return text.removesuffix(".0").strip() if text else None


def read_number(value: object) -> Decimal | None:
    """Read an exact number in plain notation: 5.0E8 is 500000000."""
    if is_blank(value):
        return None
    if not isinstance(value, str):
        raise WireValueError("a number was expected")
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        raise WireValueError("not a number")
    number = Decimal(text)
    if not number:
        return Decimal(0)
    if number.adjusted() >= _WHOLE_DIGITS:
        raise WireValueError("a number out of range")
    plain = number.normalize(_EXACT)
    exponent = int(plain.as_tuple().exponent)
    if exponent < -_FRACTION_DIGITS:
        raise WireValueError("a number with too many decimals")
    return plain.quantize(Decimal(1), context=_EXACT) if exponent > 0 else plain


def read_day(value: object) -> date | None:
    """Read YYYYMMDD (a time of day may follow); 00000000 is none."""
    text = read_text(value)
    if text is None or not text.strip("0"):
        return None
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise WireValueError("not a date (YYYYMMDD)")
    return date(int(match[1]), int(match[2]), int(match[3]))


def read_rows(value: object) -> Sequence[object]:
    """Read a list of rows; a lone object is a list of one, no value an empty list."""
    if is_blank(value):
        return ()
    if isinstance(value, dict):
        return (value,)
    if not isinstance(value, list):
        raise WireValueError("a list was expected")
    return [row for row in value if not is_blank(row)]


def _none_if_blank(value: Any) -> Any:
    return None if is_blank(value) else value


_Row = TypeVar("_Row", bound="WireModel")

Text = Annotated[str | None, BeforeValidator(read_text)]
Identifier = Annotated[str | None, BeforeValidator(read_identifier)]
CodeText = Annotated[str | None, BeforeValidator(read_code)]
Number = Annotated[Decimal | None, BeforeValidator(read_number)]
Day = Annotated[date | None, BeforeValidator(read_day)]
Rows = Annotated[tuple[_Row, ...], BeforeValidator(read_rows)]
Block = Annotated[_Row | None, BeforeValidator(_none_if_blank)]


class WireModel(BaseModel):
    """A JSON object of the service: attributes bear the vendor's names, and leave this package under ours."""

    model_config = ConfigDict(frozen=True, extra="ignore")
