"""Balances. The bodies are written from the field tables of the vendor's pages, which name every field and no more."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest

from orders.domain.events import Side
from orders.kis.schemas import DerivativesTotals, OverseasTotals, Position, derivatives_page, overseas_page

D = Decimal

# KIS 해외주식 잔고, output1 and output2.
SHARES = {
    "cano": "12345678",
    "acnt_prdt_cd": "01",
    "prdt_type_cd": "512",
    "ovrs_pdno": "AAPL",
    "ovrs_item_name": "애플",
    "frcr_evlu_pfls_amt": "25.500000",
    "evlu_pfls_rt": "12.50",
    "pchs_avg_pric": "20.4000",
    "ovrs_cblc_qty": "10",
    "ord_psbl_qty": "8",
    "frcr_pchs_amt1": "204.00000",
    "ovrs_stck_evlu_amt": "229.50000000",
    "now_pric2": "22.950000",
    "tr_crcy_cd": "USD",
    "ovrs_excg_cd": "NASD",
    "loan_type_cd": "00",
    "loan_dt": "",
    "expd_dt": "",
}
OVERSEAS_SUMS = {
    "frcr_pchs_amt1": "204.00000",
    "ovrs_rlzt_pfls_amt": "-3.00000",
    "ovrs_tot_pfls": "22.50000",
    "rlzt_erng_rt": "-1.47000000",
    "tot_evlu_pfls_amt": "25.50000000",
    "tot_pftrt": "12.50000000",
    "frcr_buy_amt_smtl1": "204.000000",
    "ovrs_rlzt_pfls_amt2": "-3.00000",
    "frcr_buy_amt_smtl2": "204.000000",
}
# KIS 선물옵션 잔고현황, output1 and output2.
CONTRACTS = {
    "cano": "12345678",
    "acnt_prdt_cd": "03",
    "pdno": "KR4A01630000",
    "prdt_type_cd": "301",
    "shtn_pdno": "A01603",
    "prdt_name": "F 202603",
    "sll_buy_dvsn_name": "SLL",
    "cblc_qty": "6",
    "excc_unpr": "391.30000000",
    "ccld_avg_unpr1": "402.28975400",
    "idx_clpr": "380.55000000",
    "pchs_amt": "603434631",
    "evlu_amt": "570825000",
    "evlu_pfls_amt": "32609631",
    "trad_pfls_amt": "-125000",
    "lqd_psbl_qty": "6",
}
DERIVATIVES_SUMS = {
    "dnca_cash": "101527360",
    "frcr_dncl_amt": "1",
    "dnca_sbst": "2",
    "tot_dncl_amt": "101527362",
    "tot_ccld_amt": "3",
    "cash_mgna": "8922232",
    "sbst_mgna": "4",
    "mgna_tota": "8922236",
    "opt_dfpa": "-5",
    "thdt_dfpa": "6",
    "rnwl_dfpa": "-16200000",
    "fee": "7",
    "nxdy_dnca": "85327360",
    "nxdy_dncl_amt": "8",
    "prsm_dpast": "85327361",
    "prsm_dpast_amt": "9",
    "pprt_ord_psbl_cash": "10",
    "add_mgna_cash": "11",
    "add_mgna_tota": "12",
    "futr_trad_pfls_amt": "13",
    "opt_trad_pfls_amt": "14",
    "futr_evlu_pfls_amt": "15",
    "opt_evlu_pfls_amt": "16",
    "trad_pfls_amt_smtl": "17",
    "evlu_pfls_amt_smtl": "-18",
    "wdrw_psbl_tot_amt": "19",
    "ord_psbl_cash": "20",
    "ord_psbl_sbst": "21",
    "ord_psbl_tota": "22",
    "pchs_amt_smtl": "23",
    "evlu_amt_smtl": "24",
}


def test_every_figure_of_an_overseas_holding_is_read() -> None:
    page = overseas_page({"output1": [SHARES], "output2": OVERSEAS_SUMS})
    assert page.bad == ()
    assert page.positions == (
        Position(
            symbol="AAPL",
            name="애플",
            exchange="NASD",
            currency="USD",
            quantity=D(10),
            available_qty=D(8),
            average_price=D("20.4"),
            price=D("22.95"),
            cost=D(204),
            market_value=D("229.5"),
            profit_loss=D("25.5"),
            rate=D("0.125"),
        ),
    )
    assert page.totals == OverseasTotals(
        cost=D(204),
        realized=D(-3),
        realized_rate=D("-0.0147"),
        profit_loss=D("25.5"),
        rate=D("0.125"),
        total=D("22.5"),
        bought=D(204),
    )


def test_every_figure_of_a_derivatives_account_is_read() -> None:
    page = derivatives_page({"output1": [CONTRACTS], "output2": DERIVATIVES_SUMS})
    assert page.bad == ()
    assert page.positions == (
        Position(
            symbol="A01603",
            name="F 202603",
            exchange="KRX",
            currency="KRW",
            quantity=D(6),
            available_qty=D(6),
            average_price=D("402.289754"),
            price=D("380.55"),
            cost=D(603434631),
            market_value=D(570825000),
            profit_loss=D(32609631),
            side=Side.SELL,
            traded_profit_loss=D(-125000),
        ),
    )
    assert page.totals == DerivativesTotals(
        cash=D(101527360),
        foreign_deposit=D(1),
        substitute=D(2),
        deposit=D(101527362),
        cash_margin=D(8922232),
        substitute_margin=D(4),
        margin=D(8922236),
        additional_cash_margin=D(11),
        additional_margin=D(12),
        option_difference=D(-5),
        day_difference=D(6),
        renewal_difference=D(-16200000),
        fee=D(7),
        next_day_deposit=D(85327360),
        estimated_assets=D(85327361),
        traded_profit_loss=D(17),
        profit_loss=D(-18),
        cost=D(23),
        market_value=D(24),
        withdrawable=D(19),
        orderable_cash=D(20),
        orderable_substitute=D(21),
        orderable=D(22),
    )


def test_the_nights_body_is_read_too() -> None:
    """KIS (야간)선물옵션 잔고현황: the side has a code, and output1 may be a single object."""
    night = CONTRACTS | {"sll_buy_dvsn_name": "", "sll_buy_dvsn_cd": "02", "trad_dvsn_name": "매수"}
    page = derivatives_page({"output1": night, "output2": DERIVATIVES_SUMS | {"mmga_tot_amt": "0", "mtnc_rt": "0.0"}})
    assert [(position.symbol, position.side) for position in page.positions] == [("A01603", Side.BUY)]
    assert page.totals is not None


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"sll_buy_dvsn_name": "BUY"}, Side.BUY),
        ({"sll_buy_dvsn_name": "buy "}, Side.BUY),
        ({"sll_buy_dvsn_name": "매도"}, Side.SELL),
        ({"sll_buy_dvsn_name": "매수"}, Side.BUY),
        ({"sll_buy_dvsn_name": "", "trad_dvsn_name": "매도"}, Side.SELL),
        ({"sll_buy_dvsn_cd": "02"}, Side.BUY),
    ],
)
def test_the_side_is_told_by_code_or_name(fields: dict[str, str], side: Side) -> None:
    (position,) = derivatives_page({"output1": [CONTRACTS | fields]}).positions
    assert position.side is side


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"sll_buy_dvsn_name": "스프레드"}, "sll_buy_dvsn_name"),
        ({"sll_buy_dvsn_name": ""}, "sll_buy_dvsn_name"),
        ({"sll_buy_dvsn_cd": "09"}, "sll_buy_dvsn_cd"),
        ({"shtn_pdno": "", "pdno": ""}, "shtn_pdno"),
        ({"cblc_qty": ""}, "cblc_qty"),
        ({"cblc_qty": "six"}, "cblc_qty"),
        ({"pchs_amt": "1,000"}, "pchs_amt"),
    ],
)
def test_a_position_whose_core_cannot_be_read_is_reported(fields: dict[str, str], name: str) -> None:
    page = derivatives_page({"output1": [CONTRACTS | fields, CONTRACTS]})
    assert [bad.name for bad in page.bad] == [name]
    assert len(page.positions) == 1


def test_a_holding_without_a_symbol_is_reported() -> None:
    page = overseas_page({"output1": [SHARES | {"ovrs_pdno": ""}]})
    assert [bad.name for bad in page.bad] == ["ovrs_pdno"]


@pytest.mark.parametrize(
    ("exchange", "said", "currency"),
    [("TKSE", "", "JPY"), ("NASD", "USD", "USD"), ("XXXX", "", ""), ("SEHK", "CNY", "CNY")],
)
def test_a_holding_has_its_own_currency_or_its_exchanges(exchange: str, said: str, currency: str) -> None:
    (position,) = overseas_page({"output1": [SHARES | {"ovrs_excg_cd": exchange, "tr_crcy_cd": said}]}).positions
    assert (position.exchange, position.currency) == (exchange, currency)


def test_what_is_not_said_is_none_and_not_zero() -> None:
    bare = {"ovrs_pdno": "AAPL", "ovrs_cblc_qty": "0"}
    page = overseas_page({"output1": [bare], "output2": {"frcr_pchs_amt1": "0.00000"}})
    (position,) = page.positions
    assert {getattr(position, field.name) for field in fields(Position)} == {"AAPL", "", D(0), None}
    assert page.totals == OverseasTotals(D(0), None, None, None, None, None, None)


@pytest.mark.parametrize("nothing", [None, {}, [], {"dnca_cash": "  "}, "x"])
def test_a_page_without_totals_has_none(nothing: object) -> None:
    page = derivatives_page({"output1": [], "output2": nothing})
    assert (page.positions, page.totals, page.bad) == ((), None, ())


def test_totals_of_nothing_but_zeros_are_zeros() -> None:
    totals = derivatives_page({"output2": [dict.fromkeys(DERIVATIVES_SUMS, "0")]}).totals
    assert totals is not None
    assert {getattr(totals, field.name) for field in fields(DerivativesTotals)} == {D(0)}


def test_totals_that_cannot_be_read_are_reported() -> None:
    page = derivatives_page({"output2": DERIVATIVES_SUMS | {"fee": "free"}})
    assert page.totals is None
    assert [bad.name for bad in page.bad] == ["fee"]
