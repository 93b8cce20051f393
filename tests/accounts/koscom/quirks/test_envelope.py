"""Quirks of the envelope, of paging and of nesting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas import (
    Asked,
    parse_accounts,
    parse_balances,
)
from tests.accounts.koscom.quirks.bending import BLANKS, balance, orders
from tests.accounts.koscom.samples import ASKED, bent, tree


class TestEnvelope:
    @pytest.mark.parametrize("blank", BLANKS)
    def test_quirk_01_a_blank_page_key_is_the_last_page(self, blank: object) -> None:
        def bend(document: Any) -> None:
            document["accountListResponseBody"]["queryResult"]["page"] = blank

        assert parse_accounts(bent("accountlist", bend)).info.next_key is None

    def test_quirk_01_an_absent_page_key_is_the_last_page(self) -> None:
        def bend(document: Any) -> None:
            del document["accountListResponseBody"]["queryResult"]["page"]

        assert parse_accounts(bent("accountlist", bend)).info.next_key is None

    def test_quirk_02_and_16_the_echo_of_the_request_is_never_read(self) -> None:
        def bend(document: Any) -> None:
            document["accountListResponseBody"]["queryParameter"] = ["nonsense", {"page": "K2"}]

        assert parse_accounts(bent("accountlist", bend)).info.next_key is None

    def test_quirk_04_count_zero_beside_rows_loses_no_row(self) -> None:
        page = parse_accounts(tree("accountlist"))
        assert (page.info.count, len(page.accounts)) == (Decimal(0), 1)

    @pytest.mark.parametrize("style", ["zero", "none", "absent"])
    def test_quirk_05_an_all_zero_order_row_is_an_empty_result(self, style: str) -> None:
        rows: dict[str, dict[str, object]] = {
            "zero": {},
            "none": {"orderQty": None, "orderPrice": "null"},
            "absent": {"execList": []},
        }
        page = orders(**rows[style])
        assert (page.orders, page.empty_rows, page.foreign) == ((), 1, ())

    def test_quirk_06_total_count_of_a_balance_counts_securities(self) -> None:
        page = parse_balances(tree("balancelist"), Asked(ASKED))
        assert page.info.total_count == len(page.holdings) == 2

    def test_quirk_08_a_balance_without_the_balance_level_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"] = document["balanceList"]["balance"][0]

        assert balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_a_balance_list_that_is_an_array_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"] = document["balanceList"]["balance"]

        assert balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_account_info_as_a_list_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["accInfo"] = [row["accInfo"]]

        assert balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_rows_inside_the_account_info_are_read_alike(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            owner = {**row.pop("accInfo"), **row}
            document["balanceList"] = {"accInfo": [owner]}

        assert balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    @pytest.mark.parametrize("wrong", ["KR7000020008", 7, True])
    def test_quirk_08_anything_else_in_place_of_the_balance_is_refused(self, wrong: object) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"] = wrong

        with pytest.raises(SchemaError, match=r"balanceList\.balance: a list was expected"):
            balance(bend)

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_blank_balance_is_an_empty_one(self, blank: object) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"] = blank

        assert balance(bend).holdings == ()

    def test_quirk_09_cash_under_its_misspelt_name_is_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["cachBalInfo"] = row.pop("cashBalInfo")

        assert balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_11_loans_under_their_misspelt_name_are_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]["cashBalInfo"][0]
            row["totlLoanAmt"] = row.pop("totLoanAmt")

        assert balance(bend).cash[0].credit_total == Decimal(3600000)

    def test_quirk_11_keys_in_another_case_are_read(self) -> None:
        def bend(document: Any) -> None:
            document["Resp"] = document.pop("resp")
            document["AccountList"] = document.pop("accountList")

        assert len(parse_accounts(bent("accountlist", bend)).accounts) == 1

    def test_quirk_11_value_under_the_sibling_service_name_is_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]["securitiesBalInfo"][0]
            row["valueAtCur"] = row["valAtCur"]

        assert balance(bend).holdings[0].market_value == Decimal(8700000)
