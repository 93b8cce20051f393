"""What the broker holds for its own accounts, after the day's fills: by day and night, live and in KIS's mock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts import audit
from accounts.models import ClientAccount
from orders import balances
from orders.domain.events import Family
from orders.kis.simulator.book import SimAccount
from orders.kis.simulator.positions import positions
from orders.models import KisAccount
from tests.flows.markets.cases import ASIA_CASES, DAY_CASES, NIGHT_CASES, US_CASES
from tests.flows.markets.house import CANO, House

pytestmark = pytest.mark.django_db
BY = audit.By.system("balances")


def refreshed(house: House, account: ClientAccount) -> dict[str, Decimal]:
    """Quantities by symbol over REST, after a fetch."""
    assert balances.refresh(KisAccount.objects.get(account=account), BY)
    answer = house.browser.get(f"/api/v1/accounts/{account.pk}/balance/")
    assert answer.status_code == 200
    return {row["short_code"]: Decimal(row["quantity"]) for row in answer.json()["holdings"]}


def at_broker(house: House, product: str) -> dict[str, Decimal]:
    account, family = SimAccount(CANO, product), Family.FO if product == "03" else Family.OVERSEAS
    orders = house.simulator.desk.book.of_account(account, family)
    return {position.instrument.symbol: position.qty for position in positions(orders, family)}


def test_shares_of_every_exchange_are_held_as_the_fills_left_them(house: House) -> None:
    for case in (*ASIA_CASES, US_CASES[0]):
        house.order(case)
    before = at_broker(house, "01")
    held = refreshed(house, house.desk.stock)
    assert held == before
    assert held.keys() >= {case.symbol for case in ASIA_CASES} | {"AAPL"}


def test_contracts_are_held_by_day_and_by_night_with_their_side(house: House) -> None:
    house.order(DAY_CASES[0])
    day = refreshed(house, house.desk.derivatives)
    assert (day, min(day.values()) < 0) == (at_broker(house, "03"), True)
    house.order(NIGHT_CASES[0])
    night = refreshed(house, house.desk.derivatives)
    assert (night, night["A01612"] - day["A01612"]) == (at_broker(house, "03"), Decimal(3))
    paths = [path.rsplit("/", 1)[1] for path in house.simulator.requests if "balance" in path]
    assert paths == ["inquire-balance", "inquire-ngt-balance"]


def test_the_mock_tells_the_same_of_what_it_has(paper: House) -> None:
    for case in (ASIA_CASES[0], US_CASES[1]):
        paper.order(case)
    assert refreshed(paper, paper.desk.stock) == at_broker(paper, "01")
    assert refreshed(paper, paper.desk.derivatives) == at_broker(paper, "03")


def test_a_balance_that_fails_on_its_way_keeps_the_one_before(house: House) -> None:
    house.order(DAY_CASES[0])
    before = refreshed(house, house.desk.derivatives)
    house.fill(house.simulator.desk.book.orders[0], 2)
    house.arm("html", times=None, paths=("inquire-balance",))
    assert not balances.refresh(KisAccount.objects.get(account=house.desk.derivatives), BY)
    house.disarm()
    after = refreshed(house, house.desk.derivatives)
    assert after["A01612"] - before["A01612"] == 2
