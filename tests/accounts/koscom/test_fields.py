"""One field at a time: blanks, numbers in every spelling, texts that cannot be stored; and blocks that are missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.answers import Tree
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas import (
    Asked,
    parse_accounts,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from tests.accounts.koscom.samples import APIS, ASKED, bent, with_number

PARSERS: dict[str, Callable[[Tree], Any]] = {
    "accountlist": parse_accounts,
    "balancelist": lambda tree: parse_balances(tree, Asked(ASKED)),
    "settlelist": lambda tree: parse_settlements(tree, Asked(ASKED)),
    "tradebook": lambda tree: parse_trades(tree, Asked(ASKED)),
    "orderdetail": lambda tree: parse_orders(tree, Asked(ASKED), date(2016, 6, 22)),
}
BLOCKS = {
    "accountlist": "accountList",
    "balancelist": "balanceList",
    "settlelist": "settleList",
    "tradebook": "tradeBookList",
    "orderdetail": "orderDetailList",
}


def _amount(literal: str) -> Decimal | None:
    page = parse_settlements(with_number("settlelist", "settAmt", literal), Asked(ASKED))
    amount = page.settlements[0].amount
    assert amount is None or isinstance(amount, Decimal)
    return amount


@pytest.mark.parametrize(
    ("literal", "plain"),
    [
        ("3000000", "3000000"),
        ("3000000.0", "3000000"),
        ("5.0E8", "500000000"),
        ("3.69827563509E11", "369827563509"),
        ("1.0e10", "10000000000"),
        ("-300000.50", "-300000.5"),
        ('"3000000"', "3000000"),
        ('" 5.0E8 "', "500000000"),
        ('"+1"', "1"),
        ("0.0", "0"),
        ("-0.0", "0"),
        ("0E999", "0"),
        ("0.1", "0.1"),
        ("1E-24", "0.000000000000000000000001"),
        ("999999999999999999", "999999999999999999"),
        ("123456789012345678.123456789012345678901234", "123456789012345678.123456789012345678901234"),
    ],
)
def test_quirk_13_a_number_is_exact_in_every_spelling(literal: str, plain: str) -> None:
    amount = _amount(literal)
    assert amount is not None
    assert f"{amount:f}" == plain
    assert "E" not in str(amount) or amount < 1


@pytest.mark.parametrize("literal", ["null", '"null"', '""'])
def test_a_blank_number_is_none(literal: str) -> None:
    assert _amount(literal) is None


@pytest.mark.parametrize(
    "literal",
    [
        "true",
        "false",
        "[]",
        "{}",
        '"NaN"',
        '"Infinity"',
        '"삼백"',
        '"３００"',
        '"1,000"',
        '"1 000"',
        '"0x10"',
        "1E999999",
        '"1E99999999999"',
        "1E-999",
        "1E18",
        "1E-25",
        "9" * 5000,
        '" "',
    ],
)
def test_what_is_no_number_is_refused_with_its_path(literal: str) -> None:
    with pytest.raises(SchemaError, match=r"^settleList\.settleInfo\[0\]\.settAmt: "):
        _amount(literal)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfffy"])
def test_a_text_that_no_database_can_hold_is_refused(text: str) -> None:
    def bend(document: Any) -> None:
        document["accountList"]["account"][0]["accName"] = text

    with pytest.raises(SchemaError, match=r"accountList\.account\[0\]\.accName: NUL or half a surrogate"):
        parse_accounts(bent("accountlist", bend))


@pytest.mark.parametrize("value", [True, ["x"], {"a": "x"}])
def test_what_is_no_text_is_refused(value: object) -> None:
    def bend(document: Any) -> None:
        document["accountList"]["account"][0]["accName"] = value

    with pytest.raises(SchemaError, match="a text was expected"):
        parse_accounts(bent("accountlist", bend))


@pytest.mark.parametrize("rows", ["x", 7, True])
def test_what_is_no_list_of_rows_is_refused(rows: object) -> None:
    def bend(document: Any) -> None:
        document["accountList"]["account"] = rows

    with pytest.raises(SchemaError, match=r"accountList\.account: a list was expected"):
        parse_accounts(bent("accountlist", bend))


@pytest.mark.parametrize("row", ["x", 7, [1]])
def test_what_is_no_row_is_refused(row: object) -> None:
    def bend(document: Any) -> None:
        document["accountList"]["account"].append(row)

    with pytest.raises(SchemaError, match=r"accountList\.account\[1\]: "):
        parse_accounts(bent("accountlist", bend))


@pytest.mark.parametrize("rows", [None, "null", "", [], [None, "null", ""]])
@pytest.mark.parametrize("api", [api for api in APIS if api != "balancelist"])
def test_blank_rows_are_no_rows(api: str, rows: object) -> None:
    def bend(document: Any) -> None:
        block = document[BLOCKS[api]]
        block[next(iter(block))] = rows

    page = PARSERS[api](bent(api, bend))
    assert not any(getattr(page, name, ()) for name in ("accounts", "settlements", "trades", "orders"))


@pytest.mark.parametrize("blank", [None, "null", ""])
@pytest.mark.parametrize("api", APIS)
def test_a_blank_data_block_is_an_empty_result_when_nothing_was_announced(api: str, blank: object) -> None:
    def bend(document: Any) -> None:
        document[BLOCKS[api]] = blank
        document[f"{BLOCKS[api]}ResponseBody"]["queryResult"]["totalCnt"] = 0

    page = PARSERS[api](bent(api, bend))
    assert not getattr(page, "foreign", ())


@pytest.mark.parametrize("api", APIS)
def test_a_missing_data_block_against_an_announced_total_is_refused(api: str) -> None:
    def bend(document: Any) -> None:
        del document[BLOCKS[api]]
        document[f"{BLOCKS[api]}ResponseBody"]["queryResult"]["totalCnt"] = 3

    with pytest.raises(SchemaError, match=f"^{BLOCKS[api]}: the data block is missing"):
        PARSERS[api](bent(api, bend))


@pytest.mark.parametrize("api", APIS)
def test_a_success_without_any_block_is_refused(api: str) -> None:
    def bend(document: Any) -> None:
        del document[BLOCKS[api]], document[f"{BLOCKS[api]}ResponseBody"]

    with pytest.raises(SchemaError, match="the data block is missing"):
        PARSERS[api](bent(api, bend))


@pytest.mark.parametrize("api", APIS)
def test_rows_without_the_response_body_and_header_are_read(api: str) -> None:
    def bend(document: Any) -> None:
        document[f"{BLOCKS[api]}ResponseBody"] = None
        document["commonHeader"] = "null"

    info = PARSERS[api](bent(api, bend)).info
    assert (info.platform_request_id, info.next_key, info.total_count, info.count) == (None, None, None, None)


def test_a_response_body_without_a_result_is_a_last_page() -> None:
    def bend(document: Any) -> None:
        document["accountListResponseBody"]["queryResult"] = "null"

    assert parse_accounts(bent("accountlist", bend)).info.next_key is None


@pytest.mark.parametrize("api", [api for api in APIS if api != "balancelist"])
def test_a_data_block_that_is_a_list_is_refused(api: str) -> None:
    def bend(document: Any) -> None:
        document[BLOCKS[api]] = [document[BLOCKS[api]]]

    with pytest.raises(SchemaError, match=f"^{BLOCKS[api]}: an object was expected"):
        PARSERS[api](bent(api, bend))


def test_a_page_key_is_opaque_text() -> None:
    def bend(document: Any) -> None:
        document["accountListResponseBody"]["queryResult"]["page"] = " 00 K/=%"

    assert parse_accounts(bent("accountlist", bend)).info.next_key == " 00 K/=%"


def test_deep_nesting_in_a_field_is_refused_and_not_followed() -> None:
    deep = '{"a":' * 400 + "1" + "}" * 400
    with pytest.raises(SchemaError, match="settAmt: a number was expected"):
        _amount(deep)
