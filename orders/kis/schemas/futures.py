"""Domestic derivatives: inquire-ccnl (day) and inquire-ngt-ccnl (night), both KIS 선물옵션 주문체결내역조회.

KIS moves the night's rows to the day table about 06:10, so one number may stand in both. The order date of a night
session is the next trading day's (Friday night is Monday's), while its times are of the evening before and after.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from orders.domain.events import Family, Instrument, Market, OrderReport, ReportStatus
from orders.kis.schemas.rows import Account, Row, Sessions, order_key, request_kind

_NOON = 12
_NIGHT_ENDS, _NIGHT_BEGINS = 7, 17  # hours: no day session takes an order outside of them


def day_order(row: Row, account: Account, sessions: Sessions) -> OrderReport:
    """One row of inquire-ccnl (TTTO5201R); a row of the past night, moved here, is the same order as before."""
    at = row.korean_time(row.day("ord_dt"), "ord_tmd")
    if at is not None and not _NIGHT_ENDS <= at.hour < _NIGHT_BEGINS:
        return night_order(row, account, sessions)
    return _order(row, account, Market.FO_DAY, at)


def night_order(row: Row, account: Account, sessions: Sessions) -> OrderReport:
    """One row of inquire-ngt-ccnl (STTN5201R)."""
    return _order(row, account, Market.FO_NIGHT, _night_time(row, sessions.evening_before(row.day("ord_dt"))))


def _order(row: Row, account: Account, market: Market, ordered_at: datetime | None) -> OrderReport:
    key = order_key(row, account, Family.FO, "odno", "ord_dt")
    original = row.original(key.number)
    price = row.nonzero("ord_idx4", "ord_idx")
    words = row.text("trad_dvsn_name")
    return OrderReport(
        key=key,
        market=market,
        kind=request_kind(words, original, price),
        orig_number=original,
        side=row.side(),
        instrument=Instrument(row.text("pdno"), row.text("prdt_name"), "KRX"),
        order_qty=row.amount("ord_qty"),
        cum_qty=row.amount("tot_ccld_qty"),
        leaves_qty=row.amount_or_none("qty"),
        price=price,
        avg_px=row.nonzero("avg_idx"),
        cum_amount=row.amount_or_none("tot_ccld_amt"),
        status=_status(row),
        status_text=words,
        reason=row.reason("ingr_trad_rjct_rson_name", "ingr_trad_rjct_rson_cd"),
        ordered_at=ordered_at,
        forward_org=row.text("ord_gno_brno"),
        order_type=row.text("nmpr_type_cd"),
    )


def _night_time(row: Row, evening: date) -> datetime | None:
    at = row.korean_time(evening, "ord_tmd")
    return at + timedelta(days=1) if at is not None and at.hour < _NOON else at


def _status(row: Row) -> ReportStatus:
    if row.amount_or_none("rjct_qty"):
        return ReportStatus.REJECTED
    return ReportStatus.DONE if row.amount_or_none("qty") == Decimal(0) else ReportStatus.OPEN
