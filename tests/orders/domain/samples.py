"""One order of 10 at 100 for the tests: its states, and inquiry rows of it, changed by keyword."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from orders.domain.events import (
    Family,
    Instrument,
    Market,
    OrderKey,
    OrderReport,
    ReportStatus,
    RequestKind,
    Side,
)
from orders.domain.order_state import OPEN, OrderState, OrderStatus, new_order

BASE = OrderReport(
    key=OrderKey("12345678", "01", Family.OVERSEAS, 100, date(2026, 11, 20)),
    market=Market.US_DAYTIME,
    kind=RequestKind.NEW,
    orig_number=None,
    side=Side.BUY,
    instrument=Instrument("AAPL", "애플", "NASD", "USD"),
    order_qty=Decimal(10),
    cum_qty=Decimal(0),
    leaves_qty=Decimal(10),
    price=Decimal(100),
    avg_px=None,
    cum_amount=None,
    status=ReportStatus.OPEN,
    status_text="",
    reason="",
    ordered_at=None,
)


def report(number: int = 100, family: Family = Family.OVERSEAS, **changes: Any) -> OrderReport:
    """The base row under that number, integers read as quantities."""
    fields: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, int) and name != "orig_number" else value
        for name, value in changes.items()
    }
    return replace(BASE, key=replace(BASE.key, number=number, family=family), **fields)


def in_status(status: OrderStatus) -> OrderState:
    """An order of 10 at 100 in that status, the partly filled one with 4 done."""
    base = new_order(Decimal(10), Decimal(100), status)
    done = {
        OrderStatus.PARTIALLY_FILLED: replace(base, cum_qty=Decimal(4), cum_amount=Decimal(400), leaves_qty=Decimal(6)),
        OrderStatus.FILLED: replace(base, cum_qty=Decimal(10), cum_amount=Decimal(1000), leaves_qty=Decimal(0)),
        OrderStatus.CANCELED: replace(base, leaves_qty=Decimal(0), canceled_qty=Decimal(10)),
    }
    return done.get(status, base if status in OPEN else replace(base, leaves_qty=Decimal(0), reason="broker's word"))
