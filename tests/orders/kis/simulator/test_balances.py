"""Balances as the product's own client reads them: what was held before, and what fills made of it."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from orders.domain.events import Family, Side
from orders.kis.client.inquiries import balance_questions
from orders.kis.schemas.balances import Position
from orders.kis.simulator.instruments import BY_SYMBOL
from orders.kis.simulator.positions import SimPosition, positions
from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import FO, FUTURES, US, Clock, Desk, running
from tests.orders.kis.simulator.test_inquiries import FUTURES_ACCOUNT, STOCKS_ACCOUNT, client

D = Decimal


def shares(desk: Desk, exchange: str = "NASD", currency: str = "USD", **kwargs: Any) -> dict[str, Position]:
    pages = list(client(desk, **kwargs).overseas_balance(STOCKS_ACCOUNT, exchange, currency))
    assert all(page.bad == () and page.totals is not None for page in pages)
    return {one.symbol: one for one in chain.from_iterable(page.positions for page in pages)}


def contracts(desk: Desk, *, night: bool = False, **kwargs: Any) -> dict[str, Position]:
    asking = client(desk, **kwargs)
    pages = list(asking.fo_night_balance(FUTURES_ACCOUNT) if night else asking.fo_balance(FUTURES_ACCOUNT))
    assert all(page.bad == () and page.totals is not None for page in pages)
    return {one.symbol: one for one in chain.from_iterable(page.positions for page in pages)}


def traded(desk: Desk, symbol: str, side: str, qty: int, price: str, market: str = "US_DAYTIME") -> None:
    number = desk.order(market=market, symbol=symbol, side=side, qty=qty, price=price)["number"]
    desk.press(event="fill", order=number)


def test_what_was_held_before_is_there_without_any_fill(desk: Desk) -> None:
    apple = shares(desk)["AAPL"]
    assert (apple.quantity, apple.exchange, apple.currency, apple.name) == (D(80), "NASD", "USD", "애플")
    assert apple.average_price == D("260.6304")
    assert (apple.market_value, apple.profit_loss) == (D("21719.2"), D("868.768"))
    assert apple.rate == D("0.0417")


def test_a_bought_share_changes_the_average_and_a_sold_one_does_not(desk: Desk) -> None:
    traded(desk, "AAPL", "buy", 80, "280")
    bought = shares(desk)["AAPL"]
    assert (bought.quantity, bought.average_price) == (D(160), D("270.3152"))
    traded(desk, "AAPL", "sell", 60, "300")
    sold = shares(desk)["AAPL"]
    assert (sold.quantity, sold.average_price) == (D(100), D("270.3152"))


def test_an_order_without_a_fill_changes_nothing(desk: Desk) -> None:
    before = shares(desk)
    desk.order(market="US_DAYTIME", symbol="AAPL", side="buy", qty=10)
    assert shares(desk) == before


def test_what_is_all_sold_is_no_longer_held(desk: Desk) -> None:
    traded(desk, "AAPL", "sell", 90, "280")
    traded(desk, "KO", "sell", 9, "70")
    assert not {"AAPL", "KO"} & shares(desk).keys()


def test_one_exchange_or_all_of_the_us_and_each_currency_alone(desk: Desk) -> None:
    everything = shares(desk)
    assert {one.exchange for one in everything.values()} == {"NASD", "NYSE", "AMEX"}
    assert {one.exchange for one in shares(desk, "NAS").values()} == {"NASD"}
    assert shares(desk, "NASD", "HKD") == {}
    assert {one.currency for one in shares(desk, "SEHK", "HKD").values()} == {"HKD"}


def test_the_questions_of_the_client_find_everything_live_and_on_paper(clock: Clock) -> None:
    for environment in Environment:
        with running(clock, environment=environment, rate=1000) as desk:
            asked = balance_questions(environment)
            found = [shares(desk, exchange, currency, environment=environment) for exchange, currency in asked]
            symbols = sorted(chain.from_iterable(found))
            held = positions([], Family.OVERSEAS)
            assert symbols == sorted(position.instrument.symbol for position in held)


def test_contracts_are_long_or_short_by_day_and_by_night(desk: Desk) -> None:
    for night in (False, True):
        held = contracts(desk, night=night)
        assert (held["A01612"].side, held["A01612"].quantity) == (Side.BUY, D(12))
        assert (held["B01612565"].side, held["B01612565"].quantity) == (Side.SELL, D(40))
        assert held["A01612"].profit_loss == D("65796000")
        assert held["B01612565"].profit_loss == D("-2256000")


def test_a_sale_of_more_than_was_held_makes_a_short_position(desk: Desk) -> None:
    traded(desk, "A01612", "sell", 15, "550", "FO_DAY")
    sold = contracts(desk)["A01612"]
    assert (sold.side, sold.quantity, sold.average_price) == (Side.SELL, D(3), D(550))


def test_paper_has_the_day_and_no_night(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER, rate=1000) as desk:
        assert contracts(desk, environment=Environment.PAPER)
        answer = desk.get(f"{FO}/inquire-ngt-balance", "CTFN6118R", FUTURES)
        assert answer.json()["msg_cd"] == "EGW00213"


def test_the_sums_follow_the_positions(desk: Desk) -> None:
    (page,) = client(desk).overseas_balance(STOCKS_ACCOUNT)
    assert page.totals is not None
    assert page.totals.profit_loss == sum(one.profit_loss for one in page.positions if one.profit_loss is not None)
    (empty,) = client(desk).overseas_balance(STOCKS_ACCOUNT, "SEHK", "USD")
    assert empty.totals is not None
    assert (empty.positions, empty.totals.rate) == ((), D(0))
    (day,) = client(desk).fo_balance(FUTURES_ACCOUNT)
    assert day.totals is not None
    assert (day.totals.cash, day.totals.deposit) == (D(500_000_000), D(500_000_000))
    assert day.totals.margin is not None
    assert day.totals.orderable == D(500_000_000) - day.totals.margin


@pytest.mark.parametrize("missing", ["MGNA_DVSN", "EXCC_STAT_CD", "ACNT_PWD"])
def test_an_inquiry_without_a_required_key_is_refused(desk: Desk, missing: str) -> None:
    query = {"MGNA_DVSN": "01", "EXCC_STAT_CD": "2", "ACNT_PWD": ""}
    del query[missing]
    assert desk.get(f"{FO}/inquire-ngt-balance", "CTFN6118R", FUTURES, **query).json()["msg_cd"] == "OPSQ2002"
    assert desk.get(f"{US}/inquire-balance", "TTTS3012R").json()["msg_cd"] == "OPSQ2002"


def test_a_position_that_shrinks_keeps_its_average() -> None:
    held = SimPosition(BY_SYMBOL["A01612"], D(-6), D(3300))
    assert held.traded(D(2), D(9999)) == SimPosition(BY_SYMBOL["A01612"], D(-4), D(2200))
    assert held.traded(D(6), D(9999)).qty == 0
