"""Commands: one intent, at most one send, and a state that says no more than what is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection as database

from accounts.models import AuditEvent, StreamEvent, User
from orders import gateway, inquiries, reconciliation
from orders.commands import CommandRequest, Conflict, NotPermitted, NotVisible, Refused, submit
from orders.domain.events import Family
from orders.models import KisConnection, Order, OrderCommand, OrderNumber
from tests.orders.broker import TOKEN, Answer, Broker, body, running_broker
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25 in Korea: reservations may be canceled
MORNING = datetime(2026, 11, 20, 1, 5, tzinfo=UTC)  # 10:05 in Korea: US daytime trading
ACCEPTED = body(
    rt_cd="0", msg_cd="APBK1711", msg1="취소주문이 접수되었습니다.", output={"OVRS_RSVN_ODNO": "0030138295"}
)
DAYTIME_OK = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})


@pytest.fixture
def broker(desk: Desk) -> Iterator[Broker]:
    with running_broker() as running:
        desk.connection.rest_url = running.url
        desk.connection.save()
        yield running


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=True) as traveller:
        yield traveller


def make_order(desk: Desk, **changes: object) -> Order:
    fields = {
        "account": desk.stock,
        "market": "US_RESERVED",
        "family": "RESERVED",
        "order_date": date(2026, 11, 20),
        "symbol": "NVDA",
        "exchange": "NASD",
        "currency": "USD",
        "side": "buy",
        "order_qty": Decimal(10),
        "leaves_qty": Decimal(10),
        "price": Decimal("180.5"),
        "status": "RESERVED",
        "ordered_at": EVENING - timedelta(hours=1),
        "transact_time": EVENING - timedelta(hours=1),
        "inquired_at": EVENING,
    }
    order = Order.objects.create(**{**fields, **changes})
    OrderNumber.objects.create(
        order=order,
        account=order.account,
        family=order.family,
        order_date=order.order_date,
        number=30135682,
        text="0030135682",
        kind="new",
    )
    return order


@pytest.fixture
def reserved(desk: Desk, broker: Broker, clock: object) -> Order:
    del broker, clock
    return make_order(desk)


@pytest.fixture
def daytime(desk: Desk, broker: Broker, clock: time_machine.Traveller) -> Order:
    del broker
    clock.move_to(MORNING)
    at = MORNING - timedelta(minutes=2)
    return make_order(
        desk,
        market="US_DAYTIME",
        family="OVERSEAS",
        status="WORKING",
        ordered_at=at,
        transact_time=at,
        inquired_at=MORNING,
    )


def asked(desk: Desk, order: Order, **changes: object) -> CommandRequest:
    fields: dict[str, object] = {
        "user": desk.manager,
        "address": "127.0.0.1",
        "order_id": order.pk,
        "type": "cancel",
        "intent": uuid4(),
        "expected_version": order.version,
        "fresh_factor": True,
    }
    return CommandRequest(**{**fields, **changes})  # type: ignore[arg-type]  # a builder of keyword arguments


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


def test_the_same_key_gives_the_same_command(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    request = asked(desk, reserved)
    first, second = submit(request), submit(request)
    assert first.pk == second.pk
    assert len(broker.orders) == 1


def test_the_same_key_with_other_parameters_is_a_conflict(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    intent = uuid4()
    submit(asked(desk, reserved, intent=intent))
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved, intent=intent, expected_version=99))
    assert refused.value.code == "key_reused"


def test_a_second_intent_waits_for_the_first(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    submit(asked(desk, reserved))
    reserved.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved))
    assert refused.value.code == "command_in_flight"
    assert len(broker.orders) == 1


def test_a_stale_version_is_a_conflict_and_records_nothing(desk: Desk, reserved: Order) -> None:
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved, expected_version=reserved.version - 1))
    assert refused.value.code == "stale_version"
    assert not OrderCommand.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"quantity": Decimal("1.5")}, "quantity"),
        ({"quantity": Decimal(11)}, "quantity"),
        ({"quantity": Decimal(3)}, "quantity"),
        ({"price": Decimal(1)}, "price"),
        ({"type": "modify"}, "price"),
        ({"type": "modify", "price": Decimal(0)}, "price"),
        ({"type": "modify", "price": Decimal("1.00001")}, "price"),
        ({"supersedes": UUID(int=1)}, "supersedes"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(
    desk: Desk, reserved: Order, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        submit(asked(desk, reserved, **changes))
    assert refused.value.field == field
    assert not OrderCommand.objects.exists()


def test_only_a_manager_of_the_account_may_command(desk: Desk, reserved: Order) -> None:
    for role in ("assistant", "operations", "compliance", "administrator"):
        person = User.objects.create_user(role, password="a long password", role=role)
        with pytest.raises(NotPermitted):
            submit(asked(desk, reserved, user=person))
    stranger = User.objects.create_user("lee", password="a long password", role="manager")
    with pytest.raises(NotVisible):
        submit(asked(desk, reserved, user=stranger))


def test_an_old_second_factor_is_not_enough(desk: Desk, reserved: Order) -> None:
    with pytest.raises(NotPermitted) as refused:
        submit(asked(desk, reserved, fresh_factor=False))
    assert refused.value.code == "second_factor_needed"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"status": "FILLED", "leaves_qty": Decimal(0)}, "nothing_left"),
        ({"market": "KRX", "family": "KRX", "status": "WORKING"}, "not_offered"),
        ({"market": "US_DAYTIME", "family": "OVERSEAS", "status": "WORKING"}, "market_closed"),
    ],
)
def test_our_own_checks_deny_before_anything_is_sent(
    desk: Desk, broker: Broker, clock: object, changes: dict[str, object], key: str
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


def test_a_command_that_died_while_sending_is_unknown(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", None)
    command = submit(asked(desk, reserved))
    OrderCommand.objects.update(state="SENDING", claimed_at=EVENING)
    assert reconciliation.recover_sending(EVENING + timedelta(seconds=9)) == 0
    assert reconciliation.recover_sending(EVENING + timedelta(seconds=11)) == 1
    command.refresh_from_db()
    assert (command.state, command.reason) == ("UNKNOWN", "died_while_sending")


def reservation_row(**changes: str) -> dict[str, str]:
    row = {
        "cncl_yn": "N",
        "rsvn_ord_rcit_dt": "20261120",
        "ovrs_rsvn_odno": "0030135682",
        "ord_dt": "",
        "odno": "",
        "sll_buy_dvsn_cd": "02",
        "ovrs_rsvn_ord_stat_cd_name": "접수",
        "pdno": "NVDA",
        "prdt_name": "NVIDIA",
        "ord_rcit_tmd": "192500",
        "ft_ord_qty": "10",
        "ft_ord_unpr3": "180.50000000",
        "ft_ccld_qty": "0",
        "ovrs_excg_cd": "NASD",
        "tr_crcy_cd": "USD",
        "nprc_rson_text": "",
    }
    return {**row, **changes}


def lists(broker: Broker, *rows: dict[str, str]) -> None:
    broker.reply("order-resv-list", body(rt_cd="0", msg_cd="KIOK0510", msg1="", output=list(rows)))


def resolve(clock: time_machine.Traveller, seconds: float) -> None:
    clock.shift(timedelta(seconds=seconds))
    reconciliation.resolve_due(datetime.now(UTC))


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


def test_only_a_person_steps_over_an_escalated_command(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    reserved.refresh_from_db()
    early = asked(desk, reserved, supersedes=first.pk)
    with pytest.raises(Conflict) as refused:
        submit(early)
    assert refused.value.code == "not_supersedable"
    clock.shift(timedelta(seconds=20))
    broker.reply("order-resv-ccnl", ACCEPTED)
    second = submit(asked(desk, reserved, supersedes=first.pk))
    first.refresh_from_db()
    assert (first.state, second.state) == ("SUPERSEDED", "ACKED")


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


def test_the_lists_are_asked_first_while_the_stream_is_down(desk: Desk, broker: Broker, reserved: Order) -> None:
    Order.objects.update(inquired_at=EVENING - timedelta(minutes=5))
    broker.reply("order-resv-ccnl", ACCEPTED)
    lists(broker, reservation_row(cncl_yn="Y"))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason_code) == ("DENIED", "nothing_left")
    assert any("order-resv-list" in path for path in broker.inquiries)
    assert not broker.orders


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
def test_a_command_given_up_while_it_was_sent_keeps_the_late_answer(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    def late() -> Answer:
        OrderCommand.objects.update(state="SUPERSEDED")
        database.close()
        return ACCEPTED

    broker.answers["order-resv-ccnl"] = late
    command = submit(asked(desk, reserved))
    assert (command.state, command.broker_order_id, len(broker.orders)) == ("SUPERSEDED", "0030138295", 1)


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


def test_the_resolver_of_a_superseded_command_runs_on(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-ccnl", None)
    first = submit(asked(desk, reserved))
    clock.shift(timedelta(seconds=20))
    reserved.refresh_from_db()
    submit(asked(desk, reserved, supersedes=first.pk))
    first.refresh_from_db()
    assert (first.state, first.next_ask_at is not None) == ("SUPERSEDED", True)


def test_an_order_left_open_over_a_weekend_is_asked_for_from_its_own_day(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    clock.move_to(EVENING + timedelta(days=3))
    lists(broker, reservation_row(cncl_yn="Y"))
    inquiries.inquire(desk.stock, [Family.RESERVED])
    [path] = [path for path in broker.inquiries if "order-resv-list" in path]
    assert "INQR_STRT_DT=20261120" in path
    reserved.refresh_from_db()
    assert reserved.status == "CANCELED"
