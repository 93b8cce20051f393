"""Domestic stock orders that can still be revised: inquire-psbl-rvsecncl (KIS 주식정정취소가능주문조회)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orders.domain.events import Side
from orders.kis.schemas.rows import BadRow, Row, read_each


@dataclass(frozen=True, slots=True)
class Revisable:
    """One order. `psbl_qty` shares of it can be modified or canceled, under its own exchange, division and branch."""

    number: int
    orig_number: int | None
    symbol: str
    side: Side
    psbl_qty: Decimal
    price: Decimal | None
    order_type: str
    exchange: str
    forward_org: str


@dataclass(frozen=True, slots=True)
class RevisablePage:
    """One page of the inquiry."""

    rows: tuple[Revisable, ...]
    bad: tuple[BadRow, ...] = ()


def revisable_page(rows: object) -> RevisablePage:
    """Reads the rows of one page; one that cannot be read is reported, never lost."""
    return RevisablePage(*read_each(rows, _revisable))


def _revisable(row: Row) -> Revisable:
    number = row.number("odno")
    return Revisable(
        number=number,
        orig_number=row.original(number),
        symbol=row.text("pdno"),
        side=row.side(),
        psbl_qty=row.amount("psbl_qty"),
        price=row.nonzero("ord_unpr"),
        order_type=row.text("ord_dvsn_cd"),
        exchange=row.text("excg_id_dvsn_cd") or "KRX",
        forward_org=row.text("ord_gno_brno"),
    )
