"""Bodies -> success, or the one error that they stand for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.koscom.answers import NumberText, decode, open_answer
from accounts.koscom.codes import VENDOR_CODES, Reaction, reaction_to
from accounts.koscom.errors import (
    KoscomError,
    NoAnswerError,
    PagingError,
    SchemaError,
    ServiceError,
    WindowClosedError,
)
from tests.accounts.koscom.samples import APIS, body, tree

STATUSES = [200, 201, 400, 401, 404, 429, 500, 503]

# The reaction to each code, as the sync's rules name it: one row a code.
REACTIONS = {
    Reaction.BACK_OFF: ["408", "503", "3004", "3005", "3600", "3999"],
    Reaction.ONCE: ["3001"],
    Reaction.RESTART_QUERY: ["6003"],
    Reaction.NARROW: ["6005"],
    Reaction.STOP_FIRM: ["401", "403", "2001", "2002", "2003", "2100"],
    Reaction.ACCOUNT_ONLY: [
        *("3009", "3010", "3011", "3012", "3013"),
        *("4000", "4001", "4002", "4003", "4004", "4005", "4006"),
    ],
    Reaction.SINGLE_TYPES: ["6001"],
    Reaction.SPLIT_RANGE: ["6006"],
    Reaction.QUOTA: ["429"],
    Reaction.NO_RETRY: [
        *("200", "400", "404", "405", "406", "415", "500", "505"),
        *("3002", "3003", "3006", "3007", "3008", "6007", "6008", "7000"),
    ],
}
ROWS = [(code, reaction) for reaction, codes in REACTIONS.items() for code in codes]


def _refusal(status: int, answer: object) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        open_answer(status, json.dumps(answer, ensure_ascii=False).encode())
    return caught.value


def _unreadable(answer: bytes) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        open_answer(200, answer)
    return caught.value


@pytest.mark.parametrize(("code", "reaction"), ROWS)
def test_each_code_has_its_reaction(code: str, reaction: Reaction) -> None:
    error = _refusal(500, {"category": "op-exco", "code": int(code), "message": "m"})
    assert (error.code, error.reaction) == (code, reaction)


def test_the_table_has_no_code_without_a_row_here() -> None:
    assert {code for code, _ in ROWS} == set(VENDOR_CODES)


def test_a_code_outside_the_table_is_never_retried() -> None:
    assert reaction_to("9011") is Reaction.NO_RETRY
    assert _refusal(503, {"code": 9011, "message": "m"}).reaction is Reaction.NO_RETRY


def test_each_error_of_ours_has_its_reaction() -> None:
    assert KoscomError.reaction is Reaction.NO_RETRY
    assert PagingError.reaction is Reaction.NO_RETRY
    assert NoAnswerError.reaction is Reaction.BACK_OFF
    assert WindowClosedError.reaction is Reaction.WINDOW
    assert SchemaError("$", "r").reaction is Reaction.QUARANTINE


def test_the_body_code_decides_and_not_the_http_status() -> None:
    for status in STATUSES:
        error = _refusal(status, {"category": "op-auth", "code": 2003, "message": "locked", "description": "d"})
        assert (error.code, error.reaction, error.http_status) == ("2003", Reaction.STOP_FIRM, status)
        assert (error.message, error.category, str(error)) == ("locked / d", "op-auth", "2003 locked / d")


@pytest.mark.parametrize("status", STATUSES)
def test_a_success_envelope_counts_under_any_http_status(status: int) -> None:
    assert open_answer(status, body("accountlist")) == tree("accountlist")


def test_ok_sent_as_an_error_brings_no_rows_and_is_not_retried() -> None:
    error = _refusal(500, {"category": "신한", "code": 200, "message": "OK 정상"})
    assert (error.code, error.reaction) == ("200", Reaction.NO_RETRY)


@pytest.mark.parametrize("code", ["3600", 3600, 3600.0])
def test_a_code_may_be_a_number_or_a_text(code: object) -> None:
    assert _refusal(200, {"code": code, "message": "m"}).reaction is Reaction.BACK_OFF


def test_quirk_12_a_response_code_may_be_a_number() -> None:
    document = json.loads(body("accountlist"))
    document["resp"]["respCode"] = 200
    assert "accountList" in open_answer(200, json.dumps(document).encode())


def test_a_response_code_that_says_no_is_a_refusal() -> None:
    error = _refusal(200, {"resp": {"respCode": "3600", "respMsg": "점검"}})
    assert (error.code, error.message, error.reaction) == ("3600", "점검", Reaction.BACK_OFF)


@pytest.mark.parametrize(
    ("status", "answer", "reaction"),
    [
        (429, {"message": "API rate limit exceeded"}, Reaction.QUOTA),
        (404, {"message": "no Route matched with those values"}, Reaction.NO_RETRY),
        (401, {"error": "invalid_client"}, Reaction.STOP_FIRM),
        (503, {"error": "upstream"}, Reaction.BACK_OFF),
        (400, {"error": "당일 종가 제공 시간이 아닙니다."}, Reaction.WINDOW),
        (400, {"error": "invalid"}, Reaction.NO_RETRY),
        (400, {"message": "시간"}, Reaction.NO_RETRY),
        (500, {"error": "시간"}, Reaction.NO_RETRY),
    ],
)
def test_the_gateway_s_own_shapes_go_by_http_status(status: int, answer: object, reaction: Reaction) -> None:
    error = _refusal(status, answer)
    assert (error.code, error.reaction) == (str(status), reaction)


@pytest.mark.parametrize(
    ("status", "reaction"), [(502, Reaction.NO_RETRY), (503, Reaction.BACK_OFF), (401, Reaction.STOP_FIRM)]
)
@pytest.mark.parametrize("answer", [b"<html>x</html>", b"", b"{}", b"[]", b'{"resp": {"respCode": ""}}'])
def test_an_unreadable_error_goes_by_http_status(status: int, reaction: Reaction, answer: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        open_answer(status, answer)
    assert (caught.value.code, caught.value.reaction) == (str(status), reaction)


@pytest.mark.parametrize(
    ("answer", "path", "reason"),
    [
        (b"<!DOCTYPE html><html></html>", "$", "markup page"),
        (b"\xef\xbb\xbf  <html>", "$", "markup page"),
        (b"", "$", "not JSON"),
        (b'{"resp": ', "$", "not JSON"),
        (b'{"a": 1}}', "$", "not JSON"),
        (b'{"resp": "\xb0\xa1"}', "$", "not UTF-8 at byte 10"),
        (b"[" * 100_000, "$", "nested too deeply"),
        (b'{"a":' * 100_000, "$", "nested too deeply"),
        (b'{"a": NaN}', "$", "NaN is not a number"),
        (b'{"a": -Infinity}', "$", "-Infinity is not a number"),
        (b'{"resp": 1, "resp": 1}', "$", "given twice"),
        (b'{"resp": {"a": 1}, "Resp": {"a": 2}}', "$..resp", "two spellings"),
        (b"[1]", "$", "not list"),
        (b"7", "$", "not number"),
        (b"1E999999", "$", "not number"),
        (b'"text"', "$", "not text"),
        (b"true", "$", "not boolean"),
        (b"null", "$", "not null"),
        (b"{}", "resp.respCode", "missing"),
        (b'{"resp": "OK"}', "resp.respCode", "missing"),
        (b'{"resp": {}, "code": null, "message": "", "error": ["x"]}', "resp.respCode", "missing"),
    ],
)
def test_a_body_that_cannot_be_read_names_path_and_reason(answer: bytes, path: str, reason: str) -> None:
    error = _unreadable(answer)
    assert error.path == path
    assert reason in error.reason
    assert str(error) == f"{error.path}: {error.reason}"


def test_a_huge_number_costs_no_more_than_its_characters() -> None:
    decoded = decode(b'{"a": 1E999999999, "b": %s}' % (b"9" * 100_000))
    assert decoded["a"] == NumberText("1E999999999")
    assert isinstance(decoded["b"], NumberText)


@pytest.mark.parametrize("order", ["resp,Resp", "Resp,resp"])
def test_of_two_spellings_the_one_with_a_value_counts(order: str) -> None:
    first, second = order.split(",")
    text = f'{{"{first}": null, "{second}": {{"respCode": "200"}}}}'
    assert open_answer(200, text.encode())["resp"] == {"respCode": "200"}
    text = f'{{"{first}": {{"respCode": "200"}}, "{second}": "null"}}'
    assert open_answer(200, text.encode())["resp"] == {"respCode": "200"}


@pytest.mark.parametrize(
    ("message", "days"),
    [
        ("Date Range Exceeded, 31", 31),
        ("Date Range Exceeded", None),
        ("6006: Date Range Exceeded, {90}", 90),
        ("0", None),
    ],
)
def test_the_span_limit_is_read_from_6006(message: str, days: int | None) -> None:
    assert _refusal(500, {"code": 6006, "message": message}).max_days == days


def test_other_errors_have_no_span_limit() -> None:
    assert _refusal(500, {"code": 6005, "message": "Too Many, 31"}).max_days is None


@pytest.mark.parametrize("api", APIS)
def test_quirk_37_samples_with_raw_newlines_are_read(api: str) -> None:
    document: Any = decode(body(api))
    assert document["resp"] == {"respCode": "200", "respMsg": "OK"}
