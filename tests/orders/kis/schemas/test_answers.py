from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orders.domain.sessions import SEOUL
from orders.kis.errors import BadAnswerError
from orders.kis.schemas import ErrorAnswer, Token, parse_approval_key, parse_error, parse_token
from orders.kis.schemas.answers import parse_json
from tests.orders.kis import samples

NOW = datetime(2026, 6, 4, 0, 36, 42, tzinfo=UTC)


def test_the_sample_token_and_its_korean_expiry_are_read() -> None:
    token = parse_token(samples.raw("rest_token_ok.json"), NOW)
    assert token == Token("eyJ0eXUxMiJ9.eyJz.....", datetime(2026, 6, 5, 9, 36, 42, tzinfo=SEOUL))
    assert "eyJ" not in repr(token)


@pytest.mark.parametrize("expired", ["", ',"access_token_token_expired":"soon"'])
def test_without_a_readable_expiry_the_seconds_count(expired: str) -> None:
    token = parse_token(f'{{"access_token":"t","expires_in":86400{expired}}}'.encode(), NOW)
    assert token.expires_at == datetime(2026, 6, 5, 0, 36, 42, tzinfo=UTC)


@pytest.mark.parametrize("seconds", ['"86400"', "0", "-1", "99999999999", "null"])
def test_a_token_without_any_expiry_is_refused(seconds: str) -> None:
    with pytest.raises(BadAnswerError, match="no expiry"):
        parse_token(f'{{"access_token":"t","expires_in":{seconds}}}'.encode(), NOW)


@pytest.mark.parametrize("raw", [b"{}", b'{"access_token":""}', b'{"access_token":1}'])
def test_an_answer_without_a_token_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswerError, match="no access_token"):
        parse_token(raw, NOW)


def test_the_sample_approval_key_is_read() -> None:
    assert parse_approval_key(samples.raw("rest_approval_ok.json")) == "062f61cb-c756-4b8f-9fab-92113c6fbea4"


@pytest.mark.parametrize("raw", [b"{}", b'{"approval_key":""}', b'{"approval_key":5}'])
def test_an_answer_without_an_approval_key_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswerError, match="no approval_key"):
        parse_approval_key(raw)


@pytest.mark.parametrize("raw", [b"<html>", b"", b"[1]", b'{"a":', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswerError):
        parse_json(raw)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("rest_token_ok", None),
        ("rest_approval_ok", None),
        ("rest_revoke_ok", None),
        ("rest_daytime_or_overseas_order_ok", None),
        ("rest_empty_list_KIOK0560", None),
        (
            "rest_err_EGW00133_http403",
            ErrorAnswer("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)"),
        ),
        ("rest_err_EGW00201_http500", ErrorAnswer("EGW00201", "초당 거래건수를 초과하였습니다.")),
        ("rest_err_EGW00121_token_invalid", ErrorAnswer("EGW00121", "유효하지 않은 token 입니다.")),
        ("rest_err_EGW00123_token_expired", ErrorAnswer("EGW00123", "기간이 만료된 token 입니다.")),
        ("rest_err_APBK0927_nothing_to_cancel", ErrorAnswer("APBK0927", "정정취소 가능수량이 없습니다.")),
    ],
)
def test_both_shapes_of_an_error_are_read(name: str, error: ErrorAnswer | None) -> None:
    assert parse_error(samples.read(f"{name}.json")) == error


def test_an_error_without_words_is_still_an_error() -> None:
    assert parse_error({"rt_cd": "1"}) == ErrorAnswer("", "")


def test_the_sample_of_a_revoked_token_is_a_success() -> None:
    assert parse_json(samples.raw("rest_revoke_ok.json")) == {
        "code": "200",
        "message": "접근토큰 폐기에 성공하였습니다.",
    }
