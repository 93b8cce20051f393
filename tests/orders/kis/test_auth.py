from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses

from orders.kis.auth import ISSUE_INTERVAL, TokenSource, issue_approval_key, issue_token
from orders.kis.client import KisConfig
from orders.kis.errors import BadAnswerError, NoAnswerError, NotSentError, RefusedError, TokenWaitError
from orders.kis.schemas import Token
from orders.kis.tr_ids import Environment
from tests.orders.kis import samples

CONFIG = KisConfig(
    environment=Environment.LIVE,
    rest_url="https://kis.test:9443",
    ws_url="ws://kis.test:21000",
    app_key="app-key",
    app_secret="app-secret",
    hts_id="desk01",
)
TOKEN_URL = "https://kis.test:9443/oauth2/tokenP"
APPROVAL_URL = "https://kis.test:9443/oauth2/Approval"
NOW = datetime(2026, 6, 4, 0, 36, 42, tzinfo=UTC)
SAMPLE_TOKEN = "eyJ0eXUxMiJ9.eyJz....."


class MemoryStore:
    """The shared store of one process."""

    def __init__(self) -> None:
        self.token: Token | None = None
        self.claimed: datetime | None = None

    def get(self) -> Token | None:
        return self.token

    def put(self, token: Token) -> None:
        self.token = token

    def discard(self, value: str) -> None:
        if self.token is not None and self.token.value == value:
            self.token = None

    def claim(self, now: datetime, interval: timedelta) -> bool:
        if self.claimed is not None and now - self.claimed < interval:
            return False
        self.claimed = now
        return True


class Bench:
    """A token source with its clock, its store and its session in the test's hands."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.slept: list[float] = []
        self.source = TokenSource(CONFIG, requests.Session(), self.store, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@responses.activate
def test_a_token_is_issued_kept_and_given_again(bench: Bench) -> None:
    responses.post(TOKEN_URL, body=samples.raw("rest_token_ok.json"))
    assert bench.source() == SAMPLE_TOKEN
    assert bench.source() == SAMPLE_TOKEN
    assert len(responses.calls) == 1
    assert json.loads(responses.calls[0].request.body or "") == {
        "grant_type": "client_credentials",
        "appkey": "app-key",
        "appsecret": "app-secret",
    }


@responses.activate
def test_a_token_near_its_end_is_issued_anew(bench: Bench) -> None:
    responses.post(TOKEN_URL, body=samples.raw("rest_token_ok.json"))
    bench.store.put(Token("old", NOW + timedelta(minutes=5)))
    assert bench.source() == SAMPLE_TOKEN


@responses.activate
def test_a_token_with_some_life_left_is_kept(bench: Bench) -> None:
    bench.store.put(Token("old", NOW + timedelta(minutes=5, seconds=1)))
    assert bench.source() == "old"


@responses.activate
def test_a_forgotten_token_is_issued_anew(bench: Bench) -> None:
    responses.post(TOKEN_URL, body=samples.raw("rest_token_ok.json"))
    bench.store.put(Token("dead", NOW + timedelta(days=1)))
    bench.source.forget("another")
    assert bench.source() == "dead"
    bench.source.forget("dead")
    assert bench.source() == SAMPLE_TOKEN


@responses.activate
def test_the_token_of_another_process_is_waited_for(bench: Bench) -> None:
    bench.store.claimed = NOW
    fresh = Token("theirs", NOW + timedelta(days=1))

    def sleep(seconds: float) -> None:
        bench.sleep(seconds)
        bench.store.put(fresh)

    source = TokenSource(CONFIG, requests.Session(), bench.store, lambda: bench.now, sleep)
    assert source() == "theirs"
    assert bench.slept == [0.25]


@responses.activate
def test_a_token_that_never_comes_is_a_wait_and_no_request(bench: Bench) -> None:
    bench.store.claimed = NOW
    with pytest.raises(TokenWaitError) as caught:
        bench.source()
    assert sum(bench.slept) == 5
    assert caught.value.retry_at == bench.now + ISSUE_INTERVAL
    assert len(responses.calls) == 0


@responses.activate
def test_once_a_minute_is_a_wait_of_a_minute_and_no_crash(bench: Bench) -> None:
    responses.post(TOKEN_URL, body=samples.raw("rest_err_EGW00133_http403.json"), status=403)
    with pytest.raises(TokenWaitError, match="no access token before") as caught:
        bench.source()
    assert isinstance(caught.value, NotSentError)
    assert caught.value.retry_at == NOW + timedelta(seconds=60)
    bench.now += timedelta(seconds=30)
    with pytest.raises(TokenWaitError):
        bench.source()
    assert len(responses.calls) == 1


@responses.activate
def test_another_refusal_is_told_in_the_brokers_words(bench: Bench) -> None:
    body = {"error_code": "EGW00103", "error_description": "유효하지 않은 AppKey입니다."}
    responses.post(TOKEN_URL, json=body, status=403)
    with pytest.raises(RefusedError, match="EGW00103: 유효하지 않은 AppKey입니다") as caught:
        bench.source()
    assert (caught.value.code, caught.value.status) == ("EGW00103", 403)


@responses.activate
def test_an_approval_key_is_asked_for_with_secretkey() -> None:
    responses.post(APPROVAL_URL, body=samples.raw("rest_approval_ok.json"))
    assert issue_approval_key(CONFIG, requests.Session()) == "062f61cb-c756-4b8f-9fab-92113c6fbea4"
    assert json.loads(responses.calls[0].request.body or "") == {
        "grant_type": "client_credentials",
        "appkey": "app-key",
        "secretkey": "app-secret",
    }


@responses.activate
@pytest.mark.parametrize(("status", "body"), [(502, b"<html>"), (200, b"<html>"), (302, b"{}"), (500, b"{}")])
def test_an_unreadable_answer_is_a_bad_answer(status: int, body: bytes) -> None:
    responses.post(TOKEN_URL, body=body, status=status)
    with pytest.raises(BadAnswerError):
        issue_token(CONFIG, requests.Session(), NOW)


@responses.activate
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.ConnectTimeout("x"), NotSentError),
        (requests.exceptions.SSLError("x"), NotSentError),
        (requests.exceptions.InvalidURL("x"), NotSentError),
        (requests.exceptions.ReadTimeout("x"), NoAnswerError),
        (requests.exceptions.ConnectionError("x"), NoAnswerError),
    ],
)
def test_a_call_that_fails_tells_whether_it_left(error: Exception, kind: type[Exception]) -> None:
    responses.post(TOKEN_URL, body=error)
    with pytest.raises(kind):
        issue_token(CONFIG, requests.Session(), NOW)


def test_the_credentials_stay_out_of_the_repr() -> None:
    assert "app-secret" not in repr(CONFIG)
    assert "app-key" not in repr(CONFIG)
