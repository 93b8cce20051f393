from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Market, OrderReport, ReportStatus, RequestKind
from orders.domain.sessions import Sessions as DomainSessions
from orders.kis.client import kis_client
from orders.kis.client.config import KisConfig
from orders.kis.schemas import Account, Sessions
from orders.kis.tr_ids import Environment
from tests.orders.kis.simulator.conftest import FO, FUTURES, KRX, US, Clock, Desk, running

STOCKS_ACCOUNT, FUTURES_ACCOUNT = Account("12345678", "01"), Account("12345678", "03")
TODAY = date(2026, 11, 20)
D = Decimal


def client(desk: Desk, environment: Environment = Environment.LIVE) -> kis_client.KisClient:
    """The product's own client, pointed at the simulator."""
    config = KisConfig(environment, desk.url, "", "demo", "demo", "desk01")
    table = DomainSessions()

    def evening_before(day: date) -> date:
        return day - timedelta(days=3 if day.weekday() == 0 else 1)

    ports = kis_client.Ports(
        token=lambda: desk.token, forget_token=lambda _token: None, limiter=lambda: None, new_gt_uid=lambda: "1"
    )
    sessions = Sessions(is_daytime=table.daytime_session_contains, evening_before=evening_before)
    return kis_client.KisClient(config, desk.session, ports, sessions)


def reports(pages: Any) -> list[OrderReport]:
    found: list[OrderReport] = []
    for page in pages:
        assert page.bad == ()
        found.extend(page.reports)
    return found


def test_an_open_overseas_order_as_the_list_of_open_orders_prints_it(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME", symbol="BA", side="buy", qty=10, price="170.5")["number"]
    desk.press(event="fill", order=number, qty=4, price="170")
    answer = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS")
    assert answer.headers["tr_cont"] == "D"
    body = answer.json()
    assert (body["rt_cd"], body["msg_cd"], len(body["msg1"])) == ("0", "KIOK0510", 80)
    assert (len(body["ctx_area_fk200"]), len(body["ctx_area_nk200"])) == (200, 200)
    (row,) = body["output"]
    expected = {
        "ord_dt": "20261120",
        "odno": f"{number:010d}",
        "orgn_odno": "",
        "pdno": "BA",
        "prdt_name": "보잉",
        "sll_buy_dvsn_cd": "02",
        "rvse_cncl_dvsn_cd": "00",
        "ord_tmd": "110000",
        "ft_ord_qty": "10",
        "ft_ccld_qty": "4",
        "nccs_qty": "6",
        "ft_ord_unpr3": "170.50000000",
        "ft_ccld_unpr3": "170.00000000",
        "ft_ccld_amt3": "680.00000",
        "ovrs_excg_cd": "NYSE",
        "prcs_stat_name": "",
    }
    assert {name: row[name] for name in expected} == expected


def test_an_empty_list_says_so_in_the_vendors_words(desk: Desk) -> None:
    body = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS").json()
    assert (body["msg_cd"], body["msg1"].strip(), body["output"]) == ("KIOK0560", "조회할 내용이 없습니다", [])


def test_one_exchange_lists_its_own_orders_and_nasd_all_of_them(desk: Desk) -> None:
    for symbol in ("BA", "AAPL", "SPY"):
        desk.order(market="US_DAYTIME", symbol=symbol)

    def symbols(exchange: str) -> list[str]:
        answer = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD=exchange, SORT_SQN="").json()
        return [row["pdno"] for row in answer["output"]]

    assert symbols("NASD") == ["SPY", "AAPL", "BA"]
    assert symbols("NYSE") == ["BA"]
    assert symbols("SEHK") == []


def test_every_page_comes_once_and_the_last_says_that_it_is_the_last(clock: Clock) -> None:
    with running(clock, page_size=2) as desk:
        numbers = [desk.order(market="US_DAYTIME", symbol="AAPL")["number"] for _ in range(5)]
        query = {"OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS"}
        first = desk.get(f"{US}/inquire-nccs", "TTTS3018R", **query)
        assert first.headers["tr_cont"] == "F"
        desk.headers = {"tr_cont": "N"}
        key = first.json()["ctx_area_nk200"]
        second = desk.get(f"{US}/inquire-nccs", "TTTS3018R", CTX_AREA_NK200=key, **query)
        assert second.headers["tr_cont"] == "M"
        desk.headers = {}
        found = reports(client(desk).open_overseas(STOCKS_ACCOUNT))
        assert [report.key.number for report in found] == numbers


def test_the_client_reads_what_the_simulator_lists_of_a_canceled_daytime_order(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", side="sell", qty=10, price="280")["number"]
    desk.press(event="fill", order=number, qty=4, price="280")
    child = desk.press(event="cancel", order=number)["order"]["number"]
    original, request = reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (original.key.number, original.market) == (number, Market.US_DAYTIME)
    assert (original.status, original.cum_qty, original.leaves_qty) == (ReportStatus.CANCELED, D(4), D(0))
    assert original.cum_amount == D("1120")
    assert (request.key.number, request.kind, request.orig_number) == (child, RequestKind.CANCEL, number)
    assert request.placed_by == "HTS"


STATES = [
    ([], "", ReportStatus.OPEN),
    ([{"event": "fill"}], "완료", ReportStatus.DONE),
    ([{"event": "cancel"}], "취소완료", ReportStatus.CANCELED),
    ([{"event": "modify", "price": "269"}], "완료", ReportStatus.DONE),
    ([{"event": "reject", "reason": "주문가능수량 부족"}], "거부", ReportStatus.REJECTED),
]


@pytest.mark.parametrize(("events", "words", "status"), STATES)
def test_the_status_text_of_an_overseas_order(
    desk: Desk, events: list[dict[str, str]], words: str, status: ReportStatus
) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", side="buy", qty=10)["number"]
    for event in events:
        desk.press(order=number, **event)
    report = reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))[0]
    assert (report.status_text, report.status) == (words, status)


def test_what_the_exchange_has_not_answered_yet_is_received_or_sent(clock: Clock) -> None:
    with running(clock, exchange_delay=60.0) as desk:
        number = desk.press(event="external_order", market="US_DAYTIME", symbol="AAPL")["order"]["number"]
        desk.press(event="cancel", order=number)
        desk.press(event="modify", order=number)
        words = [r.status_text for r in reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))]
        assert words == ["접수", "전송", "전송"]


def test_the_list_of_orders_is_narrowed_by_side_fill_and_date(desk: Desk) -> None:
    sold = desk.order(market="US_DAYTIME", symbol="AAPL", side="sell")["number"]
    bought = desk.order(market="US_DAYTIME", symbol="AAPL", side="buy")["number"]
    desk.press(event="fill", order=sold, qty=1)

    def numbers(**query: str) -> list[int]:
        dates = {"ORD_STRT_DT": "20261101", "ORD_END_DT": "20261130"}
        answer = desk.get(f"{US}/inquire-ccnl", "TTTS3035R", **(dates | query))
        return [int(row["odno"]) for row in answer.json()["output"]]

    assert numbers(SLL_BUY_DVSN="01") == [sold]
    assert numbers(SLL_BUY_DVSN="02", SORT_SQN="DS") == [bought]
    assert numbers(CCLD_NCCS_DVSN="01") == [sold]
    assert numbers(CCLD_NCCS_DVSN="02") == [bought]
    assert numbers(OVRS_EXCG_CD="NYSE") == []
    assert numbers(SORT_SQN="DS") == [sold, bought]
    assert numbers(ORD_END_DT="20261119") == []


def test_the_client_reads_reservations(desk: Desk) -> None:
    waiting = desk.press(event="reserve", symbol="KO", side="buy", qty=7, price="70")["reservation"]
    (report,) = reports(client(desk).reservations(STOCKS_ACCOUNT, TODAY, TODAY))
    assert report.key.number == int(waiting["ovrs_rsvn_odno"])
    assert (report.market, report.status, report.leaves_qty) == (Market.US_RESERVED, ReportStatus.RESERVED, D(7))
    (sent,) = desk.press(event="transmit", order=report.key.number)["orders"]
    (report,) = reports(client(desk).reservations(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (report.status, report.transmitted_number) == (ReportStatus.TRANSMITTED, sent["number"])
    assert reports(client(desk).asia_reservations(STOCKS_ACCOUNT, TODAY, TODAY)) == []


def test_the_client_reads_a_night_order_under_the_next_trading_day(desk: Desk, clock: Clock) -> None:
    clock.move("20:25")
    number = desk.order(market="FO_NIGHT", symbol="A01612", side="buy", qty=2, price="548.30")["number"]
    desk.press(event="fill", order=number, qty=1, price="548.25")
    monday = date(2026, 11, 23)
    (report,) = reports(client(desk).fo_night_orders(FUTURES_ACCOUNT, monday, monday))
    assert report.key.order_date == monday
    assert report.ordered_at == clock.at
    assert (report.price, report.avg_px, report.cum_qty) == (D("548.30"), D("548.25"), D(1))
    assert reports(client(desk).fo_day_orders(FUTURES_ACCOUNT, monday, monday)) == []


def test_the_end_of_the_night_inquiry_is_exclusive(desk: Desk, clock: Clock) -> None:
    clock.move("20:25")
    desk.order(market="FO_NIGHT", symbol="A01612")
    query = {"STRT_ORD_DT": "20261120", "SORT_SQN": ""}
    path = f"{FO}/inquire-ngt-ccnl"
    assert desk.get(path, "STTN5201R", FUTURES, END_ORD_DT="20261123", **query).json()["output1"] == []
    assert len(desk.get(path, "STTN5201R", FUTURES, END_ORD_DT="20261124", **query).json()["output1"]) == 1


def test_the_nights_rows_move_to_the_day_table_ten_minutes_after_the_session(desk: Desk, clock: Clock) -> None:
    clock.move("20:25")
    number = desk.order(market="FO_NIGHT", symbol="A01612")["number"]
    monday = date(2026, 11, 23)
    for hhmm, night, day in (("06:09", 1, 0), ("06:10", 0, 1)):
        clock.move(hhmm, day=21)
        assert len(reports(client(desk).fo_night_orders(FUTURES_ACCOUNT, monday, monday))) == night
        assert len(reports(client(desk).fo_day_orders(FUTURES_ACCOUNT, monday, monday))) == day
    assert desk.plain(number)["expired"] is True


def test_the_client_reads_a_modified_day_order(desk: Desk) -> None:
    number = desk.order(market="FO_DAY", symbol="A01612", side="sell", qty=3, price="549.10")["number"]
    child = desk.press(event="modify", order=number, price="548.90")["order"]["number"]
    original, modified = reports(client(desk).fo_day_orders(FUTURES_ACCOUNT, TODAY, TODAY))
    assert (original.key.number, original.leaves_qty, original.status) == (number, D(0), ReportStatus.DONE)
    assert (modified.key.number, modified.kind, modified.orig_number) == (child, RequestKind.MODIFY, number)
    assert (modified.price, modified.leaves_qty) == (D("548.90"), D(3))


def test_the_client_reads_a_rejected_day_order(desk: Desk) -> None:
    desk.press(event="reject", market="FO_DAY", symbol="A01612", reason="증거금 부족")
    (report,) = reports(client(desk).fo_day_orders(FUTURES_ACCOUNT, TODAY, TODAY))
    assert (report.status, report.reason) == (ReportStatus.REJECTED, "증거금 부족")


def test_the_client_reads_stock_orders(desk: Desk) -> None:
    number = desk.order(market="KRX", symbol="005930", side="buy", qty=10, price="94000")["number"]
    desk.press(event="fill", order=number, qty=4)
    (report,) = reports(client(desk).krx_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (report.status, report.cum_amount, report.instrument.name) == (ReportStatus.OPEN, D(376000), "삼성전자")
    desk.press(event="cancel", order=number)
    report, request = reports(client(desk).krx_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (report.status, request.kind) == (ReportStatus.CANCELED, RequestKind.CANCEL)


def test_stock_orders_come_newest_first_unless_asked_otherwise(desk: Desk) -> None:
    for symbol in ("005930", "000660"):
        desk.order(market="KRX", symbol=symbol)
    dates = {"INQR_STRT_DT": "20261120", "INQR_END_DT": "20261120"}
    body = desk.get(f"{KRX}/inquire-daily-ccld", "TTTC0081R", INQR_DVSN="00", **dates).json()
    assert [row["pdno"] for row in body["output1"]] == ["000660", "005930"]
    assert len(body["ctx_area_nk100"]) == 100
    assert int(body["output2"]["tot_ord_qty"]) == sum(int(row["ord_qty"]) for row in body["output1"])


def test_paper_pages_are_smaller_and_slower(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER) as desk:
        for _ in range(16):
            desk.order(market="US_DAYTIME", symbol="AAPL")
        dates = {"ORD_STRT_DT": "20261120", "ORD_END_DT": "20261120"}
        answer = desk.get(f"{US}/inquire-ccnl", "VTTS3035R", **dates)
        assert (len(answer.json()["output"]), answer.headers["tr_cont"]) == (15, "F")
        assert desk.get(f"{US}/inquire-ccnl", "VTTS3035R", **dates).json()["msg_cd"] == "EGW00201"
        desk.simulator.access.timer = lambda: 1e9
        assert desk.get(f"{US}/inquire-nccs", "TTTS3018R").json()["msg_cd"] == "EGW00213"


def test_a_lagging_inquiry_shows_what_was_true_when_the_fault_was_set(desk: Desk) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)["number"]
    desk.press(fault="inquiry_lag", times=1)
    desk.press(event="fill", order=number, qty=10)
    (late,) = reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    (now,) = reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (late.cum_qty, now.cum_qty) == (D(0), D(10))


def test_a_us_order_after_midnight_keeps_the_exchanges_date(desk: Desk, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 21, 2, 0, tzinfo=clock.at.tzinfo)
    desk.order(market="US", symbol="AAPL")
    (report,) = reports(client(desk).overseas_orders(STOCKS_ACCOUNT, TODAY, TODAY))
    assert (report.key.order_date, report.market, report.ordered_at) == (TODAY, Market.US, clock.at)


def test_nothing_is_older_than_three_months(desk: Desk) -> None:
    desk.order(market="KRX", symbol="005930")
    answer = desk.get(f"{KRX}/inquire-daily-ccld", "CTSC9215R", INQR_STRT_DT="20260101", INQR_END_DT="20261231")
    assert (answer.json()["msg_cd"], answer.json()["output1"]) == ("KIOK0560", [])
