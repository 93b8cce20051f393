"""What /_control shows: counters, orders, and the truth of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.kis.simulator import faults, rows
from orders.kis.simulator.book import SimOrder
from orders.kis.simulator.truth import TrueOrder, sums, true_order

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator


def show(simulator: KisSimulator, known_events: list[str]) -> dict[str, Any]:
    """Counters, the ledger of order requests, and what is armed."""
    with simulator.desk.lock:
        desk = simulator.desk
        return {
            "now": simulator.now().isoformat(),
            "requests": dict(simulator.requests),
            "ledger": list(simulator.asked),
            "faults": desk.faults.remaining(),
            "known_faults": list(faults.KNOWN),
            "fault_sentences": faults.sentences(),
            "known_events": known_events,
            "open_orders": sum(1 for _ in desk.book.open_orders()),
            "reservations": sum(1 for _ in desk.reservations.waiting()),
            "connections": len(simulator.hub.wires),
            "connected": simulator.hub.connected,
            "registered": simulator.hub.registered(),
            "notices_sent": simulator.hub.sent,
            "load": {"running": simulator.load.running, "made": simulator.load.made},
        }


def show_orders(simulator: KisSimulator) -> dict[str, Any]:
    """Every order and reservation, in plain words."""
    with simulator.desk.lock:
        return {
            "orders": [plain(order) for order in simulator.desk.book.orders],
            "reservations": [rows.reservation(row) for row in simulator.desk.reservations.rows],
        }


def show_truth(simulator: KisSimulator) -> dict[str, Any]:
    """What is true of every order and account, for whoever checks the portal."""
    with simulator.desk.lock:
        orders = [true_order(order) for order in simulator.desk.book.orders]
        return {
            "executions": simulator.desk.book.executions,
            "orders": [_true(order) for order in orders],
            "accounts": {
                account: {"orders": total.orders, "filled": str(total.filled), "amount": str(total.amount)}
                for account, total in sums(orders).items()
            },
        }


def _true(order: TrueOrder) -> dict[str, Any]:
    return {
        "account": order.name.account,
        "family": order.name.family.value,
        "order_date": order.name.order_date.isoformat(),
        "number": order.name.number,
        "market": order.market.value,
        "kind": order.kind.value,
        "original": order.original,
        "qty": str(order.qty),
        "filled": str(order.filled),
        "amount": str(order.amount),
        "canceled": str(order.canceled),
        "moved": str(order.moved),
        "leaves": str(order.leaves),
        "state": order.state,
    }


def plain(order: SimOrder) -> dict[str, Any]:
    ticket = order.ticket
    return {
        "account": str(ticket.account),
        "market": ticket.market.value,
        "number": order.number,
        "original": order.original,
        "kind": order.kind.value,
        "order_date": order.order_date.isoformat(),
        "at": order.at.isoformat(),
        "symbol": ticket.instrument.symbol,
        "exchange": ticket.instrument.exchange,
        "side": ticket.side.value,
        "qty": str(ticket.qty),
        "price": str(ticket.price),
        "filled": str(order.filled),
        "amount": str(order.amount),
        "canceled": str(order.canceled),
        "leaves": str(order.leaves),
        "working": order.working,
        "rejected": order.rejected,
        "expired": order.expired,
    }
