"""Orders and reservations as JSON and back: one form for the file of the books and for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orders.domain.events import Market, RequestKind, Side
from orders.kis.simulator.book import SimOrder, Ticket
from orders.kis.simulator.instruments import instrument
from orders.kis.simulator.reservations import Reservation
from orders.kis.simulator.settings import read_account

Record = Mapping[str, Any]


def read_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _ticket(ticket: Ticket) -> dict[str, str]:
    return {
        "account": str(ticket.account),
        "market": ticket.market.value,
        "symbol": ticket.instrument.symbol,
        "exchange": ticket.instrument.exchange,
        "side": ticket.side.value,
        "qty": str(ticket.qty),
        "price": str(ticket.price),
        "medium": ticket.medium,
    }


def _read_ticket(row: Record) -> Ticket:
    market = Market(row["market"])
    return Ticket(
        account=read_account(row["account"]),
        market=market,
        instrument=instrument(row["symbol"], market, row.get("exchange", "")),
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        medium=row["medium"],
    )


def order_record(order: SimOrder) -> dict[str, Any]:
    return {
        "ticket": _ticket(order.ticket),
        "number": order.number,
        "order_date": order.order_date.isoformat(),
        "at": order.at.isoformat(),
        "kind": order.kind.value,
        "original": order.original,
        "working": order.working,
        "filled": str(order.filled),
        "amount": str(order.amount),
        "canceled": str(order.canceled),
        "moved": str(order.moved),
        "rejected": order.rejected,
        "expired": order.expired,
        "good_until": order.good_until and order.good_until.isoformat(),
    }


def read_order(row: Record) -> SimOrder:
    return SimOrder(
        ticket=_read_ticket(row["ticket"]),
        number=int(row["number"]),
        order_date=date.fromisoformat(row["order_date"]),
        at=datetime.fromisoformat(row["at"]),
        kind=RequestKind(row["kind"]),
        original=row["original"],
        working=bool(row["working"]),
        filled=Decimal(row["filled"]),
        amount=Decimal(row["amount"]),
        canceled=Decimal(row["canceled"]),
        moved=Decimal(row["moved"]),
        rejected=str(row["rejected"]),
        expired=bool(row["expired"]),
        good_until=read_moment(row["good_until"]),
    )


def reservation_record(row: Reservation) -> dict[str, Any]:
    return {
        "ticket": _ticket(row.ticket),
        "number": row.number,
        "receipt_date": row.receipt_date.isoformat(),
        "at": row.at.isoformat(),
        "transmits_at": row.transmits_at and row.transmits_at.isoformat(),
        "cancel_asked": row.cancel_asked,
        "canceled": row.canceled,
        "not_sent": row.not_sent,
        "sent": row.sent.number if row.sent else None,
        "sent_at": row.sent_at and row.sent_at.isoformat(),
    }


def read_reservation(row: Record, sent: SimOrder | None) -> Reservation:
    return Reservation(
        ticket=_read_ticket(row["ticket"]),
        number=int(row["number"]),
        receipt_date=date.fromisoformat(row["receipt_date"]),
        at=datetime.fromisoformat(row["at"]),
        transmits_at=read_moment(row["transmits_at"]),
        cancel_asked=bool(row.get("cancel_asked")),
        canceled=bool(row["canceled"]),
        not_sent=str(row["not_sent"]),
        sent=sent,
        sent_at=read_moment(row["sent_at"]),
    )
