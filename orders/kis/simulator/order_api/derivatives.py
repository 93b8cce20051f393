"""Domestic futures and options: order-rvsecncl by day and by night (KIS 선물옵션 정정취소주문)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from orders.domain.events import Family, Market, RequestKind
from orders.kis.simulator.answers import MARKET_CLOSED, NOTHING_LEFT, SYMBOL_WRONG, SimAnswer, ordered
from orders.kis.simulator.book import SimOrder
from orders.kis.simulator.order_api.fields import Asking, Refused, Take, korean_hour
from orders.kis.tr_ids import TRS, Operation

_FIELDS = (
    "ORD_PRCS_DVSN_CD",
    "RVSE_CNCL_DVSN_CD",
    "ORGN_ODNO",
    "ORD_QTY",
    "UNIT_PRICE",
    "NMPR_TYPE_CD",
    "KRX_NMPR_CNDT_CD",
    "RMN_QTY_YN",
    "ORD_DVSN_CD",
)
# FUOP_ITEM_DVSN_CD by the first character of the symbol: futures, call, put, spread.
_PRODUCTS = {
    **dict.fromkeys("1A", "01"),
    **dict.fromkeys("2B", "02"),
    **dict.fromkeys("3C", "03"),
    "4": "04",
    "D": "04",
}
_WORDS = {RequestKind.MODIFY: "정정", RequestKind.CANCEL: "취소"}


def revise(market: Market, asking: Asking) -> SimAnswer:
    """POST order-rvsecncl. Raises Refused."""
    asking.require(_FIELDS)
    asking.require_code("ORD_PRCS_DVSN_CD", "02")
    asking.require_code("RMN_QTY_YN", "Y", "N")
    if not asking.desk.is_open(market):
        raise Refused(MARKET_CLOSED)
    original = asking.original(Family.FO, market)
    kind = asking.kind()
    if kind is RequestKind.CANCEL:
        asking.require_code("KRX_NMPR_CNDT_CD", "0")
        asking.require_code("ORD_DVSN_CD", "01")
    price = asking.price("UNIT_PRICE", kind)
    _check_product(asking, original, market)
    qty = _night_quantity(asking, original) if market is Market.FO_NIGHT else _day_quantity(asking, original)
    return _taken(asking.desk.ask(original, kind, qty, price))


def _check_product(asking: Asking, original: SimOrder, market: Market) -> None:
    """By night the product's code is required; where it is given it must be the symbol's."""
    code = asking.text("FUOP_ITEM_DVSN_CD")
    if market is Market.FO_DAY and not code:
        return
    if code != _PRODUCTS.get(original.ticket.instrument.symbol[0]):
        raise Refused(SYMBOL_WRONG)


def _night_quantity(asking: Asking, original: SimOrder) -> Decimal:
    """By night exactly what is left, and said to be all of it."""
    asking.require_code("RMN_QTY_YN", "Y")
    if asking.quantity(original) != original.leaves:
        raise Refused(NOTHING_LEFT)
    return original.leaves


def _day_quantity(asking: Asking, original: SimOrder) -> Decimal:
    """By day "Y" means all that is left, whatever the quantity; paper wants a quantity all the same."""
    if asking.text("RMN_QTY_YN") == "N" or asking.paper:
        return asking.quantity(original)
    return asking.all_left(original)


def _taken(child: SimOrder) -> SimAnswer:
    return ordered(
        {
            "ACNT_NAME": "******",
            "TRAD_DVSN_NAME": _WORDS[child.kind],
            "ITEM_NAME": child.ticket.instrument.name,
            "ORD_TMD": korean_hour(child),
            "ORD_GNO_BRNO": "06010",
            "ORGN_ODNO": str(child.original).zfill(10),
            "ODNO": str(child.number).zfill(10),
        }
    )


DERIVATIVE_REQUESTS: Mapping[str, Take] = {
    TRS[Operation.FO_DAY_REVISE].live: partial(revise, Market.FO_DAY),
    TRS[Operation.FO_NIGHT_REVISE].live: partial(revise, Market.FO_NIGHT),
}
