"""Cancel and modify over REST: the order of the checks, the key, and the answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import Role, User
from orders.models import Order, OrderCommand
from tests import factories as make
from tests.orders.broker import Broker, body, running_broker
from tests.sessions import OLD, signed_in

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)  # 11:10 in Korea: US daytime trading
ACCEPTED = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})
API = "/api/v1/"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        running.reply("daytime-order-rvsecncl", ACCEPTED)
        yield running


@pytest.fixture
def order(broker: Broker) -> Iterator[Order]:
    with time_machine.travel(MORNING, tick=True):
        connection = make.KisConnectionFactory.create(rest_url=broker.url, requests_per_second=1000)
        account = make.KisAccountFactory.create(connection=connection).account
        order = make.OrderFactory.create(account=account, order_qty=Decimal(500), inquired_at=MORNING)
        make.OrderNumberFactory.create(order=order)
        yield order


@pytest.fixture
def manager(order: Order) -> User:
    user = make.UserFactory.create(username="kim")
    make.assigned(user, order.account)
    return user


@pytest.fixture
def api(manager: User) -> Client:
    return bearer(manager)


def bearer(user: User, scope: str = "trade") -> Client:
    token = make.token_for(user, scope, timedelta(days=3650))
    return Client(headers={"authorization": f"Bearer {token}"})


def post(client: Client, order: int, values: Any, key: object = None, action: str = "cancel") -> Any:
    headers = {"idempotency-key": str(key or uuid4())} if key != "" else {}
    path = f"{API}orders/{order}/{action}/"
    return client.post(path, values, content_type="application/json", headers=headers)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_cancel_is_202_with_its_command(api: Client, order: Order, broker: Broker) -> None:
    response = post(api, order.pk, {"expected_version": 1})
    assert response.status_code == 202
    row = response.json()
    assert (row["order"], row["type"], row["state"], row["quantity"]) == (order.pk, "cancel", "ACKED", None)
    assert row["broker_order_id"] == "0000004336"
    assert len(broker.orders) == 1
    order.refresh_from_db()
    assert order.status == "WORKING"
    assert api.get(f"{API}commands/{row['id']}/").json() == row


def test_a_modify_carries_its_price_and_part(api: Client, order: Order, broker: Broker) -> None:
    response = post(api, order.pk, {"expected_version": 1, "price": "182.5", "quantity": 80}, action="modify")
    assert response.status_code == 202
    assert (response.json()["price"], response.json()["quantity"]) == ("182.5", "80")
    assert len(broker.orders) == 1


def test_the_same_key_and_values_give_the_same_command_and_send_once(api: Client, order: Order, broker: Broker) -> None:
    key = uuid4()
    one, two = (post(api, order.pk, {"expected_version": 1}, key) for _ in range(2))
    assert (one.status_code, two.status_code) == (202, 202)
    assert one.json()["id"] == two.json()["id"]
    assert len(broker.orders) == 1


@pytest.mark.parametrize(
    "values", [{"expected_version": 1, "quantity": "5"}, {"expected_version": 1, "quantity": -1}, {}]
)
def test_a_key_with_other_values_is_409_before_the_values_are_looked_at(
    api: Client, order: Order, values: dict[str, Any]
) -> None:
    key = uuid4()
    post(api, order.pk, {"expected_version": 1}, key)
    assert code(post(api, order.pk, values, key)) == (409, "key_reused")


def test_a_read_token_is_403_whatever_the_order(manager: User, order: Order) -> None:
    client = bearer(manager, "read")
    assert code(post(client, order.pk, {})) == (403, "scope_too_small")
    assert code(post(client, 987_654, {})) == (403, "scope_too_small")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.MANAGER])
def test_only_managers_command(order: Order, role: Role) -> None:
    user = make.UserFactory.create(role=role)
    make.assigned(user, order.account)
    assert code(post(bearer(user), order.pk, {"expected_version": 1})) == (403, "role")
    assert not OrderCommand.objects.exists()


def test_another_managers_order_answers_as_one_that_is_not_there(order: Order, broker: Broker) -> None:
    client = bearer(make.UserFactory.create())
    theirs, nothing = post(client, order.pk, {}), post(client, 987_654, {})
    assert theirs.status_code == 404
    assert theirs.content == nothing.content
    assert broker.orders == []


@pytest.mark.parametrize("key", ["", "17", "not-a-uuid"])
def test_a_key_that_is_no_uuid_is_422_and_named(api: Client, order: Order, key: str) -> None:
    response = post(api, order.pk, {"expected_version": 1}, key)
    assert (response.status_code, list(response.json()["errors"])) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize(
    ("action", "values", "field"),
    [
        ("cancel", {}, "expected_version"),
        ("cancel", {"expected_version": 0}, "expected_version"),
        ("cancel", {"expected_version": True}, "expected_version"),
        ("cancel", {"expected_version": "one"}, "expected_version"),
        ("cancel", {"expected_version": 1, "quantity": "-5"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": "0"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": "1.5"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": "501"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": True}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": "NaN"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": "1e30"}, "quantity"),
        ("cancel", {"expected_version": 1, "quantity": [5]}, "quantity"),
        ("cancel", {"expected_version": 1, "supersedes": "last"}, "supersedes"),
        ("cancel", {"expected_version": 1, "supersedes": str(UUID(int=7))}, "supersedes"),
        ("cancel", [], "non_field_errors"),
        ("modify", {"expected_version": 1}, "price"),
        ("modify", {"expected_version": 1, "price": None}, "price"),
        ("modify", {"expected_version": 1, "price": "0"}, "price"),
        ("modify", {"expected_version": 1, "price": "181.12345"}, "price"),
        ("modify", {"expected_version": 1, "price": "Infinity"}, "price"),
        ("modify", {"expected_version": 1, "price": "182", "quantity": "501"}, "quantity"),
    ],
)
def test_a_refused_value_is_422_with_its_field_and_nothing_is_recorded(
    api: Client, order: Order, broker: Broker, action: str, values: Any, field: str
) -> None:
    response = post(api, order.pk, values, action=action)
    assert (response.status_code, list(response.json()["errors"])) == (422, [field])
    assert not OrderCommand.objects.exists()
    assert broker.orders == []


def test_a_stale_version_is_409(api: Client, order: Order, broker: Broker) -> None:
    assert code(post(api, order.pk, {"expected_version": 9})) == (409, "stale_version")
    assert broker.orders == []


def test_a_second_command_while_one_is_under_way_is_409(api: Client, order: Order, broker: Broker) -> None:
    post(api, order.pk, {"expected_version": 1})
    order.refresh_from_db()
    assert code(post(api, order.pk, {"expected_version": order.version})) == (409, "command_in_flight")
    assert len(broker.orders) == 1


def test_what_our_own_checks_refuse_is_202_and_denied(api: Client, order: Order, broker: Broker) -> None:
    Order.objects.filter(pk=order.pk).update(market="ASIA")
    row = post(api, order.pk, {"expected_version": 1}).json()
    assert (row["state"], bool(row["reason"])) == ("DENIED", True)
    assert broker.orders == []


def test_a_broker_that_says_nothing_readable_is_unknown(api: Client, order: Order, broker: Broker) -> None:
    broker.reply("daytime-order-rvsecncl", (200, b"<html>"))
    assert post(api, order.pk, {"expected_version": 1}).json()["state"] == "UNKNOWN"


def test_a_session_needs_a_second_factor_of_the_last_ten_minutes(manager: User, order: Order) -> None:
    assert code(post(signed_in(manager, OLD), order.pk, {"expected_version": 1})) == (403, "second_factor_needed")
    assert post(signed_in(manager), order.pk, {"expected_version": 1}).status_code == 202


def test_a_session_command_without_the_csrf_token_is_refused(manager: User, order: Order) -> None:
    client = signed_in(manager)
    client.handler.enforce_csrf_checks = True
    assert post(client, order.pk, {"expected_version": 1}).status_code == 403
    assert not OrderCommand.objects.exists()
