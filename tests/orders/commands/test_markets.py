"""Each market is asked in its own words: the right TR id, the figures of the pre-image, and nothing that it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders import outcomes
from orders.commands import Refused, pre_image, submit
from orders.models import KisConnection, Order, OrderCommand, OrderNumber
from tests.factories import FillFactory
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import asked, make_order
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db

OK = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})
MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday
NIGHT = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25
D = Decimal


@dataclass
class Case:
    """An order in its market, the hour, and what goes out."""

    fields: dict[str, Any]
    at: datetime
    path: str
    tr_id: str
    wanted: dict[str, str]


US: dict[str, Any] = {"market": "US", "family": "OVERSEAS", "status": "WORKING"}
ASIA: dict[str, Any] = {**US, "market": "ASIA", "currency": "HKD"}
FUTURES: dict[str, Any] = {
    "market": "FO_DAY",
    "family": "FO",
    "status": "WORKING",
    "symbol": "A01603",
    "exchange": "KRX",
}
SHARES: dict[str, Any] = {"market": "KRX", "family": "KRX", "status": "WORKING", "symbol": "005930", "exchange": "KRX"}
CASES = {
    "US": Case(US, NIGHT, "order-rvsecncl", "TTTT1004U", {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "0"}),
    "US daytime": Case(
        {**US, "market": "US_DAYTIME"},
        MORNING,
        "daytime-order-rvsecncl",
        "TTTS6038U",
        {"OVRS_EXCG_CD": "NASD", "ORD_QTY": "10"},
    ),
    "Hong Kong": Case(
        {**ASIA, "exchange": "SEHK", "symbol": "00700"},
        MORNING,
        "order-rvsecncl",
        "TTTS1003U",
        {"OVRS_EXCG_CD": "SEHK"},
    ),
    "Shanghai": Case(
        {**ASIA, "exchange": "SHAA", "symbol": "600519", "currency": "CNY"},
        MORNING,
        "order-rvsecncl",
        "TTTS0302U",
        {"OVRS_EXCG_CD": "SHAA"},
    ),
    "Tokyo": Case(
        {**ASIA, "exchange": "TKSE", "symbol": "7203", "currency": "JPY"},
        MORNING,
        "order-rvsecncl",
        "TTTS0309U",
        {"OVRS_EXCG_CD": "TKSE"},
    ),
    "derivatives by day": Case(FUTURES, MORNING, "order-rvsecncl", "TTTO1103U", {"ORD_QTY": "0", "RMN_QTY_YN": "Y"}),
    "Hong Kong, reserved": Case(
        {"market": "ASIA_RESERVED", "exchange": "SEHK", "symbol": "00700", "currency": "HKD"},
        MORNING,
        "order-resv",
        "TTTS3013U",
        {"RVSE_CNCL_DVSN_CD": "02", "PRDT_TYPE_CD": "501", "RSVN_ORD_RCIT_DT": "20261120"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_cancel_speaks_the_words_of_its_market(
    desk: Desk, broker: Broker, clock: time_machine.Traveller, case: Case
) -> None:
    clock.move_to(case.at)
    broker.reply(case.path, OK)
    account = desk.derivatives if case.fields.get("family") == "FO" else desk.stock
    order = make_order(desk, **{"account": account, "inquired_at": case.at, **case.fields})
    command = submit(asked(desk, order))
    assert (command.state, command.reason) == ("ACKED", "")
    [(path, headers, sent)] = broker.orders
    assert (path.rsplit("/", 1)[1], headers["tr_id"]) == (case.path, case.tr_id)
    assert {name: sent[name] for name in case.wanted} == case.wanted


def test_a_refusal_for_the_hours_is_no_reason_to_try_the_other_operation(
    desk: Desk, broker: Broker, daytime: Order
) -> None:
    broker.reply("daytime-order-rvsecncl", body(rt_cd="1", msg_cd="APBK0918", msg1="장운영시간이 아닙니다."))
    command = submit(asked(desk, daytime))
    assert (command.state, command.reason) == ("REJECTED", "장운영시간이 아닙니다.")
    assert [headers["tr_id"] for _, headers, _ in broker.orders] == ["TTTS6038U"]


def test_an_exchange_that_takes_cancels_alone_is_not_asked_to_modify(
    desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    clock.move_to(MORNING)
    order = make_order(desk, **{**ASIA, "exchange": "SHAA", "inquired_at": MORNING})
    command = submit(asked(desk, order, type="modify", price=D(1)))
    assert (command.state, command.reason_code, broker.orders) == ("DENIED", "modify_not_offered", [])


NIGHTS: dict[str, Any] = {
    "market": "FO_NIGHT",
    "family": "FO",
    "status": "WORKING",
    "symbol": "B01603955",
    "exchange": "KRX",
}


def night_row(**changes: str) -> dict[str, str]:
    row = {"ord_dt": "20261123", "odno": "30135682", "orgn_odno": "", "pdno": "B01603955", "prdt_name": "C 202603"}
    row |= {"sll_buy_dvsn_cd": "02", "trad_dvsn_name": "매수", "ord_qty": "10", "tot_ccld_qty": "0", "qty": "10"}
    return {**row, "ord_idx4": "3.05", "avg_idx": "0", "ord_tmd": "200000", "nmpr_type_cd": "01", **changes}


@pytest.fixture
def night(desk: Desk, broker: Broker, clock: object) -> Order:
    del clock
    broker.reply("order-rvsecncl", OK)
    return make_order(
        desk,
        **{**NIGHTS, "account": desk.derivatives, "price": D("3.05"), "order_date": date(2026, 11, 23)},
        inquired_at=NIGHT - timedelta(minutes=1),
        ordered_at=NIGHT - timedelta(minutes=25),
    )


def test_the_night_is_asked_with_the_exact_rest_of_a_list_just_read(desk: Desk, broker: Broker, night: Order) -> None:
    """Three were filled that no notice told of: seven are named, and the product by the symbol's first letter."""
    row = night_row(tot_ccld_qty="3", qty="7", avg_idx="3.05")
    broker.reply("inquire-ngt-ccnl", body(rt_cd="0", msg_cd="", msg1="", output1=[row]))
    Order.objects.update(noticed_at=NIGHT - timedelta(minutes=2), differs_since=NIGHT - timedelta(seconds=10))
    command = submit(asked(desk, night))
    assert (command.state, command.reason) == ("ACKED", "")
    [(_, headers, sent)] = broker.orders
    assert headers["tr_id"] == "STTN1103U"
    assert (sent["ORD_QTY"], sent["RMN_QTY_YN"], sent["FUOP_ITEM_DVSN_CD"]) == ("7", "Y", "02")


def test_a_night_order_that_no_list_shows_is_not_asked_for(desk: Desk, broker: Broker, night: Order) -> None:
    command = submit(asked(desk, night))
    assert (command.state, command.reason_code, broker.orders) == ("DENIED", "not_listed", [])


def test_a_part_of_a_night_order_is_refused_by_name(desk: Desk, night: Order) -> None:
    with pytest.raises(Refused) as refused:
        submit(asked(desk, night, quantity=D(3)))
    assert (refused.value.field, "전부만" in refused.value.detail) == ("quantity", True)


def revisable(**changes: str) -> dict[str, str]:
    row = {"odno": "0030135682", "orgn_odno": "", "pdno": "005930", "sll_buy_dvsn_cd": "02", "psbl_qty": "10"}
    row |= {"ord_unpr": "71000", "ord_dvsn_cd": "00", "ord_gno_brno": "06010", "excg_id_dvsn_cd": "SOR"}
    return {**row, **changes}


@pytest.fixture
def shares(desk: Desk, broker: Broker, clock: time_machine.Traveller) -> Order:
    clock.move_to(MORNING)
    broker.reply("order-rvsecncl", OK)
    return make_order(
        desk, **{**SHARES, "inquired_at": MORNING, "forward_org": "", "currency": "KRW", "price": D(71000)}
    )


def told(broker: Broker, *rows: dict[str, str]) -> None:
    broker.reply("inquire-psbl-rvsecncl", body(rt_cd="0", msg_cd="", msg1="", output=list(rows)))


def test_domestic_stock_is_asked_for_within_what_the_broker_says_may_be_revised(
    desk: Desk, broker: Broker, shares: Order
) -> None:
    told(broker, revisable(psbl_qty="6"))
    command = submit(asked(desk, shares))
    assert (command.state, command.pre_image["leaves_qty"], command.pre_image["revisable"]) == ("ACKED", "6", "6")
    [(_, headers, sent)] = broker.orders
    assert headers["tr_id"] == "TTTC0013U"
    assert (sent["KRX_FWDG_ORD_ORGNO"], sent["EXCG_ID_DVSN_CD"], sent["ORD_QTY"]) == ("06010", "SOR", "6")
    # What our books have beyond it was filled unnoticed: it is neither left nor canceled.
    assert command.pre_image["order_qty"] == "6"


@pytest.mark.parametrize(
    ("rows", "quantity", "key"),
    [
        ([], None, "nothing_revisable"),
        ([revisable(psbl_qty="0")], None, "nothing_revisable"),
        ([revisable(odno="0030135683")], None, "nothing_revisable"),
        ([revisable(psbl_qty="6")], D(7), "less_left"),
    ],
)
def test_what_the_broker_would_not_revise_is_not_sent(
    desk: Desk, broker: Broker, shares: Order, rows: list[dict[str, str]], quantity: Decimal | None, key: str
) -> None:
    told(broker, *rows)
    command = submit(asked(desk, shares, quantity=quantity))
    assert (command.state, command.reason_code, broker.orders) == ("DENIED", key, [])


def test_nothing_is_sent_while_the_broker_does_not_say_what_may_be_revised(
    desk: Desk, broker: Broker, shares: Order
) -> None:
    broker.reply("inquire-psbl-rvsecncl", (200, b"<html>"))
    command = submit(asked(desk, shares))
    assert (command.state, command.reason_code, broker.orders) == ("DENIED", "not_known", [])


def test_paper_is_not_asked_what_it_cannot_tell(desk: Desk, broker: Broker, shares: Order) -> None:
    KisConnection.objects.update(environment="paper")
    Order.objects.update(forward_org="06010")
    command = submit(asked(desk, shares))
    assert (command.state, command.reason) == ("ACKED", "")
    assert not any("psbl" in path for path in broker.inquiries)
    assert broker.orders[0][1]["tr_id"] == "VTTC0013U"


def test_what_the_table_has_no_words_for_is_denied_and_not_sent(desk: Desk, broker: Broker, shares: Order) -> None:
    """Its branch is not known: KIS could not find it."""
    KisConnection.objects.update(environment="paper")
    command = submit(asked(desk, shares))
    assert (command.state, command.reason_code, broker.orders) == ("DENIED", "unsupported", [])


def test_the_request_is_made_of_the_pre_image_and_not_of_what_was_learnt_since(
    desk: Desk, broker: Broker, daytime: Order
) -> None:
    broker.reply("daytime-order-rvsecncl", OK)
    command = submit(asked(desk, daytime))
    before = OrderCommand.objects.get(pk=command.pk).pre_image
    assert (before["market"], before["exchange"], before["leaves_qty"]) == ("US_DAYTIME", "NASD", "10")


def test_the_pre_image_has_the_figures_of_the_newest_number_alone(desk: Desk, broker: Broker, clock: object) -> None:
    """Ten; three filled, two canceled, then all five left modified under a new number, of which one is filled."""
    del broker, clock
    order = make_order(
        desk, order_qty=D(8), cum_qty=D(4), leaves_qty=D(4), canceled_qty=D(2), status="PARTIALLY_FILLED"
    )
    for number, kind, position in ((31, "cancel", 1), (32, "modify", 2)):
        OrderNumber.objects.create(
            order=order,
            account=order.account,
            family=order.family,
            order_date=order.order_date,
            number=number,
            text=f"{number:010d}",
            kind=kind,
            position=position,
        )
    FillFactory.create(order=order, number=30135682, last_qty=D(3), key="a")
    FillFactory.create(order=order, number=32, last_qty=D(1), key="b")
    before = pre_image.of(order)
    assert outcomes.number_of(order)[0] == before["number"] == 32
    assert (before["order_qty"], before["cum_qty"], before["leaves_qty"]) == ("5", "1", "4")
    assert before["children"] == [30135682, 31]


def test_a_part_that_was_modified_before_is_among_what_named_the_order(
    desk: Desk, broker: Broker, clock: object
) -> None:
    del broker, clock
    order = make_order(desk, cum_qty=D(0), canceled_qty=D(0))
    make_order(desk, number=31, parent=order)
    make_order(desk, number=32)
    assert pre_image.of(order)["children"] == [31]


def test_a_paper_reservation_has_no_list_so_that_its_cancel_stays_accepted_and_says_why(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    KisConnection.objects.update(environment="paper")
    broker.reply("order-resv-ccnl", body(rt_cd="0", msg_cd="", msg1="", output={"OVRS_RSVN_ODNO": "30138295"}))
    command = submit(asked(desk, reserved))
    assert (command.state, command.next_ask_at) == ("ACKED", None)
    assert "목록이 없어" in command.reason
    assert broker.orders[0][1]["tr_id"] == "VTTT3017U"
    assert broker.inquiries == []
