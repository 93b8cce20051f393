"""Many commands that wait cost what one costs: one inquiry of an account's list serves them all."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders import inquiries, reconciliation
from orders.models import KisAccount, KisConnection, Order, OrderCommand
from orders.reconciliation.judging import settle
from tests.factories import FillFactory, OrderCommandFactory
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import EVENING, lists, make_order, reservation_row
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db
NUMBERS = range(30135700, 30135720)


def waiting(order: Order, number: int, since: datetime = EVENING, **changes: Any) -> OrderCommand:
    """A cancel of the whole reservation `number` whose answer never came."""
    pre_image = {
        "number": number,
        "order_qty": "10",
        "cum_qty": "0",
        "leaves_qty": "10",
        "children": [],
        "order_date": "2026-11-20",
        "family": "RESERVED",
    }
    fields = {"order": order, "state": "UNKNOWN", "pre_image": pre_image, "broker_order_id": "", "sent_at": since}
    return OrderCommandFactory.create(
        **{**fields, "waits_since": since, "next_ask_at": since + timedelta(seconds=1), **changes}
    )


@pytest.fixture
def many(desk: Desk, broker: Broker, clock: object) -> list[OrderCommand]:
    del clock
    lists(broker, *(reservation_row(ovrs_rsvn_odno=str(number), cncl_yn="Y") for number in NUMBERS))
    return [waiting(make_order(desk, number), number) for number in NUMBERS]


def asked_for(broker: Broker) -> int:
    """Each inquiry of the reservations reads two lists: the American and the Asian one."""
    return sum("order-resv-list" in path for path in broker.inquiries) // 2


def test_one_inquiry_settles_every_command_that_is_due(
    many: list[OrderCommand], broker: Broker, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(seconds=2))
    assert reconciliation.resolve_due(datetime.now(UTC)) == len(many)
    states = set(OrderCommand.objects.values_list("state", flat=True))
    assert (states, asked_for(broker)) == ({"CONFIRMED"}, 1)


def test_the_same_read_serves_a_command_whose_turn_is_later(
    many: list[OrderCommand], broker: Broker, clock: time_machine.Traveller
) -> None:
    OrderCommand.objects.exclude(pk=many[0].pk).update(next_ask_at=EVENING + timedelta(seconds=60))
    clock.shift(timedelta(seconds=2))
    assert reconciliation.resolve_due(datetime.now(UTC)) == 1
    assert set(OrderCommand.objects.values_list("state", flat=True)) == {"CONFIRMED"}
    assert asked_for(broker) == 1


def test_a_read_that_began_before_the_answer_proves_nothing(
    many: list[OrderCommand], desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    del broker
    clock.shift(timedelta(seconds=2))
    read = inquiries.inquire(desk.stock)
    assert read is not None
    OrderCommand.objects.update(waits_since=read.asked_at)
    assert settle(read, due=[command.pk for command in many]) == 0
    assert set(OrderCommand.objects.values_list("state", flat=True)) == {"UNKNOWN"}


def test_a_sweep_is_evidence_too(many: list[OrderCommand], desk: Desk, clock: time_machine.Traveller) -> None:
    OrderCommand.objects.update(next_ask_at=EVENING + timedelta(hours=1))
    clock.shift(timedelta(seconds=2))
    reconciliation.sweep(KisAccount.objects.filter(account=desk.stock).select_related("account"))
    assert set(OrderCommand.objects.values_list("state", flat=True)) == {"CONFIRMED"}
    assert len(many) == 20


def test_two_resolvers_ask_once(many: list[OrderCommand], broker: Broker, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(seconds=2))
    now = datetime.now(UTC)
    assert [reconciliation.resolve_due(now), reconciliation.resolve_due(now)] == [len(many), 0]
    assert asked_for(broker) == 1


def test_a_question_without_an_answer_is_asked_again_within_five_seconds(
    many: list[OrderCommand], broker: Broker, clock: time_machine.Traveller
) -> None:
    broker.reply("order-resv-list", (200, b"<html>"))
    OrderCommand.objects.update(asks=9)
    clock.shift(timedelta(seconds=2))
    now = datetime.now(UTC)
    assert reconciliation.resolve_due(now) == len(many)
    for command in OrderCommand.objects.all():
        assert command.next_ask_at is not None
        assert command.next_ask_at - now < timedelta(seconds=8)
        assert (command.state, command.watch) == ("UNKNOWN", {})


@pytest.mark.django_db(transaction=True)
def test_an_app_key_that_answers_slowly_holds_up_no_other(
    many: list[OrderCommand], desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    slow = KisConnection.objects.create(
        name="slow", rest_url=broker.url, ws_url="ws://127.0.0.1:9", app_key="k", app_secret="s", hts_id="h"
    )
    KisAccount.objects.filter(account=desk.derivatives).update(connection=slow)
    order = make_order(desk, account=desk.derivatives, market="FO_DAY", family="FO", status="WORKING")
    waiting(order, 30135682, pre_image={**many[0].pre_image, "family": "FO", "number": 30135682})

    released = threading.Event()

    def late() -> tuple[int, bytes]:
        released.wait(60)
        return body(rt_cd="0", msg_cd="", msg1="", output1=[])

    broker.answers["inquire-ccnl"] = late
    clock.shift(timedelta(seconds=2))
    resolver = reconciliation.Resolver()
    resolver.look(datetime.now(UTC))
    began = time.monotonic()
    while OrderCommand.objects.filter(state="CONFIRMED").count() < len(many):
        assert time.monotonic() - began < 50
        time.sleep(0.05)
    resolver.look(datetime.now(UTC))  # the slow one is still being asked, and is not asked twice
    released.set()
    resolver.close()
    assert sum("inquire-ccnl" in path for path in broker.inquiries) == 1


def test_a_list_that_tells_less_than_was_known_is_not_counted_and_decides_nothing(
    desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    order = make_order(desk, market="US", family="OVERSEAS", status="PARTIALLY_FILLED", cum_qty=Decimal(4))
    before = {"number": 30135682, "order_qty": "10", "cum_qty": "4", "leaves_qty": "6", "children": []}
    command = waiting(order, 30135682, pre_image={**before, "order_date": "2026-11-20", "family": "OVERSEAS"})
    broker.reply("inquire-ccnl", body(rt_cd="0", msg_cd="", msg1="", output=[overseas_row(ft_ccld_qty="0")]))
    for _ in range(8):
        clock.shift(timedelta(seconds=30))
        reconciliation.resolve_due(datetime.now(UTC))
    command.refresh_from_db()
    assert command.state == "UNKNOWN"
    assert (command.watch.get("reads"), command.watch["stale"] > 3) == (None, True)


@pytest.mark.parametrize(
    ("told", "canceled", "state"),
    [
        ({"source": "notice", "recorded_at": EVENING}, 2, "CONFIRMED"),
        ({"source": "notice", "recorded_at": EVENING}, 6, "CONFIRMED"),
        ({"source": "gap", "recorded_at": EVENING}, 2, "UNKNOWN"),
        ({"source": "notice", "recorded_at": EVENING + timedelta(1)}, 2, "UNKNOWN"),
    ],
)
def test_what_was_told_twice_before_the_send_is_not_missed_in_the_lists(
    desk: Desk, broker: Broker, clock: time_machine.Traveller, told: dict[str, Any], canceled: int, state: str
) -> None:
    order = make_order(desk, market="US", family="OVERSEAS", status="PARTIALLY_FILLED", cum_qty=Decimal(4))
    before = {"number": 30135682, "order_qty": "10", "cum_qty": "8", "leaves_qty": "2", "children": []}
    pre_image = {**before, "order_date": "2026-11-20", "family": "OVERSEAS"}
    command = waiting(order, 30135682, pre_image=pre_image, created_at=EVENING)
    fill = {"order": order, "number": 30135682}
    again = FillFactory.create(**fill, **told, last_qty=Decimal(4))
    reversal = {"source": "reversal", "recorded_at": EVENING + timedelta(days=1), "last_qty": Decimal(-4)}
    FillFactory.create(**fill, **reversal, reverses=again)
    cancel = {"odno": "30135690", "orgn_odno": "30135682", "rvse_cncl_dvsn": "02", "ft_ord_qty": str(canceled)}
    rows = [overseas_row(nccs_qty=str(6 - canceled)), overseas_row(**cancel, ft_ccld_qty="0", nccs_qty="0")]
    broker.reply("inquire-ccnl", body(rt_cd="0", msg_cd="", msg1="", output=rows))
    clock.shift(timedelta(seconds=2))
    reconciliation.resolve_due(datetime.now(UTC))
    command.refresh_from_db()
    assert command.state == state


def overseas_row(**changes: str) -> dict[str, str]:
    row = {
        "ord_dt": "20261120",
        "odno": "30135682",
        "orgn_odno": "",
        "pdno": "NVDA",
        "prdt_name": "NVIDIA",
        "sll_buy_dvsn_cd": "02",
        "rvse_cncl_dvsn": "00",
        "ft_ord_qty": "10",
        "ft_ccld_qty": "4",
        "nccs_qty": "6",
        "ft_ord_unpr3": "180.5",
        "ft_ccld_unpr3": "180.5",
        "ft_ccld_amt3": "722",
        "ovrs_excg_cd": "NASD",
        "tr_crcy_cd": "USD",
        "prcs_stat_name": "",
        "dmst_ord_dt": "20261120",
        "thco_ord_tmd": "192500",
    }
    return {**row, **changes}
