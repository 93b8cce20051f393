"""A command is checked, claimed and sent at most once; its state says no more than what is known."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from accounts.models import AuditEvent, StreamEvent
from orders import crash_points, gateway
from orders.commands import submit
from orders.crash_points import CrashPoint
from orders.models import KisConnection, Order, OrderCommand
from tests.orders.broker import TOKEN, Answer, Broker, body
from tests.orders.commands.samples import (
    ACCEPTED,
    DAYTIME_OK,
    EVENING,
    asked,
    lists,
    make_order,
    reservation_row,
)
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def test_a_cancel_of_a_reservation_sends_the_documented_request_once(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    command = submit(asked(desk, reserved))
    assert (command.state, command.broker_order_id, command.sends) == ("ACKED", "0030138295", 1)
    [(path, headers, sent)] = broker.orders
    assert path.endswith("/order-resv-ccnl")
    assert headers["tr_id"] == "TTTT3017U"
    assert sent == {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "RSVN_ORD_RCIT_DT": "20261120",
        "OVRS_RSVN_ODNO": "30135682",
    }


def test_a_cancel_never_changes_the_orders_status(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    submit(asked(desk, reserved))
    reserved.refresh_from_db()
    assert (reserved.status, reserved.leaves_qty) == ("RESERVED", 10)


def test_a_daytime_cancel_names_the_market_and_sends_price_zero(desk: Desk, broker: Broker, daytime: Order) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    assert submit(asked(desk, daytime)).state == "ACKED"
    [(_, headers, sent)] = broker.orders
    assert headers["tr_id"] == "TTTS6038U"
    assert (sent["RVSE_CNCL_DVSN_CD"], sent["ORD_QTY"], sent["OVRS_ORD_UNPR"]) == ("02", "10", "0")
    assert (sent["OVRS_EXCG_CD"], sent["ORGN_ODNO"]) == ("NASD", "30135682")


def test_a_daytime_modify_sends_the_new_price_of_a_part(desk: Desk, broker: Broker, daytime: Order) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    request = asked(desk, daytime, type="modify", price=Decimal("181.25"), quantity=Decimal(4))
    assert submit(request).state == "ACKED"
    [(_, _, sent)] = broker.orders
    assert (sent["RVSE_CNCL_DVSN_CD"], sent["ORD_QTY"], sent["OVRS_ORD_UNPR"]) == ("01", "4", "181.25")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (ACCEPTED, "ACKED"),
        (body(rt_cd="7", msg_cd="APBK0927", msg1="정정취소 가능수량이 없습니다."), "REJECTED"),
        (body(rt_cd="1", msg_cd="KIER3672", msg1="예약주문 시간 외"), "REJECTED"),
        (body(rt_cd="1", msg_cd="EGW00123", msg1="기간이 만료된 token 입니다."), "UNKNOWN"),
        ((500, b'{"rt_cd":"1","msg_cd":"EGW00201","msg1":"x"}'), "UNKNOWN"),
        ((500, b""), "UNKNOWN"),
        (body(rt_cd="1", msg_cd="", msg1=""), "UNKNOWN"),
        (body(rt_cd="1", msg_cd="APBK9999", msg1="처음 보는 코드"), "UNKNOWN"),
        (body(rt_cd="0", msg_cd="APBK1711", msg1="번호 없음", output={}), "UNKNOWN"),
        ((200, b"<html>maintenance</html>"), "UNKNOWN"),
        ((302, b""), "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_what_the_broker_answers_decides_the_state_and_nothing_is_sent_again(
    desk: Desk, broker: Broker, reserved: Order, answer: Answer | None, state: str
) -> None:
    broker.reply("order-resv-ccnl", answer)
    assert submit(asked(desk, reserved)).state == state
    assert len(broker.orders) == 1


def test_a_broker_that_cannot_be_reached_is_not_sent_after_two_tries(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    gateway.token_source(desk.connection, gateway.config(desk.connection))()
    KisConnection.objects.update(rest_url="http://127.0.0.1:9")
    command = submit(asked(desk, reserved))
    assert (command.state, command.sends) == ("NOT_SENT", 2)
    assert not broker.orders


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"status": "FILLED", "leaves_qty": Decimal(0)}, "nothing_left"),
        ({"market": "KRX", "family": "KRX", "status": "WORKING"}, "exchange_unknown"),
        ({"market": "US_DAYTIME", "family": "OVERSEAS", "status": "WORKING"}, "market_closed"),
    ],
)
def test_our_own_checks_deny_before_anything_is_sent(
    desk: Desk, broker: Broker, clock: object, changes: dict[str, Any], key: str
) -> None:
    del clock
    command = submit(asked(desk, make_order(desk, **changes)))
    assert (command.state, command.reason_code) == ("DENIED", key)
    assert command.reason
    assert not broker.orders


def test_paper_is_refused_before_sending(desk: Desk, broker: Broker, daytime: Order) -> None:
    KisConnection.objects.update(environment="paper")
    command = submit(asked(desk, daytime))
    assert (command.state, command.reason_code) == ("DENIED", "paper_unsupported")
    assert not broker.orders


def test_every_state_has_its_audit_row(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    submit(asked(desk, reserved))
    actions = list(
        AuditEvent.objects.filter(action__startswith="command.").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["command.created", "command.ready", "command.sending", "command.acked"]


def test_the_browser_sees_the_request_before_its_answer(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    submit(asked(desk, reserved))
    rows = StreamEvent.objects.filter(user=desk.manager).order_by("seq")
    assert [row.row["command"]["state"] for row in rows] == ["CREATED", "SENDING", "ACKED"]
    assert {row.row["status"] for row in rows} == {"RESERVED"}


def test_the_lists_are_asked_first_while_the_stream_is_down(desk: Desk, broker: Broker, reserved: Order) -> None:
    Order.objects.update(inquired_at=EVENING - timedelta(minutes=5))
    broker.reply("order-resv-ccnl", ACCEPTED)
    lists(broker, reservation_row(cncl_yn="Y"))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason_code) == ("DENIED", "nothing_left")
    assert any("order-resv-list" in path for path in broker.inquiries)
    assert not broker.orders


def test_nothing_is_sent_when_the_lists_cannot_be_read(desk: Desk, broker: Broker, reserved: Order) -> None:
    Order.objects.update(inquired_at=EVENING - timedelta(hours=3))
    broker.reply("order-resv-list", (200, b"<html>"))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason_code) == ("DENIED", "not_known")
    assert not broker.orders


@pytest.mark.django_db(transaction=True)
def test_an_order_filled_between_the_check_and_the_send_is_not_sent(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    def slow_token() -> Answer:
        Order.objects.update(status="FILLED", leaves_qty=0, cum_qty=10)
        database.close()
        return body(**TOKEN)

    broker.answers["tokenP"] = slow_token
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason_code) == ("DENIED", "nothing_left")
    assert not broker.orders


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("failures", "state"), [(2, "ACKED"), (3, "SENDING")])
def test_an_answer_is_recorded_again_where_the_database_was_busy(
    desk: Desk, broker: Broker, reserved: Order, failures: int, state: str
) -> None:
    """The third time the process gives up: the command is UNKNOWN after ten seconds, and the lists tell."""
    broker.reply("order-resv-ccnl", ACCEPTED)
    left = [OperationalError("database is locked")] * failures

    def busy(point: CrashPoint) -> None:
        if point is CrashPoint.COMMAND_RECORDING and left:
            raise left.pop()

    crash_points.install(busy)
    try:
        with contextlib.suppress(OperationalError):
            submit(asked(desk, reserved))
    finally:
        crash_points.install(None)
    assert (OrderCommand.objects.get().state, len(broker.orders)) == (state, 1)
