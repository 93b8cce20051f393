"""What an account holds, as KIS says it: 해외주식 잔고, 선물옵션 잔고현황 and (야간)선물옵션 잔고현황.

Symbol, quantity and side are strict: a row without them is reported as bad. What KIS leaves out is None, never zero.
Rates are ratios: KIS's 12.5 (per cent) is 0.125 here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Generic, TypeVar

from orders.domain.events import Side
from orders.kis.codes import EXCHANGES, SIDES
from orders.kis.schemas.rows import BadRow, Row, RowError, read_each, read_one

_Totals = TypeVar("_Totals")
_PER_CENT = Decimal("0.01")
# sll_buy_dvsn_name: the page's example of the day writes the English short forms, others Korean words.
_SIDE_NAMES = {"매도": Side.SELL, "SLL": Side.SELL, "SELL": Side.SELL, "매수": Side.BUY, "BUY": Side.BUY}


@dataclass(frozen=True, slots=True)
class Position:
    """One holding. Prices, `cost` (what was paid), `market_value` and `profit_loss` are in `currency`.

    `side` is None for shares, which are held; a derivative is long (BUY) or short (SELL), its quantity positive.
    `available_qty` can be sold or closed now, `traded_profit_loss` is today's realised one.
    """

    symbol: str
    name: str
    exchange: str
    currency: str
    quantity: Decimal
    available_qty: Decimal | None
    average_price: Decimal | None
    price: Decimal | None
    cost: Decimal | None
    market_value: Decimal | None
    profit_loss: Decimal | None
    rate: Decimal | None = None
    side: Side | None = None
    traded_profit_loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OverseasTotals:
    """Sums of one currency, in it. `realized` is today's, `total` that and the valuation's together."""

    cost: Decimal | None
    realized: Decimal | None
    realized_rate: Decimal | None
    profit_loss: Decimal | None
    rate: Decimal | None
    total: Decimal | None
    bought: Decimal | None


@dataclass(frozen=True, slots=True)
class DerivativesTotals:
    """Deposits, margins and results of a derivatives account, in won."""

    cash: Decimal | None
    foreign_deposit: Decimal | None
    substitute: Decimal | None
    deposit: Decimal | None
    cash_margin: Decimal | None
    substitute_margin: Decimal | None
    margin: Decimal | None
    additional_cash_margin: Decimal | None
    additional_margin: Decimal | None
    option_difference: Decimal | None
    day_difference: Decimal | None
    renewal_difference: Decimal | None
    fee: Decimal | None
    next_day_deposit: Decimal | None
    estimated_assets: Decimal | None
    traded_profit_loss: Decimal | None
    profit_loss: Decimal | None
    cost: Decimal | None
    market_value: Decimal | None
    withdrawable: Decimal | None
    orderable_cash: Decimal | None
    orderable_substitute: Decimal | None
    orderable: Decimal | None


@dataclass(frozen=True, slots=True)
class BalancePage(Generic[_Totals]):
    """One page: its positions, and the account's sums, which every page may repeat or leave out (None)."""

    positions: tuple[Position, ...]
    totals: _Totals | None
    bad: tuple[BadRow, ...] = ()


def overseas_page(body: dict[str, object]) -> BalancePage[OverseasTotals]:
    """One page of inquire-balance (TTTS3012R, VTTS3012R)."""
    positions, bad = read_each(body.get("output1"), _shares)
    totals, bad_totals = read_one(body.get("output2"), _overseas_totals)
    return BalancePage(positions, totals, bad + bad_totals)


def derivatives_page(body: dict[str, object]) -> BalancePage[DerivativesTotals]:
    """One page of inquire-balance (CTFO6118R, VTFO6118R) or inquire-ngt-balance (CTFN6118R)."""
    positions, bad = read_each(body.get("output1"), _contracts)
    totals, bad_totals = read_one(body.get("output2"), _derivatives_totals)
    return BalancePage(positions, totals, bad + bad_totals)


def _shares(row: Row) -> Position:
    exchange = row.text("ovrs_excg_cd")
    known = EXCHANGES.get(exchange)
    return Position(
        symbol=_symbol(row, "ovrs_pdno"),
        name=row.text("ovrs_item_name"),
        exchange=exchange,
        currency=row.text("tr_crcy_cd") or (known.currency if known else ""),
        quantity=row.amount("ovrs_cblc_qty"),
        available_qty=row.amount_or_none("ord_psbl_qty"),
        average_price=row.amount_or_none("pchs_avg_pric"),
        price=row.amount_or_none("now_pric2"),
        cost=row.amount_or_none("frcr_pchs_amt1"),
        market_value=row.amount_or_none("ovrs_stck_evlu_amt"),
        profit_loss=row.amount_or_none("frcr_evlu_pfls_amt"),
        rate=_ratio(row, "evlu_pfls_rt"),
    )


def _contracts(row: Row) -> Position:
    return Position(
        symbol=_symbol(row, "shtn_pdno", "pdno"),
        name=row.text("prdt_name"),
        exchange="KRX",
        currency="KRW",
        quantity=row.amount("cblc_qty"),
        available_qty=row.amount_or_none("lqd_psbl_qty"),
        average_price=row.amount_or_none("ccld_avg_unpr1"),
        price=row.amount_or_none("idx_clpr"),
        cost=row.amount_or_none("pchs_amt"),
        market_value=row.amount_or_none("evlu_amt"),
        profit_loss=row.amount_or_none("evlu_pfls_amt"),
        side=_side(row),
        traded_profit_loss=row.amount_or_none("trad_pfls_amt"),
    )


def _symbol(row: Row, *names: str) -> str:
    symbol = row.first(*names)
    if not symbol:
        raise RowError(names[0], "missing")
    return symbol


def _side(row: Row) -> Side:
    """By its code, which only the night has; else by its name."""
    if row.text("sll_buy_dvsn_cd"):
        return row.code("sll_buy_dvsn_cd", SIDES)
    name = row.first("sll_buy_dvsn_name", "trad_dvsn_name")
    side = _SIDE_NAMES.get(name.upper())
    if side is None:
        raise RowError("sll_buy_dvsn_name", f"neither bought nor sold: {name[:20]!r}")
    return side


def _ratio(row: Row, name: str) -> Decimal | None:
    rate = row.amount_or_none(name)
    return None if rate is None else rate * _PER_CENT


def _overseas_totals(row: Row) -> OverseasTotals:
    return OverseasTotals(
        cost=row.amount_or_none("frcr_pchs_amt1"),
        realized=row.amount_or_none("ovrs_rlzt_pfls_amt"),
        realized_rate=_ratio(row, "rlzt_erng_rt"),
        profit_loss=row.amount_or_none("tot_evlu_pfls_amt"),
        rate=_ratio(row, "tot_pftrt"),
        total=row.amount_or_none("ovrs_tot_pfls"),
        bought=row.amount_or_none("frcr_buy_amt_smtl1"),
    )


_DERIVATIVES_FIELDS = {
    "cash": "dnca_cash",
    "foreign_deposit": "frcr_dncl_amt",
    "substitute": "dnca_sbst",
    "deposit": "tot_dncl_amt",
    "cash_margin": "cash_mgna",
    "substitute_margin": "sbst_mgna",
    "margin": "mgna_tota",
    "additional_cash_margin": "add_mgna_cash",
    "additional_margin": "add_mgna_tota",
    "option_difference": "opt_dfpa",
    "day_difference": "thdt_dfpa",
    "renewal_difference": "rnwl_dfpa",
    "fee": "fee",
    "next_day_deposit": "nxdy_dnca",
    "estimated_assets": "prsm_dpast",
    "traded_profit_loss": "trad_pfls_amt_smtl",
    "profit_loss": "evlu_pfls_amt_smtl",
    "cost": "pchs_amt_smtl",
    "market_value": "evlu_amt_smtl",
    "withdrawable": "wdrw_psbl_tot_amt",
    "orderable_cash": "ord_psbl_cash",
    "orderable_substitute": "ord_psbl_sbst",
    "orderable": "ord_psbl_tota",
}


def _derivatives_totals(row: Row) -> DerivativesTotals:
    names = (field.name for field in fields(DerivativesTotals))
    return DerivativesTotals(**{name: row.amount_or_none(_DERIVATIVES_FIELDS[name]) for name in names})
