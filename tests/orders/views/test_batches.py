"""The dialog over a selection, and the outcomes that it turns into."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Role, User
from orders import batches
from orders.models import CommandBatch, Order
from tests import factories as make
from tests.markup import elements, hidden_values
from tests.orders.batches.conftest import MORNING, Traveller, account, broker, clock, connection, kim, order
from tests.orders.broker import Broker
from tests.sessions import OLD, signed_in

__all__ = ["account", "broker", "clock", "connection", "kim", "order"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
Make = Callable[..., Order]


@pytest.fixture
def page(kim: User) -> Client:
    return signed_in(kim)


def opened(page: Client, *orders: Order) -> Any:
    return page.get("/orders/cancel-selected/", {"order": [order.pk for order in orders]})


def confirm(page: Client, *orders: Order, **changes: Any) -> Any:
    picked = [f"{order.pk}:{order.version}" for order in orders]
    return page.post("/orders/cancel-selected/", {"intent": uuid4(), "order": picked, **changes})


def test_the_dialog_lists_every_order_with_its_total_and_what_cannot_be_canceled(page: Client, order: Make) -> None:
    fine, busy = order(), order()
    make.OrderCommandFactory.create(order=busy)
    html = opened(page, busy, fine).content.decode()
    assert [row.attributes["data-list-order"] for row in elements(html, "data-list-order")] == [
        str(fine.pk),
        str(busy.pk),
    ]
    assert "선택한 2건 취소" in html
    assert "181,250.00" in html
    assert "앞선 요청의 결과를 확인하는 중입니다." in html
    assert fine.account.masked_number in html
    assert fine.account.number not in html
    buttons = [item for item in elements(html, "type") if item.attributes["type"] in {"submit", "button"}]
    assert "data-confirm" in buttons[-1].attributes


def test_confirming_shows_one_outcome_a_row_and_asks_again_until_all_are_known(
    page: Client, order: Make, broker: Broker
) -> None:
    first, second = order(), order()
    html = confirm(page, first, second).content.decode()
    made = CommandBatch.objects.get()
    part = elements(html, "data-batch")[0].attributes
    assert (part["data-batch-state"], part["hx-trigger"]) == ("working", "every 1s")
    batches.work(made.pk)
    html = page.get(part["hx-get"]).content.decode()
    rows = [row.attributes for row in elements(html, "data-outcome-order")]
    assert [(row["data-outcome"], row["data-command-state"]) for row in rows] == [("submitted", "ACKED")] * 2
    assert elements(html, "data-batch")[0].attributes["hx-trigger"] == "every 5s"
    made.rows.get(order=first).command.__class__.objects.update(state="CONFIRMED")  # type: ignore[union-attr]  # was submitted
    html = page.get(f"/orders/batches/{made.pk}/").content.decode()
    assert "hx-trigger" not in elements(html, "data-batch")[0].attributes


def test_a_row_that_was_refused_says_why(page: Client, order: Make, broker: Broker) -> None:
    moved = order(version=3)
    confirm(page, moved, order=[f"{moved.pk}:1"])
    made = CommandBatch.objects.get()
    batches.work(made.pk)
    html = page.get(f"/orders/batches/{made.pk}/outcomes/").content.decode()
    assert "그 사이 주문이 바뀌었습니다." in html
    assert broker.orders == []


def test_a_double_click_starts_one_batch(page: Client, order: Make) -> None:
    one, intent = order(), uuid4()
    assert [confirm(page, one, intent=intent).status_code for _ in range(2)] == [200, 200]
    assert CommandBatch.objects.count() == 1


def test_a_selection_that_is_too_long_is_cut_and_says_so(page: Client, order: Make, settings: Any) -> None:
    settings.BATCH_MOST_ROWS = 1
    orders = [order(), order()]
    html = opened(page, *orders).content.decode()
    assert "한 번에 1건까지 취소할 수 있습니다." in html
    assert len(elements(html, "data-list-order")) == 1
    assert confirm(page, *orders).status_code == 422


@pytest.mark.parametrize("picked", [[], ["x"], ["987654"], ["1" * 30]])
def test_an_address_without_orders_of_ones_own_is_not_there(picked: list[str], page: Client) -> None:
    assert page.get("/orders/cancel-selected/", {"order": picked}).status_code == 404


def test_an_order_of_others_is_not_there(page: Client, order: Make) -> None:
    theirs = make.OrderFactory.create()
    assert opened(page, order(), theirs).status_code == 404
    assert confirm(page, theirs).status_code == 404
    for wrong in ({"intent": "x"}, {"order": ["1:x"]}):
        assert confirm(page, order(), **wrong).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role != Role.MANAGER])
def test_the_dialog_is_for_managers(role: Role, order: Make) -> None:
    assert opened(signed_in(make.UserFactory.create(role=role)), order()).status_code == 403


def test_without_a_fresh_factor_the_whole_page_goes_to_give_one(kim: User, order: Make) -> None:
    page, one = signed_in(kim, OLD), order()
    part = page.get("/orders/cancel-selected/", {"order": one.pk}, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"].endswith("?next=%2Forders%2F")
    assert confirm(page, one).status_code == 302
    assert not CommandBatch.objects.exists()


def test_the_dialog_is_guarded_by_its_csrf_token(kim: User, order: Make) -> None:
    page = Client(enforce_csrf_checks=True)
    page.cookies = signed_in(kim).cookies
    assert confirm(page, order()).status_code == 403


def test_what_was_not_sent_is_offered_to_its_owner_to_ask_for_anew(
    page: Client, kim: User, order: Make, broker: Broker, clock: Traveller
) -> None:
    one, other = order(), order()
    confirm(page, one, other)
    made = CommandBatch.objects.get()
    clock.shift(timedelta(seconds=16))
    batches.give_up_abandoned(MORNING + timedelta(seconds=16))
    html = page.get(f"/orders/batches/{made.pk}/").content.decode()
    button = elements(html, "data-dialog-url")[0].attributes["data-dialog-url"]
    assert button == f"/orders/cancel-selected/?order={one.pk}&order={other.pk}"
    assert len(elements(page.get(button).content.decode(), "data-list-order")) == 2
    watching = signed_in(make.UserFactory.create(role=Role.OPERATIONS)).get(f"/orders/batches/{made.pk}/")
    assert elements(watching.content.decode(), "data-dialog-url") == []
    assert broker.orders == []


@pytest.mark.parametrize(
    ("state", "offered"), [("EXPIRED", True), ("NOT_SENT", True), ("DENIED", False), ("UNKNOWN", False)]
)
def test_a_row_is_offered_anew_only_where_its_request_never_left(
    page: Client, kim: User, order: Make, state: str, offered: bool
) -> None:
    one = order()
    confirm(page, one)
    made = CommandBatch.objects.get()
    made.rows.update(state="submitted", command=make.OrderCommandFactory.create(order=one, actor=kim, state=state))
    html = page.get(f"/orders/batches/{made.pk}/").content.decode()
    buttons = [item.attributes["data-dialog-url"] for item in elements(html, "data-dialog-url")]
    assert buttons == ([f"/orders/cancel-selected/?order={one.pk}"] if offered else [])
    assert ("보내지 않은 주문이 1건 있습니다." in html) is offered


def test_another_persons_batch_is_not_there(page: Client, order: Make) -> None:
    confirm(page, order())
    stranger = signed_in(make.UserFactory.create())
    for path in ("", "outcomes/"):
        assert stranger.get(f"/orders/batches/{CommandBatch.objects.get().pk}/{path}").status_code == 404
        assert stranger.get(f"/orders/batches/{uuid4()}/{path}").status_code == 404


def test_the_form_carries_the_versions_that_were_shown(page: Client, order: Make) -> None:
    one = order(version=4)
    html = opened(page, one).content.decode()
    assert hidden_values(html)["order"] == f"{one.pk}:4"
