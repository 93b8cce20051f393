"""`orders/` over REST: rows, chains of numbers, filters, events and notices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from orders.api import schema
from orders.domain.order_state import OrderStatus
from orders.models import NoticeState, Order
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]
API = "/api/v1/"
MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)  # 11:10 in Korea: US daytime trading


@pytest.fixture
def morning() -> Any:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def api(manager: User) -> Client:
    return Client(headers={"authorization": f"Bearer {make.token_for(manager)}"})


def working(manager: User, **fields: Any) -> Order:
    account = fields.pop("account", None) or make.KisAccountFactory.create().account
    if not manager.assignments.filter(account=account).exists():
        make.assigned(manager, account)
    order = make.OrderFactory.create(account=account, **fields)
    make.OrderNumberFactory.create(order=order, number=1666)
    return order


def first(api: Client, query: str = "") -> dict[str, Any]:
    row: dict[str, Any] = api.get(f"{API}orders/{query}").json()["results"][0]
    return row


def test_a_row_shows_quantities_prices_and_times_exactly(api: Client, manager: User) -> None:
    order = working(manager, cum_qty=Decimal(120), leaves_qty=Decimal(380), cum_amount=Decimal("21744.0000"))
    row = first(api)
    assert row["account"] == order.account_id
    assert row["account_number"] == order.account.masked_number
    assert (row["order_qty"], row["cum_qty"], row["leaves_qty"]) == ("500", "120", "380")
    assert (row["price"], row["avg_px"], row["currency"]) == ("181.25", "181.2", "USD")
    assert row["transact_time"].endswith("+09:00")
    assert row["command"] is None
    assert row["freshness"]["source"] == "kis"


def test_an_average_without_end_is_rounded_to_eight_decimals(api: Client, manager: User) -> None:
    working(manager, cum_qty=Decimal(3), cum_amount=Decimal(100))
    assert first(api)["avg_px"] == "33.33333333"


def test_an_order_that_nothing_filled_has_no_average(api: Client, manager: User) -> None:
    working(manager, price=None)
    row = first(api)
    assert (row["avg_px"], row["price"]) == (None, None)


def test_an_order_never_modified_has_one_number_and_no_original(api: Client, manager: User) -> None:
    working(manager)
    row = first(api)
    assert (row["order_id"], row["orig_order_id"], row["order_ids"]) == ("0000001666", None, ["0000001666"])


def test_a_modified_order_names_its_newest_number_its_first_and_all(api: Client, manager: User) -> None:
    order = working(manager)
    make.OrderNumberFactory.create(order=order, number=1700, kind="modify", position=1)
    make.OrderNumberFactory.create(order=order, number=1750, kind="cancel", position=2)
    row = first(api)
    assert (row["order_id"], row["orig_order_id"]) == ("0000001700", "0000001666")
    assert row["order_ids"] == ["0000001666", "0000001700"]


def test_a_part_that_was_modified_names_the_order_that_it_came_from(api: Client, manager: User) -> None:
    whole = working(manager)
    part = make.OrderFactory.create(account=whole.account, parent=whole)
    make.OrderNumberFactory.create(order=part, number=1700, kind="modify")
    row = api.get(f"{API}orders/{part.pk}/").json()
    assert (row["order_id"], row["orig_order_id"]) == ("0000001700", "0000001666")


def test_a_transmitted_reservation_keeps_its_reservation_number(api: Client, manager: User) -> None:
    order = working(manager)
    make.OrderNumberFactory.create(order=order, family="RESERVED", number=30, position=0)
    order.numbers.filter(number=1666).update(position=1)
    row = first(api)
    assert (row["reserved_id"], row["order_id"], row["order_ids"]) == ("0000000030", "0000001666", ["0000001666"])


def test_a_reservation_still_waiting_is_known_by_its_own_number(api: Client, manager: User) -> None:
    order = make.OrderFactory.create(account=make.KisAccountFactory.create().account, market="US_RESERVED")
    make.assigned(manager, order.account)
    make.OrderNumberFactory.create(order=order, family="RESERVED", number=30)
    row = first(api)
    assert (row["order_id"], row["reserved_id"], row["order_ids"]) == ("0000000030", "0000000030", ["0000000030"])


def test_the_newest_command_stands_in_the_row(api: Client, manager: User) -> None:
    order = working(manager)
    make.OrderCommandFactory.create(order=order, state="REJECTED", created_at=datetime(2026, 11, 20, 1, tzinfo=UTC))
    newest = make.OrderCommandFactory.create(order=order, quantity=Decimal(80))
    command = first(api)["command"]
    assert (command["id"], command["state"], command["quantity"]) == (str(newest.pk), "ACKED", "80")


def test_buttons_say_why_they_are_off(api: Client, manager: User) -> None:
    working(manager, status=OrderStatus.FILLED.value, leaves_qty=Decimal(0))
    actions = first(api)["allowed_actions"]
    assert [action["action"] for action in actions] == ["cancel", "modify"]
    assert not any(action["allowed"] for action in actions)
    assert all(action["reason"] for action in actions)


def test_the_list_filters_by_account_status_market_and_openness(api: Client, manager: User) -> None:
    order = working(manager)
    working(manager, status=OrderStatus.FILLED.value, market="KRX", leaves_qty=Decimal(0))
    for query in (f"?account={order.account_id}", "?status=WORKING", "?market=US_DAYTIME", "?open=true"):
        assert [row["id"] for row in api.get(f"{API}orders/{query}").json()["results"]] == [order.pk], query
    assert len(api.get(f"{API}orders/").json()["results"]) == 2


@pytest.mark.parametrize("query", ["account=x", "status=DONE", "market=MARS", "open=perhaps"])
def test_a_filter_that_means_nothing_is_422(api: Client, query: str) -> None:
    response = api.get(f"{API}orders/?{query}")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [query.split("=", maxsplit=1)[0]]


def test_orders_come_newest_first_over_pages(api: Client, manager: User) -> None:
    ids = [working(manager).pk for _ in range(3)]
    page = api.get(f"{API}orders/?page_size=2").json()
    rest = api.get(page["next"]).json()
    assert [row["id"] for row in page["results"] + rest["results"]] == ids[::-1]


def test_the_list_asks_the_same_questions_for_one_order_and_for_many(
    api: Client, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.OrderCommandFactory.create(order=working(manager))
    with django_assert_num_queries(5) as one:
        api.get(f"{API}orders/")
    for _ in range(4):
        make.OrderCommandFactory.create(order=working(manager))
    with django_assert_num_queries(len(one)):
        api.get(f"{API}orders/")


def test_events_come_oldest_first_with_their_evidence(api: Client, manager: User) -> None:
    order = working(manager)
    make.OrderEventFactory.create(order=order)
    make.OrderEventFactory.create(order=order, type="OrderFilled", evidence_id="7", detail={"last_qty": "120"})
    rows = api.get(f"{API}orders/{order.pk}/events/").json()["results"]
    assert [row["type"] for row in rows] == ["OrderAccepted", "OrderFilled"]
    assert rows[1]["evidence"] == {"kind": "notice", "id": "7"}
    assert AuditEvent.objects.filter(account=order.account, subject=f"order {order.pk} events").exists()


def test_notices_tell_their_state_and_reason_and_not_their_content(manager: User) -> None:
    officer = make.UserFactory.create(role=Role.OPERATIONS)
    make.NoticeFactory.create(state=NoticeState.QUARANTINED, reason="width 17", plaintext="secret")
    make.NoticeFactory.create(state=NoticeState.APPLIED, order=working(manager))
    client = Client(headers={"authorization": f"Bearer {make.token_for(officer)}"})
    rows = client.get(f"{API}notices/?state=quarantined").json()["results"]
    assert [(row["reason"], row["order"], row["connection"]) for row in rows] == [("width 17", None, "desk-1")]
    assert "secret" not in str(rows)
    assert len(client.get(f"{API}notices/").json()["results"]) == 2


def test_rows_have_the_fields_of_their_schema(api: Client, manager: User) -> None:
    order = working(manager)
    command = make.OrderCommandFactory.create(order=order)
    make.OrderEventFactory.create(order=order)
    assert set(first(api)) == set(schema.Order().get_fields())
    assert set(api.get(f"{API}commands/{command.pk}/").json()) == set(schema.Command().get_fields())
    event = api.get(f"{API}orders/{order.pk}/events/").json()["results"][0]
    assert set(event) == set(schema.OrderEvent().get_fields())
