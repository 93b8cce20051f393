"""The home page, the machines' questions, the error pages and the API's documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import broadcast
from accounts.clock import KST
from accounts.models import Role, Slot, User
from accounts.models.stream import Feed
from orders.domain.order_state import OrderStatus
from portal.views import errors
from tests import factories as make
from tests.markup import elements
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # 23:30 in Korea, a Friday
FRIDAY = date(2026, 11, 20)


@pytest.fixture
def evening() -> Iterator[None]:
    with time_machine.travel(EVENING, tick=False):
        yield


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


def today_of(user: User) -> dict[str, Any]:
    response = signed_in(user).get("/")
    assert response.status_code == 200
    context: dict[str, Any] = response.context["today"]
    return context


@pytest.mark.usefixtures("evening")
def test_today_of_somebody_without_accounts_is_empty_and_whole(manager: User) -> None:
    today = today_of(manager)
    assert today["needs_action"] == []
    assert today["orders_by_state"] == {}
    assert today["aum"] == {"total": None, "change": None, "change_rate": None, "as_of": None}


@pytest.mark.usefixtures("evening")
def test_aum_and_its_change_are_over_the_accounts_that_have_both_days(manager: User) -> None:
    account = make.assigned(manager)
    make.SnapshotFactory.create(account=account, business_date=date(2026, 11, 19), total_value=Decimal(1000))
    account.balance = make.SnapshotFactory.create(account=account, business_date=FRIDAY, total_value=Decimal(1100))
    account.business_date, account.total_value = FRIDAY, Decimal(1100)
    account.save()
    new = make.assigned(manager)
    new.business_date, new.total_value = FRIDAY, Decimal(500)
    new.save()
    aum = today_of(manager)["aum"]
    assert aum == {"total": 1600, "change": 100, "change_rate": Decimal("0.1"), "as_of": FRIDAY}


@pytest.mark.usefixtures("evening")
def test_what_needs_a_person_is_listed_the_most_urgent_first(manager: User) -> None:
    stale = make.assigned(manager, make.ClientAccountFactory.create(business_date=date(2026, 11, 18)))
    stale.firm.stopped_at, stale.firm.stopped_reason = timezone.now(), "2003"
    stale.firm.save()
    order = make.OrderFactory.create(account=stale, transact_time=EVENING)
    make.OrderCommandFactory.create(order=order, state="UNKNOWN", created_at=EVENING - timedelta(minutes=3))
    make.OrderFactory.create(
        account=stale, status=OrderStatus.REJECTED.value, reason="잔고 부족", transact_time=EVENING
    )
    make.OrderFactory.create(account=stale, alarm="S > C", transact_time=EVENING)
    items = today_of(manager)["needs_action"]
    assert items[0]["kind"] == "unknown"
    assert {item["kind"] for item in items} == {"unknown", "rejected", "break", "stopped", "stale"}
    assert items[0]["age"] == "3분"
    assert any("잔고 부족" in item["text"] for item in items)


@pytest.mark.usefixtures("evening")
def test_credit_that_falls_due_within_a_week_is_listed(manager: User) -> None:
    account = make.assigned(manager)
    account.balance = make.SnapshotFactory.create(account=account, business_date=FRIDAY)
    account.business_date = FRIDAY
    account.save()
    soon, later = FRIDAY + timedelta(days=3), FRIDAY + timedelta(days=30)
    make.HoldingFactory.create(snapshot=account.balance, credit_type="자기융자", maturity_date=soon)
    make.HoldingFactory.create(snapshot=account.balance, credit_type="자기융자", maturity_date=later)
    items = [item for item in today_of(manager)["needs_action"] if item["kind"] == "credit"]
    assert [str(soon) in item["text"] for item in items] == [True]


@pytest.mark.usefixtures("evening")
def test_nothing_of_other_accounts_shows(manager: User) -> None:
    order = make.OrderFactory.create(transact_time=EVENING, status=OrderStatus.REJECTED.value)
    make.FillFactory.create(order=order, transact_time=EVENING)
    make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    today = today_of(manager)
    assert (today["needs_action"], today["latest_fills"], today["orders_by_state"]) == ([], [], {})


@pytest.mark.usefixtures("evening")
def test_latest_fills_leave_out_what_was_taken_back(manager: User) -> None:
    order = make.OrderFactory.create(account=make.assigned(manager), transact_time=EVENING)
    kept = make.FillFactory.create(order=order, transact_time=EVENING)
    undone = make.FillFactory.create(order=order, transact_time=EVENING, last_qty=Decimal(7))
    make.FillFactory.create(
        order=order, source="reversal", last_qty=Decimal(-7), reverses=undone, transact_time=EVENING
    )
    today = today_of(manager)
    assert [fill["qty"] for fill in today["latest_fills"]] == [kept.last_qty]
    assert today["orders_by_state"] == {"WORKING": 1}


@pytest.mark.usefixtures("evening")
def test_the_sync_card_counts_the_newest_run_and_says_when_the_next_starts(manager: User) -> None:
    make.SyncStepFactory.create(account=make.assigned(manager), business_date=FRIDAY)
    make.SyncStepFactory.create(account=make.assigned(manager), business_date=FRIDAY, state="failed")
    history = make.SyncRunFactory.create(slot=Slot.HISTORY, started_at=EVENING)
    card = today_of(manager)["sync_card"]
    assert card["run"]["id"] != history.pk
    assert (card["done"], card["total"], card["failed"]) == (1, 2, 1)
    assert card["next_at"] == datetime(2026, 11, 21, 6, 30, tzinfo=KST)


def test_health_asks_nothing(client: Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok\n")


def test_ready_reports_upstreams_and_syncs_and_is_ready_without_them(client: Client) -> None:
    make.SyncRunFactory.create(state="failed")
    broadcast.set_upstream("desk-1", Feed.DOWN)
    response = client.get("/readyz")
    body = response.json()
    assert response.status_code == 200
    assert body["checks"] == {"database": True, "migrations": True, "queue": True}
    assert body["upstreams"] == [{"name": "desk-1", "state": "down"}]
    assert body["syncs"] == [{"slot": "evening", "date": "2026-11-19", "state": "failed"}]


def test_a_database_that_refuses_makes_the_portal_unready(client: Client) -> None:
    def refuse(*args: Any) -> None:
        raise DatabaseError("no connection")

    with connection.execute_wrapper(refuse):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] is False


def test_a_missing_migration_makes_the_portal_unready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": True, "migrations": False, "queue": True}


def test_metrics_count_what_the_desk_would_be_woken_for(client: Client) -> None:
    make.OrderCommandFactory.create(state="UNKNOWN")
    make.OrderCommandFactory.create(state="CONFIRMED")
    make.NoticeFactory.create(state="quarantined")
    broadcast.set_upstream("desk-1", Feed.LIVE)
    text = client.get("/metrics").content.decode()
    assert 'portal_commands{state="UNKNOWN"} 1.0' in text
    assert "CONFIRMED" not in text
    assert 'portal_notices{state="quarantined"} 1.0' in text
    assert 'portal_upstream_live{name="desk-1"} 1.0' in text


@pytest.mark.parametrize(("view", "status"), [(errors.bad_request, 400), (errors.permission_denied, 403)])
def test_errors_are_problems_under_the_api_and_pages_elsewhere(view: Any, status: int) -> None:
    factory = RequestFactory()
    problem = view(factory.get("/api/v1/x/"), Exception("secret"))
    page = view(factory.get("/x/"), Exception("secret"))
    assert (problem.status_code, page.status_code) == (status, status)
    assert json.loads(problem.content)["status"] == status
    assert b"secret" not in problem.content + page.content


def test_a_page_that_fails_says_nothing_of_why() -> None:
    assert errors.server_error(RequestFactory().get("/x/")).status_code == 500


def test_the_schema_describes_every_path_of_the_api(manager: User) -> None:
    client = Client(headers={"authorization": f"Bearer {make.token_for(manager)}", "accept": "application/json"})
    response = client.get("/api/v1/schema/?format=json")
    paths = response.json()["paths"]
    assert response.json()["openapi"].startswith("3.")
    assert "/api/v1/orders/{id}/cancel/" in paths
    assert "/api/v1/accounts/{id}/balance/" in paths
    assert "bearer" in response.json()["components"]["securitySchemes"]


def test_the_documents_run_no_script_but_our_own_files(manager: User) -> None:
    html = signed_in(manager).get("/api/v1/docs/").content.decode()
    scripts = elements(html, "src")
    assert scripts
    assert all(script.attributes["src"].startswith("/") for script in scripts)
    assert "<style" not in html
    page_script = signed_in(manager).get(scripts[-1].attributes["src"])
    assert page_script.headers["Content-Type"].startswith("application/javascript")


@pytest.mark.parametrize("path", ["/", "/simulator/"])
def test_pages_ask_who_is_there(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/account/login/")


def test_administrators_see_no_client_data_on_the_home_page() -> None:
    order = make.OrderFactory.create(transact_time=timezone.now())
    today = today_of(make.UserFactory.create(role=Role.ADMINISTRATOR))
    assert today["orders_by_state"] == {}
    assert order.account.masked_number not in json.dumps(today["needs_action"])
    assert django_settings.DEMO is False
