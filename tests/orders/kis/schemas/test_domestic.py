from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from orders.domain.events import Family, Instrument, Market, OrderKey, OrderReport, ReportStatus, RequestKind, Side
from orders.domain.sessions import SEOUL
from orders.kis.schemas import Account, Sessions, day_order, night_order, read_rows, stock_order
from orders.kis.schemas.rows import ReadRow
from tests.orders.kis import samples
from tests.orders.kis.schemas.test_rows import ACCOUNT

FUTURES_ACCOUNT = Account("81012345", "03")
SESSIONS = Sessions(is_daytime=lambda _at: False, evening_before=lambda day: day - timedelta(days=1))
FO_SAMPLE = samples.read("rest_futureoption_night_and_day_rows.json")
STOCK_ROW = {
    "ord_dt": "20260601",
    "ord_gno_brno": "06010",
    "odno": "0000004336",
    "orgn_odno": "",
    "ord_dvsn_name": "지정가",
    "sll_buy_dvsn_cd": "01",
    "sll_buy_dvsn_cd_name": "매도",
    "pdno": "005930",
    "prdt_name": "삼성전자",
    "ord_qty": "10",
    "ord_unpr": "70000",
    "ord_tmd": "100102",
    "tot_ccld_qty": "4",
    "avg_prvs": "70100",
    "cncl_yn": "N",
    "tot_ccld_amt": "280400",
    "ord_dvsn_cd": "00",
    "rmn_qty": "6",
    "rjct_qty": "0",
    "excg_id_dvsn_Cd": "NXT",
}


def one(raw: dict[str, str], read: ReadRow, account: Account = FUTURES_ACCOUNT) -> OrderReport:
    page = read_rows([raw], account, SESSIONS, read)
    assert page.bad == ()
    return page.reports[0]


def test_every_field_of_the_night_sample_is_read() -> None:
    assert one(FO_SAMPLE["night_output1"], night_order) == OrderReport(
        key=OrderKey("81012345", "03", Family.FO, 5605, date(2022, 1, 14)),
        market=Market.FO_NIGHT,
        kind=RequestKind.NEW,
        orig_number=None,
        side=Side.BUY,
        instrument=Instrument("101S03", "F 202203", "KRX", "KRW"),
        order_qty=Decimal(2),
        cum_qty=Decimal(1),
        leaves_qty=Decimal(1),
        price=Decimal("400.00"),
        avg_px=Decimal("400.00"),
        cum_amount=Decimal(0),
        status=ReportStatus.OPEN,
        status_text="NIGHT BUY",
        reason="",
        ordered_at=datetime(2022, 1, 13, 23, 1, 1, tzinfo=SEOUL),
        forward_org="06010",
    )


def test_every_field_of_the_day_sample_is_read() -> None:
    assert one(FO_SAMPLE["day_output1"], day_order) == OrderReport(
        key=OrderKey("81012345", "03", Family.FO, 5605, date(2022, 1, 14)),
        market=Market.FO_DAY,
        kind=RequestKind.NEW,
        orig_number=None,
        side=Side.BUY,
        instrument=Instrument("101S03", "", "KRX", "KRW"),
        order_qty=Decimal(2),
        cum_qty=Decimal(1),
        leaves_qty=Decimal(1),
        price=Decimal("400.00"),
        avg_px=None,
        cum_amount=None,
        status=ReportStatus.OPEN,
        status_text="",
        reason="",
        ordered_at=None,
        forward_org="06010",
        order_type="01",
    )


def test_a_night_order_after_midnight_is_of_the_next_day() -> None:
    report = one(FO_SAMPLE["night_output1"] | {"ord_tmd": "020304"}, night_order)
    assert report.ordered_at == datetime(2022, 1, 14, 2, 3, 4, tzinfo=SEOUL)


def test_a_night_order_without_a_time_has_none() -> None:
    assert one(FO_SAMPLE["night_output1"] | {"ord_tmd": ""}, night_order).ordered_at is None


@pytest.mark.parametrize("time", ["231500", "020304"])
def test_a_night_order_that_moved_to_the_day_table_is_the_same_order(time: str) -> None:
    moved = one(FO_SAMPLE["night_output1"] | {"ord_tmd": time}, day_order)
    assert moved == one(FO_SAMPLE["night_output1"] | {"ord_tmd": time}, night_order)
    assert moved.market is Market.FO_NIGHT


def test_a_day_order_has_the_time_of_its_date() -> None:
    report = one(FO_SAMPLE["day_output1"] | {"ord_tmd": "090000"}, day_order)
    assert report.ordered_at == datetime(2022, 1, 14, 9, 0, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"qty": "1"}, ReportStatus.OPEN, ""),
        ({"qty": ""}, ReportStatus.OPEN, ""),
        ({"qty": "0"}, ReportStatus.DONE, ""),
        ({"qty": "0", "rjct_qty": "2", "ingr_trad_rjct_rson_name": "가격 오류"}, ReportStatus.REJECTED, "가격 오류"),
        ({"qty": "0", "rjct_qty": "2", "ingr_trad_rjct_rson_cd": "00021"}, ReportStatus.REJECTED, "00021"),
    ],
)
def test_a_derivatives_row_tells_its_status_by_quantities(
    fields: dict[str, str], status: ReportStatus, reason: str
) -> None:
    report = one(FO_SAMPLE["day_output1"] | fields, day_order)
    assert (report.status, report.reason) == (status, reason)


def test_a_derivatives_cancel_names_its_original() -> None:
    report = one(FO_SAMPLE["day_output1"] | {"orgn_odno": "0000005600", "ord_idx": "0"}, day_order)
    assert (report.kind, report.orig_number, report.price) == (RequestKind.CANCEL, 5600, None)


def test_every_field_of_a_stock_row_is_read() -> None:
    assert one(STOCK_ROW, stock_order, ACCOUNT) == OrderReport(
        key=OrderKey("12345678", "01", Family.KRX, 4336, date(2026, 6, 1)),
        market=Market.KRX,
        kind=RequestKind.NEW,
        orig_number=None,
        side=Side.SELL,
        instrument=Instrument("005930", "삼성전자", "NXT", "KRW"),
        order_qty=Decimal(10),
        cum_qty=Decimal(4),
        leaves_qty=Decimal(6),
        price=Decimal(70000),
        avg_px=Decimal(70100),
        cum_amount=Decimal(280400),
        status=ReportStatus.OPEN,
        status_text="지정가 매도",
        reason="",
        ordered_at=datetime(2026, 6, 1, 10, 1, 2, tzinfo=SEOUL),
        forward_org="06010",
        order_type="00",
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"rmn_qty": "6"}, ReportStatus.OPEN),
        ({"rmn_qty": ""}, ReportStatus.OPEN),
        ({"rmn_qty": "0"}, ReportStatus.DONE),
        ({"rmn_qty": "0", "cncl_yn": "Y"}, ReportStatus.CANCELED),
        ({"rmn_qty": "6", "cncl_yn": "Y"}, ReportStatus.OPEN),
        ({"rmn_qty": "0", "cncl_cfrm_qty": "6"}, ReportStatus.CANCELED),
        ({"rmn_qty": "0", "cnc_cfrm_qty": "6"}, ReportStatus.CANCELED),
        ({"rmn_qty": "0", "rjct_qty": "10"}, ReportStatus.REJECTED),
    ],
)
def test_a_stock_row_tells_its_status_by_quantities(fields: dict[str, str], status: ReportStatus) -> None:
    assert one(STOCK_ROW | fields, stock_order, ACCOUNT).status is status


def test_a_stock_cancel_is_told_by_its_words() -> None:
    report = one(STOCK_ROW | {"orgn_odno": "4335", "sll_buy_dvsn_cd_name": "매도취소*"}, stock_order, ACCOUNT)
    assert (report.kind, report.orig_number) == (RequestKind.CANCEL, 4335)


def test_a_stock_row_without_an_exchange_is_of_the_krx() -> None:
    assert one(STOCK_ROW | {"excg_id_dvsn_Cd": ""}, stock_order, ACCOUNT).instrument.exchange == "KRX"
