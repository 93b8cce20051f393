"""Every modify and cancel: market x exchange x environment x action x all or a part, against the vendor's pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Market, Side
from orders.domain.sessions import Act, Action, Reason, refusal
from orders.kis import revisions
from orders.kis.errors import UnsupportedError
from orders.kis.revisions import RevisionFacts
from orders.kis.schemas import Account
from orders.kis.tr_ids import TRS, Environment, Operation, tr_id
from tests.orders.kis.revision_pages import ASIA, CANCEL, CASES, EXCHANGE, MODIFY, US, Body, Case

M = Market
LIVE, PAPER = Environment.LIVE, Environment.PAPER


def expected(case: Case, exchange: str, environment: Environment, part: bool) -> tuple[str, str, Body] | Reason:
    """Path, TR id and body as the pages print them, or the refusal."""
    code = case.live if environment is LIVE else case.paper
    if isinstance(code, Reason):
        return code
    whole = case.paper_whole if environment is PAPER and case.paper_whole else case.whole
    body = case.part if part else whole
    if isinstance(body, Reason):
        return body
    assert body is not None
    return case.path, code, {name: exchange if value == EXCHANGE else value for name, value in body.items()}


COMBINATIONS = [
    (case, exchange, environment, part)
    for case in CASES
    for exchange in case.exchanges.split()
    for environment in (LIVE, PAPER)
    for part in (False, True)
]
FACTS = RevisionFacts(
    account=Account("12345678", "01"),
    environment=LIVE,
    market=M.US_DAYTIME,
    action=CANCEL,
    exchange="NASD",
    symbol="AAPL",
    number=30138113,
    order_date=date(2026, 11, 20),
    leaves_qty=Decimal(10),
    forward_org="06010",
    order_price=Decimal("12.34"),
    side=Side.BUY,
)
CURRENCIES = {"SEHK": "HKD", "TKSE": "JPY", "SHAA": "CNY", "SZAA": "CNY", "HASE": "VND", "VNSE": "VND"}


def facts(**changes: Any) -> RevisionFacts:
    return replace(FACTS, **changes)


def of(case: Case, exchange: str, environment: Environment, part: bool) -> RevisionFacts:
    return facts(
        market=case.market,
        action=case.action,
        exchange=exchange,
        environment=environment,
        quantity=Decimal(4) if part else None,
        price=Decimal("12.50") if case.action is MODIFY else None,
        currency=CURRENCIES.get(exchange, ""),
    )


@pytest.mark.parametrize(
    ("case", "exchange", "environment", "part"),
    [
        pytest.param(*row, id=f"{row[0].market}-{row[1]}-{row[2]}-{row[0].action}-{'part' if row[3] else 'all'}")
        for row in COMBINATIONS
    ],
)
def test_every_combination_is_what_the_pages_print(
    case: Case, exchange: str, environment: Environment, part: bool
) -> None:
    wanted = expected(case, exchange, environment, part)
    asked = of(case, exchange, environment, part)
    if isinstance(wanted, Reason):
        with pytest.raises(UnsupportedError) as refused:
            revisions.request(asked)
        assert refused.value.reason is wanted
        return
    request = revisions.request(asked)
    assert (TRS[request.operation].path, tr_id(request.operation, environment), request.body) == wanted


def test_the_combinations_are_all_there_are() -> None:
    everywhere = {
        M.US_RESERVED: US,
        M.ASIA_RESERVED: ASIA,
        M.US_DAYTIME: US,
        M.US: US,
        M.ASIA: ASIA,
        M.FO_DAY: "KRX",
        M.FO_NIGHT: "KRX",
        M.KRX: "KRX NXT SOR",
    }
    assert set(everywhere) == set(Market)
    all_there_are = {(m, x, a) for m, exchanges in everywhere.items() for x in exchanges.split() for a in Action}
    listed = [(case.market, x, case.action) for case in CASES for x in case.exchanges.split()]
    assert sorted(listed) == sorted(all_there_are)


def test_every_row_of_the_table_is_listed_here() -> None:
    listed = {(case.market, x, case.action) for case in CASES for x in case.exchanges.split()}
    for market, exchange, action in revisions.TABLE:
        assert (market, exchange, action) in listed or (not exchange and {x for m, x, a in listed if m is market})


def test_what_is_offered_is_what_can_be_asked_for() -> None:
    for case, exchange, environment, part in COMBINATIONS:
        wanted = expected(case, exchange, environment, part)
        act = Act(case.market, case.action, exchange, paper=environment is PAPER, part=part)
        assert refusal(revisions.OFFERED, act) == (wanted if isinstance(wanted, Reason) else None)


def test_the_row_of_an_act_can_be_looked_up() -> None:
    found = revisions.offer(M.US_RESERVED, "NASD", CANCEL)
    assert found is not None
    assert found.operation is Operation.US_RESERVE_CANCEL
    assert revisions.offer(M.US_RESERVED, "NASD", MODIFY) is None
    assert revisions.offer(M.ASIA, "SHAA", CANCEL) is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exchange": ""}, Reason.EXCHANGE_UNKNOWN),
        ({"exchange": "OTCB"}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.ASIA, "exchange": "NASD"}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.KRX, "exchange": ""}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.US, "action": MODIFY, "price": Decimal(1), "order_type": "35"}, Reason.ALGORITHM_NOT_MODIFIABLE),
        ({"market": M.US, "action": MODIFY, "price": Decimal(1), "order_type": "36"}, Reason.ALGORITHM_NOT_MODIFIABLE),
        (
            {"market": M.KRX, "exchange": "KRX", "action": MODIFY, "price": Decimal(1), "order_type": "22"},
            Reason.MODIFY_NOT_OFFERED,
        ),
    ],
)
def test_what_is_not_taken_is_refused_before_anything_is_sent(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(UnsupportedError, match=reason.value) as refused:
        revisions.request(facts(**changes))
    assert refused.value.reason is reason
