"""Quirks of amounts, signs, costs and cash rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.codes import RowWarning, SettlementBasis, TradeType
from accounts.koscom.errors import SchemaError
from tests.accounts.koscom.quirks.bending import BLANKS, balance, cash, cash_codes, holding, settlements, trades


class TestMoney:
    def test_quirk_28_the_return_is_recomputed_and_the_reported_one_kept(self) -> None:
        row = holding(earningRate="-12.9")
        assert (row.return_rate, row.reported_return_rate) == (Decimal("-0.0333333333333"), Decimal("-12.9"))

    @pytest.mark.parametrize("cost", [0, None, "null"])
    def test_quirk_28_without_a_cost_there_is_no_return(self, cost: object) -> None:
        assert holding(valAtTrade=cost).return_rate is None

    def test_quirk_28_without_a_profit_there_is_no_return(self) -> None:
        assert holding(proLoss=None).return_rate is None

    def test_a_profit_that_is_not_value_less_cost_is_flagged(self) -> None:
        assert holding(proLoss=1).warnings == (RowWarning.PROFIT_LOSS,)

    def test_quirk_29_loans_and_credit_follow_the_korean_labels(self) -> None:
        row = cash(totCreditAmt=1, totLoanAmt=2)
        assert (row.loan_total, row.credit_total) == (Decimal(1), Decimal(2))

    @pytest.mark.parametrize("name", ["cashBalance", "receivable", "totLoanAmt", "valAtCur"])
    @pytest.mark.parametrize("blank", BLANKS)
    def test_an_amount_that_was_not_said_is_none_and_not_zero(self, name: str, blank: object) -> None:
        fields = {"cashBalance": "cash_balance", "totLoanAmt": "credit_total", "valAtCur": "valuation"}
        assert getattr(cash(**{name: blank}), fields.get(name, name)) is None

    def test_a_cash_row_without_a_word_is_filler(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["cashBalInfo"].append({"cashBalance": "null", "crcyCode": ""})

        assert len(balance(bend).cash) == 1

    @pytest.mark.parametrize(
        ("trans_type", "amount", "quantity", "warnings"),
        [
            ("ASK", -5, 5, ()),
            ("BID", 5, -5, ()),
            ("DEP", 5, 0, ()),
            ("WID", -5, 0, ()),
            ("ETC", -5, 5, ()),
            ("ASK", 5, 5, (RowWarning.AMOUNT_SIGN,)),
            ("BID", 5, 5, (RowWarning.QUANTITY_SIGN,)),
            ("DEP", -5, -5, (RowWarning.AMOUNT_SIGN, RowWarning.QUANTITY_SIGN)),
            ("WID", 5, None, (RowWarning.AMOUNT_SIGN,)),
        ],
    )
    def test_quirk_30_signs_against_the_code_are_flagged(
        self, trans_type: str, amount: int, quantity: int | None, warnings: tuple[RowWarning, ...]
    ) -> None:
        row = trades(transType=trans_type, changeAmt=amount, changeQty=quantity, summary=None).trades[0]
        assert row.warnings == warnings

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("BID", TradeType.SELL),
            ("ASK", TradeType.BUY),
            ("DEP", TradeType.DEPOSIT),
            ("WID", TradeType.WITHDRAWAL),
            ("ETC", TradeType.OTHER),
            ("bid", TradeType.SELL),
            ("XYZ", TradeType.OTHER),
        ],
    )
    def test_quirk_30_the_code_alone_decides_the_type(self, code: str, kind: TradeType) -> None:
        row = trades(transType=code).trades[0]
        assert (row.type, row.type_code) == (kind, code)

    @pytest.mark.parametrize(
        ("code", "summary"), [("ASK", "장내매수"), ("ETC", "배당금입금"), ("DEP", "이체입금"), ("ASK", "")]
    )
    def test_quirk_30_a_summary_that_fits_is_not_flagged(self, code: str, summary: str) -> None:
        assert RowWarning.SUMMARY not in trades(transType=code, summary=summary).trades[0].warnings

    def test_quirk_32_costs_that_do_not_add_up_are_flagged(self) -> None:
        assert settlements(costTotal=1).settlements[0].warnings == (RowWarning.COST_SUM,)

    @pytest.mark.parametrize("fields", [{"costTotal": None}, {"costInfo": []}])
    def test_quirk_32_costs_that_were_not_said_are_not_compared(self, fields: dict[str, object]) -> None:
        assert settlements(**fields).settlements[0].warnings == ()

    def test_an_empty_cost_line_is_filler_and_a_nameless_one_is_kept(self) -> None:
        lines = [{"costName": None, "cost": 0}, {"costName": "", "cost": 5}, {"costName": "농특세", "cost": None}]
        row = settlements(costInfo=lines, costTotal=5).settlements[0]
        assert [(line.name, line.amount) for line in row.costs] == [(None, Decimal(5)), ("농특세", None)]
        assert row.warnings == ()

    def test_quirk_34_an_exchange_rate_of_zero_is_none(self) -> None:
        assert holding(currencyRate=0.0).fx_rate is None
        assert holding(currencyRate="1458.28").fx_rate == Decimal("1458.28")


class TestCashBasis:
    def test_suffixes_are_split_from_the_currency(self) -> None:
        basis = SettlementBasis
        assert cash_codes("KRW-D0", "KRW-D1", "KRW") == [("KRW", basis.D0), ("KRW", basis.D1), ("KRW", basis.D2)]

    def test_the_letter_o_is_a_zero(self) -> None:
        assert cash_codes("KRW-DO", "krw-d2") == [("KRW", SettlementBasis.D0), ("KRW", SettlementBasis.D2)]

    def test_a_plain_won_row_is_the_trade_date_basis(self) -> None:
        assert cash_codes("KRW") == [("KRW", SettlementBasis.D2)]

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_row_that_says_no_currency_is_won_on_an_unknown_basis(self, blank: object) -> None:
        assert cash_codes(blank) == [("KRW", None)]

    def test_a_row_without_currency_beside_suffixed_ones_is_the_trade_date_basis(self) -> None:
        assert cash_codes("KRW-D0", None)[1] == ("KRW", SettlementBasis.D2)

    def test_dollars_have_no_basis_unless_their_rows_say_so(self) -> None:
        assert cash_codes("USD", "KRW-D0") == [("USD", None), ("KRW", SettlementBasis.D0)]
        assert cash_codes("USD", "USD-D1")[0] == ("USD", SettlementBasis.D2)

    @pytest.mark.parametrize("code", ["원", "KRW-D5", "KRWD0", "US"])
    def test_a_currency_that_nobody_knows_is_refused(self, code: str) -> None:
        with pytest.raises(SchemaError, match="not a currency"):
            cash_codes(code)
