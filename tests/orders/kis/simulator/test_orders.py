"""The two order requests, told by the notices, the lists and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from orders.domain.events import Market
from tests.orders.kis.simulator.conftest import US, Clock, Desk, Stream, eventually, running, streaming

DAYTIME = f"{US}/daytime-order-rvsecncl"
RESERVATION = f"{US}/order-resv-ccnl"


@pytest.fixture
def stream(desk: Desk) -> Iterator[Stream]:
    with streaming(desk, "H0GSCNI0") as started:
        yield started


def daytime_order(desk: Desk, **changes: Any) -> Any:
    return desk.order(market="US_DAYTIME", symbol="AAPL", side="buy", qty=10, price="270.5", **changes)


def revise(desk: Desk, number: int, kind: str = "02", **changes: str) -> requests.Response:
    body = {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NASD",
        "PDNO": "AAPL",
        "ORGN_ODNO": str(number),
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": "10",
        "OVRS_ORD_UNPR": "0",
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }
    return desk.post(DAYTIME, "TTTS6038U", **(body | changes))


def cancel_reservation(desk: Desk, number: str, receipt: str = "20261120") -> requests.Response:
    body = {"CANO": "12345678", "ACNT_PRDT_CD": "01", "RSVN_ORD_RCIT_DT": receipt, "OVRS_RSVN_ODNO": number}
    return desk.post(RESERVATION, "TTTT3017U", **body)


def said(stream: Stream) -> tuple[str, str, str, str, str]:
    """Number, original, RCTF_CLS, CNTG_YN and ACPT_YN of the next notice."""
    notice = stream.notice()
    return notice.oder_no, notice.ooder_no, notice.rctf_cls, notice.cntg_yn, notice.acpt_yn


def test_an_order_is_accepted_then_confirmed_then_filled(desk: Desk, stream: Stream) -> None:
    number = str(daytime_order(desk)["number"])
    assert said(stream) == (number, "", "0", "1", "1")
    assert said(stream) == (number, "", "0", "1", "2")
    desk.press(event="fill", order=number, qty=4, price="270.4")
    fill = stream.notice()
    assert (fill.cntg_yn, fill.cntg_qty, fill.cntg_unpr) == ("2", "0000000004", "002704000")


def test_a_cancel_gets_a_number_of_its_own_and_is_announced_before_it_is_confirmed(desk: Desk, stream: Stream) -> None:
    number = daytime_order(desk)["number"]
    said(stream), said(stream)
    answer = revise(desk, number)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["rt_cd"], body["msg_cd"], body["msg1"]) == ("0", "APBK0013", "주문 전송 완료 되었습니다.")
    assert body["output"]["KRX_FWDG_ORD_ORGNO"] == "01790"
    assert body["output"]["ORD_TMD"] == "110000"
    child = str(int(body["output"]["ODNO"]))
    assert int(child) != number
    assert said(stream) == (child, str(number), "2", "1", "1")
    assert desk.plain(number)["leaves"] == "0"
    assert said(stream) == (child, str(number), "2", "1", "2")


def test_a_modify_goes_on_under_its_new_number(desk: Desk, stream: Stream) -> None:
    number = daytime_order(desk)["number"]
    said(stream), said(stream)
    child = int(revise(desk, number, "01", OVRS_ORD_UNPR="269.9", ORD_QTY="6").json()["output"]["ODNO"])
    assert said(stream) == (str(child), str(number), "1", "1", "1")
    assert (desk.plain(number)["leaves"], desk.plain(child)["leaves"]) == ("4", "6")
    assert desk.plain(child)["price"] == "269.9"
    assert said(stream) == (str(child), str(number), "1", "1", "2")
    desk.press(event="fill", order=child, qty=6)
    assert said(stream) == (str(child), "", "0", "2", "2")


def test_a_fill_that_races_the_cancel_leaves_a_smaller_cancel(clock: Clock) -> None:
    with running(clock, exchange_delay=60.0) as desk:
        number = daytime_order(desk)["number"]
        desk.press(event="fill", order=number, qty=3)
        child = int(revise(desk, number, ORD_QTY="7").json()["output"]["ODNO"])
        desk.press(event="fill", order=number, qty=2)
        desk.simulator.desk.timer = lambda: 1e9
        assert desk.plain(child)["qty"] == "5"
        assert desk.plain(number)["canceled"] == "5"


def test_a_cancel_that_comes_after_the_last_fill_is_refused_by_the_exchange(desk: Desk, stream: Stream) -> None:
    number = daytime_order(desk)["number"]
    said(stream), said(stream)
    desk.press(fault="hold_confirm")
    child = int(revise(desk, number).json()["output"]["ODNO"])
    assert said(stream) == (str(child), str(number), "2", "1", "1")
    desk.press(event="fill", order=number)
    assert said(stream)[3] == "2"
    assert desk.press(event="confirm", order=number)["confirmed"] == 1
    refusal = stream.notice()
    assert (refusal.rfus_yn, refusal.rctf_cls, refusal.oder_no) == ("1", "2", str(child))
    assert desk.plain(child)["rejected"] == "정정취소 가능수량이 없습니다."


REFUSALS = [
    ({"ORGN_ODNO": "999"}, "7", "APBK0344"),
    ({"ORGN_ODNO": "rejected-order"}, "7", "APBK0344"),
    ({"RVSE_CNCL_DVSN_CD": "03"}, "7", "APBK0963"),
    ({"RVSE_CNCL_DVSN_CD": "01", "OVRS_ORD_UNPR": "0"}, "7", "APBK0963"),
    ({"PDNO": "TSLA"}, "7", "APBK0656"),
    ({"OVRS_EXCG_CD": "NYSE"}, "7", "APBK0656"),
    ({"ORD_QTY": "11"}, "7", "APBK0927"),
    ({"ORD_QTY": "0"}, "7", "APBK0927"),
    ({"ORD_QTY": "ten"}, "7", "APBK0927"),
    ({"ORD_QTY": ""}, "1", "OPSQ2002"),
]


@pytest.mark.parametrize(("changes", "rt_cd", "code"), REFUSALS)
def test_each_refusal_of_a_daytime_request(desk: Desk, changes: dict[str, str], rt_cd: str, code: str) -> None:
    number = daytime_order(desk)["number"]
    answer = revise(desk, number, **changes).json()
    assert (answer["rt_cd"], answer["msg_cd"]) == (rt_cd, code)
    assert desk.plain(number)["leaves"] == "10"
    assert desk.shown()["ledger"][-1]["refusal"] == code


def test_a_body_without_the_optional_keys_is_refused_too(desk: Desk) -> None:
    number = daytime_order(desk)["number"]
    account = {"CANO": "12345678", "ACNT_PRDT_CD": "01"}
    assert desk.post(DAYTIME, "TTTS6038U", ORGN_ODNO=str(number), **account).json()["msg_cd"] == "OPSQ2002"


def test_nothing_is_left_of_a_filled_order(desk: Desk) -> None:
    number = daytime_order(desk)["number"]
    desk.press(event="fill", order=number)
    assert revise(desk, number).json() == {
        "rt_cd": "7",
        "msg_cd": "APBK0927",
        "msg1": "정정취소 가능수량이 없습니다.",
    }


def test_the_daytime_request_knows_daytime_orders_alone(desk: Desk) -> None:
    number = desk.order(market="US", symbol="AAPL", qty=10)["number"]
    assert revise(desk, number).json()["msg_cd"] == "APBK0344"


def test_outside_the_daytime_session_the_market_is_closed(desk: Desk, clock: Clock) -> None:
    number = daytime_order(desk)["number"]
    clock.move("18:00")
    answer = revise(desk, number).json()
    assert (answer["rt_cd"], answer["msg_cd"]) == ("7", "APBK0918")
    assert answer["msg1"].startswith("장운영시간이 아닙니다.")


def test_a_daytime_order_runs_out_with_its_session(desk: Desk, clock: Clock) -> None:
    number = daytime_order(desk)["number"]
    clock.move("18:00")
    assert desk.plain(number)["expired"] is True


def test_a_canceled_reservation_shows_in_the_list_alone(desk: Desk, stream: Stream) -> None:
    number = desk.press(event="reserve", symbol="BA", qty=3)["reservation"]["ovrs_rsvn_odno"]
    answer = cancel_reservation(desk, str(int(number))).json()
    assert (answer["rt_cd"], answer["msg_cd"]) == ("0", "APBK1711")
    assert answer["msg1"] == "취소주문이 접수되었습니다."
    assert answer["output"]["OVRS_RSVN_ODNO"] != number
    (row,) = listed(desk)
    assert (row["cncl_yn"], row["ovrs_rsvn_ord_stat_cd_name"], row["odno"]) == ("Y", "취소", "")
    assert stream.silent()


def test_a_canceled_reservation_shows_after_its_delay(clock: Clock) -> None:
    with running(clock, reservation_delay=60.0) as desk:
        number = desk.press(event="reserve")["reservation"]["ovrs_rsvn_odno"]
        assert cancel_reservation(desk, number).json()["rt_cd"] == "0"
        assert listed(desk)[0]["cncl_yn"] == "N"
        desk.simulator.desk.timer = lambda: 1e9
        assert listed(desk)[0]["cncl_yn"] == "Y"


def test_a_reservation_that_is_sent_before_its_cancel_is_done_stays_sent(clock: Clock) -> None:
    with running(clock, reservation_delay=60.0) as desk:
        number = desk.press(event="reserve")["reservation"]["ovrs_rsvn_odno"]
        assert cancel_reservation(desk, number).json()["rt_cd"] == "0"
        desk.press(event="transmit")
        desk.simulator.desk.timer = lambda: 1e9
        (row,) = listed(desk)
        assert (row["cncl_yn"], row["ovrs_rsvn_ord_stat_cd_name"]) == ("N", "전송")


def test_a_reservation_is_canceled_once(desk: Desk) -> None:
    number = desk.press(event="reserve")["reservation"]["ovrs_rsvn_odno"]
    assert cancel_reservation(desk, number, "20261119").json()["msg_cd"] == "APBK0344"
    assert cancel_reservation(desk, "7").json()["msg_cd"] == "APBK0344"
    assert cancel_reservation(desk, "").json()["msg_cd"] == "OPSQ2002"
    assert cancel_reservation(desk, number).json()["rt_cd"] == "0"
    assert cancel_reservation(desk, number).json()["msg_cd"] == "APBK0927"


@pytest.mark.parametrize("hhmm", ["09:59", "16:31", "23:20"])
def test_outside_the_hours_of_reservations_it_is_refused(desk: Desk, clock: Clock, hhmm: str) -> None:
    number = desk.press(event="reserve")["reservation"]["ovrs_rsvn_odno"]
    clock.move(hhmm)
    answer = cancel_reservation(desk, number).json()
    assert (answer["rt_cd"], answer["msg_cd"]) == ("1", "KIER3672")


def test_a_reservation_is_sent_at_the_regular_open_and_runs_on_as_an_order(
    desk: Desk, clock: Clock, stream: Stream
) -> None:
    desk.press(event="reserve", symbol="BA", qty=3, side="buy", price="170.25")
    clock.move("23:30")
    eventually(lambda: listed(desk)[0]["odno"] != "")
    (row,) = listed(desk)
    assert (row["ovrs_rsvn_ord_stat_cd_name"], row["ord_fwdg_tmd"], row["ord_dt"]) == ("전송", "233000", "20261120")
    notice = stream.notice()
    assert (int(notice.oder_no), notice.cntg_unpr) == (int(row["odno"]), "001702500")
    assert cancel_reservation(desk, row["ovrs_rsvn_odno"]).json()["msg_cd"] == "KIER3672"


def test_the_broker_may_not_send_a_reservation(desk: Desk) -> None:
    assert desk.press(event="not_sent")["refused"] is False
    desk.press(event="reserve")
    assert desk.press(event="not_sent")["refused"] is True
    (row,) = listed(desk)
    assert (row["ovrs_rsvn_ord_stat_cd_name"], row["nprc_rson_text"]) == ("미처리", "주문가능금액이 부족합니다.")


def test_the_ledger_has_every_order_request_with_its_body(desk: Desk, clock: Clock) -> None:
    number = daytime_order(desk)["number"]
    revise(desk, number)
    (entry,) = desk.shown()["ledger"]
    assert (entry["path"], entry["tr_id"], entry["accepted"]) == (DAYTIME, "TTTS6038U", True)
    assert entry["body"]["ORGN_ODNO"] == str(number)
    assert entry["at"] == clock.at.isoformat()


def test_settling_what_is_no_request_is_a_mistake(desk: Desk, clock: Clock) -> None:
    book = desk.simulator.desk.book
    order = book.place(desk.simulator.market.ticket(desk.simulator.settings.accounts[0], Market.US_DAYTIME), clock.at)
    with pytest.raises(ValueError, match="is no request"):
        book.settle(order, clock.at + timedelta(seconds=1))


def test_a_filled_order_is_not_filled_again(desk: Desk, clock: Clock) -> None:
    book = desk.simulator.desk.book
    order = book.place(desk.simulator.market.ticket(desk.simulator.settings.accounts[0], Market.US_DAYTIME), clock.at)
    assert book.fill(order, order.ticket.qty, order.ticket.price, clock.at) == order.ticket.qty
    assert book.fill(order, order.ticket.qty, order.ticket.price, clock.at) == 0
    assert order.filled == order.ticket.qty


def listed(desk: Desk) -> list[dict[str, str]]:
    answer = desk.get(f"{US}/order-resv-list", "TTTT3039R", INQR_STRT_DT="20261101", INQR_END_DT="20261130")
    found: list[dict[str, str]] = answer.json()["output"]
    return found
