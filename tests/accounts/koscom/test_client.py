"""What the client sends, how it pages, and what it hands over before it reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.koscom.client import Api, KoscomClient, RawPage
from accounts.koscom.codes import Reaction
from accounts.koscom.errors import NoAnswerError, PagingError, SchemaError, ServiceError, WindowClosedError
from tests.accounts.koscom.samples import APIS, ASKED, DATA, body
from tests.accounts.koscom.servers import NOW, make_client, scripted

DAY = date(2017, 6, 22)
QUERIES: dict[str, Callable[[KoscomClient], Iterator[Any]]] = {
    "accountlist": lambda client: client.accounts(),
    "balancelist": lambda client: client.balances(ASKED, "EQTY"),
    "settlelist": lambda client: client.settlements(ASKED, "EQTY", DAY),
    "tradebook": lambda client: client.trades(ASKED, DAY, date(2017, 6, 27)),
    "orderdetail": lambda client: client.orders(ASKED, "EQTY", date(2016, 6, 22)),
}


def _page(key: object, api: str = "accountlist") -> tuple[int, dict[str, str], bytes]:
    document = json.loads(body(api))
    name = next(name for name in document if name.endswith("ResponseBody"))
    document[name]["queryResult"]["page"] = key
    return 200, {}, json.dumps(document).encode()


def _sent_keys(requests: list[tuple[str, dict[str, str], Any]]) -> list[object]:
    return [sent["accountListRequestBody"]["queryParameter"]["page"] for _, _, sent in requests]


@pytest.mark.parametrize("api", APIS)
def test_a_request_has_the_form_of_the_manual_s_sample(api: str) -> None:
    sample = json.loads((DATA / f"{api}.request.json").read_bytes())
    with scripted((200, {}, body(api))) as script:
        (page,) = QUERIES[api](make_client(script.port))
    ((path, headers, sent),) = script.requests
    assert path == f"/v1/shinhan/b2baccount/{api}/search"
    assert sent["partner"] == {"comId": "F9999", "srvId": "100"}
    assert sent["commonHeader"] == {"reqIdConsumer": "r1"}
    request_body = list(sample)[2]
    assert set(sent) == set(sample)
    assert set(sent[request_body]["queryParameter"]) == set(sample[request_body]["queryParameter"])
    assert sent[request_body]["queryParameter"]["page"] is None
    assert {name.lower(): value for name, value in headers.items()}["comid"] == "F9999"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'demo-shinhan:demo-secret').decode()}"
    assert page.info.platform_request_id


def test_settlements_of_today_are_asked_with_an_empty_date() -> None:
    with scripted((200, {}, body("settlelist"))) as script:
        list(make_client(script.port).settlements(ASKED, "EQTY", None))
    query = script.requests[0][2]["settleListRequestBody"]["queryParameter"]
    assert (query["qrOrderDate"], query["qrSellBuyType"], query["qrIsinCode"]) == ("", "0", None)


def test_pages_follow_the_opaque_key_to_its_end() -> None:
    with scripted(_page("K/ =1"), _page("K2"), _page("null")) as script:
        pages = list(make_client(script.port).accounts())
    assert len(pages) == 3
    assert _sent_keys(script.requests) == [None, "K/ =1", "K2"]


def test_a_key_that_repeats_stops_the_query() -> None:
    with scripted(_page("K1"), _page("K2"), _page("K1")) as script:
        pages = make_client(script.port).accounts()
        assert next(pages).info.next_key == "K1"
        assert next(pages).info.next_key == "K2"
        with pytest.raises(PagingError, match="page 3 was there before"):
            next(pages)
    assert len(script.requests) == 3


def test_more_pages_than_the_cap_stop_the_query() -> None:
    with scripted(*(_page(f"K{number}") for number in range(9))) as script:
        with pytest.raises(PagingError, match="more than 3 pages"):
            list(make_client(script.port, page_cap=3).accounts())
        assert len(script.requests) == 3


def test_all_asset_types_at_once_are_one_page_whatever_key_comes() -> None:
    with scripted(_page("K1", "balancelist")) as script:
        assert len(list(make_client(script.port).balances(ASKED, "ALL"))) == 1
        assert len(script.requests) == 1


def test_the_guard_is_asked_before_every_page() -> None:
    answers = iter([timedelta(hours=1)])

    def guard() -> timedelta:
        try:
            return next(answers)
        except StopIteration:
            raise WindowClosedError("08:29:30") from None

    with scripted(_page("K1"), _page(None)) as script:
        pages = make_client(script.port, guard=guard, session_guard=lambda: timedelta(hours=1)).accounts()
        next(pages)
        with pytest.raises(WindowClosedError):
            next(pages)
        assert len(script.requests) == 1


def test_a_raw_page_is_handed_over_whole() -> None:
    kept: list[RawPage] = []
    with scripted((200, {"x-ratelimit-remaining-day": "49871"}, body("accountlist"))) as script:
        list(make_client(script.port).accounts(on_page=kept.append))
    (raw,) = kept
    assert (raw.api, raw.sequence, raw.request_id, raw.status) == (Api.ACCOUNTS, 1, "r1", 200)
    assert (raw.body, raw.received_at, raw.quota_remaining) == (body("accountlist"), NOW, 49871)
    assert len(raw.query_digest) == 64


@pytest.mark.parametrize("value", ["", "many", "-1", "٣", "9" * 30])
def test_a_quota_that_cannot_be_read_is_none(value: str) -> None:
    kept: list[RawPage] = []
    headers = {"X-RateLimit-Remaining-Day": value} if value.isascii() else {}
    with scripted((200, headers, body("accountlist"))) as script:
        list(make_client(script.port).accounts(on_page=kept.append))
    assert kept[0].quota_remaining is None


def test_the_digest_tells_questions_apart_and_not_askings() -> None:
    kept: list[RawPage] = []
    with scripted((200, {}, body("balancelist"))) as script:
        client = make_client(script.port)
        for number, kind in ((ASKED, "EQTY"), (ASKED, "EQTY"), (ASKED, "FUND")):
            list(client.balances(number, kind, on_page=kept.append))
    first, again, other = (raw.query_digest for raw in kept)
    assert first == again != other


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, b"<html>", SchemaError),
        (200, b'{"resp"', SchemaError),
        (200, b'{"resp": {"respCode": "200"}}', SchemaError),
        (500, b'{"category": "op-exco", "code": 3600, "message": "x"}', ServiceError),
        (502, b"<html>", ServiceError),
        (302, b"", ServiceError),
    ],
)
def test_a_bad_page_is_kept_before_it_is_refused(status: int, answer: bytes, error: type[Exception]) -> None:
    kept: list[RawPage] = []
    with scripted((status, {"Location": "/v1/elsewhere"}, answer)) as script:
        with pytest.raises(error):
            list(make_client(script.port).accounts(on_page=kept.append))
        assert len(script.requests) == 1
    assert [(raw.status, raw.body) for raw in kept] == [(status, answer)]


def test_a_refusal_carries_the_reaction() -> None:
    answer = b'{"category": "op-exco", "code": 6003, "message": "Invalid Page Value"}'
    with scripted((500, {}, answer)) as script, pytest.raises(ServiceError) as caught:
        list(make_client(script.port).accounts())
    assert caught.value.reaction is Reaction.RESTART_QUERY


def test_an_answer_beyond_the_cap_is_no_answer() -> None:
    with scripted((200, {}, b" " * 5000)) as script, pytest.raises(NoAnswerError, match="more than 1000 bytes"):
        list(make_client(script.port, body_cap=1000).accounts())


def test_aliases_are_numbers_that_rows_may_bear() -> None:
    asked = "0929923212342"
    with scripted((200, {}, body("balancelist"))) as script:
        client = make_client(script.port)
        (foreign,) = client.balances(asked, "EQTY")
        (known,) = client.balances(asked, "EQTY", aliases=(ASKED,))
    assert (len(foreign.foreign), len(foreign.holdings)) == (1, 0)
    assert (len(known.foreign), len(known.holdings)) == (0, 2)


def test_secrets_are_not_in_the_representation() -> None:
    with scripted((200, {}, body("accountlist"))) as script:
        config = make_client(script.port, api_key="KEY", api_secret="SECRET")._config
    assert "KEY" not in repr(config)
    assert "SECRET" not in repr(config)
