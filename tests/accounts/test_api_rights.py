"""Who gets what from the REST API: every route, every role, own and other's and random ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern
from rest_framework.throttling import ScopedRateThrottle

from accounts import access
from accounts import urls as accounts_urls
from accounts.models import ApiToken, ClientAccount, Role, User
from orders import urls as orders_urls
from orders.models import Order
from tests import factories as make

pytestmark = pytest.mark.django_db
API = "/api/v1/"
NOWHERE = 987_654

UNDER_ACCOUNT = ["", "balance/", "settlements/", "trades/", "order-details/"]
UNDER_ORDER = ["", "events/"]
LISTS = ["accounts/", "orders/", "sync/runs/", "sync/coverage/", "events/"]
SEES_ALL = {Role.OPERATIONS, Role.COMPLIANCE}


@dataclass(frozen=True)
class Desk:
    """One person of a role, an order of theirs and one of somebody else's."""

    user: User
    own: Order
    other: Order


def desk_of(role: Role) -> Desk:
    user = make.UserFactory.create(role=role)
    own, other = (make.OrderFactory.create(account=make.KisAccountFactory.create().account) for _ in range(2))
    make.AssignmentFactory.create(user=user, account=own.account)
    make.AssignmentFactory.create(account=other.account)
    return Desk(user, own, other)


def with_token(user: User, scope: str = "read") -> Client:
    return Client(headers={"authorization": f"Bearer {make.token_for(user, scope)}"})


def answer(response: Any) -> tuple[int, bytes, dict[str, str]]:
    return response.status_code, response.content, dict(response.headers)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", UNDER_ACCOUNT)
def test_what_a_person_may_not_see_answers_as_what_does_not_exist(role: Role, path: str) -> None:
    desk = desk_of(role)
    client = with_token(desk.user)

    def status(pk: int) -> int:
        return client.get(f"{API}accounts/{pk}/{path}").status_code

    assert status(desk.own.account.pk) == (404 if role == Role.ADMINISTRATOR else 200)
    assert status(desk.other.account.pk) == (200 if role in SEES_ALL else 404)
    nothing = answer(client.get(f"{API}accounts/{NOWHERE}/{path}"))
    assert nothing[0] == 404
    if role not in SEES_ALL:
        assert answer(client.get(f"{API}accounts/{desk.other.account.pk}/{path}")) == nothing
    assert answer(client.get(f"{API}accounts/{NOWHERE}0000000000000/{path}")) == nothing


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", UNDER_ORDER)
def test_orders_follow_their_accounts(role: Role, path: str) -> None:
    desk = desk_of(role)
    client = with_token(desk.user)
    nothing = answer(client.get(f"{API}orders/{NOWHERE}/{path}"))
    own, other = (client.get(f"{API}orders/{order.pk}/{path}") for order in (desk.own, desk.other))
    assert own.status_code == (404 if role == Role.ADMINISTRATOR else 200)
    assert other.status_code == 200 if role in SEES_ALL else answer(other) == nothing


@pytest.mark.parametrize("role", list(Role))
def test_lists_hold_only_what_the_person_may_see(role: Role) -> None:
    desk = desk_of(role)
    client = with_token(desk.user)
    wanted = {desk.own.account.pk, desk.other.account.pk} if role in SEES_ALL else {desk.own.account.pk}
    wanted = set() if role == Role.ADMINISTRATOR else wanted
    assert {row["id"] for row in client.get(f"{API}accounts/").json()["results"]} == wanted
    assert {row["account"] for row in client.get(f"{API}orders/").json()["results"]} == wanted


@pytest.mark.parametrize("role", list(Role))
def test_coverage_is_of_ones_own_accounts_that_the_nightly_sync_asks_for(role: Role) -> None:
    desk = desk_of(role)
    own, other = make.assigned(desk.user), make.ClientAccountFactory.create()
    wanted = {own.pk, other.pk} if role in SEES_ALL else {own.pk}
    wanted = set() if role == Role.ADMINISTRATOR else wanted
    covered = with_token(desk.user).get(f"{API}sync/coverage/").json()["results"]
    assert {row["account"]["id"] for row in covered} == wanted


@pytest.mark.parametrize("role", list(Role))
def test_a_command_follows_its_account(role: Role) -> None:
    desk = desk_of(role)
    command = make.OrderCommandFactory.create(order=desk.other)
    client = with_token(desk.user)
    assert client.get(f"{API}commands/{command.pk}/").status_code == (200 if role in SEES_ALL else 404)
    assert client.get(f"{API}commands/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_the_notice_journal_is_for_those_who_see_everything(role: Role) -> None:
    make.NoticeFactory.create()
    response = with_token(make.UserFactory.create(role=role)).get(f"{API}notices/")
    assert response.status_code == (200 if role in SEES_ALL else 404)


def test_steps_of_other_accounts_are_neither_listed_nor_counted() -> None:
    desk = desk_of(Role.MANAGER)
    step = make.SyncStepFactory.create(account=desk.own.account)
    make.SyncStepFactory.create(account=desk.other.account)
    body = with_token(desk.user).get(f"{API}sync/runs/{step.run_id}/").json()
    assert [row["account"] for row in body["steps"]] == [desk.own.account.pk]
    assert body["counts"]["total"] == 1


def test_an_assignment_that_ended_ends_the_right_to_see() -> None:
    user = make.UserFactory.create()
    account: ClientAccount = make.assigned(user)
    user.assignments.update(valid_to="2020-12-31")
    assert with_token(user).get(f"{API}accounts/{account.pk}/").status_code == 404


def test_every_route_refuses_whoever_does_not_say_who_they_are() -> None:
    for path in _routes():
        response = Client().get(API + path)
        assert response.status_code == 401, path
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["Content-Type"] == "application/problem+json"


def test_every_route_is_named_in_this_matrix() -> None:
    known = {f"accounts/{NOWHERE}/{path}" for path in UNDER_ACCOUNT}
    known |= {f"orders/{NOWHERE}/{path}" for path in [*UNDER_ORDER, "cancel/", "modify/", "inquire/"]}
    known |= {*LISTS, f"sync/runs/{NOWHERE}/", "notices/", f"commands/{uuid.UUID(int=0)}/"}
    known |= {
        "orders/recoveries/",
        "orders/cancel-selected/",
        f"batches/{uuid.UUID(int=0)}/",
        "switches/",
        "switches/preview/",
    }
    known |= {f"switches/{NOWHERE}/{path}" for path in ["", "rest/", "release-request/", "release/"]}
    assert set(_routes()) == known


def _routes() -> Iterator[str]:
    patterns: list[URLPattern] = [*accounts_urls.api_urlpatterns, *orders_urls.api_urlpatterns]
    for pattern in patterns:
        route = str(pattern.pattern)
        yield route.replace("<int:pk>", str(NOWHERE)).replace("<uuid:pk>", str(uuid.UUID(int=0)))


@pytest.mark.parametrize("change", ["unknown", "expired", "revoked", "inactive"])
def test_a_token_that_no_longer_holds_is_401(change: str) -> None:
    user = make.UserFactory.create()
    token = make.token_for(user)
    row = ApiToken.objects.get()
    if change == "unknown":
        token += "x"
    elif change == "expired":
        row.expires_at = row.created_at - timedelta(seconds=1)
    elif change == "revoked":
        row.revoked_at = row.created_at
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    row.save()
    response = Client(headers={"authorization": f"Bearer {token}"}).get(f"{API}accounts/")
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \xe9"])
def test_a_malformed_bearer_header_is_401(header: str) -> None:
    response = Client(headers={"authorization": header}).get(f"{API}accounts/")
    assert response.status_code == 401


def test_a_token_opens_nothing_but_the_api() -> None:
    client = with_token(make.UserFactory.create())
    assert client.get("/accounts/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_a_session_without_its_second_factor_gets_no_client_data() -> None:
    client = Client()
    client.force_login(make.UserFactory.create())
    response = client.get(f"{API}accounts/")
    assert response.status_code == 403
    assert response.json()["code"] == "second_factor_needed"


def test_answers_stay_out_of_every_cache() -> None:
    response = with_token(make.UserFactory.create()).get(f"{API}accounts/")
    assert response.headers["Cache-Control"] == "no-store"


def test_missed_events_of_an_account_that_was_taken_away_are_not_told(settings: object) -> None:
    desk = desk_of(Role.MANAGER)
    client = with_token(desk.user)
    point = client.get(f"{API}events/").json()
    assert point["resync"] is True
    desk.user.stream_head.refresh_from_db()
    same = client.get(f"{API}events/", {"epoch": point["epoch"], "after": point["seq"]}).json()
    assert same == {"epoch": point["epoch"], "seq": 0, "events": []}
    access.rights_changed(desk.user.pk)
    gone = client.get(f"{API}events/", {"epoch": point["epoch"], "after": 0}).json()
    assert gone["resync"] is True
    assert gone["epoch"] != point["epoch"]


def test_a_person_who_asks_too_often_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"read": "2/min", "command": "1/min"})
    cache.clear()
    client = with_token(make.UserFactory.create())
    codes = [client.get(f"{API}accounts/").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    response = client.get(f"{API}accounts/")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert response.json()["code"] == "throttled"
    cache.clear()
