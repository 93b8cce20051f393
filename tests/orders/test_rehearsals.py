"""The daily rehearsal: every list of the kill switch against what the broker has open, and nothing sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from celery import current_app
from celery.signals import before_task_publish

from accounts.models import AuditEvent, ClientAccount, User
from orders import rehearsals, tasks
from orders.models import KisConnection, Order, Rehearsal, RehearsalSchedule
from portal.views import todo
from tests import factories as make
from tests.orders.batches.conftest import MORNING, Traveller, account, broker, clock, connection, kim, order
from tests.orders.broker import Answer, Broker, body

__all__ = ["account", "broker", "clock", "connection", "kim", "order"]
pytestmark = pytest.mark.django_db
Make = Callable[..., Order]


def row_of(order: Order, **changes: str) -> dict[str, str]:
    """The order as the broker's list of open overseas orders prints it."""
    number = order.numbers.get()
    row = {
        "ord_dt": "20261120",
        "odno": number.text,
        "orgn_odno": "",
        "pdno": order.symbol,
        "prdt_name": order.name,
        "sll_buy_dvsn_cd": "02",
        "rvse_cncl_dvsn_cd": "00",
        "rjct_rson_name": "",
        "ord_tmd": "110000",
        "tr_crcy_cd": "USD",
        "ft_ord_qty": "500",
        "ft_ccld_qty": "0",
        "nccs_qty": "500",
        "ft_ord_unpr3": "181.25000000",
        "ft_ccld_unpr3": "0.00000000",
        "ft_ccld_amt3": "0.00000",
        "ovrs_excg_cd": "NASD",
        "prcs_stat_name": "",
    }
    return {**row, **changes}


def lists(broker: Broker, cano: str, *rows: dict[str, str]) -> None:
    """What the broker answers to the question for one account's open US orders; every other list is empty."""

    def answer(path: str) -> Answer | None:
        query = parse_qs(urlsplit(path).query)
        asked = (query.get("CANO"), query.get("OVRS_EXCG_CD"))
        if "inquire-nccs" not in path or asked != ([cano], ["NASD"]):
            return None
        return body(rt_cd="0", msg_cd="KIOK0510", msg1="", output=list(rows))

    broker.by_path = answer


def cano(account: ClientAccount) -> str:
    return str(account.number).split("-")[0]


def test_lists_that_agree_are_proved_for_every_scope_without_a_send(
    kim: User, account: ClientAccount, order: Make, broker: Broker
) -> None:
    first, second = order(), order()
    lists(broker, cano(account), row_of(first), row_of(second))
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert (row.matched, row.differences, row.accounts, row.orders) == (True, [], 1, 2)
    found = {(item["scope"], item["target"]): (item["listed"], item["broker"]) for item in row.scopes}
    assert found == {
        ("all", ""): (2, 2),
        ("market", "KRX"): (0, 0),
        ("market", "US"): (2, 2),
        ("market", "ASIA"): (0, 0),
        ("market", "FO"): (0, 0),
        ("manager", str(kim.pk)): (2, 2),
        ("account", str(account.pk)): (2, 2),
    }
    assert broker.orders == []
    assert AuditEvent.objects.get(action="switch.rehearsed").detail["digest"] == row.digest


def test_an_order_that_the_broker_does_not_show_is_a_difference(
    account: ClientAccount, order: Make, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    shown, lost = order(), order()
    lists(broker, cano(account), row_of(shown))
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert row.matched is False
    assert row.differences == [{"kind": "extra", "account": account.pk, "order": lost.pk}]
    assert "differ from the broker's" in caplog.text


def test_an_order_that_the_list_would_miss_is_a_difference(account: ClientAccount, order: Make, broker: Broker) -> None:
    hidden = order(status="FILLED", cum_qty=500, leaves_qty=0, cum_amount=90_625, broker_qty=500)
    lists(broker, cano(account), row_of(hidden))
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert row.differences == [{"kind": "missing", "account": account.pk, "order": hidden.pk}]


def test_an_order_placed_elsewhere_is_learnt_by_the_reading_and_listed(
    account: ClientAccount, order: Make, broker: Broker
) -> None:
    known = order()
    lists(broker, cano(account), row_of(known), row_of(known, odno="0000009999"))
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert (row.matched, row.orders) == (True, 2)


def test_an_account_that_cannot_be_read_is_a_difference(account: ClientAccount, order: Make, broker: Broker) -> None:
    order()
    broker.reply("inquire-nccs", (500, b""))
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert (row.matched, row.differences) == (False, [{"kind": "unread", "account": account.pk}])


def test_a_day_is_rehearsed_once_and_again_only_after_it_differed(
    account: ClientAccount, order: Make, broker: Broker, clock: Traveller
) -> None:
    waiting = order()
    assert rehearsals.rehearse(MORNING) is not None
    assert rehearsals.rehearse(MORNING + timedelta(minutes=5)) is None
    lists(broker, cano(account), row_of(waiting))
    clock.shift(timedelta(minutes=31))
    again = rehearsals.rehearse(MORNING + timedelta(minutes=31))
    assert again is not None
    assert again.matched
    assert rehearsals.rehearse(MORNING + timedelta(hours=3)) is None
    assert Rehearsal.objects.count() == 1
    assert AuditEvent.objects.filter(action="switch.rehearsed").count() == 2


def test_a_reservation_on_paper_has_no_list_and_is_no_difference(
    account: ClientAccount, order: Make, connection: KisConnection, broker: Broker
) -> None:
    connection.environment = "paper"
    connection.save()
    order(market="US_RESERVED", family="RESERVED", status="RESERVED")
    row = rehearsals.rehearse(MORNING)
    assert row is not None
    assert row.differences == []


class TestSchedule:
    @pytest.fixture(autouse=True)
    def at_nine(self, account: ClientAccount) -> None:
        RehearsalSchedule.objects.all().delete()
        RehearsalSchedule.objects.create(starts_at=time(9, 0))

    @pytest.mark.parametrize(
        ("korean", "due", "late"), [("08:59", False, False), ("09:00", True, False), ("09:30", True, True)]
    )
    def test_it_begins_at_its_time_and_is_late_half_an_hour_after(self, korean: str, due: bool, late: bool) -> None:
        now = datetime.fromisoformat(f"2026-11-20T{korean}+09:00").astimezone(UTC)
        assert (rehearsals.is_due(now), rehearsals.is_late(now)) == (due, late)

    def test_one_that_agreed_is_neither_due_nor_late(self) -> None:
        Rehearsal.objects.create(day="2026-11-20", started_at=MORNING, finished_at=MORNING, matched=True)
        assert (rehearsals.is_due(MORNING), rehearsals.is_late(MORNING)) == (False, False)

    def test_one_that_differed_is_late_at_once_and_due_again_half_an_hour_later(self) -> None:
        Rehearsal.objects.create(day="2026-11-20", started_at=MORNING, finished_at=MORNING, matched=False)
        assert (rehearsals.is_due(MORNING), rehearsals.is_late(MORNING)) == (False, True)
        assert rehearsals.is_due(MORNING + timedelta(minutes=30))

    def test_a_schedule_that_is_off_asks_for_nothing(self) -> None:
        RehearsalSchedule.objects.update(enabled=False)
        assert (rehearsals.is_due(MORNING), rehearsals.is_late(MORNING)) == (False, False)

    def test_a_desk_without_an_app_key_rehearses_nothing(self, connection: KisConnection) -> None:
        connection.active = False
        connection.save()
        assert (rehearsals.is_due(MORNING), rehearsals.is_late(MORNING)) == (False, False)

    def test_the_queue_starts_it_when_it_is_due(self, broker: Broker) -> None:
        started: list[str] = []

        def note(sender: str, **_signal: Any) -> None:
            started.append(sender)

        before_task_publish.connect(note)
        assert tasks.dispatch_rehearsal()
        before_task_publish.disconnect(note)
        current_app.control.purge()
        assert started == ["orders.tasks.rehearse_switches"]
        assert tasks.rehearse_switches()
        assert not tasks.dispatch_rehearsal()


def test_the_work_list_of_operations_names_a_day_without_its_proof(account: ClientAccount) -> None:
    officer = make.UserFactory.create(role="operations")
    late = MORNING + timedelta(hours=1)
    assert "not_rehearsed" in {item["kind"] for item in todo.items(officer, late)}
    assert "not_rehearsed" not in {item["kind"] for item in todo.items(make.UserFactory.create(), late)}
    assert json.dumps([item["text"] for item in todo.items(officer, late)], ensure_ascii=False).count("킬 스위치") == 1
