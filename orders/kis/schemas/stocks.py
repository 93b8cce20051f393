"""Domestic stocks: inquire-daily-ccld (KIS 주식일별주문체결조회)."""

from __future__ import annotations

from decimal import Decimal

from orders.domain.events import Family, Instrument, Market, OrderReport, ReportStatus
from orders.kis.schemas.rows import Account, Row, Sessions, order_key, request_kind


def stock_order(row: Row, account: Account, _sessions: Sessions) -> OrderReport:
    """One row of inquire-daily-ccld, of KRX, NXT or SOR."""
    key = order_key(row, account, Family.KRX, "odno", "ord_dt")
    original = row.original(key.number)
    price = row.nonzero("ord_unpr")
    words = " ".join(part for part in (row.text("ord_dvsn_name"), row.text("sll_buy_dvsn_cd_name")) if part)
    return OrderReport(
        key=key,
        market=Market.KRX,
        kind=request_kind(words, original, price),
        orig_number=original,
        side=row.side(),
        instrument=Instrument(row.text("pdno"), row.text("prdt_name"), row.text("excg_id_dvsn_cd") or "KRX"),
        order_qty=row.amount("ord_qty"),
        cum_qty=row.amount("tot_ccld_qty"),
        leaves_qty=row.amount_or_none("rmn_qty"),
        price=price,
        avg_px=row.nonzero("avg_prvs"),
        cum_amount=row.amount_or_none("tot_ccld_amt"),
        status=_status(row),
        status_text=words,
        reason="",
        ordered_at=row.korean_time(row.day("ord_dt"), "ord_tmd"),
        forward_org=row.text("ord_gno_brno"),
        order_type=row.text("ord_dvsn_cd"),
    )


def _status(row: Row) -> ReportStatus:
    if row.amount_or_none("rjct_qty"):
        return ReportStatus.REJECTED
    if row.amount_or_none("rmn_qty") != Decimal(0):
        return ReportStatus.OPEN
    # The page calls the field cnc_cfrm_qty, real answers cncl_cfrm_qty.
    canceled = row.text("cncl_yn").upper() == "Y" or row.nonzero("cncl_cfrm_qty", "cnc_cfrm_qty")
    return ReportStatus.CANCELED if canceled else ReportStatus.DONE
