"""Quirks of orders, free texts and filler rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.codes import ContractStatus, Side
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas import (
    Execution,
    parse_accounts,
)
from tests.accounts.koscom.quirks.bending import balance, orders, settlements, trades
from tests.accounts.koscom.samples import bent


class TestOrders:
    def test_an_order_is_read_with_every_field(self) -> None:
        execution = {"execQty": "3", "execPrice": 10500.0, "execNo": 7, "execTime": "112630"}
        page = orders(
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
        assert (row.fee_type, row.settle_days, row.buy_unit, row.sell_unit) == (
            "온라인",
            Decimal(2),
            Decimal(1),
            Decimal(1),
        )
        assert (row.reject_reason, row.holder_name) == ("없음", "일임계좌")
        assert row.instrument.isin == "KR7000020008"
        assert [(fill.number, fill.quantity, fill.price) for fill in row.executions] == [
            ("7", Decimal(3), Decimal(10500))
        ]
        assert row.executions[0].executed_at is not None
        assert row.executions[0].executed_at.isoformat() == "2016-06-22T11:26:30+09:00"

    def test_quirk_34_an_all_zero_execution_is_none(self) -> None:
        zero = {"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": "000000"}
        assert orders(orderNo="1", execList=[zero]).orders[0].executions == ()

    def test_an_execution_of_nothing_with_a_time_is_kept(self) -> None:
        odd = {"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": "112626"}
        (fill,) = orders(execList=[odd]).orders[0].executions
        assert isinstance(fill, Execution)
        assert (fill.quantity, fill.executed_at_text) == (Decimal(0), "112626")

    def test_flags_that_were_not_said_are_none(self) -> None:
        row = orders(orderNo="1", modifyType=None, cancelType="", sellBuyType="null").orders[0]
        assert (row.modified, row.canceled, row.side) == (None, None, None)

    @pytest.mark.parametrize("name", ["modifyType", "cancelType", "sellBuyType"])
    def test_a_state_code_that_nobody_knows_is_refused(self, name: str) -> None:
        with pytest.raises(SchemaError, match=f"{name}: unknown code '9'"):
            orders(orderNo="1", **{name: "9"})


class TestFreeText:
    @pytest.mark.parametrize(
        ("name", "text"),
        [("orderType", " 최유리 지정가"), ("orderExecType", "접수전"), ("orderRejectReason", "기타\n사유")],
    )
    def test_quirk_38_free_texts_come_out_unchanged(self, name: str, text: str) -> None:
        fields = {"orderType": "order_type", "orderExecType": "exec_type", "orderRejectReason": "reject_reason"}
        assert getattr(orders(orderNo="1", **{name: text}).orders[0], fields[name]) == text

    def test_quirk_38_a_number_in_a_free_text_keeps_its_characters(self) -> None:
        assert orders(orderNo="1", orderType=5.10).orders[0].order_type == "5.1"

    def test_quirk_42_one_stock_in_two_lots_is_two_rows(self) -> None:
        def bend(document: Any) -> None:
            rows = document["balanceList"]["balance"][0]["securitiesBalInfo"]
            rows[1]["isinInfo"] = rows[0]["isinInfo"]

        assert [row.credit_type for row in balance(bend).holdings] == ["자기융자", None]

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

        assert len(balance(bend).holdings) == 2

    def test_a_settlement_of_nothing_is_dropped(self) -> None:
        assert settlements(settQty=0, settAmt=0.0, settDate=None, costTotal="0").settlements == ()

    def test_a_trade_of_nothing_is_dropped(self) -> None:
        assert trades(transDate=None, transType=None, changeAmt=0, changeQty=0).trades == ()

    def test_an_unknown_currency_in_a_row_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="not a currency: '달러'"):
            settlements(crcyCode="달러")

    def test_a_currency_in_lower_case_is_read(self) -> None:
        assert settlements(crcyCode=" usd ").settlements[0].currency == "USD"
