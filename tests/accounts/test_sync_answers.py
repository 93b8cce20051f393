"""What becomes of answers: quarantined, split, fetched twice, or believed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from accounts.koscom.simulator import Fault
from accounts.models import (
    CashBalance,
    ClientAccount,
    Firm,
    Holding,
    RawPage,
    Snapshot,
    SyncStep,
    Trade,
)
from accounts.sync import SyncResult
from tests.accounts.sync_desk import Desk, kst, make_firm

pytestmark = pytest.mark.django_db
NUMBER = "0019923122221"
SAMPLES = Path(__file__).parents[1] / "data" / "koscom"


@pytest.fixture
def firm() -> Firm:
    return make_firm("shinhan")


@pytest.fixture
def desk(firm: Firm) -> Desk:
    """A desk with the account of the samples, not listed yet."""
    ClientAccount.objects.create(firm=firm, number=NUMBER)
    return Desk(kst("2026-11-18 20:35"))


def balances(desk: Desk, *faults: Fault, dataset: str = "balances", **request: Any) -> SyncResult:
    for fault in faults:
        desk.simulator.faults.add(fault)
    return desk.sync(dataset=dataset, **request)


def step() -> SyncStep:
    return SyncStep.objects.get()


def test_an_answer_that_cannot_be_read_is_quarantined_with_its_page(desk: Desk) -> None:
    balances(desk, Fault("not_json", times=1))
    assert step().state == "quarantined"
    page = RawPage.objects.get(quarantined=True)
    assert "not JSON" in page.reason
    assert page.text()
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    "days", [{"dataset": "balances"}, {"dataset": "trades", "since": date(2026, 10, 1), "until": date(2026, 11, 17)}]
)
def test_rows_of_another_account_are_quarantined_and_named(desk: Desk, days: dict[str, Any]) -> None:
    result = balances(desk, Fault("foreign_row", times=None), **days)
    assert step().state == "quarantined"
    assert "다른 계좌" in result.failures[0].reason
    assert RawPage.objects.filter(quarantined=True).exists()
    assert not Snapshot.objects.exists()


def test_all_becomes_the_single_types_where_a_firm_does_not_know_it(firm: Firm, desk: Desk) -> None:
    Firm.objects.update(asset_types=["ALL"])
    assert balances(desk, Fault("no_all", times=1)).complete
    queries = list(RawPage.objects.values_list("query", flat=True))
    assert {query.split()[2] for query in queries} == {"ALL", "EQTY", "FUND", "ETC"}


def test_one_single_type_that_a_firm_lacks_is_left_out_with_a_warning(desk: Desk) -> None:
    assert balances(desk, Fault("no_all", times=1)).complete
    assert "자산유형 EQTY: 증권사가 지원하지 않습니다." in step().warnings


def test_when_no_type_is_supported_the_step_fails(desk: Desk) -> None:
    balances(desk, Fault("no_all", times=None))
    assert (step().state, step().error_code) == ("failed", "6001")


def test_a_trade_book_with_too_many_rows_is_asked_for_in_halves(desk: Desk) -> None:
    assert balances(desk, Fault("too_many", times=1), dataset="trades").complete
    spans = [query.split()[2:] for query in RawPage.objects.values_list("query", flat=True)]
    assert spans[:2] == [["2026-11-16", "2026-11-18"], ["2026-11-16", "2026-11-16"]]


def test_holdings_that_are_gone_are_believed_only_when_a_second_fetch_agrees(desk: Desk) -> None:
    balances(desk)
    account = ClientAccount.objects.get()
    shown = account.balance_id
    balances(desk, Fault("drop_rows", times=3), firm="shinhan")
    assert (step().state, step().error_code) == ("failed", "shrunk")
    account.refresh_from_db()
    assert account.balance_id == shown
    assert balances(desk, Fault("drop_rows", times=6), firm="shinhan").complete
    account.refresh_from_db()
    assert account.balance_id != shown
    assert any("두 번 조회" in warning for warning in step().warnings)


def test_missed_days_are_fetched_and_trades_of_every_day_replaced_whole(desk: Desk) -> None:
    request = {"since": date(2026, 11, 2), "until": date(2026, 11, 13)}
    assert desk.sync(**request).complete
    days = set(Snapshot.objects.filter(dataset="orders").values_list("business_date", flat=True))
    assert len(days) == 10
    trades = Trade.objects.count()
    assert desk.sync(**request).complete
    assert Trade.objects.count() == trades


def test_a_firm_is_asked_by_virtual_number_where_its_setting_says_so(desk: Desk) -> None:
    Firm.objects.update(query_number="virtualAccNo")
    balances(desk)
    assert step().error_code == "no_number"
    ClientAccount.objects.update(virtual_number="0929923212342")
    assert balances(desk).complete


def test_a_known_limit_of_days_parts_the_span_before_the_firm_has_to(desk: Desk) -> None:
    Firm.objects.update(range_limit_days=5)
    assert desk.sync(dataset="trades", since=date(2026, 11, 2), until=date(2026, 11, 13)).complete
    spans = {tuple(query.split()[2:]) for query in RawPage.objects.values_list("query", flat=True)}
    assert spans == {("2026-11-02", "2026-11-06"), ("2026-11-07", "2026-11-11"), ("2026-11-12", "2026-11-13")}


def test_a_span_that_is_too_long_is_split_and_the_firms_limit_remembered(firm: Firm, desk: Desk) -> None:
    assert desk.sync(dataset="trades", since=date(2026, 7, 1), until=date(2026, 11, 13)).complete
    firm.refresh_from_db()
    assert firm.range_limit_days == 92
    spans = [tuple(query.split()[2:]) for query in RawPage.objects.values_list("query", flat=True)]
    assert spans[0] == ("2026-07-01", "2026-11-13")
    assert set(spans[1:]) == {("2026-07-01", "2026-09-30"), ("2026-10-01", "2026-11-13")}


def test_an_amount_that_the_books_cannot_hold_exactly_is_quarantined(desk: Desk) -> None:
    desk.bend = lambda body: re.sub(rb'("cashBalance":\s*)[^,}]+', rb"\g<1>99999999999999999", body)
    balances(desk)
    assert (step().state, step().error_code) == ("quarantined", "out_of_range")
    assert not Snapshot.objects.exists()
    assert RawPage.objects.get(quarantined=True).reason.startswith("장부에 담을 수 없는 값")


def test_lines_of_the_trade_book_without_a_date_are_held_back(desk: Desk) -> None:
    desk.bend = lambda body: re.sub(rb'("transDate":\s*)"[0-9]+"', rb"\g<1>null", body)
    desk.sync(dataset="trades", since=date(2026, 10, 1), until=date(2026, 11, 13))
    assert step().state == "quarantined"
    assert "거래일이 없는" in step().error
    assert not Trade.objects.exists()


def test_cash_that_differs_between_asset_types_is_taken_from_the_first(desk: Desk) -> None:
    sample = (SAMPLES / "balancelist.response.json").read_bytes()
    desk.bend = lambda _body: sample.replace(b'"cashBalance": 3000000', b'"cashBalance": %d' % desk.calls)
    assert balances(desk).complete
    assert CashBalance.objects.get().cash_balance == 1
    assert Holding.objects.count() == 2
    assert any("현금이 달라" in warning for warning in step().warnings)


def test_an_answer_that_names_no_amount_of_cash_is_kept_as_unknown(desk: Desk) -> None:
    desk.bend = lambda body: re.sub(rb'("cashBalance":\s*)[^,}]+', rb"\g<1>null", body)
    assert balances(desk).complete
    assert {row.cash_balance for row in CashBalance.objects.all()} == {None}
