"""Rows as a list of the broker's gives them, of one order of 10 SNDK unless changed, and what a read of them does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders import books
from orders.domain.events import Family, Instrument, Market, OrderKey, OrderReport, ReportStatus, RequestKind, Side
from orders.models import Order, StreamLease
from tests.orders.conftest import NIGHT, Desk, overseas

TODAY = date(2026, 11, 20)


def report(number: int = 3567, **changes: Any) -> OrderReport:
    fields: dict[str, Any] = {
        "key": OrderKey("12345678", "01", changes.pop("family", Family.OVERSEAS), number, TODAY),
        "market": Market.US,
        "kind": RequestKind.NEW,
        "orig_number": None,
        "side": Side.BUY,
        "instrument": Instrument("SNDK", "SANDISK", "NASD", "USD"),
        "order_qty": Decimal(10),
        "cum_qty": Decimal(0),
        "leaves_qty": Decimal(10),
        "price": Decimal(1827),
        "avg_px": None,
        "cum_amount": None,
        "status": ReportStatus.OPEN,
        "status_text": "",
        "reason": "",
        "ordered_at": datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
    }
    return OrderReport(**{**fields, **changes})


def read(desk: Desk, *reports: OrderReport, after: float = 10) -> int:
    return books.apply_read(books.Read(desk.stock, NIGHT + timedelta(seconds=after), reports))


def new_session(desk: Desk, epoch: int = 2) -> None:
    """The stream was lost and is there again: what comes from now on is of another epoch."""
    StreamLease.objects.update(epoch=epoch)
    desk.epoch = epoch


def sold(quantity: int, price: int = 1827) -> dict[str, Any]:
    amount = Decimal(quantity * price)
    return {"cum_qty": Decimal(quantity), "leaves_qty": Decimal(10 - quantity), "cum_amount": amount}


def order() -> Order:
    return Order.objects.shown().get()


def modified(quantity: int, **changes: Any) -> OrderReport:
    fields = {"kind": RequestKind.MODIFY, "orig_number": 3567, "price": Decimal(1800)}
    return report(3570, **{**fields, "order_qty": Decimal(quantity), "leaves_qty": Decimal(quantity), **changes})


def cancel_of(quantity: int, number: int = 3571, **changes: Any) -> OrderReport:
    fields = {"order_qty": Decimal(quantity), "leaves_qty": Decimal(0), "status": ReportStatus.DONE}
    return report(number, kind=RequestKind.CANCEL, orig_number=3567, **{**fields, **changes})


def canceled_notice(quantity: int, number: int = 3571) -> str:
    columns = {"ODER_NO": str(number), "OODER_NO": "3567", "CNTG_QTY": f"{quantity:010d}"}
    return overseas(RCTF_CLS="2", ACPT_YN="2", **columns)


def reservation(**changes: Any) -> OrderReport:
    fields = {"family": Family.RESERVED, "market": Market.US_RESERVED, "status": ReportStatus.RESERVED}
    return report(30135682, **{**fields, **changes})


def night_row(**changes: Any) -> OrderReport:
    """A night order of Friday evening: of Monday's date, in the night table, then in the day table."""
    monday = OrderKey("12345678", "03", Family.FO, 5605, date(2026, 11, 23))
    fields = {"market": Market.FO_NIGHT, "instrument": Instrument("101W12", "F 202612", "KRX"), "avg_px": Decimal(1827)}
    return replace(report(), **{"key": monday, "ordered_at": NIGHT, **fields, **changes})
