"""Domestic stocks: order-rvsecncl (KIS 주식주문(정정취소))."""

from __future__ import annotations

from collections.abc import Mapping

from orders.domain.events import Family, Market
from orders.kis.simulator.answers import MARKET_CLOSED, NO_ORIGINAL, ORDER_TYPE_WRONG, SOR_IMPOSSIBLE, SimAnswer
from orders.kis.simulator.order_api.fields import Asking, Refused, Take, taken
from orders.kis.simulator.rows import STOCK_BRANCH
from orders.kis.tr_ids import TRS, Operation

_FIELDS = (
    "KRX_FWDG_ORD_ORGNO",
    "ORGN_ODNO",
    "ORD_DVSN",
    "RVSE_CNCL_DVSN_CD",
    "ORD_QTY",
    "ORD_UNPR",
    "QTY_ALL_ORD_YN",
)
_ROUTES = frozenset({"KRX", "NXT", "SOR"})


def revise(asking: Asking) -> SimAnswer:
    """POST order-rvsecncl: of an order at another exchange, or of another branch, it knows nothing. Raises Refused."""
    asking.require(_FIELDS)
    asking.require_code("QTY_ALL_ORD_YN", "Y", "N")
    if not asking.desk.is_open(Market.KRX):
        raise Refused(MARKET_CLOSED)
    route = _route(asking)
    original = asking.original(Family.KRX, Market.KRX)
    if original.ticket.instrument.exchange != route or asking.text("KRX_FWDG_ORD_ORGNO") != STOCK_BRANCH:
        raise Refused(NO_ORIGINAL)
    kind = asking.kind()
    price = asking.price("ORD_UNPR", kind)
    qty = asking.all_left(original) if asking.text("QTY_ALL_ORD_YN") == "Y" else asking.quantity(original)
    return taken(asking.desk.ask(original, kind, qty, price), STOCK_BRANCH)


def _route(asking: Asking) -> str:
    """Where the request goes: KRX unless said otherwise; paper has no other."""
    route = asking.text("EXCG_ID_DVSN_CD") or "KRX"
    if route not in _ROUTES:
        raise Refused(ORDER_TYPE_WRONG)
    if asking.paper and route != "KRX":
        raise Refused(SOR_IMPOSSIBLE)
    return route


STOCK_REQUESTS: Mapping[str, Take] = {TRS[Operation.KRX_REVISE].live: revise}
