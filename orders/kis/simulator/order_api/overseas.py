"""Overseas stocks: order-rvsecncl of each country, and daytime-order-rvsecncl of the US."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from orders.domain.events import Family, Market, RequestKind
from orders.kis.simulator.answers import (
    EXCHANGE_WRONG,
    MARKET_CLOSED,
    SYMBOL_WRONG,
    US_CLOSED,
    SimAnswer,
)
from orders.kis.simulator.book import SimOrder
from orders.kis.simulator.exchanges import US_EXCHANGES
from orders.kis.simulator.order_api.fields import CANCEL_ONLY, KINDS, Asking, Refused, Take, taken
from orders.kis.tr_ids import TRS, Operation

_BRANCH = "01790"
_FIELDS = ("OVRS_EXCG_CD", "PDNO", "ORGN_ODNO", "RVSE_CNCL_DVSN_CD", "ORD_QTY", "OVRS_ORD_UNPR")
_DAYTIME_FIELDS = (*_FIELDS, "ORD_SVR_DVSN_CD")
_DAYTIME_KEYS = ("CTAC_TLNO", "MGCO_APTM_ODNO")  # must be there, may be blank


@dataclass(frozen=True, slots=True)
class Country:
    """What one TR of order-rvsecncl reaches: its exchanges, and whether they take a modify."""

    operation: Operation
    market: Market
    exchanges: frozenset[str]
    kinds: Mapping[str, RequestKind]


def _country(operation: Operation, market: Market, *exchanges: str, modifies: bool) -> Country:
    return Country(operation, market, frozenset(exchanges), KINDS if modifies else CANCEL_ONLY)


# KIS "해외주식 정정취소주문": one TR a country; Shanghai, Shenzhen and Vietnam take cancels alone.
COUNTRIES = (
    _country(Operation.US_REVISE, Market.US, *US_EXCHANGES, modifies=True),
    _country(Operation.HK_REVISE, Market.ASIA, "SEHK", modifies=True),
    _country(Operation.JP_REVISE, Market.ASIA, "TKSE", modifies=True),
    _country(Operation.SHANGHAI_CANCEL, Market.ASIA, "SHAA", modifies=False),
    _country(Operation.SHENZHEN_CANCEL, Market.ASIA, "SZAA", modifies=False),
    _country(Operation.VN_CANCEL, Market.ASIA, "HASE", "VNSE", modifies=False),
)


def revise(country: Country, asking: Asking) -> SimAnswer:
    """POST order-rvsecncl. Raises Refused."""
    asking.require(_FIELDS)
    exchange = asking.text("OVRS_EXCG_CD")
    if exchange not in country.exchanges:
        raise Refused(EXCHANGE_WRONG)
    if not asking.desk.hours.takes_requests(country.market, asking.desk.now(), exchange):
        raise Refused(US_CLOSED if country.market is Market.US else MARKET_CLOSED)
    original = asking.original(Family.OVERSEAS, country.market)
    kind = asking.kind(country.kinds)
    price = asking.price("OVRS_ORD_UNPR", kind)
    return _ask(asking, original, kind, price)


def revise_daytime(asking: Asking) -> SimAnswer:
    """POST daytime-order-rvsecncl; the page asks no "0" of a cancel's price. Raises Refused."""
    asking.require(_DAYTIME_FIELDS, _DAYTIME_KEYS)
    if not asking.desk.is_open(Market.US_DAYTIME):
        raise Refused(US_CLOSED)
    original = asking.original(Family.OVERSEAS, Market.US_DAYTIME)
    kind = asking.kind()
    price = asking.price("OVRS_ORD_UNPR", kind, zero_on_cancel=False)
    return _ask(asking, original, kind, price)


def _ask(asking: Asking, original: SimOrder, kind: RequestKind, price: Decimal) -> SimAnswer:
    instrument = original.ticket.instrument
    if (asking.text("PDNO"), asking.text("OVRS_EXCG_CD")) != (instrument.symbol, instrument.exchange):
        raise Refused(SYMBOL_WRONG)
    child = asking.desk.ask(original, kind, asking.quantity(original), price)
    return taken(child, _BRANCH)


OVERSEAS_REQUESTS: Mapping[str, Take] = {
    **{TRS[country.operation].live: partial(revise, country) for country in COUNTRIES},
    TRS[Operation.DAYTIME_REVISE].live: revise_daytime,
}
