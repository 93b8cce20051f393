"""Errors of the REST API are problem documents, the same whatever went wrong where."""

from __future__ import annotations

import json

import pytest
from django.test import Client, RequestFactory, override_settings
from rest_framework.exceptions import ErrorDetail, Throttled, ValidationError

from accounts import problems
from accounts.models import ApiToken
from portal.views import errors
from tests import factories as make

pytestmark = pytest.mark.django_db
API = "/api/v1/"
KEYS = {"type", "title", "status", "detail", "code"}


@pytest.fixture
def client_() -> Client:
    token = make.token_for(make.UserFactory.create(), "trade")
    return Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "nothing/", 404, "not_found"),
        ("get", "accounts/999/", 404, "not_found"),
        ("get", "accounts/abc/", 404, "not_found"),
        ("post", "accounts/", 405, "method_not_allowed"),
        ("delete", "orders/1/", 405, "method_not_allowed"),
    ],
)
def test_each_refusal_is_a_problem_document(client_: Client, method: str, path: str, status: int, code: str) -> None:
    response = getattr(client_, method)(API + path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == KEYS
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")


def test_a_route_that_is_not_there_and_a_row_that_is_not_there_are_one_answer(client_: Client) -> None:
    assert client_.get(f"{API}nothing/").content == client_.get(f"{API}accounts/999/").content


def test_405_names_what_is_allowed(client_: Client) -> None:
    assert "GET" in client_.post(f"{API}accounts/").headers["Allow"]


def test_a_form_is_no_json(client_: Client) -> None:
    order = _own_order(client_)
    response = client_.post(f"{API}orders/{order}/cancel/", {"a": 1}, headers=_key())
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", ["{", "NaN", '{"expected_version": NaN}'])
def test_a_body_that_is_not_json_is_400(client_: Client, body: str) -> None:
    order = _own_order(client_)
    response = client_.post(f"{API}orders/{order}/cancel/", body, content_type="application/json", headers=_key())
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


def _own_order(client: Client) -> int:
    order = make.OrderFactory.create(account=make.KisAccountFactory.create().account)
    make.AssignmentFactory.create(user_id=_user_id(), account=order.account)
    return int(order.pk)


def _user_id() -> int:
    return int(ApiToken.objects.get().user_id)


def _key() -> dict[str, str]:
    return {"idempotency-key": "6f1e9df1-7c0e-4f1e-9df1-7c0e4f1e9df1"}


def test_a_refused_value_names_its_field() -> None:
    response = problems.problem_response(ValidationError({"price": [ErrorDetail("0보다 커야 합니다.")]}), {})
    assert response is not None
    body = json.loads(response.content)
    assert (response.status_code, body["code"], body["errors"]) == (422, "invalid", {"price": ["0보다 커야 합니다."]})


def test_a_refusal_without_a_field_is_a_list_all_the_same() -> None:
    response = problems.refused(["아무 값도 없습니다."])
    assert json.loads(response.content)["errors"] == {"non_field_errors": ["아무 값도 없습니다."]}


def test_nested_refusals_are_flattened_under_their_field() -> None:
    errors_ = json.loads(problems.refused({"lines": {"0": ["너무 깁니다."]}}).content)["errors"]
    assert errors_ == {"lines": ["너무 깁니다."]}


def test_too_many_requests_say_when_to_come_back() -> None:
    response = problems.problem_response(Throttled(wait=2.4), {})
    assert response is not None
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")


def test_an_unforeseen_error_is_left_to_django_and_told_without_its_text(client_: Client) -> None:
    assert problems.problem_response(RuntimeError("password is hunter2"), {}) is None
    response = errors.server_error(RequestFactory().get(f"{API}accounts/"))
    assert (response.status_code, json.loads(response.content)["code"]) == (500, "server_error")


@override_settings(ALLOWED_HOSTS=["portal.example"])
def test_a_request_to_another_host_is_a_problem_too(client_: Client) -> None:
    response = client_.get(f"{API}accounts/")
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_a_session_command_without_the_csrf_token_is_403(settings: object) -> None:
    client = Client(enforce_csrf_checks=True)
    user = make.UserFactory.create()
    client.force_login(user)
    with override_settings(SECOND_FACTOR_REQUIRED=False):
        response = client.post(f"{API}orders/1/cancel/", "{}", content_type="application/json", headers=_key())
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
