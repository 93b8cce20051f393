"""The account and sync pages: their rows, their marks, and who may start a sync."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.test import Client

from accounts.models import AuditEvent, ClientAccount, Dataset, Role, User
from tests import factories as make
from tests.markup import elements
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
EVENING = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)  # 23:30 in Korea, a Thursday
NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 12:00 in Korea: Koscom is closed


@pytest.fixture
def evening() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def page(manager: User) -> Client:
    return signed_in(manager)


def drained() -> list[str]:
    """The arguments of what waits in the queue, which is empty afterwards: these tests start no worker."""
    waiting = []
    with current_app.connection_for_write() as connection, connection.SimpleQueue("portal") as queue:
        while (message := _next(queue)) is not None:
            message.ack()
            waiting.append(message.headers["kwargsrepr"])
    return waiting


def _next(queue: Any) -> Any:
    try:
        return queue.get_nowait()
    except queue.Empty:
        return None


def valued(account: ClientAccount, **totals: int) -> ClientAccount:
    account.balance = make.SnapshotFactory.create(account=account)
    account.business_date = account.balance.business_date
    for name, value in totals.items():
        setattr(account, name, Decimal(value))
    account.save()
    return account


def test_the_list_shows_its_first_rows_with_their_marks_and_links(page: Client, manager: User) -> None:
    account = valued(make.assigned(manager), total_value=3_500_000)
    html = page.get("/accounts/").content.decode()
    assert [row.attributes["data-account-id"] for row in elements(html, "data-account-id")] == [str(account.pk)]
    assert f"/accounts/{account.pk}/" in [link.attributes["href"] for link in elements(html, "href")]
    assert account.masked_number in html
    assert account.number not in html


def test_totals_count_an_account_that_stands_at_two_feeds_once(page: Client, manager: User) -> None:
    koscom = valued(make.assigned(manager), total_value=1_000, securities_value=900, profit_loss=100)
    kis = make.assigned(manager, make.KisClientFactory.create(twin=koscom))
    valued(kis, total_value=1_000)
    response = page.get("/accounts/")
    assert response.context["totals"]["total_value"] == "1000"
    assert response.context["totals"]["return_rate"] == "0.125"
    assert response.context["total"] == 2


def test_totals_of_nothing_are_not_said(page: Client) -> None:
    totals = page.get("/accounts/").context["totals"]
    assert set(totals.values()) == {None}


def test_the_search_box_finds_by_full_number(page: Client, manager: User) -> None:
    account = make.assigned(manager)
    make.assigned(manager)
    rows = page.get("/accounts/", {"search": account.number, "status": "nonsense"}).context["rows"]
    assert [row["id"] for row in rows] == [account.pk]


@pytest.mark.parametrize("tab", ["holdings", "settlements", "trades", "orders", "nonsense"])
def test_each_tab_shows_its_rows(page: Client, manager: User, tab: str) -> None:
    account = valued(make.assigned(manager))
    make.HoldingFactory.create(snapshot=account.balance, name="보유종목")
    for factory, dataset, name in (
        (make.SettlementFactory, Dataset.SETTLEMENTS, "결제종목"),
        (make.TradeFactory, Dataset.TRADES, "거래종목"),
        (make.OrderDetailFactory, Dataset.ORDERS, "주문종목"),
    ):
        factory.create(snapshot=make.SnapshotFactory.create(account=account, dataset=dataset), name=name)
    html = page.get(f"/accounts/{account.pk}/?tab={tab}").content.decode()
    names = {"settlements": "결제종목", "trades": "거래종목", "orders": "주문종목"}
    shown = names.get(tab, "보유종목")
    assert shown in html
    assert not [name for name in names.values() if name != shown and name in html]
    assert AuditEvent.objects.filter(action="account.viewed", account=account).count() == 1


def test_an_account_never_synced_opens_all_the_same(page: Client, manager: User) -> None:
    assert page.get(f"/accounts/{make.assigned(manager).pk}/").status_code == 200


def test_another_managers_account_is_not_there(page: Client) -> None:
    other = make.ClientAccountFactory.create()
    assert page.get(f"/accounts/{other.pk}/").status_code == 404
    assert page.post(f"/accounts/{other.pk}/sync/").status_code == 404
    assert not AuditEvent.objects.exists()


def test_the_sync_page_shows_coverage_runs_and_the_window(page: Client, manager: User) -> None:
    account = valued(make.assigned(manager))
    step = account.steps.get()
    response = page.get("/sync/")
    coverage = response.context["coverage"]["rows"]
    assert [row["account"]["id"] for row in coverage] == [account.pk]
    assert coverage[0]["cells"]["balances"]["state"] == "done"
    assert response.context["runs"][0]["counts"]["done"] == 1
    assert response.context["window"]["open"] is True
    assert f"/sync/runs/{step.run_id}/" in response.content.decode()


def test_a_run_shows_the_steps_of_ones_own_accounts(page: Client, manager: User) -> None:
    mine = make.SyncStepFactory.create(account=make.assigned(manager))
    other = make.ClientAccountFactory.create()
    make.SyncStepFactory.create(account=other)
    response = page.get(f"/sync/runs/{mine.run_id}/")
    assert [step["account"] for step in response.context["steps"]] == [mine.account_id]
    assert other.masked_number not in response.content.decode()
    assert page.get("/sync/runs/987654/").status_code == 404


def test_sync_now_wakes_a_worker_and_is_audited(page: Client, manager: User) -> None:
    drained()
    account = make.assigned(manager)
    response = page.post(f"/accounts/{account.pk}/sync/")
    assert response.headers["Location"] == f"/accounts/{account.pk}/"
    assert page.post("/sync/now/").headers["Location"] == "/sync/"
    asked = [f"{{'account_id': {pk}, 'username': 'kim'}}" for pk in (account.pk, None)]
    assert drained() == asked
    assert AuditEvent.objects.filter(action="sync.asked").count() == 2


def test_sync_now_inside_the_closed_hours_starts_nothing_and_says_why(
    page: Client, manager: User, evening: time_machine.Traveller
) -> None:
    evening.move_to(NOON)
    client = signed_in(manager)
    response = client.post("/sync/now/", follow=True)
    assert "08:30부터 16:00까지는 받지 않습니다." in response.content.decode()
    assert response.context["window"]["open"] is False
    assert drained() == []
    assert not AuditEvent.objects.filter(action="sync.asked").exists()


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_those_who_only_read_start_no_sync(role: Role) -> None:
    assert signed_in(make.UserFactory.create(role=role)).post("/sync/now/").status_code == 403


def test_a_balance_due_date_is_the_one_of_the_day(page: Client, manager: User) -> None:
    account = make.assigned(manager)
    snapshot = make.SnapshotFactory.create(account=account, dataset=Dataset.SETTLEMENTS)
    make.SettlementFactory.create(snapshot=snapshot, settle_date=date(2026, 11, 18), name="지난결제")
    make.SettlementFactory.create(snapshot=snapshot, settle_date=date(2026, 11, 19), name="오늘결제")
    html = page.get(f"/accounts/{account.pk}/?tab=settlements").content.decode()
    assert "오늘결제" in html
    assert "지난결제" not in html
