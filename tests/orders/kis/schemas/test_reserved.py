from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from orders.domain.events import Family, Instrument, Market, OrderKey, OrderReport, ReportStatus, RequestKind, Side
from orders.domain.sessions import SEOUL
from orders.kis.schemas import read_rows, reservation
from tests.orders.kis.schemas.test_rows import ACCOUNT, SESSIONS

ROW = {
    "cncl_yn": "N",
    "rsvn_ord_rcit_dt": "20260601",
    "ovrs_rsvn_odno": "0030135682",
    "ord_dt": "20260601",
    "ord_gno_brno": "01790",
    "odno": "",
    "sll_buy_dvsn_cd": "02",
    "ovrs_rsvn_ord_stat_cd": "01",
    "ovrs_rsvn_ord_stat_cd_name": "접수",
    "pdno": "AAPL",
    "prdt_name": "애플",
    "ord_rcit_tmd": "140102",
    "ord_fwdg_tmd": "000000",
    "ovrs_excg_cd": "NASD",
    "ft_ord_qty": "10",
    "ft_ord_unpr3": "148.0100",
    "ft_ccld_qty": "0",
    "nprc_rson_text": "",
}


def one(**fields: str) -> OrderReport:
    page = read_rows([ROW | fields], ACCOUNT, SESSIONS, reservation)
    assert page.bad == ()
    return page.reports[0]


def test_every_field_of_a_reservation_is_read() -> None:
    assert one() == OrderReport(
        key=OrderKey("12345678", "01", Family.RESERVED, 30135682, date(2026, 6, 1)),
        market=Market.US_RESERVED,
        kind=RequestKind.NEW,
        orig_number=None,
        side=Side.BUY,
        instrument=Instrument("AAPL", "애플", "NASD", "USD"),
        order_qty=Decimal(10),
        cum_qty=Decimal(0),
        leaves_qty=Decimal(10),
        price=Decimal("148.0100"),
        avg_px=None,
        cum_amount=None,
        status=ReportStatus.RESERVED,
        status_text="접수",
        reason="",
        ordered_at=datetime(2026, 6, 1, 14, 1, 2, tzinfo=SEOUL),
        forward_org="01790",
        transmitted_number=None,
        transmits_at=None,
    )


def test_a_transmitted_reservation_names_its_order() -> None:
    report = one(odno="0030138113", ord_fwdg_tmd="223001", ovrs_rsvn_ord_stat_cd_name="전송")
    assert (report.status, report.transmitted_number) == (ReportStatus.TRANSMITTED, 30138113)
    assert report.transmits_at == datetime(2026, 6, 1, 22, 30, 1, tzinfo=SEOUL)
    assert report.leaves_qty is None


@pytest.mark.parametrize(
    ("fields", "status", "leaves"),
    [
        ({"cncl_yn": "Y"}, ReportStatus.CANCELED, Decimal(0)),
        ({"cncl_yn": "y", "odno": "5", "nprc_rson_text": "x"}, ReportStatus.CANCELED, Decimal(0)),
        ({"odno": "5", "nprc_rson_text": "x"}, ReportStatus.TRANSMITTED, None),
        ({"nprc_rson_text": "예수금 부족"}, ReportStatus.NOT_SENT, Decimal(0)),
        ({"ovrs_rsvn_ord_stat_cd_name": ""}, ReportStatus.RESERVED, Decimal(10)),
        ({"ovrs_rsvn_ord_stat_cd_name": "예약접수"}, ReportStatus.RESERVED, Decimal(10)),
        ({"ovrs_rsvn_ord_stat_cd_name": "전송"}, ReportStatus.TRANSMITTED, None),
        ({"ovrs_rsvn_ord_stat_cd_name": "취소"}, ReportStatus.CANCELED, Decimal(0)),
        ({"ovrs_rsvn_ord_stat_cd_name": "미처리"}, ReportStatus.NOT_SENT, Decimal(0)),
        ({"ovrs_rsvn_ord_stat_cd_name": "새 상태"}, ReportStatus.UNRECOGNISED, None),
        ({"ft_ccld_qty": "", "odno": ""}, ReportStatus.RESERVED, Decimal(10)),
    ],
)
def test_the_rows_facts_come_before_its_status_text(
    fields: dict[str, str], status: ReportStatus, leaves: Decimal | None
) -> None:
    report = one(**fields)
    assert (report.status, report.leaves_qty) == (status, leaves)


def test_the_reason_of_an_unsent_reservation_is_kept() -> None:
    assert one(nprc_rson_text="예수금 부족   ").reason == "예수금 부족"


def test_a_status_without_a_name_shows_its_code() -> None:
    assert one(ovrs_rsvn_ord_stat_cd_name="").status_text == "01"


def test_an_asian_reservation_is_told_apart() -> None:
    report = one(ovrs_excg_cd="TKSE")
    assert (report.market, report.instrument.currency) == (Market.ASIA_RESERVED, "JPY")


def test_a_reservation_without_an_order_date_was_not_transmitted() -> None:
    assert one(ord_dt="", ord_fwdg_tmd="223001").transmits_at is None


@pytest.mark.parametrize(
    ("exchange", "product_type", "currency"),
    [
        ("SEHK", "501", "HKD"),
        ("SEHK", "543", "CNY"),
        ("SEHK", "558", "USD"),
        ("SEHK", "", "HKD"),
        ("SEHK", "515", "HKD"),
        ("TKSE", "515", "JPY"),
        ("SHAA", "551", "CNY"),
        ("NASD", "512", "USD"),
    ],
)
def test_the_product_type_of_a_reservation_tells_its_currency(exchange: str, product_type: str, currency: str) -> None:
    report = one(ovrs_excg_cd=exchange, prdt_type_cd=product_type)
    assert report.instrument.currency == currency
