"""Overseas orders: inquire-nccs (open orders, KIS 해외주식 미체결내역) and inquire-ccnl (KIS 해외주식 주문체결내역)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from orders.domain.events import Family, Instrument, Market, OrderReport, ReportStatus
from orders.kis.codes import EXCHANGES, OVERSEAS_STATUS, ROW_REQUESTS, US_EXCHANGES, Exchange
from orders.kis.schemas.rows import Account, Row, Sessions, order_key


def open_order(row: Row, account: Account, sessions: Sessions) -> OrderReport:
    """One row of inquire-nccs."""
    return _order(row, account, sessions, "rvse_cncl_dvsn_cd")


def overseas_order(row: Row, account: Account, sessions: Sessions) -> OrderReport:
    """One row of inquire-ccnl. Its `ord_dt` is the exchange's date, `dmst_ord_dt` the Korean one."""
    return _order(row, account, sessions, "rvse_cncl_dvsn")


def currency(row: Row, exchange: Exchange) -> str:
    """The row's own currency; the exchange's where it says none."""
    return row.text("tr_crcy_cd") or exchange.currency


def _order(row: Row, account: Account, sessions: Sessions, request_field: str) -> OrderReport:
    key = order_key(row, account, Family.OVERSEAS, "odno", "ord_dt")
    exchange = row.code("ovrs_excg_cd", EXCHANGES)
    ordered_at = _ordered_at(row)
    return OrderReport(
        key=key,
        market=_market(exchange, ordered_at, sessions),
        kind=row.code(request_field, ROW_REQUESTS),
        orig_number=row.original(key.number),
        side=row.side(),
        instrument=Instrument(row.text("pdno"), row.text("prdt_name"), exchange.code, currency(row, exchange)),
        order_qty=row.amount("ft_ord_qty"),
        cum_qty=row.amount("ft_ccld_qty"),
        leaves_qty=row.amount_or_none("nccs_qty"),
        price=row.nonzero("ft_ord_unpr3"),
        avg_px=row.nonzero("ft_ccld_unpr3"),
        cum_amount=row.amount_or_none("ft_ccld_amt3"),
        status=_status(row),
        status_text=row.text("prcs_stat_name"),
        reason=row.reason("rjct_rson_name", "rjct_rson"),
        ordered_at=ordered_at,
        placed_by=row.text("mdia_dvsn_name"),
        forward_org=row.text("ord_gno_brno"),
    )


def _ordered_at(row: Row) -> datetime | None:
    day = row.day("dmst_ord_dt" if row.text("dmst_ord_dt") else "ord_dt")
    return row.korean_time(day, "thco_ord_tmd", "ord_tmd")


def _market(exchange: Exchange, ordered_at: datetime | None, sessions: Sessions) -> Market:
    # No field of KIS tells a daytime order from a regular one; its Korean order time does.
    if exchange.code not in US_EXCHANGES:
        return Market.ASIA
    if ordered_at is not None and sessions.is_daytime(ordered_at):
        return Market.US_DAYTIME
    return Market.US


def _status(row: Row) -> ReportStatus:
    words = row.text("prcs_stat_name")
    if words:
        return OVERSEAS_STATUS.get(words, ReportStatus.UNRECOGNISED)
    # Blank is common, and always so in inquire-nccs: then the quantities tell.
    return ReportStatus.DONE if row.amount_or_none("nccs_qty") == Decimal(0) else ReportStatus.OPEN
