"""The pages of the switches: the list before, the typed words, the banner, and two people at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import ClientAccount, Role, User
from orders import batches, crash_points, reconciliation
from orders.crash_points import CrashPoint
from orders.models import CommandBatch, Order, Switch
from tests import factories as make
from tests.markup import elements, hidden_values
from tests.orders.batches.conftest import Traveller, account, broker, clock, connection, kim, order
from tests.orders.broker import Broker
from tests.sessions import OLD, signed_in

__all__ = ["account", "broker", "clock", "connection", "kim", "order"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
Make = Callable[..., Order]
NEW = "/orders/switches/new/?kind=kill&over=all:"


@pytest.fixture
def officer() -> User:
    return make.UserFactory.create(username="ops", role=Role.OPERATIONS)


@pytest.fixture
def page(officer: User) -> Client:
    return signed_in(officer)


def engage(page: Client, path: str = NEW, **changes: str) -> Any:
    shown = hidden_values(page.get(path).content.decode())
    words = changes.pop("confirmation", None) or f"전량취소 {Order.objects.open().count()}"
    values = {"intent": shown["intent"], "digest": shown["digest"], "reason": "시세 이상", "confirmation": words}
    return page.post(path, {**values, **changes})


def test_the_list_shows_what_would_be_canceled_and_the_words_to_type(page: Client, order: Make) -> None:
    fine, gone = order(), order(account=make.KisClientFactory.create())
    html = page.get(NEW).content.decode()
    listed = [row.attributes["data-list-order"] for row in elements(html, "data-list-order")]
    assert listed == [str(fine.pk), str(gone.pk)]
    assert "전량취소 2" in html
    assert "이 계좌의 KIS 연결이 꺼져 있습니다." in html
    assert fine.account.number not in html


def test_the_typed_words_engage_the_switch_and_its_page_shows_the_outcomes(
    page: Client, order: Make, broker: Broker
) -> None:
    order()
    response = engage(page)
    switch = Switch.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/orders/switches/{switch.pk}/")
    batches.work(CommandBatch.objects.get().pk)
    html = page.get(response.headers["Location"]).content.decode()
    outcome = elements(html, "data-outcome-order")[0].attributes
    assert (outcome["data-outcome"], outcome["data-command-state"]) == ("submitted", "ACKED")
    assert len(broker.orders) == 1


def test_other_words_or_no_reason_keep_the_list_on_the_page(page: Client, order: Make) -> None:
    order()
    wrong = engage(page, confirmation="전량취소")
    assert wrong.status_code == 422
    assert "표시된 문구를 그대로 입력해야 합니다." in wrong.content.decode()
    assert "시세 이상" in wrong.content.decode()
    assert engage(page, reason=" ").status_code == 422
    assert not Switch.objects.exists()


def test_a_list_that_has_changed_is_shown_anew(page: Client, order: Make) -> None:
    order()
    shown = hidden_values(page.get(NEW).content.decode())
    order()
    again = engage(page, digest=shown["digest"])
    assert again.status_code == 409
    assert "전량취소 2" in again.content.decode()
    assert hidden_values(again.content.decode())["digest"] != shown["digest"]


def test_an_order_that_comes_while_the_words_are_typed_stops_no_engaging(
    page: Client, order: Make, broker: Broker
) -> None:
    order()
    shown = hidden_values(page.get(NEW).content.decode())
    order()
    given = {"digest": shown["digest"], "orders": shown["orders"], "confirmation": "전량취소 1"}
    assert engage(page, **{**given, "orders": "1,x"}).status_code == 404
    assert engage(page, **given).status_code == 302
    assert Switch.objects.get().batches.get().rows.count() == 1


def test_a_switch_that_is_engaged_already_is_said_so(page: Client, order: Make) -> None:
    order()
    engage(page)
    again = engage(page)
    assert again.status_code == 409
    assert "이미 가동 중인 스위치입니다." in again.content.decode()


def test_the_banner_is_on_every_page_of_those_whom_the_switch_touches(
    kim: User, account: ClientAccount, page: Client
) -> None:
    engage(page, f"/orders/switches/new/?kind=kill&over=account:{account.pk}")
    for path in ("/", "/orders/", "/orders/switches/"):
        html = signed_in(kim).get(path).content.decode()
        assert [
            item.attributes["data-switch-kind"]
            for item in elements(html, "data-switch-id")
            if "data-switch-kind" in item.attributes
        ] == ["kill"]
        assert "시세 이상" in html
        assert "ops" in html
        assert account.number not in html
    stranger = signed_in(make.UserFactory.create()).get("/").content.decode()
    assert elements(stranger, "data-switch-kind") == []


def test_a_release_takes_two_people(page: Client, officer: User) -> None:
    engage(page)
    path = f"/orders/switches/{Switch.objects.get().pk}/"
    assert "해제 요청" in page.get(path).content.decode()
    asked = page.post(f"{path}release-request/", {"reason": "정상"}, follow=True).content.decode()
    assert "10분 안에 다른 사람이 승인해야 합니다" in asked
    assert "해제 승인</button>" not in asked
    own = page.post(f"{path}release/", follow=True).content.decode()
    assert "해제를 요청한 사람이 아닌 다른 사람이 승인해야 합니다." in own
    second = signed_in(make.UserFactory.create(role=Role.COMPLIANCE))
    assert "해제 승인</button>" in second.get(path).content.decode().replace("\n", "").replace("  ", "")
    released = second.post(f"{path}release/", follow=True).content.decode()
    assert "스위치를 해제했습니다." in released
    assert not Switch.objects.get().is_engaged
    assert elements(page.get("/").content.decode(), "data-switch-kind") == []
    assert "정상" in page.get(path).content.decode()


def test_orders_that_came_later_are_marked_and_canceled_by_a_new_confirmation(
    page: Client, order: Make, broker: Broker
) -> None:
    order()
    engage(page)
    new = order()
    path = f"/orders/switches/{Switch.objects.get().pk}/"
    html = page.get(path).content.decode()
    assert "가동 뒤 새 주문 1건" in html
    assert len(elements(html, "data-list-order")) == 2
    response = engage(page, f"{path}rest/", confirmation="전량취소 2")
    assert (response.status_code, response.headers["Location"]) == (302, path)
    assert CommandBatch.objects.count() == 2
    assert CommandBatch.objects.filter(rows__order=new).exists()


def die(point: CrashPoint) -> None:
    if point is CrashPoint.COMMAND_CREATED:
        raise SystemExit


def test_a_cancel_whose_process_died_before_it_was_sent_is_a_persons_to_ask_for_anew(
    page: Client, order: Make, broker: Broker, clock: Traveller
) -> None:
    order()
    engage(page)
    crash_points.install(die)
    with pytest.raises(SystemExit):
        batches.work(CommandBatch.objects.get().pk)
    crash_points.install(None)
    clock.shift(timedelta(seconds=61))
    now = datetime.now(UTC)
    assert (batches.give_up_abandoned(now), reconciliation.recover(now)) == (1, 1)
    html = page.get(path := f"/orders/switches/{Switch.objects.get().pk}/").content.decode()
    outcome = elements(html, "data-outcome-order")[0].attributes
    assert (outcome["data-outcome"], outcome["data-command-state"]) == ("submitted", "EXPIRED")
    assert "보내지 않은 주문이 1건 있습니다." in html
    Order.objects.update(inquired_at=now)
    engage(page, f"{path}rest/")
    batches.work(CommandBatch.objects.get(finished_at=None).pk)
    assert len(broker.orders) == 1


def test_a_manager_sees_of_the_firms_switch_the_orders_of_ones_own_accounts(
    page: Client, kim: User, order: Make
) -> None:
    mine, other = order(), order(account=make.KisAccountFactory.create().account)
    engage(page)
    html = signed_in(kim).get(f"/orders/switches/{Switch.objects.get().pk}/").content.decode()
    shown = {row.attributes["data-list-order"] for row in elements(html, "data-list-order")}
    assert shown == {str(mine.pk)}
    assert str(other.pk) not in {row.attributes["data-outcome-order"] for row in elements(html, "data-outcome-order")}
    assert "남은 주문 취소" not in html
    assert signed_in(kim).get(f"/orders/switches/{Switch.objects.get().pk}/rest/").status_code == 403


@pytest.mark.parametrize(
    ("role", "kinds", "scopes"),
    [
        (Role.MANAGER, {"kill", "sending_off"}, {"manager", "account"}),
        (Role.ASSISTANT, set(), set()),
        (Role.OPERATIONS, {"kill", "sending_off"}, {"all", "market", "manager", "account"}),
        (Role.COMPLIANCE, set(), set()),
        (Role.ADMINISTRATOR, {"sending_off"}, {"all", "market"}),
    ],
)
def test_each_role_is_offered_what_it_may_engage(role: Role, kinds: set[str], scopes: set[str], kim: User) -> None:
    user = make.UserFactory.create(role=role)
    make.assigned(user, make.KisAccountFactory.create().account)
    html = signed_in(user).get("/orders/switches/").content.decode()
    values = [item.attributes["value"] for item in elements(html, "value")]
    assert {value for value in values if value in {"kill", "sending_off"}} == kinds
    assert {value.partition(":")[0] for value in values if ":" in value} == scopes


def test_a_scope_of_others_is_not_there_and_one_of_the_firm_is_refused(kim: User, account: ClientAccount) -> None:
    theirs = make.KisAccountFactory.create().account
    page = signed_in(kim)
    assert page.get(f"/orders/switches/new/?kind=kill&over=account:{theirs.pk}").status_code == 404
    assert page.get(NEW).status_code == 403
    for wrong in ("", "?kind=kill", "?kind=x&over=all:", "?kind=kill&over=market:MOON"):
        assert page.get(f"/orders/switches/new/{wrong}").status_code == 404


def test_sending_off_needs_its_words_and_no_list(page: Client, order: Make, broker: Broker) -> None:
    order()
    response = engage(page, "/orders/switches/new/?kind=sending_off&over=all:", confirmation="전송중지")
    assert response.status_code == 302
    assert not CommandBatch.objects.exists()
    assert "취소한 주문이 없습니다" in page.get(response.headers["Location"]).content.decode()


def test_an_old_factor_is_asked_for_before_the_list_is_shown(officer: User) -> None:
    page = signed_in(officer, OLD)
    asked = page.get(NEW)
    assert asked.status_code == 302
    assert "next=%2Forders%2Fswitches%2Fnew%2F%3Fkind%3Dkill" in asked.headers["Location"]
    switch = Switch.objects.create(
        kind="kill", scope="all", engaged_by=officer, engaged_at="2026-11-20T02:00Z", reason="x"
    )
    for step in ("release-request/", "release/"):
        assert page.post(f"/orders/switches/{switch.pk}/{step}", {"reason": "x"}).status_code == 302
    switch.refresh_from_db()
    assert switch.release_asked_by is None


def test_every_form_is_guarded_by_its_csrf_token(officer: User) -> None:
    page = Client(enforce_csrf_checks=True)
    page.cookies = signed_in(officer).cookies
    switch = Switch.objects.create(
        kind="kill", scope="all", engaged_by=officer, engaged_at="2026-11-20T02:00Z", reason="x"
    )
    paths = [NEW, *(f"/orders/switches/{switch.pk}/{step}/" for step in ("rest", "release-request", "release"))]
    assert [page.post(path, {"intent": uuid4()}).status_code for path in paths] == [403] * 4
