"""Overseas reservations: order-resv-list (KIS 해외주식 예약주문조회). Only this list tells what became of one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from orders.domain.events import Family, Instrument, Market, OrderReport, ReportStatus, RequestKind
from orders.kis.codes import EXCHANGES, PRODUCT_TYPES, RESERVED_STATUS, US_EXCHANGES, Exchange
from orders.kis.schemas.rows import Account, Row, Sessions, order_key

_NOTHING_LEFT = frozenset({ReportStatus.CANCELED, ReportStatus.NOT_SENT})


def reservation(row: Row, account: Account, _sessions: Sessions) -> OrderReport:
    """One row of order-resv-list: the reservation by its own number and receipt date (KST)."""
    key = order_key(row, account, Family.RESERVED, "ovrs_rsvn_odno", "rsvn_ord_rcit_dt")
    exchange = row.code("ovrs_excg_cd", EXCHANGES)
    order_qty, cum_qty = row.amount("ft_ord_qty"), row.amount_or_none("ft_ccld_qty") or Decimal(0)
    transmitted = row.number_or_none("odno")
    status = _status(row, transmitted)
    return OrderReport(
        key=key,
        market=Market.US_RESERVED if exchange.code in US_EXCHANGES else Market.ASIA_RESERVED,
        kind=RequestKind.NEW,
        orig_number=None,
        side=row.side(),
        instrument=Instrument(row.text("pdno"), row.text("prdt_name"), exchange.code, _currency(row, exchange)),
        order_qty=order_qty,
        cum_qty=cum_qty,
        leaves_qty=_leaves(status, order_qty - cum_qty),
        price=row.nonzero("ft_ord_unpr3"),
        avg_px=None,
        cum_amount=None,
        status=status,
        status_text=row.first("ovrs_rsvn_ord_stat_cd_name", "ovrs_rsvn_ord_stat_cd"),
        reason=row.text("nprc_rson_text"),
        ordered_at=row.korean_time(row.day("rsvn_ord_rcit_dt"), "ord_rcit_tmd"),
        forward_org=row.text("ord_gno_brno"),
        transmitted_number=transmitted,
        transmits_at=_transmits_at(row),
    )


def _currency(row: Row, exchange: Exchange) -> str:
    """The list has no currency; the product type names the board, and Hong Kong has boards in three."""
    product_type = row.text("prdt_type_cd")
    boards = {code: currency for (place, currency), code in PRODUCT_TYPES.items() if place == exchange.code}
    return boards.get(product_type, exchange.currency)


def _status(row: Row, transmitted: int | None) -> ReportStatus:
    """The row's own facts first, its status text where they are silent."""
    if row.text("cncl_yn").upper() == "Y":
        return ReportStatus.CANCELED
    if transmitted is not None:
        return ReportStatus.TRANSMITTED
    if row.text("nprc_rson_text"):
        return ReportStatus.NOT_SENT
    return RESERVED_STATUS.get(row.text("ovrs_rsvn_ord_stat_cd_name"), ReportStatus.UNRECOGNISED)


def _leaves(status: ReportStatus, unfilled: Decimal) -> Decimal | None:
    """What a cancel could still reach: a transmitted reservation goes on as its order, so its row does not say."""
    if status is ReportStatus.RESERVED:
        return unfilled
    return Decimal(0) if status in _NOTHING_LEFT else None


def _transmits_at(row: Row) -> datetime | None:
    """When it was sent on (ord_fwdg_tmd on the order date), None while it was not."""
    if not row.text("ord_dt") or not row.text("ord_fwdg_tmd").strip("0"):
        return None
    return row.korean_time(row.day("ord_dt"), "ord_fwdg_tmd")
