"""Quirks of identity: whose row is it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.koscom.codes import RowWarning
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas import (
    Asked,
    parse_accounts,
    parse_settlements,
)
from tests.accounts.koscom.quirks.bending import BLANKS, balance, orders, settlements, trades
from tests.accounts.koscom.samples import ASKED, bent, tree


class TestIdentity:
    def test_quirk_17_a_number_with_dashes_is_the_same_account(self) -> None:
        assert settlements(accNo="001-9923-122221").foreign == ()

    @pytest.mark.parametrize("read", [settlements, trades, orders])
    def test_quirk_17_a_row_of_another_account_is_reported_and_not_booked(self, read: Any) -> None:
        page = read(accNo="001-01-992323232")
        assert [row.number for row in page.foreign] == ["001-01-992323232"]
        assert not getattr(page, "settlements", None)
        assert not getattr(page, "trades", None)
        assert not getattr(page, "orders", None)

    def test_quirk_17_a_balance_of_another_account_is_reported_and_not_booked(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["accInfo"]["accNo"] = "9"

        page = balance(bend)
        assert (page.cash, page.holdings, page.holder_names) == ((), (), ())
        assert [(row.path, row.number) for row in page.foreign] == [("balanceList.balance[0].accInfo[0]", "9")]

    def test_quirk_17_rows_of_two_accounts_that_cannot_be_told_apart_are_refused(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["accInfo"] = [row["accInfo"], {"accNo": "9"}]

        with pytest.raises(SchemaError, match="several accounts"):
            balance(bend)

    def test_quirk_17_each_account_with_its_own_rows_can_be_told_apart(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            document["balanceList"] = {"accInfo": [{**row["accInfo"], **row}, {"accNo": "9", **row}]}

        page = balance(bend)
        assert (len(page.cash), len(page.foreign)) == (1, 1)

    def test_quirk_20_another_holder_name_is_kept_as_sent(self) -> None:
        assert settlements().settlements[0].holder_name == "이지선"

    def test_quirk_21_a_row_may_bear_the_real_number_of_an_account_asked_by_its_virtual_one(self) -> None:
        asked = Asked("0929923212342", aliases=(ASKED,))
        assert parse_settlements(tree("settlelist"), asked).foreign == ()

    def test_quirk_22_an_account_number_that_is_a_number_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="leading zeros"):
            settlements(accNo=19923122221)

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_row_without_a_number_is_booked_with_a_warning(self, blank: object) -> None:
        page = settlements(accNo=blank)
        assert page.settlements[0].warnings == (RowWarning.NO_ACCOUNT_NUMBER,)

    def test_a_balance_without_a_number_is_booked_with_a_warning(self) -> None:
        def bend(document: Any) -> None:
            del document["balanceList"]["balance"][0]["accInfo"]

        page = balance(bend)
        assert (len(page.holdings), page.warnings) == (2, (RowWarning.NO_ACCOUNT_NUMBER,))

    def test_a_balance_without_a_holder_is_read(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["accInfo"]["accName"] = "null"

        assert balance(bend).holder_names == ()

    def test_an_account_without_a_number_is_refused(self) -> None:
        def bend(document: Any) -> None:
            document["accountList"]["account"][0]["accNo"] = "null"

        with pytest.raises(SchemaError, match=r"accountList\.account\[0\]\.accNo"):
            parse_accounts(bent("accountlist", bend))
