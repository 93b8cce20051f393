"""The desk in a file, so that a second start goes on where the first one stopped: the broker forgets nothing.

One JSON document, replaced as a whole. Without it the same seed would give the same numbers to other orders.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orders.domain.events import Family, Market, RequestKind, Side
from orders.kis.simulator.book import SimOrder, Ticket
from orders.kis.simulator.desk import Legacy
from orders.kis.simulator.instruments import instrument
from orders.kis.simulator.reservations import Reservation
from orders.kis.simulator.settings import read_account

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator

LOST_NUMBERS = 100  # given out after the last save by a process that was killed: never to be given out again

Stored = Mapping[str, Any]


def save(simulator: KisSimulator, path: Path) -> None:
    """Writes everything; a reader sees the old document or the new one, never a half."""
    with simulator.desk.lock:
        document = {
            "numbers": {family.value: number for family, number in simulator.desk.book.numbers.items()},
            "orders": [_order(order) for order in simulator.desk.book.orders],
            "reservations": [_reservation(row) for row in simulator.desk.reservations.rows],
            "prices": {symbol: str(price) for symbol, price in simulator.market.prices.items()},
            "token": simulator.access.token,
            "issued_at": simulator.access.issued_at and simulator.access.issued_at.isoformat(),
        }
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(document))
        fresh.replace(path)


def load(simulator: KisSimulator, path: Path) -> bool:
    """Takes over what was saved. False when there is nothing, or nothing that can be read."""
    try:
        stored = json.loads(path.read_text())
        orders = [_read_order(row) for row in stored["orders"]]
        by_number = {(order.family, order.number): order for order in orders}
        reservations = [_read_reservation(row, by_number) for row in stored["reservations"]]
        numbers = {Family(family): int(number) + LOST_NUMBERS for family, number in stored["numbers"].items()}
        prices = {symbol: Decimal(price) for symbol, price in stored["prices"].items()}
        token, issued_at = str(stored["token"]), _moment(stored["issued_at"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return False
    with simulator.desk.lock:
        simulator.desk.take_over(Legacy(orders, reservations, numbers))
        simulator.market.prices.update(prices)
        simulator.access.token, simulator.access.issued_at = token, issued_at
    return True


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _ticket(ticket: Ticket) -> dict[str, str]:
    return {
        "account": f"{ticket.account.number}-{ticket.account.product}",
        "market": ticket.market.value,
        "symbol": ticket.instrument.symbol,
        "exchange": ticket.instrument.exchange,
        "side": ticket.side.value,
        "qty": str(ticket.qty),
        "price": str(ticket.price),
        "medium": ticket.medium,
    }


def _read_ticket(row: Stored) -> Ticket:
    market = Market(row["market"])
    return Ticket(
        account=read_account(row["account"]),
        market=market,
        instrument=instrument(row["symbol"], market, row["exchange"]),
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        medium=row["medium"],
    )


def _order(order: SimOrder) -> dict[str, Any]:
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


def _read_order(row: Stored) -> SimOrder:
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
        good_until=_moment(row["good_until"]),
    )


def _reservation(row: Reservation) -> dict[str, Any]:
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


def _read_reservation(row: Stored, orders: Mapping[tuple[Family, int], SimOrder]) -> Reservation:
    return Reservation(
        ticket=_read_ticket(row["ticket"]),
        number=int(row["number"]),
        receipt_date=date.fromisoformat(row["receipt_date"]),
        at=datetime.fromisoformat(row["at"]),
        transmits_at=_moment(row["transmits_at"]),
        cancel_asked=bool(row["cancel_asked"]),
        canceled=bool(row["canceled"]),
        not_sent=str(row["not_sent"]),
        sent=orders[Family.OVERSEAS, row["sent"]] if row["sent"] else None,
        sent_at=_moment(row["sent_at"]),
    )
