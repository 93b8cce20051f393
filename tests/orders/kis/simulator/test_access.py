from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from orders.kis.simulator.settings import read_account
from tests.orders.kis.simulator.conftest import STOCKS, US, Clock, Desk, running

NCCS = f"{US}/inquire-nccs"
TR = "TTTS3018R"


def ask(desk: Desk) -> requests.Response:
    return desk.get(NCCS, TR, OVRS_EXCG_CD="NASD", SORT_SQN="DS")


def test_the_token_lives_a_day_and_says_so_in_korean_time(desk: Desk) -> None:
    answer = desk.post("/oauth2/tokenP", grant_type="client_credentials", appkey="demo", appsecret="demo").json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400
    assert answer["access_token_token_expired"] == "2026-11-21 11:00:00"


def test_the_same_token_comes_for_six_hours_and_then_a_new_one(clock: Clock) -> None:
    with running(clock) as desk:
        first = desk.token
        desk.sign_in()
        assert desk.token == first
        clock.at += timedelta(hours=6)
        desk.sign_in()
        assert desk.token != first


def test_a_new_token_is_given_once_a_minute(clock: Clock) -> None:
    with running(clock) as desk:
        first = desk.token
        desk.post("/oauth2/revokeP", appkey="demo", token=first)
        refused = desk.post("/oauth2/tokenP", appkey="demo", appsecret="demo")
        assert refused.status_code == 403
        assert refused.json() == {
            "error_description": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
            "error_code": "EGW00133",
        }
        desk.simulator.access.timer = lambda: 1e9
        desk.sign_in()
        assert desk.token != first


def test_a_revoked_token_is_not_valid_any_more(desk: Desk) -> None:
    assert ask(desk).status_code == 200
    assert desk.post("/oauth2/revokeP", appkey="demo", token=desk.token).json()["code"] == "200"
    assert ask(desk).json()["msg_cd"] == "EGW00121"


def test_revoking_another_token_leaves_this_one_valid(desk: Desk) -> None:
    desk.post("/oauth2/revokeP", appkey="demo", token="another")
    assert ask(desk).status_code == 200


@pytest.mark.parametrize("path", ["/oauth2/tokenP", "/oauth2/Approval"])
def test_wrong_keys_get_neither_token_nor_approval(desk: Desk, path: str) -> None:
    wrong_key = desk.post(path, appkey="other", appsecret="demo", secretkey="demo")
    wrong_secret = desk.post(path, appkey="demo", appsecret="other", secretkey="other")
    assert (wrong_key.status_code, wrong_key.json()["error_code"]) == (403, "EGW00103")
    assert (wrong_secret.status_code, wrong_secret.json()["error_code"]) == (403, "EGW00105")


def test_each_approval_is_a_new_key_of_36_characters(desk: Desk) -> None:
    first, second = desk.approval(), desk.approval()
    assert first != second
    assert len(first) == 36


def test_an_expired_token_is_refused_with_http_500(desk: Desk, clock: Clock) -> None:
    clock.at += timedelta(hours=24)
    answer = ask(desk)
    assert (answer.status_code, answer.json()) == (
        500,
        {"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "기간이 만료된 token 입니다."},
    )


HEADERS = [
    ({"authorization": "Bearer other"}, "EGW00121"),
    ({"authorization": "Basic abc"}, "EGW00205"),
    ({"appkey": "other"}, "EGW00103"),
    ({"appsecret": "other"}, "EGW00105"),
    ({"custtype": "X"}, "EGW00208"),
    ({"tr_id": ""}, "OPSQ9999"),
    ({"tr_id": "NOSUCH"}, "OPSQ9999"),
    ({"tr_id": "VTTS3035R"}, "EGW00101"),
    ({"custtype": "B"}, "EGW00209"),
    ({"custtype": "B", "seq_no": "001"}, "EGW00101"),
]


@pytest.mark.parametrize(("headers", "code"), HEADERS)
def test_each_header_is_checked(desk: Desk, headers: dict[str, str], code: str) -> None:
    desk.headers = headers
    assert ask(desk).json()["msg_cd"] == code


def test_a_corporate_customer_with_all_headers_is_served(desk: Desk) -> None:
    desk.headers = {
        "custtype": "B",
        "seq_no": "001",
        "personalseckey": "k",
        "mac_address": "m",
        "phone_number": "p",
        "ip_addr": "i",
        "gt_uid": "unique-1",
    }
    answer = ask(desk)
    assert answer.status_code == 200
    assert answer.headers["gt_uid"] == "unique-1"


def test_an_order_must_be_json(desk: Desk) -> None:
    desk.headers = {"content-type": "text/plain"}
    assert desk.post(f"{US}/order-resv-ccnl", "TTTT3017U").json()["msg_cd"] == "EGW00132"


def test_the_tr_of_the_other_environment_is_refused(clock: Clock) -> None:
    with running(clock) as live:
        answer = live.get(f"{US}/inquire-ccnl", "VTTS3035R")
        assert answer.json()["msg_cd"] == "EGW00213"


def test_an_account_of_somebody_else_is_refused(desk: Desk) -> None:
    assert desk.get(NCCS, TR, account="87654321-01").json()["msg_cd"] == "OPSQ2000"


def test_an_operation_that_the_desk_does_not_play_is_an_invalid_request(desk: Desk) -> None:
    answer = desk.post(f"{US}/order", "TTTT1002U", CANO="12345678", ACNT_PRDT_CD="01")
    assert answer.json()["msg_cd"] == "EGW00101"
    assert desk.shown()["ledger"][0]["reached"] is False


def test_the_nineteenth_request_of_a_second_is_one_too_many(desk: Desk) -> None:
    desk.simulator.access.timer = lambda: 5.0
    answers = [ask(desk) for _ in range(19)]
    assert [answer.status_code for answer in answers] == [200] * 18 + [500]
    assert answers[-1].json() == {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "초당 거래건수를 초과하였습니다."}
    desk.simulator.access.timer = lambda: 6.0
    assert ask(desk).status_code == 200


def test_accounts_are_read_from_their_usual_form() -> None:
    assert (read_account(STOCKS).number, read_account(STOCKS).product) == ("12345678", "01")
    with pytest.raises(ValueError, match="not an account"):
        read_account("1234-01")
