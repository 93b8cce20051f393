from __future__ import annotations

import json

import pytest
import requests
import responses

from orders.kis.errors import (
    BadAnswerError,
    NoAnswerError,
    RefusedError,
    TokenRejectedError,
)
from tests.orders.kis import samples
from tests.orders.kis.client.bench import ACCOUNT, OVERSEAS, Bench, page, reports


@responses.activate
def test_pages_are_followed_with_the_keys_as_they_came(bench: Bench) -> None:
    keys = {"ctx_area_fk200": "12345678^01^      ", "ctx_area_nk200": "20260601^5     "}
    row = samples.read("rest_inquire_nccs_rows.json")[0]
    first = page([row], **keys)
    second = page([row | {"odno": "2"}], ctx_area_fk200=keys["ctx_area_fk200"], ctx_area_nk200="20260601^9")
    responses.get(f"{OVERSEAS}/inquire-nccs", json=first, headers={"tr_cont": "F"})
    responses.get(f"{OVERSEAS}/inquire-nccs", json=second, headers={"tr_cont": "M"})
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([row | {"odno": "3"}]), headers={"tr_cont": "E"})
    found = reports(bench.client.open_overseas(ACCOUNT))
    assert [report.key.number for report in found] == [30138113, 2, 3]
    asked = [call.request for call in responses.calls]
    assert [request.headers["tr_cont"] for request in asked] == ["", "N", "N"]
    assert asked[1].params["CTX_AREA_FK200"] == keys["ctx_area_fk200"]  # type: ignore[attr-defined]  # set by responses
    assert asked[2].params["CTX_AREA_NK200"] == "20260601^9"  # type: ignore[attr-defined]  # set by responses
    assert bench.turns == 3


@responses.activate
@pytest.mark.parametrize("tr_cont", ["D", "E", "", "X"])
def test_any_other_mark_is_the_last_page(bench: Bench, tr_cont: str) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]), headers={"tr_cont": tr_cont})
    assert len(list(bench.client.open_overseas(ACCOUNT))) == 1


@responses.activate
@pytest.mark.parametrize("keys", [{}, {"ctx_area_fk200": " " * 200}, {"ctx_area_nk200": "same"}])
def test_a_page_key_that_does_not_advance_stops_the_inquiry(bench: Bench, keys: dict[str, str]) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([], **keys), headers={"tr_cont": "M"})
    with pytest.raises(BadAnswerError, match="does not advance"):
        list(bench.client.open_overseas(ACCOUNT))


@responses.activate
def test_pages_without_end_are_given_up(bench: Bench) -> None:
    def endless(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {"tr_cont": "M"}, json.dumps(page([], ctx_area_nk200=str(len(responses.calls))))

    responses.add_callback(responses.GET, f"{OVERSEAS}/inquire-nccs", callback=endless)
    with pytest.raises(BadAnswerError, match="more than 100 pages"):
        list(bench.client.open_overseas(ACCOUNT))
    assert len(responses.calls) == 100


@responses.activate
@pytest.mark.parametrize(("status", "body"), [(500, None), (200, None), (503, b"<html>"), (500, b"{}")])
def test_a_busy_gateway_is_asked_again(bench: Bench, status: int, body: bytes | None) -> None:
    busy = samples.raw("rest_err_EGW00201_http500.json") if body is None else body
    responses.get(f"{OVERSEAS}/inquire-nccs", body=busy, status=status)
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    assert len(list(bench.client.open_overseas(ACCOUNT))) == 1
    assert bench.slept == [0.5]
    assert bench.turns == 2


@responses.activate
def test_a_gateway_that_stays_busy_is_a_refusal_after_three_tries(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw("rest_err_EGW00201_http500.json"), status=500)
    with pytest.raises(RefusedError) as caught:
        list(bench.client.open_overseas(ACCOUNT))
    assert (caught.value.code, caught.value.status) == ("EGW00201", 500)
    assert len(responses.calls) == 3
    assert bench.slept == [0.5, 1.0]


@responses.activate
@pytest.mark.parametrize("name", ["EGW00121_token_invalid", "EGW00123_token_expired"])
def test_a_rejected_token_is_forgotten_and_another_one_tried(bench: Bench, name: str) -> None:
    tokens = iter(["dead", "fresh"])
    bench.token = lambda: next(tokens)
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw(f"rest_err_{name}.json"), status=500)
    responses.get(f"{OVERSEAS}/inquire-nccs", json=page([]))
    list(bench.client.open_overseas(ACCOUNT))
    assert bench.forgotten == ["dead"]
    assert responses.calls[1].request.headers["authorization"] == "Bearer fresh"


@responses.activate
def test_a_token_that_stays_rejected_is_told(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=samples.raw("rest_err_EGW00121_token_invalid.json"))
    with pytest.raises(TokenRejectedError):
        list(bench.client.open_overseas(ACCOUNT))


@responses.activate
def test_another_refusal_is_told_at_once(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", json={"rt_cd": "1", "msg_cd": "OPSQ2000", "msg1": "계좌번호 오류   "})
    with pytest.raises(RefusedError, match="OPSQ2000: 계좌번호 오류"):
        list(bench.client.open_overseas(ACCOUNT))
    assert bench.slept == []


@responses.activate
@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>login</html>"), (302, b"{}"), (404, b"{}"), (200, b'{"rt_cd":"0"')]
)
def test_an_answer_that_is_not_kis_is_a_bad_answer(bench: Bench, status: int, body: bytes) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=body, status=status, headers={"location": "http://127.0.0.1:1/"})
    with pytest.raises(BadAnswerError):
        list(bench.client.open_overseas(ACCOUNT))
    assert len(responses.calls) == 1


@responses.activate
def test_a_get_without_an_answer_is_told(bench: Bench) -> None:
    responses.get(f"{OVERSEAS}/inquire-nccs", body=requests.exceptions.ReadTimeout("x"))
    with pytest.raises(NoAnswerError) as caught:
        list(bench.client.open_overseas(ACCOUNT))
    assert caught.value.timed_out
