"""The order pages: the blotter's marks, the timeline, and the dialogs that ask and tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEvent, Role, User
from orders.domain.order_state import OrderStatus
from orders.models import Order, OrderCommand
from tests import factories as make
from tests.markup import elements, hidden_values
from tests.orders.broker import Broker, body, running_broker
from tests.sessions import OLD, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]
MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)  # 11:10 in Korea: US daytime trading
ACCEPTED = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=True):
        yield


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        running.reply("daytime-order-rvsecncl", ACCEPTED)
        yield running


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def page(manager: User) -> Client:
    return signed_in(manager)


@pytest.fixture
def order(manager: User, broker: Broker) -> Order:
    connection = make.KisConnectionFactory.create(rest_url=broker.url, requests_per_second=1000)
    account = make.assigned(manager, make.KisAccountFactory.create(connection=connection).account)
    order = make.OrderFactory.create(account=account, inquired_at=MORNING)
    make.OrderNumberFactory.create(order=order)
    return order


def boot(html: str) -> dict[str, Any]:
    block = next(element for element in elements(html, "id") if element.attributes["id"] == "boot")
    loaded: dict[str, Any] = json.loads(block.text)
    return loaded


def test_the_blotter_shows_its_first_rows_with_the_marks_that_scripts_read(page: Client, order: Order) -> None:
    make.OrderCommandFactory.create(order=order)
    html = page.get("/orders/").content.decode()
    row = elements(html, "data-order-id")[0].attributes
    marks = (row["data-order-id"], row["data-status"], row["data-command-state"])
    assert marks == (str(order.pk), "WORKING", "ACKED")
    assert f"/orders/{order.pk}/" in [link.attributes["href"] for link in elements(html, "href")]
    assert order.account.masked_number in html
    assert order.account.number not in html


def test_the_blotter_carries_the_rows_of_the_api_and_where_its_stream_goes_on(page: Client, order: Order) -> None:
    data = boot(page.get("/orders/").content.decode())
    assert data["rows"] == page.get("/api/v1/orders/").json()["results"]
    assert data["seq"] == 0
    assert UUID(data["epoch"])


def test_the_blotter_shows_what_is_open_under_way_or_of_the_last_day(page: Client, order: Order) -> None:
    long_ago = MORNING - timedelta(days=5)
    old = {"account": order.account, "ordered_at": long_ago, "status": OrderStatus.FILLED.value}
    make.OrderFactory.create(**old)
    uncertain = make.OrderFactory.create(**old)
    make.OrderCommandFactory.create(order=uncertain, state="UNKNOWN")
    still_open = make.OrderFactory.create(**{**old, "status": OrderStatus.WORKING.value})
    shown = {row["id"] for row in boot(page.get("/orders/").content.decode())["rows"]}
    assert shown == {order.pk, uncertain.pk, still_open.pk}


def test_the_blotter_filters_by_the_address(page: Client, order: Order) -> None:
    assert boot(page.get("/orders/?status=FILLED").content.decode())["rows"] == []
    assert len(boot(page.get("/orders/?status=WORKING&market=US_DAYTIME").content.decode())["rows"]) == 1
    assert len(boot(page.get("/orders/?status=nonsense").content.decode())["rows"]) == 1


def test_the_timeline_shows_each_event_with_its_evidence_and_is_audited(page: Client, order: Order) -> None:
    make.OrderEventFactory.create(order=order, type="OrderFilled", detail={"last_qty": "120", "last_px": "181.2"})
    html = page.get(f"/orders/{order.pk}/").content.decode()
    assert "체결 · 120 @ 181.2" in html
    assert "체결통보" in html
    assert AuditEvent.objects.filter(action="account.viewed", subject=f"order {order.pk}").exists()


@pytest.mark.parametrize("path", ["", "cancel/", "modify/"])
def test_another_managers_order_is_not_there(page: Client, path: str) -> None:
    other = make.OrderFactory.create()
    theirs, nothing = page.get(f"/orders/{other.pk}/{path}"), page.get(f"/orders/987654/{path}")
    assert (theirs.status_code, nothing.status_code) == (404, 404)


def test_each_opened_dialog_has_a_key_of_its_own(page: Client, order: Order) -> None:
    keys = {hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())["intent"] for _ in range(2)}
    assert len(keys) == 2


def test_a_dialog_says_what_would_change(page: Client, order: Order) -> None:
    html = page.get(f"/orders/{order.pk}/cancel/").content.decode()
    assert 'role="dialog"' in html
    assert "500주 @ 181.25" in html
    assert "90,625.00 USD" in html
    assert html.rindex("data-confirm") > html.rindex("data-close")


def test_a_derivative_has_no_amount(page: Client, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(market="FO_DAY", currency="KRW")
    html = page.get(f"/orders/{order.pk}/cancel/").content.decode()
    assert "500계약" in html
    assert "억" not in html


def test_confirming_sends_once_and_says_that_nothing_is_settled_yet(page: Client, order: Order, broker: Broker) -> None:
    values = hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    html = page.post(f"/orders/{order.pk}/cancel/", values).content.decode()
    assert 'data-command-result="ACKED"' in html
    assert "취소를 요청했습니다. 아직 확정되지 않았으며 그 사이 체결될 수 있습니다." in html
    assert len(broker.orders) == 1


def test_a_double_click_sends_once(page: Client, order: Order, broker: Broker) -> None:
    values = hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    for _ in range(2):
        assert page.post(f"/orders/{order.pk}/cancel/", values).status_code == 200
    assert len(broker.orders) == 1


def test_a_modify_takes_figures_as_they_are_pasted(page: Client, order: Order, broker: Broker) -> None:
    values = hidden_values(page.get(f"/orders/{order.pk}/modify/").content.decode())
    response = page.post(f"/orders/{order.pk}/modify/", {**values, "price": "1,182.50", "quantity": ""})
    assert response.status_code == 200
    assert OrderCommand.objects.get().price == Decimal("1182.5")


def test_an_unreadable_answer_says_not_to_send_again(page: Client, order: Order, broker: Broker) -> None:
    broker.reply("daytime-order-rvsecncl", (200, b"<html>"))
    values = hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    html = page.post(f"/orders/{order.pk}/cancel/", values).content.decode()
    assert "결과를 확인하지 못했습니다. 같은 요청을 다시 보내지 마십시오." in html


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("cancel", {"quantity": "-3"}),
        ("cancel", {"quantity": "501"}),
        ("cancel", {"quantity": "many"}),
        ("cancel", {"intent": "x"}),
        ("modify", {"price": ""}),
        ("modify", {"price": "-1"}),
    ],
)
def test_a_refused_value_shows_the_dialog_again_and_sends_nothing(
    page: Client, order: Order, broker: Broker, action: str, change: dict[str, str]
) -> None:
    values = hidden_values(page.get(f"/orders/{order.pk}/{action}/").content.decode())
    response = page.post(f"/orders/{order.pk}/{action}/", {**values, **change})
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not OrderCommand.objects.exists()
    assert broker.orders == []


def test_an_order_that_moved_on_is_shown_anew_with_a_new_key(page: Client, order: Order, broker: Broker) -> None:
    values = hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    Order.objects.filter(pk=order.pk).update(version=2, leaves_qty=Decimal(380), cum_qty=Decimal(120))
    response = page.post(f"/orders/{order.pk}/cancel/", values)
    again = hidden_values(response.content.decode())
    assert response.status_code == 409
    assert "그 사이 주문이 바뀌었습니다" in response.content.decode()
    assert again["expected_version"] == "2"
    assert again["intent"] != values["intent"]
    assert page.post(f"/orders/{order.pk}/cancel/", again).status_code == 200
    assert len(broker.orders) == 1


def test_a_cancel_without_an_answer_may_be_stepped_over_after_15_seconds(page: Client, order: Order) -> None:
    early = make.OrderCommandFactory.create(order=order, state="UNKNOWN", created_at=MORNING - timedelta(seconds=5))
    assert "supersedes" not in hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    OrderCommand.objects.filter(pk=early.pk).update(created_at=MORNING - timedelta(seconds=20))
    values = hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    assert values["supersedes"] == str(early.pk)


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_only_managers_get_a_dialog(page: Client, order: Order, role: Role) -> None:
    user = make.UserFactory.create(role=role)
    make.assigned(user, order.account)
    client = signed_in(user)
    assert client.get(f"/orders/{order.pk}/cancel/").status_code == 403
    values = {"intent": str(uuid4()), "expected_version": "1"}
    assert client.post(f"/orders/{order.pk}/cancel/", values).status_code == 403
    assert not OrderCommand.objects.exists()


def test_an_old_second_factor_is_asked_for_again(manager: User, order: Order) -> None:
    page = signed_in(manager, OLD)
    assert page.get(f"/orders/{order.pk}/cancel/").status_code == 302
    response = page.get(f"/orders/{order.pk}/cancel/", headers={"hx-request": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/account/2fa/reauthenticate/?next=/orders/"


def test_pages_ask_who_is_there(client: Client) -> None:
    for path in ("/orders/", "/orders/1/", "/orders/1/cancel/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/account/login/")


def test_reading_never_writes_an_order(page: Client, order: Order) -> None:
    assert page.post("/orders/").status_code == 405
    assert page.put(f"/orders/{order.pk}/cancel/").status_code == 405
