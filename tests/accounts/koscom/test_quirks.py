"""Every quirk of the b2baccount answers that touches a parser, each decided by a rule with a name here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.codes import ContractStatus, RowWarning, SettlementBasis, Side, TradeType
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas import (
    Asked,
    BalancePage,
    Execution,
    OrderPage,
    SettlementPage,
    TradePage,
    parse_accounts,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from tests.accounts.koscom.samples import ASKED, bent, tree

DAY = date(2016, 6, 22)
BLANKS = [None, "null", ""]


def _balance(bend: Any) -> BalancePage:
    return parse_balances(bent("balancelist", bend), Asked(ASKED))


def _cash(**fields: object) -> Any:
    def bend(document: Any) -> None:
        document["balanceList"]["balance"][0]["cashBalInfo"][0].update(fields)

    return _balance(bend).cash[0]


def _cash_codes(*codes: object) -> list[tuple[str, SettlementBasis | None]]:
    def bend(document: Any) -> None:
        rows = document["balanceList"]["balance"][0]["cashBalInfo"]
        rows[:] = [{**rows[0], "crcyCode": code} for code in codes]

    return [(row.currency, row.settlement_basis) for row in _balance(bend).cash]


def _holding(**fields: object) -> Any:
    def bend(document: Any) -> None:
        document["balanceList"]["balance"][0]["securitiesBalInfo"][0].update(fields)

    return _balance(bend).holdings[0]


def _settlements(**fields: object) -> SettlementPage:
    def bend(document: Any) -> None:
        document["settleList"]["settleInfo"][0].update(fields)

    return parse_settlements(bent("settlelist", bend), Asked(ASKED))


def _trades(**fields: object) -> TradePage:
    def bend(document: Any) -> None:
        document["tradeBookList"]["tradeBook"][0].update(fields)

    return parse_trades(bent("tradebook", bend), Asked(ASKED))


def _orders(**fields: object) -> OrderPage:
    def bend(document: Any) -> None:
        document["orderDetailList"]["orderDetail"][0].update({"accNo": ASKED, **fields})

    return parse_orders(bent("orderdetail", bend), Asked(ASKED), DAY)


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
        rows: dict[str, dict[str, object]] = {"zero": {}, "none": {"orderQty": None, "orderPrice": "null"}, "absent": {"execList": []}}
        page = _orders(**rows[style])
        assert (page.orders, page.empty_rows, page.foreign) == ((), 1, ())

    def test_quirk_06_total_count_of_a_balance_counts_securities(self) -> None:
        page = parse_balances(tree("balancelist"), Asked(ASKED))
        assert page.info.total_count == len(page.holdings) == 2

    def test_quirk_08_a_balance_without_the_balance_level_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"] = document["balanceList"]["balance"][0]

        assert _balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_a_balance_list_that_is_an_array_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"] = document["balanceList"]["balance"]

        assert _balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_account_info_as_a_list_is_read_alike(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["accInfo"] = [row["accInfo"]]

        assert _balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_08_rows_inside_the_account_info_are_read_alike(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            owner = {**row.pop("accInfo"), **row}
            document["balanceList"] = {"accInfo": [owner]}

        assert _balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    @pytest.mark.parametrize("wrong", ["KR7000020008", 7, True])
    def test_quirk_08_anything_else_in_place_of_the_balance_is_refused(self, wrong: object) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"] = wrong

        with pytest.raises(SchemaError, match=r"balanceList\.balance: a list was expected"):
            _balance(bend)

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_blank_balance_is_an_empty_one(self, blank: object) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"] = blank

        assert _balance(bend).holdings == ()

    def test_quirk_09_cash_under_its_misspelt_name_is_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["cachBalInfo"] = row.pop("cashBalInfo")

        assert _balance(bend) == parse_balances(tree("balancelist"), Asked(ASKED))

    def test_quirk_11_loans_under_their_misspelt_name_are_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]["cashBalInfo"][0]
            row["totlLoanAmt"] = row.pop("totLoanAmt")

        assert _balance(bend).cash[0].credit_total == Decimal(3600000)

    def test_quirk_11_keys_in_another_case_are_read(self) -> None:
        def bend(document: Any) -> None:
            document["Resp"] = document.pop("resp")
            document["AccountList"] = document.pop("accountList")

        assert len(parse_accounts(bent("accountlist", bend)).accounts) == 1

    def test_quirk_11_value_under_the_sibling_service_name_is_read(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]["securitiesBalInfo"][0]
            row["valueAtCur"] = row["valAtCur"]

        assert _balance(bend).holdings[0].market_value == Decimal(8700000)


class TestIdentity:
    def test_quirk_17_a_number_with_dashes_is_the_same_account(self) -> None:
        assert _settlements(accNo="001-9923-122221").foreign == ()

    @pytest.mark.parametrize("read", [_settlements, _trades, _orders])
    def test_quirk_17_a_row_of_another_account_is_reported_and_not_booked(self, read: Any) -> None:
        page = read(accNo="001-01-992323232")
        assert [row.number for row in page.foreign] == ["001-01-992323232"]
        assert not getattr(page, "settlements", None)
        assert not getattr(page, "trades", None)
        assert not getattr(page, "orders", None)

    def test_quirk_17_a_balance_of_another_account_is_reported_and_not_booked(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["accInfo"]["accNo"] = "9"

        page = _balance(bend)
        assert (page.cash, page.holdings, page.holder_names) == ((), (), ())
        assert [(row.path, row.number) for row in page.foreign] == [("balanceList.balance[0].accInfo[0]", "9")]

    def test_quirk_17_rows_of_two_accounts_that_cannot_be_told_apart_are_refused(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            row["accInfo"] = [row["accInfo"], {"accNo": "9"}]

        with pytest.raises(SchemaError, match="several accounts"):
            _balance(bend)

    def test_quirk_17_each_account_with_its_own_rows_can_be_told_apart(self) -> None:
        def bend(document: Any) -> None:
            row = document["balanceList"]["balance"][0]
            document["balanceList"] = {"accInfo": [{**row["accInfo"], **row}, {"accNo": "9", **row}]}

        page = _balance(bend)
        assert (len(page.cash), len(page.foreign)) == (1, 1)

    def test_quirk_20_another_holder_name_is_kept_as_sent(self) -> None:
        assert _settlements().settlements[0].holder_name == "이지선"

    def test_quirk_21_a_row_may_bear_the_real_number_of_an_account_asked_by_its_virtual_one(self) -> None:
        asked = Asked("0929923212342", aliases=(ASKED,))
        assert parse_settlements(tree("settlelist"), asked).foreign == ()

    def test_quirk_22_an_account_number_that_is_a_number_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="leading zeros"):
            _settlements(accNo=19923122221)

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_row_without_a_number_is_booked_with_a_warning(self, blank: object) -> None:
        page = _settlements(accNo=blank)
        assert page.settlements[0].warnings == (RowWarning.NO_ACCOUNT_NUMBER,)

    def test_a_balance_without_a_number_is_booked_with_a_warning(self) -> None:
        def bend(document: Any) -> None:
            del document["balanceList"]["balance"][0]["accInfo"]

        page = _balance(bend)
        assert (len(page.holdings), page.warnings) == (2, (RowWarning.NO_ACCOUNT_NUMBER,))

    def test_a_balance_without_a_holder_is_read(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["accInfo"]["accName"] = "null"

        assert _balance(bend).holder_names == ()

    def test_an_account_without_a_number_is_refused(self) -> None:
        def bend(document: Any) -> None:
            document["accountList"]["account"][0]["accNo"] = "null"

        with pytest.raises(SchemaError, match=r"accountList\.account\[0\]\.accNo"):
            parse_accounts(bent("accountlist", bend))


def _code(kind: str | None, code: str | None, name: str | None = "이름") -> dict[str, str | None]:
    return {"isinType": kind, "isinCode": code, "isinName": name}


class TestInstruments:
    def test_quirk_23_a_standard_code_that_is_no_isin_stays_a_code(self) -> None:
        instrument = _holding().instrument
        assert (instrument.isin, instrument.codes[0].code) == (None, "KR0065300")

    def test_quirk_23_a_wrong_check_digit_is_no_isin(self) -> None:
        assert _holding(isinInfo=[_code("표준코드", "KR7005930004")]).instrument.isin is None

    def test_quirk_24_a_short_code_is_kept_as_sent(self) -> None:
        assert _holding(isinInfo=[_code("단축코드", "A0088M0")]).instrument.short_code == "A0088M0"

    def test_quirk_25_an_isin_without_a_type_is_known_by_its_form(self) -> None:
        instrument = _holding(isinInfo=[_code(None, "KR7000020008", "동화약품")]).instrument
        assert (instrument.isin, instrument.short_code, instrument.name) == ("KR7000020008", None, "동화약품")

    def test_quirk_25_a_short_code_without_a_type_is_known_by_its_form(self) -> None:
        instrument = _holding(isinInfo=[_code(None, "A005930"), _code(None, None)]).instrument
        assert (instrument.isin, instrument.short_code) == (None, "A005930")

    def test_quirk_26_several_codes_are_one_position_in_any_order(self) -> None:
        codes = [_code("단축코드", "A005930"), _code("표준코드", "KR7005930003"), _code("축약영문", "SamsungElec")]
        for order in (codes, codes[::-1]):
            instrument = _holding(isinInfo=order).instrument
            assert (instrument.isin, instrument.short_code) == ("KR7005930003", "A005930")

    def test_quirk_26_the_labelled_isin_wins_over_another_one(self) -> None:
        codes = [_code("상품코드", "KR7000020008"), _code("표준코드", "KR7005930003")]
        assert _holding(isinInfo=codes).instrument.isin == "KR7005930003"

    def test_a_lone_code_object_is_a_list_of_one(self) -> None:
        assert _holding(isinInfo=_code("표준코드", "KR7005930003")).instrument.isin == "KR7005930003"

    @pytest.mark.parametrize("blank", [*BLANKS, []])
    def test_an_instrument_without_codes_is_an_empty_one(self, blank: object) -> None:
        instrument = _holding(isinInfo=blank).instrument
        assert (instrument.isin, instrument.short_code, instrument.name, instrument.codes) == (None, None, None, ())

    def test_quirk_27_a_currency_in_exchange_is_flagged_and_kept(self) -> None:
        row = _settlements(exchange="USD").settlements[0]
        assert (row.exchange, row.currency, row.warnings) == ("USD", "KRW", (RowWarning.CURRENCY_IN_EXCHANGE,))

    @pytest.mark.parametrize(("exchange", "currency"), [("NYS", None), ("USD", "USD"), ("나스닥", None)])
    def test_quirk_27_other_exchanges_are_not_flagged(self, exchange: str, currency: str | None) -> None:
        assert _settlements(exchange=exchange, crcyCode=currency).settlements[0].warnings == ()

    def test_quirk_27_dollars_on_a_korean_stock_are_flagged(self) -> None:
        row = _orders(orderNo="1", crcyCode="USD").orders[0]
        assert (row.currency, row.warnings) == ("USD", (RowWarning.CURRENCY_ON_KOREAN_ISIN,))


class TestMoney:
    def test_quirk_28_the_return_is_recomputed_and_the_reported_one_kept(self) -> None:
        row = _holding(earningRate="-12.9")
        assert (row.return_rate, row.reported_return_rate) == (Decimal("-0.0333333333333"), Decimal("-12.9"))

    @pytest.mark.parametrize("cost", [0, None, "null"])
    def test_quirk_28_without_a_cost_there_is_no_return(self, cost: object) -> None:
        assert _holding(valAtTrade=cost).return_rate is None

    def test_quirk_28_without_a_profit_there_is_no_return(self) -> None:
        assert _holding(proLoss=None).return_rate is None

    def test_a_profit_that_is_not_value_less_cost_is_flagged(self) -> None:
        assert _holding(proLoss=1).warnings == (RowWarning.PROFIT_LOSS,)

    def test_quirk_29_loans_and_credit_follow_the_korean_labels(self) -> None:
        row = _cash(totCreditAmt=1, totLoanAmt=2)
        assert (row.loan_total, row.credit_total) == (Decimal(1), Decimal(2))

    @pytest.mark.parametrize("name", ["cashBalance", "receivable", "totLoanAmt", "valAtCur"])
    @pytest.mark.parametrize("blank", BLANKS)
    def test_an_amount_that_was_not_said_is_none_and_not_zero(self, name: str, blank: object) -> None:
        fields = {"cashBalance": "cash_balance", "totLoanAmt": "credit_total", "valAtCur": "valuation"}
        assert getattr(_cash(**{name: blank}), fields.get(name, name)) is None

    def test_a_cash_row_without_a_word_is_filler(self) -> None:
        def bend(document: Any) -> None:
            document["balanceList"]["balance"][0]["cashBalInfo"].append({"cashBalance": "null", "crcyCode": ""})

        assert len(_balance(bend).cash) == 1

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
        row = _trades(transType=trans_type, changeAmt=amount, changeQty=quantity, summary=None).trades[0]
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
        row = _trades(transType=code).trades[0]
        assert (row.type, row.type_code) == (kind, code)

    @pytest.mark.parametrize(
        ("code", "summary"), [("ASK", "장내매수"), ("ETC", "배당금입금"), ("DEP", "이체입금"), ("ASK", "")]
    )
    def test_quirk_30_a_summary_that_fits_is_not_flagged(self, code: str, summary: str) -> None:
        assert RowWarning.SUMMARY not in _trades(transType=code, summary=summary).trades[0].warnings

    def test_quirk_32_costs_that_do_not_add_up_are_flagged(self) -> None:
        assert _settlements(costTotal=1).settlements[0].warnings == (RowWarning.COST_SUM,)

    @pytest.mark.parametrize("fields", [{"costTotal": None}, {"costInfo": []}])
    def test_quirk_32_costs_that_were_not_said_are_not_compared(self, fields: dict[str, object]) -> None:
        assert _settlements(**fields).settlements[0].warnings == ()

    def test_an_empty_cost_line_is_filler_and_a_nameless_one_is_kept(self) -> None:
        lines = [{"costName": None, "cost": 0}, {"costName": "", "cost": 5}, {"costName": "농특세", "cost": None}]
        row = _settlements(costInfo=lines, costTotal=5).settlements[0]
        assert [(line.name, line.amount) for line in row.costs] == [(None, Decimal(5)), ("농특세", None)]
        assert row.warnings == ()

    def test_quirk_34_an_exchange_rate_of_zero_is_none(self) -> None:
        assert _holding(currencyRate=0.0).fx_rate is None
        assert _holding(currencyRate="1458.28").fx_rate == Decimal("1458.28")


class TestCashBasis:
    def test_suffixes_are_split_from_the_currency(self) -> None:
        basis = SettlementBasis
        assert _cash_codes("KRW-D0", "KRW-D1", "KRW") == [("KRW", basis.D0), ("KRW", basis.D1), ("KRW", basis.D2)]

    def test_the_letter_o_is_a_zero(self) -> None:
        assert _cash_codes("KRW-DO", "krw-d2") == [("KRW", SettlementBasis.D0), ("KRW", SettlementBasis.D2)]

    def test_a_plain_won_row_is_the_trade_date_basis(self) -> None:
        assert _cash_codes("KRW") == [("KRW", SettlementBasis.D2)]

    @pytest.mark.parametrize("blank", BLANKS)
    def test_a_row_that_says_no_currency_is_won_on_an_unknown_basis(self, blank: object) -> None:
        assert _cash_codes(blank) == [("KRW", None)]

    def test_a_row_without_currency_beside_suffixed_ones_is_the_trade_date_basis(self) -> None:
        assert _cash_codes("KRW-D0", None)[1] == ("KRW", SettlementBasis.D2)

    def test_dollars_have_no_basis_unless_their_rows_say_so(self) -> None:
        assert _cash_codes("USD", "KRW-D0") == [("USD", None), ("KRW", SettlementBasis.D0)]
        assert _cash_codes("USD", "USD-D1")[0] == ("USD", SettlementBasis.D2)

    @pytest.mark.parametrize("code", ["원", "KRW-D5", "KRWD0", "US"])
    def test_a_currency_that_nobody_knows_is_refused(self, code: str) -> None:
        with pytest.raises(SchemaError, match="not a currency"):
            _cash_codes(code)


class TestDatesAndTimes:
    @pytest.mark.parametrize("blank", [*BLANKS, "00000000", "0"])
    def test_quirk_35_and_sentinel_a_blank_date_is_none(self, blank: object) -> None:
        assert _holding(maturity=blank).maturity_date is None

    @pytest.mark.parametrize("sent", ["20170921", "201709211530", "20170921153000", 20170921])
    def test_a_date_may_carry_a_time_or_be_a_number(self, sent: object) -> None:
        assert _holding(maturity=sent).maturity_date == date(2017, 9, 21)

    @pytest.mark.parametrize("sent", ["20171345", "2017", "어제", [], {"a": 1}, True])
    def test_a_date_that_is_none_is_refused(self, sent: object) -> None:
        with pytest.raises(SchemaError, match="maturity"):
            _holding(maturity=sent)

    def test_quirk_36_a_trade_on_a_sunday_is_kept(self) -> None:
        assert _trades(transDate="20170625").trades[0].date == date(2017, 6, 25)

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ("2016062211262636", "2016-06-22T11:26:26.360000+09:00"),
            ("20160622112626361", "2016-06-22T11:26:26.361000+09:00"),
            ("20160622112626", "2016-06-22T11:26:26+09:00"),
            ("201606221126", "2016-06-22T11:26:00+09:00"),
            ("112626", "2016-06-22T11:26:26+09:00"),
            ("11262636", "2016-06-22T11:26:26.360000+09:00"),
            (112626, "2016-06-22T11:26:26+09:00"),
        ],
    )
    def test_quirk_33_times_of_every_length_are_read_and_kept_raw(self, sent: object, expected: str) -> None:
        row = _orders(orderNo="1", orderTime=sent).orders[0]
        assert row.ordered_at is not None
        assert (row.ordered_at.isoformat(), row.ordered_at_text) == (expected, str(sent))

    @pytest.mark.parametrize("sent", ["20160622", "9926", "점심", "2016139911262636", "256161", None])
    def test_quirk_33_a_time_that_says_none_is_kept_raw(self, sent: str | None) -> None:
        row = _orders(orderNo="1", orderTime=sent).orders[0]
        assert (row.ordered_at, row.ordered_at_text) == (None, sent)


class TestOrders:
    def test_an_order_is_read_with_every_field(self) -> None:
        execution = {"execQty": "3", "execPrice": 10500.0, "execNo": 7, "execTime": "112630"}
        page = _orders(
            orderNo="0000012345",
            orgOrderNo="0000012344",
            modifyType="1",
            cancelType=0,
            sellBuyType=2.0,
            orderType="지정가",
            exchange="NXT",
            orderQty=10,
            orderPrice=10500,
            execSumQty=3,
            orderExecType="일부체결",
            cmsnType="온라인",
            settDays=2,
            buyQtyUnit=1,
            sellQtyUnit=1,
            orderRejectReason="없음",
            execList=[execution, {"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": None}],
        )
        (row,) = page.orders
        assert (row.order_number, row.original_order_number) == ("0000012345", "0000012344")
        assert (row.modified, row.canceled, row.side) == (True, False, Side.BUY)
        assert (row.order_type, row.exec_type, row.exchange) == ("지정가", "일부체결", "NXT")
        assert (row.quantity, row.price, row.executed_quantity) == (Decimal(10), Decimal(10500), Decimal(3))
        assert (row.fee_type, row.settle_days, row.buy_unit, row.sell_unit) == ("온라인", Decimal(2), Decimal(1), Decimal(1))
        assert (row.reject_reason, row.holder_name) == ("없음", "일임계좌")
        assert row.instrument.isin == "KR7000020008"
        assert [(fill.number, fill.quantity, fill.price) for fill in row.executions] == [("7", Decimal(3), Decimal(10500))]
        assert row.executions[0].executed_at is not None
        assert row.executions[0].executed_at.isoformat() == "2016-06-22T11:26:30+09:00"

    def test_quirk_34_an_all_zero_execution_is_none(self) -> None:
        zero = {"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": "000000"}
        assert _orders(orderNo="1", execList=[zero]).orders[0].executions == ()

    def test_an_execution_of_nothing_with_a_time_is_kept(self) -> None:
        odd = {"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": "112626"}
        (fill,) = _orders(execList=[odd]).orders[0].executions
        assert isinstance(fill, Execution)
        assert (fill.quantity, fill.executed_at_text) == (Decimal(0), "112626")

    def test_flags_that_were_not_said_are_none(self) -> None:
        row = _orders(orderNo="1", modifyType=None, cancelType="", sellBuyType="null").orders[0]
        assert (row.modified, row.canceled, row.side) == (None, None, None)

    @pytest.mark.parametrize("name", ["modifyType", "cancelType", "sellBuyType"])
    def test_a_state_code_that_nobody_knows_is_refused(self, name: str) -> None:
        with pytest.raises(SchemaError, match=f"{name}: unknown code '9'"):
            _orders(orderNo="1", **{name: "9"})


class TestFreeText:
    @pytest.mark.parametrize(
        ("name", "text"),
        [("orderType", " 최유리 지정가"), ("orderExecType", "접수전"), ("orderRejectReason", "기타\n사유")],
    )
    def test_quirk_38_free_texts_come_out_unchanged(self, name: str, text: str) -> None:
        fields = {"orderType": "order_type", "orderExecType": "exec_type", "orderRejectReason": "reject_reason"}
        assert getattr(_orders(orderNo="1", **{name: text}).orders[0], fields[name]) == text

    def test_quirk_38_a_number_in_a_free_text_keeps_its_characters(self) -> None:
        assert _orders(orderNo="1", orderType=5.10).orders[0].order_type == "5.1"

    def test_quirk_42_one_stock_in_two_lots_is_two_rows(self) -> None:
        def bend(document: Any) -> None:
            rows = document["balanceList"]["balance"][0]["securitiesBalInfo"]
            rows[1]["isinInfo"] = rows[0]["isinInfo"]

        assert [row.credit_type for row in _balance(bend).holdings] == ["자기융자", None]

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("0", ContractStatus.ACTIVE),
            ("1", ContractStatus.TERMINATED),
            ("2", ContractStatus.EXPIRED),
            (2, ContractStatus.EXPIRED),
            (None, None),
        ],
    )
    def test_quirk_44_ended_contracts_are_listed_too(self, code: object, status: ContractStatus | None) -> None:
        def bend(document: Any) -> None:
            document["accountList"]["account"][0]["contractStatus"] = code

        assert parse_accounts(bent("accountlist", bend)).accounts[0].contract_status is status

    def test_a_contract_status_that_nobody_knows_is_refused(self) -> None:
        def bend(document: Any) -> None:
            document["accountList"]["account"][0]["contractStatus"] = "7"

        with pytest.raises(SchemaError, match=r"accountList\.account\[0\]\.contractStatus: unknown code"):
            parse_accounts(bent("accountlist", bend))


class TestFillerRows:
    def test_an_account_row_of_blanks_is_dropped(self) -> None:
        def bend(document: Any) -> None:
            document["accountList"]["account"].append({"accNo": None, "accName": "", "contractStatus": "null"})

        assert len(parse_accounts(bent("accountlist", bend)).accounts) == 1

    def test_a_holding_of_nothing_is_dropped(self) -> None:
        def bend(document: Any) -> None:
            rows = document["balanceList"]["balance"][0]["securitiesBalInfo"]
            rows.append({"qty": 0, "valAtTrade": 0, "valAtCur": 0, "isinInfo": [{"isinCode": "", "isinName": None}]})

        assert len(_balance(bend).holdings) == 2

    def test_a_settlement_of_nothing_is_dropped(self) -> None:
        assert _settlements(settQty=0, settAmt=0.0, settDate=None, costTotal="0").settlements == ()

    def test_a_trade_of_nothing_is_dropped(self) -> None:
        assert _trades(transDate=None, transType=None, changeAmt=0, changeQty=0).trades == ()

    def test_an_unknown_currency_in_a_row_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="not a currency: '달러'"):
            _settlements(crcyCode="달러")

    def test_a_currency_in_lower_case_is_read(self) -> None:
        assert _settlements(crcyCode=" usd ").settlements[0].currency == "USD"
