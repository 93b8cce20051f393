"""The product's own requests, of every row of its table, are what the order engine takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Market, Side
from orders.domain.sessions import Action
from orders.kis.revisions import TABLE, RevisionFacts, request
from orders.kis.schemas import Account
from orders.kis.tr_ids import TRS, Environment
from tests.orders.kis.simulator.conftest import Clock, Desk, running
from tests.orders.kis.simulator.order_api.asking import code

SYMBOLS = {
    "NASD": "AAPL",
    "NYSE": "BA",
    "AMEX": "SPY",
    "SEHK": "00700",
    "SHAA": "600519",
    "SZAA": "300750",
    "TKSE": "7203",
    "HASE": "PVS",
    "VNSE": "FPT",
    "KRX": "005930",
    "NXT": "005930",
    "SOR": "005930",
}
ANYWHERE = {
    Market.US_RESERVED: ("NASD", "AAPL"),
    Market.FO_DAY: ("KRX", "B01612555"),
    Market.FO_NIGHT: ("KRX", "A01612"),
}
HOURS = {Market.US: "23:40", Market.FO_NIGHT: "20:00"}
VIETNAM = {(Market.ASIA, "HASE"): "11:30", (Market.ASIA, "VNSE"): "11:30"}
VIETNAM |= {(Market.ASIA_RESERVED, "HASE"): "10:00", (Market.ASIA_RESERVED, "VNSE"): "10:00"}
CASES = [
    pytest.param(market, exchange, action, environment, id=f"{market}-{exchange}-{action}-{environment}")
    for (market, exchange, action), revision in TABLE.items()
    for environment in Environment
    if environment is Environment.LIVE or revision.offer.paper
]


def entered(desk: Desk, market: Market, exchange: str, symbol: str) -> tuple[int, str]:
    """The number of an order or reservation of ten, and its price."""
    ticket: dict[str, Any] = {"market": market.value, "symbol": symbol, "qty": 10, "exchange": exchange, "side": "buy"}
    if market in {Market.US_RESERVED, Market.ASIA_RESERVED}:
        row = desk.press(event="reserve", **ticket)["reservation"]
        return int(row["ovrs_rsvn_odno"]), row["ft_ord_unpr3"]
    order = desk.order(**ticket)
    return order["number"], order["price"]


@pytest.mark.parametrize(("market", "exchange", "action", "environment"), CASES)
def test_what_the_product_asks_for_is_taken(
    clock: Clock, market: Market, exchange: str, action: Action, environment: Environment
) -> None:
    clock.move(VIETNAM.get((market, exchange)) or HOURS.get(market, "11:00"))
    exchange, symbol = (exchange, SYMBOLS[exchange]) if exchange else ANYWHERE[market]
    derivatives = market in {Market.FO_DAY, Market.FO_NIGHT}
    with running(clock, environment=environment, rate=100) as desk:
        number, price = entered(desk, market, exchange, symbol)
        facts = RevisionFacts(
            account=Account("12345678", "03" if derivatives else "01"),
            environment=environment,
            market=market,
            action=action,
            exchange=exchange,
            symbol=symbol,
            number=number,
            order_date=date(2026, 11, 20),
            leaves_qty=Decimal(10),
            price=Decimal(price) + 100,
            order_price=Decimal(price),
            forward_org="06010",
            side=Side.BUY,
        )
        asked = request(facts)
        tr = TRS[asked.operation]
        tr_id = tr.live if environment is Environment.LIVE else str(tr.paper)
        assert code(desk.post(tr.path, tr_id, **asked.body))[0] == "0"
