"""Market events as a button brings them about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from orders.domain.events import Market, RequestKind, Side
from orders.kis.simulator import rows
from orders.kis.simulator.book import Ticket
from orders.kis.simulator.control.fields import ControlError, Fields, decimal, named, open_order
from orders.kis.simulator.control.showing import plain
from orders.kis.simulator.instruments import instrument
from orders.kis.simulator.load import Script
from orders.kis.simulator.market import ORDER_MARKETS, refuse_one_reservation
from orders.kis.simulator.settings import read_account

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator


def _fill(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    order = open_order(simulator, fields)
    qty = decimal(fields, "qty", order.leaves)
    done = simulator.desk.book.fill(order, qty, decimal(fields, "price", order.ticket.price), simulator.now())
    return {"order": plain(order), "qty": str(done)}


def _external_order(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    return {"order": plain(simulator.desk.place(_ticket(simulator, fields)))}


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
        decimal(fields, "qty", drawn.qty),
        decimal(fields, "price", default_price),
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
    fresh = named(fields) is None
    order = simulator.desk.place(_ticket(simulator, fields)) if fresh else open_order(simulator, fields)
    simulator.desk.book.reject(order, str(fields.get("reason") or "주문가능수량이 부족합니다."), simulator.now())
    return {"order": plain(order)}


def _ask(kind: RequestKind) -> Callable[[KisSimulator, Fields], dict[str, Any]]:
    def press(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
        order = open_order(simulator, fields)
        qty = decimal(fields, "qty", order.leaves)
        child = simulator.desk.ask(order, kind, qty, decimal(fields, "price", order.ticket.price))
        return {"order": plain(child)}

    return press


def _transmit(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    """Sends the named reservation, or all that wait, as if the market opened."""
    wanted = named(fields)
    waiting = [r for r in simulator.desk.reservations.waiting() if wanted in {None, r.number}]
    sent = [simulator.desk.reservations.transmit(row, simulator.now()) for row in waiting]
    return {"orders": [plain(order) for order in sent]}


def _not_sent(simulator: KisSimulator, _fields: Fields) -> dict[str, Any]:
    return {"refused": refuse_one_reservation(simulator.desk)}


def _confirm(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    return {"confirmed": simulator.desk.release(named(fields))}


def _run(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    """Orders and fills until `notices` were made."""
    markets = tuple(Market(name) for name in fields.get("markets", ())) or ORDER_MARKETS
    script = Script(
        notices=int(fields.get("notices", 100)),
        per_second=float(fields.get("per_second", 10)),
        seed=int(fields.get("seed", 0)),
        markets=markets,
    )
    simulator.load.start(script)
    return {"notices": script.notices}


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
    "run": _run,
}
