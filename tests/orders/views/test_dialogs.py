"""The dialogs that ask and tell: a key of their own, one request, and who gets one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Role, User
from orders.models import Order, OrderCommand
from tests import factories as make
from tests.markup import hidden_values
from tests.orders.broker import Broker
from tests.sessions import OLD, signed_in

pytestmark = pytest.mark.django_db


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
    early = make.OrderCommandFactory.create(order=order, state="UNKNOWN", created_at=clock.now() - timedelta(seconds=5))
    assert "supersedes" not in hidden_values(page.get(f"/orders/{order.pk}/cancel/").content.decode())
    OrderCommand.objects.filter(pk=early.pk).update(created_at=clock.now() - timedelta(seconds=20))
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
