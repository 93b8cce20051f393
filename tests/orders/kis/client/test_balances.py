"""What an account holds and what it may revise: the questions, and pages of answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import responses
from responses import matchers

from orders.kis.client import balance_questions
from orders.kis.errors import UnsupportedError
from orders.kis.tr_ids import Environment
from tests.orders.kis.client.bench import ACCOUNT, OVERSEAS, Bench, page
from tests.orders.kis.schemas.test_balances import CONTRACTS, DERIVATIVES_SUMS, OVERSEAS_SUMS, SHARES
from tests.orders.kis.schemas.test_revisable import ROW
from tests.orders.kis.test_auth import CONFIG

FUTURES = "https://kis.test:9443/uapi/domestic-futureoption/v1/trading"
STOCK = "https://kis.test:9443/uapi/domestic-stock/v1/trading"
WHOSE = {"CANO": "12345678", "ACNT_PRDT_CD": "01"}
FIRST_PAGE = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
MARGINS = {"MGNA_DVSN": "01", "EXCC_STAT_CD": "2"}


@responses.activate
@pytest.mark.parametrize(("environment", "tr_id"), [(Environment.LIVE, "TTTS3012R"), (Environment.PAPER, "VTTS3012R")])
def test_overseas_shares_are_asked_for_page_by_page(environment: Environment, tr_id: str) -> None:
    keys = {"ctx_area_fk200": "F", "ctx_area_nk200": "N"}
    query = WHOSE | {"OVRS_EXCG_CD": "TKSE", "TR_CRCY_CD": "JPY"}
    for asked, more in ((FIRST_PAGE, "M"), ({"CTX_AREA_FK200": "F", "CTX_AREA_NK200": "N"}, "D")):
        responses.get(
            f"{OVERSEAS}/inquire-balance",
            json=page([SHARES], "output1", **keys) | {"output2": OVERSEAS_SUMS},
            headers={"tr_cont": more},
            match=[matchers.query_param_matcher(query | asked), matchers.header_matcher({"tr_id": tr_id})],
        )
    client = Bench(replace(CONFIG, environment=environment)).client
    found = list(client.overseas_balance(ACCOUNT, "TKSE", "JPY"))
    assert [position.symbol for each in found for position in each.positions] == ["AAPL", "AAPL"]
    assert all(each.totals for each in found)


def test_live_asks_for_the_us_at_once_and_paper_for_each_exchange() -> None:
    asia = (("SEHK", "HKD"), ("SHAA", "CNY"), ("SZAA", "CNY"), ("TKSE", "JPY"), ("HASE", "VND"), ("VNSE", "VND"))
    assert balance_questions(Environment.LIVE) == (("NASD", "USD"), *asia)
    assert balance_questions(Environment.PAPER) == (("NASD", "USD"), ("NYSE", "USD"), ("AMEX", "USD"), *asia)


@responses.activate
@pytest.mark.parametrize(("environment", "tr_id"), [(Environment.LIVE, "CTFO6118R"), (Environment.PAPER, "VTFO6118R")])
def test_the_days_derivatives_are_asked_for(environment: Environment, tr_id: str) -> None:
    responses.get(
        f"{FUTURES}/inquire-balance",
        json=page([CONTRACTS], "output1") | {"output2": DERIVATIVES_SUMS},
        match=[
            matchers.query_param_matcher(WHOSE | MARGINS | FIRST_PAGE),
            matchers.header_matcher({"tr_id": tr_id}),
        ],
    )
    (found,) = Bench(replace(CONFIG, environment=environment)).client.fo_balance(ACCOUNT)
    assert [position.symbol for position in found.positions] == ["A01603"]
    assert found.totals is not None


@responses.activate
def test_the_nights_derivatives_are_asked_for(bench: Bench) -> None:
    responses.get(
        f"{FUTURES}/inquire-ngt-balance",
        json=page([CONTRACTS], "output1") | {"output2": DERIVATIVES_SUMS},
        match=[
            matchers.query_param_matcher(WHOSE | MARGINS | {"ACNT_PWD": ""} | FIRST_PAGE),
            matchers.header_matcher({"tr_id": "CTFN6118R"}),
        ],
    )
    (found,) = bench.client.fo_night_balance(ACCOUNT)
    assert [position.symbol for position in found.positions] == ["A01603"]


@responses.activate
def test_revisable_stock_orders_are_asked_for(bench: Bench) -> None:
    query = WHOSE | {"INQR_DVSN_1": "0", "INQR_DVSN_2": "0", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    responses.get(
        f"{STOCK}/inquire-psbl-rvsecncl",
        json=page([ROW]),
        match=[matchers.query_param_matcher(query), matchers.header_matcher({"tr_id": "TTTC0084R"})],
    )
    (found,) = bench.client.krx_revisable(ACCOUNT)
    assert [row.number for row in found.rows] == [4336]


@responses.activate
def test_what_paper_lacks_is_refused_before_any_request() -> None:
    client = Bench(replace(CONFIG, environment=Environment.PAPER)).client
    for inquiry in (client.fo_night_balance(ACCOUNT), client.krx_revisable(ACCOUNT)):
        with pytest.raises(UnsupportedError):
            list(inquiry)
    assert len(responses.calls) == 0
