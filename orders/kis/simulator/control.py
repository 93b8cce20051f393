"""The buttons: /_control arms faults, brings about market events, and shows what the simulator saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from orders.domain.events import Market, RequestKind, Side
from orders.kis.simulator import faults, rows
from orders.kis.simulator.answers import SimAnswer, SimRequest, answer
from orders.kis.simulator.book import SimNotice, SimOrder, Ticket
from orders.kis.simulator.desk import working
from orders.kis.simulator.instruments import instrument
from orders.kis.simulator.market import refuse_one_reservation
from orders.kis.simulator.settings import read_account

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator

Fields = Mapping[str, Any]


class ControlError(ValueError):
    """The button was pressed with something that does not fit; the text says what."""


def control(simulator: KisSimulator, request: SimRequest) -> SimAnswer:
    """GET shows, POST does. A mistake is 400 with the reason."""
    if request.method == "GET":
        return answer(show_orders(simulator) if request.path == "/_control/orders" else show(simulator))
    try:
        simulator.desk.work()
        with simulator.desk.lock:
            return answer(_press(simulator, request.json()))
    except (ControlError, ValueError, KeyError, InvalidOperation) as error:
        return answer({"error": str(error) or type(error).__name__}, 400)


def show(simulator: KisSimulator) -> dict[str, Any]:
    """Counters, the ledger of order requests, and what is armed."""
    with simulator.desk.lock:
        desk = simulator.desk
        return {
            "now": simulator.now().isoformat(),
            "requests": dict(simulator.requests),
            "ledger": list(simulator.ledger),
            "faults": desk.faults.remaining(),
            "known_faults": list(faults.KNOWN),
            "known_events": sorted(EVENTS),
            "open_orders": sum(1 for _ in desk.book.open_orders()),
            "reservations": sum(1 for _ in desk.reservations.waiting()),
            "connections": len(simulator.hub.wires),
            "connected": simulator.hub.connected,
            "registered": simulator.hub.registered(),
            "notices_sent": simulator.hub.sent,
        }


def show_orders(simulator: KisSimulator) -> dict[str, Any]:
    """Every order and reservation, in plain words."""
    with simulator.desk.lock:
        return {
            "orders": [_plain(order) for order in simulator.desk.book.orders],
            "reservations": [rows.reservation(row) for row in simulator.desk.reservations.rows],
        }


def _plain(order: SimOrder) -> dict[str, Any]:
    ticket = order.ticket
    return {
        "account": f"{ticket.account.number}-{ticket.account.product}",
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


def _press(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    if fields.get("clear"):
        simulator.desk.faults.clear()
        simulator.hub.freeze(frozen=False)
    elif "fault" in fields:
        _arm(simulator, fields)
    elif fields.get("event") in EVENTS:
        return {"event": fields["event"], **EVENTS[str(fields["event"])](simulator, fields)}
    else:
        raise ControlError(f"neither clear, a fault nor an event of {sorted(EVENTS)}")
    return {"faults": simulator.desk.faults.remaining()}


def _arm(simulator: KisSimulator, fields: Fields) -> None:
    name, times = str(fields["fault"]), int(fields.get("times", 1))
    if times < 1:
        raise ControlError("times is at least 1")
    at_once: dict[str, Callable[[], None]] = {
        "close_ws": simulator.hub.close_all,
        "freeze_ws": lambda: simulator.hub.freeze(frozen=True),
        "plain_frame": lambda: _forge(simulator),
    }
    if name in at_once:
        at_once[name]()
        return
    if name == "inquiry_lag":
        simulator.freeze_inquiries()
    paths = (str(fields["path"]),) if fields.get("path") else faults.ORDER_PATHS
    try:
        simulator.desk.faults.arm(faults.Fault(name, times, paths, fields.get("accept")))
    except KeyError as unknown:
        raise ControlError(f"no such fault: {name}") from unknown


def _forge(simulator: KisSimulator) -> None:
    order = _open_order(simulator, {})
    ticket = order.ticket
    simulator.hub.forge(
        SimNotice(order, RequestKind.NEW, ticket.qty, ticket.price, simulator.now(), filled=True, confirmed=True)
    )


def _open_order(simulator: KisSimulator, fields: Fields) -> SimOrder:
    number = _named(fields)
    order = working(simulator.desk, number)
    if order is None:
        raise ControlError("no such open order" if number else "no open order")
    return order


def _named(fields: Fields) -> int | None:
    """The order number that was given, None for "any"."""
    return None if fields.get("order") in {None, ""} else int(fields["order"])


def _fill(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    order = _open_order(simulator, fields)
    qty = _decimal(fields, "qty", order.leaves)
    done = simulator.desk.book.fill(order, qty, _decimal(fields, "price", order.ticket.price), simulator.now())
    return {"order": _plain(order), "qty": str(done)}


def _external_order(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    return {"order": _plain(simulator.desk.place(_ticket(simulator, fields)))}


def _reserve(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    row = simulator.desk.reserve(_ticket(simulator, {"market": "US_RESERVED", **fields}))
    return {"reservation": rows.reservation(row)}


def _ticket(simulator: KisSimulator, fields: Fields) -> Ticket:
    """The named order; what is not named is drawn by the market."""
    named = Market(fields["market"]) if fields.get("market") else None
    account = _account(simulator, fields, named)
    market = named or next((m for m in account.markets if simulator.desk.is_open(m)), account.markets[0])
    drawn = simulator.market.ticket(account, market)
    exchange = str(fields.get("exchange") or "")
    chosen = instrument(str(fields["symbol"]), market, exchange) if fields.get("symbol") else drawn.instrument
    default_price = drawn.price if chosen == drawn.instrument else simulator.market.price(chosen)
    return Ticket(
        account,
        market,
        chosen,
        Side(fields.get("side") or drawn.side),
        _decimal(fields, "qty", drawn.qty),
        _decimal(fields, "price", default_price),
        "HTS",
    )


def _account(simulator: KisSimulator, fields: Fields, market: Market | None) -> Any:
    if fields.get("account"):
        return read_account(str(fields["account"]))
    fitting = [a for a in simulator.settings.accounts if market is None or market in a.markets]
    if not fitting:
        raise ControlError(f"no account trades {market}")
    return fitting[0]


def _reject(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    """Without an order: a new one that the exchange refuses."""
    if _named(fields) is None:
        order = simulator.desk.place(_ticket(simulator, fields))
    else:
        order = _open_order(simulator, fields)
    simulator.desk.book.reject(order, str(fields.get("reason") or "주문가능수량이 부족합니다."), simulator.now())
    return {"order": _plain(order)}


def _ask(kind: RequestKind) -> Callable[[KisSimulator, Fields], dict[str, Any]]:
    def press(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
        order = _open_order(simulator, fields)
        qty = _decimal(fields, "qty", order.leaves)
        child = simulator.desk.ask(order, kind, qty, _decimal(fields, "price", order.ticket.price))
        return {"order": _plain(child)}

    return press


def _transmit(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    """Sends the named reservation, or all that wait, as if the market opened."""
    wanted = _named(fields)
    waiting = [r for r in simulator.desk.reservations.waiting() if wanted in {None, r.number}]
    sent = [simulator.desk.reservations.transmit(row, simulator.now()) for row in waiting]
    return {"orders": [_plain(order) for order in sent]}


def _not_sent(simulator: KisSimulator, _fields: Fields) -> dict[str, Any]:
    return {"refused": refuse_one_reservation(simulator.desk)}


def _confirm(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    return {"confirmed": simulator.desk.release(_named(fields))}


def _decimal(fields: Fields, name: str, default: Decimal) -> Decimal:
    found = default if fields.get(name) in {None, ""} else Decimal(str(fields[name]))
    if not found.is_finite() or found <= 0:
        raise ControlError(f"{name} is a positive number")
    return found


EVENTS: Mapping[str, Callable[[KisSimulator, Fields], dict[str, Any]]] = {
    "fill": _fill,
    "external_order": _external_order,
    "reserve": _reserve,
    "reject": _reject,
    "cancel": _ask(RequestKind.CANCEL),
    "modify": _ask(RequestKind.MODIFY),
    "transmit": _transmit,
    "not_sent": _not_sent,
    "confirm": _confirm,
}
