from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from orders.domain.events import (
    Family,
    Instrument,
    Market,
    OrderKey,
    OrderReport,
    ReportStatus,
    RequestKind,
    Side,
)
from orders.domain.sessions import SEOUL
from orders.kis.schemas import open_order, overseas_order, read_rows
from tests.orders.kis import samples
from tests.orders.kis.schemas.test_rows import ACCOUNT, GOOD, SESSIONS


def one(raw: dict[str, str]) -> OrderReport:
    page = read_rows([raw], ACCOUNT, SESSIONS, overseas_order)
    assert page.bad == ()
    return page.reports[0]


def test_every_field_of_the_open_order_sample_is_read() -> None:
    page = read_rows(samples.read("rest_inquire_nccs_rows.json"), ACCOUNT, SESSIONS, open_order)
    assert page.bad == ()
    assert page.reports == (
        OrderReport(
            key=OrderKey("12345678", "01", Family.OVERSEAS, 30138113, date(2022, 1, 12)),
            market=Market.US_DAYTIME,
            kind=RequestKind.NEW,
            orig_number=None,
            side=Side.BUY,
            instrument=Instrument("BA", "보잉", "NYSE", "USD"),
            order_qty=Decimal(1),
            cum_qty=Decimal(0),
            leaves_qty=Decimal(1),
            price=Decimal(200),
            avg_px=None,
            cum_amount=Decimal(0),
            status=ReportStatus.OPEN,
            status_text="",
            reason="",
            ordered_at=datetime(2022, 1, 12, 16, 32, 11, tzinfo=SEOUL),
            placed_by="",
            forward_org="01790",
        ),
    )


def test_every_field_of_the_filled_order_sample_is_read() -> None:
    page = read_rows(samples.read("rest_overseas_inquire_ccnl_rows.json"), ACCOUNT, SESSIONS, overseas_order)
    assert page.reports == (
        OrderReport(
            key=OrderKey("12345678", "01", Family.OVERSEAS, 31276871, date(2026, 7, 9)),
            market=Market.US,
            kind=RequestKind.NEW,
            orig_number=None,
            side=Side.SELL,
            instrument=Instrument("SNDK", "SANDISK", "NASD", "USD"),
            order_qty=Decimal(1),
            cum_qty=Decimal(1),
            leaves_qty=None,
            price=Decimal("1827.0000"),
            avg_px=Decimal("1833.9032"),
            cum_amount=Decimal("1833.9032"),
            status=ReportStatus.DONE,
            status_text="완료",
            reason="",
            ordered_at=datetime(2026, 7, 9, 23, 31, 56, tzinfo=SEOUL),
            placed_by="OpenAPI",
        ),
    )
    assert [(bad.name, bad.raw["odno"]) for bad in page.bad] == [("odno", "rejected-order"), ("ord_dt", "3567")]


def test_the_unpadded_sample_number_is_read_once_its_row_is_whole() -> None:
    sample = samples.read("rest_overseas_inquire_ccnl_rows.json")[2]
    report = one(GOOD | sample)
    assert report.key.number == 3567
    assert (report.leaves_qty, report.status, report.kind) == (Decimal(1), ReportStatus.OPEN, RequestKind.NEW)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("", RequestKind.NEW), ("00", RequestKind.NEW), ("01", RequestKind.MODIFY), ("02", RequestKind.CANCEL)],
)
def test_each_purpose_has_its_code_in_both_inquiries(code: str, kind: RequestKind) -> None:
    assert one(GOOD | {"rvse_cncl_dvsn": code}).kind is kind
    page = read_rows([GOOD | {"rvse_cncl_dvsn_cd": code}], ACCOUNT, SESSIONS, open_order)
    assert page.reports[0].kind is kind


@pytest.mark.parametrize(
    ("words", "leaves", "status"),
    [
        ("접수", "1", ReportStatus.OPEN),
        ("전송", "1", ReportStatus.OPEN),
        ("완료", "0", ReportStatus.DONE),
        ("거부", "0", ReportStatus.REJECTED),
        ("접수거부", "0", ReportStatus.REJECTED),
        ("취소완료", "0", ReportStatus.CANCELED),
        ("처음 보는 말", "0", ReportStatus.UNRECOGNISED),
        ("", "0", ReportStatus.DONE),
        ("", "1", ReportStatus.OPEN),
        ("", "", ReportStatus.OPEN),
    ],
)
def test_each_status_text_has_its_meaning(words: str, leaves: str, status: ReportStatus) -> None:
    report = one(GOOD | {"prcs_stat_name": words, "nccs_qty": leaves})
    assert (report.status, report.status_text) == (status, words)


@pytest.mark.parametrize(
    ("exchange", "market", "currency"),
    [
        ("NASD", Market.US, "USD"),
        ("NYSE", Market.US, "USD"),
        ("AMEX", Market.US, "USD"),
        ("SEHK", Market.ASIA, "HKD"),
        ("SHAA", Market.ASIA, "CNY"),
        ("SZAA", Market.ASIA, "CNY"),
        ("TKSE", Market.ASIA, "JPY"),
        ("HASE", Market.ASIA, "VND"),
        ("VNSE", Market.ASIA, "VND"),
    ],
)
def test_each_exchange_has_its_market_and_currency(exchange: str, market: Market, currency: str) -> None:
    report = one(GOOD | {"ovrs_excg_cd": exchange})
    assert (report.market, report.instrument.currency) == (market, currency)


@pytest.mark.parametrize(
    ("fields", "market"),
    [
        ({"ord_tmd": "100000"}, Market.US_DAYTIME),
        ({"ord_tmd": "233000"}, Market.US),
        ({"thco_ord_tmd": "100000", "ord_tmd": "233000"}, Market.US_DAYTIME),
        ({"thco_ord_tmd": "233000", "ord_tmd": "100000"}, Market.US),
        ({"ord_tmd": "100000", "ovrs_excg_cd": "TKSE"}, Market.ASIA),
        ({}, Market.US),
    ],
)
def test_the_korean_order_time_tells_a_daytime_order(fields: dict[str, str], market: Market) -> None:
    assert one(GOOD | fields).market is market


def test_the_key_has_the_order_date_and_the_time_the_korean_date() -> None:
    report = one(GOOD | {"ord_dt": "20260709", "dmst_ord_dt": "20260710", "thco_ord_tmd": "010203"})
    assert report.key.order_date == date(2026, 7, 9)
    assert report.ordered_at == datetime(2026, 7, 10, 1, 2, 3, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"rjct_rson_name": "주문가능수량 부족", "rjct_rson": "01"}, "주문가능수량 부족"),
        ({"rjct_rson": "01"}, "01"),
        ({"rjct_rson": "00"}, ""),
        ({}, ""),
    ],
)
def test_the_reason_is_the_brokers_own(fields: dict[str, str], reason: str) -> None:
    assert one(GOOD | fields).reason == reason


@pytest.mark.parametrize("name", ["ord_dt", "odno", "sll_buy_dvsn_cd", "ovrs_excg_cd", "ft_ord_qty", "ft_ccld_qty"])
def test_a_row_without_what_identifies_or_counts_is_bad(name: str) -> None:
    page = read_rows([GOOD | {name: ""}], ACCOUNT, SESSIONS, overseas_order)
    assert [bad.name for bad in page.bad] == [name]
