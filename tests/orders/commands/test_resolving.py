"""Unknown and accepted commands are settled by evidence alone: the lists, a notice, and never by absence."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from orders import inquiries, reconciliation
from orders.commands import Conflict, submit
from orders.domain.events import Family
from orders.models import Order, OrderCommand
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import (
    ACCEPTED,
    DAYTIME_OK,
    EVENING,
    MORNING,
    asked,
    lists,
    reservation_row,
    resolve,
)
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def test_a_command_that_died_while_sending_is_unknown(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    OrderCommand.objects.update(state="SENDING", claimed_at=EVENING)
    assert reconciliation.recover(EVENING + timedelta(seconds=9)) == 0
    assert reconciliation.recover(EVENING + timedelta(seconds=11)) == 1
    command.refresh_from_db()
    assert (command.state, command.reason) == ("UNKNOWN", "died_while_sending")


def test_a_cancel_is_confirmed_by_the_list_and_not_before(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    lists(broker, reservation_row())
    command = submit(asked(desk, reserved))
    resolve(clock, 1.5)
    command.refresh_from_db()
    assert command.state == "ACKED"
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 2)
    command.refresh_from_db()
    reserved.refresh_from_db()
    assert (command.state, reserved.status) == ("CONFIRMED", "CANCELED")
    assert command.evidence[0].startswith("inquiry:")
    assert len(broker.orders) == 1


def test_an_unknown_cancel_resolves_by_inquiry_and_was_sent_once(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    assert command.state == "UNKNOWN"
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 1.5)
    command.refresh_from_db()
    assert (command.state, len(broker.orders)) == ("CONFIRMED", 1)


def test_absence_is_not_evidence_and_a_person_is_called(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    lists(broker, reservation_row())
    for _ in range(12):
        resolve(clock, 30)
    command.refresh_from_db()
    assert command.state == "ESCALATED"
    reserved.refresh_from_db()
    assert reserved.status == "RESERVED"
    with pytest.raises(Conflict):
        submit(asked(desk, reserved))


def test_an_order_filled_by_the_notices_makes_a_cancel_too_late(desk: Desk, broker: Broker, daytime: Order) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    command = submit(asked(desk, daytime))
    text = "desk01^12345678^30135682^^02^0^2^NVDA^0000000010^001805000^100600^0^2^2^^^******^NVIDIA^6"
    assert desk.notice("H0GSCNI0", f"{text}^10^", at=MORNING + timedelta(seconds=60)).state == "applied"
    command.refresh_from_db()
    daytime.refresh_from_db()
    assert (daytime.status, command.state) == ("FILLED", "TOO_LATE")


def test_a_daytime_cancel_is_confirmed_by_its_notice(desk: Desk, broker: Broker, daytime: Order) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    command = submit(asked(desk, daytime))
    text = "desk01^12345678^4336^30135682^02^2^2^NVDA^0000000010^000000000^100600^0^1^{}^^^******^NVIDIA^6^10^"
    desk.notice("H0GSCNI0", text.format("1"), at=MORNING + timedelta(seconds=60))
    command.refresh_from_db()
    daytime.refresh_from_db()
    assert (command.state, daytime.status) == ("ACKED", "WORKING")
    notice = desk.notice("H0GSCNI0", text.format("2"), at=MORNING + timedelta(seconds=61))
    command.refresh_from_db()
    daytime.refresh_from_db()
    assert (command.state, daytime.status) == ("CONFIRMED", "CANCELED")
    assert command.evidence == [f"notice:{notice.pk}"]


def test_a_command_whose_process_died_before_the_claim_is_expired_and_unlocks_the_order(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    command = submit(asked(desk, reserved))
    OrderCommand.objects.update(state="CREATED", created_at=EVENING, next_ask_at=None)
    assert reconciliation.recover(EVENING + timedelta(seconds=29)) == 0
    assert reconciliation.recover(EVENING + timedelta(seconds=31)) == 1
    command.refresh_from_db()
    assert command.state == "EXPIRED"


def test_another_days_order_with_the_same_number_decides_nothing(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    lists(broker, reservation_row(rsvn_ord_rcit_dt="20261119", cncl_yn="Y"))
    resolve(clock, 1.5)
    command.refresh_from_db()
    assert command.state == "UNKNOWN"


def test_somebody_elses_refused_modify_says_nothing_of_our_cancel(desk: Desk, broker: Broker, daytime: Order) -> None:
    broker.reply("daytime-order-rvsecncl", None)
    command = submit(asked(desk, daytime))
    text = "desk01^12345678^4400^30135682^02^1^2^NVDA^0000000010^001800000^100600^1^1^1^^^******^NVIDIA^6^10^"
    desk.notice("H0GSCNI0", text, at=MORNING + timedelta(seconds=60))
    command.refresh_from_db()
    assert command.state == "UNKNOWN"


def test_a_refusal_is_followed_by_one_look_at_the_lists(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", body(rt_cd="7", msg_cd="APBK0927", msg1="정정취소 가능수량이 없습니다."))
    submit(asked(desk, reserved))
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 2)
    reserved.refresh_from_db()
    assert reserved.status == "CANCELED"
    asked_before = len(broker.inquiries)
    resolve(clock, 60)
    assert len(broker.inquiries) == asked_before


def test_an_order_left_open_over_a_weekend_is_asked_for_from_its_own_day(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    clock.move_to(EVENING + timedelta(days=3))
    lists(broker, reservation_row(cncl_yn="Y"))
    inquiries.inquire(desk.stock, [Family.RESERVED])
    paths = [path for path in broker.inquiries if "order-resv-list" in path]
    assert len(paths) == 2  # the American and the Asian list
    assert all("INQR_STRT_DT=20261120" in path for path in paths)
    reserved.refresh_from_db()
    assert reserved.status == "CANCELED"


def test_a_request_whose_lists_cannot_be_read_is_a_persons_after_ten_minutes(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    broker.reply("order-resv-list", (400, b"{}"))
    resolve(clock, 580)
    command.refresh_from_db()
    assert command.state == "UNKNOWN"
    resolve(clock, 30)
    command.refresh_from_db()
    assert (command.state, command.next_ask_at is not None) == ("ESCALATED", True)
    assert command.evidence[0].startswith("inquiry-failed:")
    lists(broker, reservation_row(cncl_yn="Y"))
    resolve(clock, 60)
    command.refresh_from_db()
    assert command.state == "CONFIRMED"
