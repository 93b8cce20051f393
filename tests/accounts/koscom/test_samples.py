"""The five sample responses of Koscom's manual, value by value."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from accounts.koscom.codes import ContractStatus, RowWarning, Side, TradeType
from accounts.koscom.schemas import (
    Account,
    Asked,
    CashRow,
    CostLine,
    ForeignRow,
    Holding,
    Instrument,
    InstrumentCode,
    PageInfo,
    Settlement,
    Trade,
    parse_accounts,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from tests.accounts.koscom.samples import APIS, ASKED, DATA, tree

SAMSUNG_LIFE = Instrument(
    isin=None,
    short_code="A06530",
    name="삼성생명",
    codes=(
        InstrumentCode("표준코드", "KR0065300", "삼성생명"),
        InstrumentCode("단축코드", "A06530", "삼성생명"),
    ),
)
SAMSUNG_ELECTRONICS = Instrument(
    isin=None,
    short_code="A05930",
    name="삼성전자",
    codes=(
        InstrumentCode("표준코드", "KR005930", "삼성전자"),
        InstrumentCode("단축코드", "A05930", "삼성전자"),
    ),
)
COSTS = (
    CostLine("거래세", Decimal(45000)),
    CostLine("주민세", Decimal(126000)),
    CostLine("일반수수료", Decimal(990)),
)


def test_account_list_sample_is_read_with_every_field() -> None:
    page = parse_accounts(tree("accountlist"))
    assert page.info == PageInfo("cc36edbf-e70b-4297-8e61-faafb2225c63", None, Decimal(1), Decimal(0))
    assert page.accounts == (Account("0019923122221", "홍길동", "0929923212342", ContractStatus.ACTIVE),)


def test_balance_sample_cash_is_read_with_every_field() -> None:
    page = parse_balances(tree("balancelist"), Asked(ASKED))
    assert page.info == PageInfo("4e4fe6b0-5598-4bfb-8fbd-b1da17b411fa", None, Decimal(2), Decimal(0))
    assert page.holder_names == ("홍길동",)
    assert (page.foreign, page.warnings) == ((), ())
    assert page.cash == (
        CashRow(
            currency="KRW",
            settlement_basis=None,
            cash_balance=Decimal(3000000),
            margin=Decimal(2500000),
            substitute=Decimal(5000000),
            receivable=Decimal(0),
            loan_total=Decimal(0),
            credit_total=Decimal(3600000),
            valuation=Decimal(5500000),
            withdrawable=Decimal(500000),
        ),
    )


def test_balance_sample_margin_position_is_read_with_every_field() -> None:
    first, _second = parse_balances(tree("balancelist"), Asked(ASKED)).holdings
    assert first == Holding(
        instrument=SAMSUNG_LIFE,
        asset_type="KSP",
        exchange=None,
        currency="KRW",
        quantity=Decimal(300),
        cost=Decimal(9000000),
        market_value=Decimal(8700000),
        profit_loss=Decimal(-300000),
        return_rate=Decimal("-0.0333333333333"),
        reported_return_rate=Decimal("-0.1"),
        credit_type="자기융자",
        credit_amount=Decimal(3600000),
        last_buy_date=date(2017, 6, 21),
        maturity_date=date(2017, 9, 21),
        foreign_deposit=Decimal(0),
        won_deposit=Decimal(0),
        fx_rate=None,
        warnings=(),
    )


def test_balance_sample_cash_position_is_read_with_every_field() -> None:
    _first, second = parse_balances(tree("balancelist"), Asked(ASKED)).holdings
    assert second == Holding(
        instrument=SAMSUNG_ELECTRONICS,
        asset_type="KSP",
        exchange=None,
        currency="KRW",
        quantity=Decimal(120),
        cost=Decimal(4000000),
        market_value=Decimal(4400000),
        profit_loss=Decimal(400000),
        return_rate=Decimal("0.1"),
        reported_return_rate=Decimal("0.1"),
        credit_type=None,
        credit_amount=Decimal(0),
        last_buy_date=date(2017, 6, 21),
        maturity_date=None,
        foreign_deposit=Decimal(0),
        won_deposit=Decimal(0),
        fx_rate=None,
        warnings=(),
    )


def test_settlement_sample_is_read_with_every_field() -> None:
    page = parse_settlements(tree("settlelist"), Asked(ASKED))
    assert page.info == PageInfo("702889e9-3477-40fd-9711-299c7f4e2b24", None, Decimal(1), Decimal(0))
    assert page.foreign == ()
    assert page.settlements == (
        Settlement(
            holder_name="이지선",
            instrument=SAMSUNG_LIFE,
            side=Side.SELL,
            exchange=None,
            currency="KRW",
            quantity=Decimal(300),
            amount=Decimal(9000000),
            trade_type="자기융자매도",
            credit_date=date(2017, 6, 27),
            credit_amount=Decimal(360000),
            settle_date=date(2017, 6, 27),
            cost_total=Decimal(171990),
            costs=COSTS,
            warnings=(),
        ),
    )


def test_trade_book_sample_is_read_with_every_field() -> None:
    page = parse_trades(tree("tradebook"), Asked(ASKED))
    assert page.info == PageInfo("88ea978a-22ab-4b32-9607-89c4fffaf103", None, Decimal(1), Decimal(0))
    assert page.foreign == ()
    assert page.trades == (
        Trade(
            holder_name="홍길동",
            instrument=SAMSUNG_LIFE,
            date=date(2017, 6, 22),
            type=TradeType.SELL,
            type_code="BID",
            amount_change=Decimal(-9000000),
            quantity_change=Decimal(300),
            quantity_after=Decimal(300),
            cash_after=Decimal(3000000),
            exchange=None,
            currency="KRW",
            subject="위탁자",
            summary="이체출금",
            costs=COSTS,
            warnings=(RowWarning.AMOUNT_SIGN, RowWarning.QUANTITY_SIGN, RowWarning.SUMMARY),
        ),
    )


def test_order_sample_row_of_another_account_is_reported_and_not_booked() -> None:
    page = parse_orders(tree("orderdetail"), Asked(ASKED), date(2016, 6, 22))
    assert page.info == PageInfo("5b19a7a5-443a-4b6b-a22b-17a627d3561b", None, Decimal(0), Decimal(0))
    assert (page.orders, page.empty_rows) == ((), 0)
    assert page.foreign == (ForeignRow("orderDetailList.orderDetail[0]", "001-01-992323232", ASKED),)


def test_order_sample_asked_by_its_own_number_is_an_empty_row() -> None:
    page = parse_orders(tree("orderdetail"), Asked("001-01-992323232"), date(2016, 6, 22))
    assert (page.orders, page.foreign, page.empty_rows) == ((), (), 1)


@pytest.mark.parametrize("api", APIS)
def test_request_samples_have_the_keys_that_the_client_sends(api: str) -> None:
    document = json.loads((DATA / f"{api}.request.json").read_bytes())
    partner, header, request_body = document
    assert (partner, header) == ("partner", "commonHeader")
    assert {"count", "page"} <= set(document[request_body]["queryParameter"])
