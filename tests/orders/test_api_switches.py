"""Switches over REST: rights of every role, the list that was confirmed, CSRF, and the second factor and person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import ClientAccount, Role, User
from orders import batches
from orders.models import CommandBatch, Order, Switch
from tests import factories as make
from tests.orders.batches.conftest import account, broker, clock, connection, kim, order
from tests.orders.broker import Broker
from tests.sessions import OLD, signed_in

__all__ = ["account", "broker", "clock", "connection", "kim", "order"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
API = "/api/v1/"
Make = Callable[..., Order]


@pytest.fixture
def officer() -> User:
    return make.UserFactory.create(username="ops", role=Role.OPERATIONS)


def bearer(user: User, scope: str = "trade") -> Client:
    return Client(headers={"authorization": f"Bearer {make.token_for(user, scope)}"})


def listed(client: Client, **asked: str) -> Any:
    return client.get(f"{API}switches/preview/", {"kind": "kill", "scope": "all", **asked})


def engage(client: Client, key: object = None, **changes: Any) -> Any:
    values = {"kind": "kill", "scope": "all", "reason": "시세 이상", **changes}
    if "digest" not in values:
        shown = listed(client, **{name: values[name] for name in ("kind", "scope", "target") if name in values}).json()
        values = {"digest": shown["digest"], "confirmation": shown["confirmation"], **values}
    return post(client, "switches/", values, key)


def post(client: Client, path: str, values: Any = None, key: object = None) -> Any:
    headers = {"idempotency-key": str(key or uuid4())}
    return client.post(f"{API}{path}", values or {}, content_type="application/json", headers=headers)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_the_list_has_what_is_left_of_every_order_and_the_words_to_type(officer: User, order: Make) -> None:
    fine, gone = order(), order(account=make.KisClientFactory.create())
    body = listed(bearer(officer, "read")).json()
    assert [row["id"] for row in body["orders"]] == [fine.pk, gone.pk]
    assert (body["count"], body["possible"], body["confirmation"]) == (2, 1, "전량취소 2")
    assert body["orders"][0]["allowed"]
    assert body["orders"][1]["reason"]
    assert body["amounts"] == [{"currency": "USD", "amount": "181250"}]
    assert fine.account.number not in str(body)


def test_a_switch_is_engaged_with_its_batch_and_is_listed(officer: User, order: Make, broker: Broker) -> None:
    order()
    response = engage(bearer(officer))
    assert response.status_code == 202
    switch, batch = response.json()["switch"], response.json()["batch"]
    assert (switch["engaged"], switch["engaged_by"], batch["total"]) == (True, "ops", 1)
    batches.work(CommandBatch.objects.get().pk)
    shown = bearer(officer).get(f"{API}batches/{batch['id']}/").json()
    assert [(row["state"], row["command"]["state"]) for row in shown["rows"]] == [("submitted", "ACKED")]
    assert [row["id"] for row in bearer(officer).get(f"{API}switches/?engaged=true").json()["results"]] == [
        switch["id"]
    ]
    assert bearer(officer).get(f"{API}switches/{switch['id']}/").json()["batches"][0]["id"] == batch["id"]


def test_a_list_that_changed_answers_409_with_the_new_one(officer: User, order: Make) -> None:
    order()
    shown = listed(bearer(officer)).json()
    order()
    response = engage(bearer(officer), digest=shown["digest"], confirmation=shown["confirmation"])
    assert code(response) == (409, "list_changed")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["list"]["count"] == 2
    again = response.json()["list"]
    assert engage(bearer(officer), digest=again["digest"], confirmation=again["confirmation"]).status_code == 202


def test_the_numbers_of_a_list_keep_it_good_while_others_come_and_go(
    officer: User, order: Make, broker: Broker
) -> None:
    order()
    shown = listed(bearer(officer)).json()
    order()
    numbers = [row["id"] for row in shown["orders"]]
    given = {"digest": shown["digest"], "confirmation": shown["confirmation"], "orders": numbers}
    answer = engage(bearer(officer), **given)
    assert (answer.status_code, answer.json()["batch"]["total"]) == (202, 1)


def test_the_same_key_answers_with_the_same_switch(officer: User, order: Make) -> None:
    order()
    key, client = uuid4(), bearer(officer)
    shown = listed(client).json()
    values = {"digest": shown["digest"], "confirmation": shown["confirmation"]}
    first, second = (engage(client, key, **values) for _ in range(2))
    assert first.json()["switch"]["id"] == second.json()["switch"]["id"]
    assert code(engage(client, key, kind="sending_off", **values)) == (409, "key_reused")
    assert code(engage(client, **values)) == (409, "already_engaged")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", ["all", "manager", "account", "market"])
def test_who_may_see_the_list_of_a_scope(role: Role, scope: str) -> None:
    user = make.UserFactory.create(role=role)
    own = make.assigned(user, make.KisAccountFactory.create().account)
    manager = user if role == Role.MANAGER else make.UserFactory.create()
    target = {"all": "", "manager": str(manager.pk), "account": str(own.pk), "market": "US"}[scope]
    status = listed(bearer(user), scope=scope, target=target).status_code
    mine = role == Role.MANAGER and scope in {"manager", "account"}
    assert status == (200 if mine or role == Role.OPERATIONS else 403)


def test_what_is_not_a_managers_is_not_there(kim: User, account: ClientAccount) -> None:
    theirs = make.assigned(make.UserFactory.create(), make.KisAccountFactory.create().account)
    client = bearer(kim)
    answers = [listed(client, scope="account", target=str(pk)) for pk in (theirs.pk, 987_654)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    switch = Switch.objects.create(
        kind="kill", scope="account", account=theirs, engaged_by=kim, engaged_at="2026-11-20T02:00Z", reason="x"
    )
    for path in (f"switches/{switch.pk}/", f"switches/{switch.pk}/rest/"):
        assert client.get(API + path).status_code == 404
    for path in ("release-request/", "release/"):
        assert post(client, f"switches/{switch.pk}/{path}", {"reason": "x"}).status_code == 404
    assert client.get(f"{API}switches/").json()["results"] == []


@pytest.mark.parametrize("wrong", [{"scope": "nobody"}, {"scope": "market", "target": "MOON"}, {"scope": "account"}])
def test_a_scope_without_its_target_is_refused_with_the_field_named(wrong: dict[str, str], officer: User) -> None:
    response = listed(bearer(officer), **wrong)
    assert response.status_code == 422
    assert "target" in response.json()["errors"]


def test_acting_needs_a_trade_token_or_a_session_with_a_fresh_factor(officer: User) -> None:
    assert code(post(bearer(officer, "read"), "switches/")) == (403, "scope_too_small")
    assert code(post(signed_in(officer, OLD), "switches/")) == (403, "second_factor_needed")
    assert post(bearer(officer), "switches/").status_code == 422


def test_a_token_that_reads_sees_the_switches_and_what_is_left(officer: User, order: Make) -> None:
    number = engage(bearer(officer)).json()["switch"]["id"]
    order()
    reader = bearer(officer, "read")
    assert reader.get(f"{API}switches/{number}/rest/").json()["count"] == 1
    assert len(reader.get(f"{API}switches/").json()["results"]) == 1
    assert code(post(reader, f"switches/{number}/rest/")) == (403, "scope_too_small")


def test_a_session_needs_its_csrf_token(officer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(officer).cookies
    switch = Switch.objects.create(
        kind="kill", scope="all", engaged_by=officer, engaged_at="2026-11-20T02:00Z", reason="x"
    )
    paths = ["switches/", "orders/cancel-selected/"]
    paths += [f"switches/{switch.pk}/{path}" for path in ("rest/", "release-request/", "release/")]
    for path in paths:
        assert post(client, path).status_code == 403, path


def test_a_release_takes_two(officer: User) -> None:
    client = bearer(officer)
    number = engage(client).json()["switch"]["id"]
    second = bearer(make.UserFactory.create(username="audit", role=Role.COMPLIANCE))
    assert code(post(second, f"switches/{number}/release/")) == (409, "release_lapsed")
    asked = post(client, f"switches/{number}/release-request/", {"reason": "정상"}).json()
    assert (asked["release_asked_by"], asked["engaged"]) == ("ops", True)
    assert asked["release_lapses_at"] == "2026-11-20T11:20:00+09:00"
    assert code(post(client, f"switches/{number}/release/")) == (403, "second_person")
    released = post(second, f"switches/{number}/release/").json()
    assert (released["engaged"], released["released_by"]) == (False, "audit")


def test_new_orders_are_listed_and_canceled_by_a_new_confirmation(officer: User, order: Make, broker: Broker) -> None:
    client = bearer(officer)
    number = engage(client).json()["switch"]["id"]
    new = order()
    shown = client.get(f"{API}switches/{number}/rest/").json()
    assert [row["id"] for row in shown["orders"]] == [new.pk]
    values = {"digest": shown["digest"], "confirmation": shown["confirmation"]}
    later = order()
    assert code(post(client, f"switches/{number}/rest/", values)) == (409, "list_changed")
    shown = client.get(f"{API}switches/{number}/rest/").json()
    values = {"digest": shown["digest"], "confirmation": shown["confirmation"]}
    response = post(client, f"switches/{number}/rest/", values)
    assert response.status_code == 202
    assert [row["order"]["id"] for row in response.json()["rows"]] == [new.pk, later.pk]


def test_a_manager_sees_of_a_batch_what_is_in_ones_own_accounts(officer: User, kim: User, order: Make) -> None:
    mine = order()
    order(account=make.KisAccountFactory.create().account)
    batch = engage(bearer(officer)).json()["batch"]["id"]
    body = bearer(kim).get(f"{API}batches/{batch}/").json()
    assert (body["total"], [row["order"]["id"] for row in body["rows"]]) == (2, [mine.pk])
    assert len(bearer(officer).get(f"{API}batches/{batch}/").json()["rows"]) == 2


class TestSelection:
    def ask(self, client: Client, *orders: Order, key: object = None) -> Any:
        rows = [{"id": order.pk, "expected_version": order.version} for order in orders]
        return post(client, "orders/cancel-selected/", {"orders": rows}, key)

    def test_a_selection_is_202_with_its_rows(self, kim: User, order: Make, broker: Broker) -> None:
        first, second = order(), order()
        key = uuid4()
        response = self.ask(bearer(kim), first, second, key=key)
        assert response.status_code == 202
        body = response.json()
        assert [row["order"]["id"] for row in body["rows"]] == [first.pk, second.pk]
        assert self.ask(bearer(kim), first, second, key=key).json()["id"] == body["id"]
        assert code(self.ask(bearer(kim), first, key=key)) == (409, "key_reused")
        batches.work(CommandBatch.objects.get().pk)
        assert len(broker.orders) == 2
        done = bearer(kim, "read").get(f"{API}batches/{body['id']}/").json()
        assert (done["state"], done["counts"]["submitted"]) == ("finished", 2)

    @pytest.mark.parametrize("role", [role for role in Role if role != Role.MANAGER])
    def test_only_managers_cancel(self, role: Role, order: Make) -> None:
        assert code(self.ask(bearer(make.UserFactory.create(role=role)), order())) == (403, "role")

    def test_an_order_of_others_is_as_absent_as_one_that_is_not_there(self, kim: User, order: Make) -> None:
        theirs = make.OrderFactory.create()
        answers = [self.ask(bearer(kim), order(), other) for other in (theirs, Order(pk=987_654, version=1))]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content

    @pytest.mark.parametrize("body", [{}, {"orders": []}, {"orders": [{"id": 1}]}, {"orders": "x"}])
    def test_a_body_that_says_nothing_is_refused(self, body: dict[str, Any], kim: User) -> None:
        assert post(bearer(kim), "orders/cancel-selected/", body).status_code == 422

    def test_a_session_acts_with_a_fresh_factor_alone(self, kim: User, order: Make) -> None:
        assert code(self.ask(signed_in(kim, OLD), order())) == (403, "second_factor_needed")
        assert self.ask(signed_in(kim), order()).status_code == 202

    def test_another_persons_batch_is_not_there(self, kim: User, order: Make) -> None:
        batch = self.ask(bearer(kim), order()).json()["id"]
        assert bearer(make.UserFactory.create()).get(f"{API}batches/{batch}/").status_code == 404
