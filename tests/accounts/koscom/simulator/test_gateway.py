"""The simulated platform, asked by `handle` alone: firms, hours, logins, errors, faults, counters."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.domain.sync_window import KST
from accounts.koscom.simulator import KNOWN_FAULTS, Fault, KoscomSimulator, SimRequest, SimResponse

EVENING = datetime(2026, 11, 19, 20, 35, tzinfo=KST)
FIRMS = ("shinhan", "nhinvest", "kiwoom")
BODIES = {
    "accountlist": "accountListRequestBody",
    "balancelist": "balanceListRequestBody",
    "settlelist": "settleListRequestBody",
    "tradebook": "tradeBookListRequestBody",
    "orderdetail": "orderDetailListRequestBody",
}
ACCOUNT = "0019923122221"


class Clock:
    def __init__(self, now: datetime = EVENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> KoscomSimulator:
    return KoscomSimulator(7, clock)


def headers(firm: str = "shinhan", **more: str) -> dict[str, str]:
    pair = base64.b64encode(f"demo-{firm}:demo-secret".encode()).decode()
    return {"authorization": f"bAsIc {pair}", "comid": "F9999", "content-type": "Application/JSON", **more}


def request(api: str, firm: str = "shinhan", query: dict[str, Any] | None = None, **more: str) -> SimRequest:
    parameters = {"count": 0, "page": None, **(query or {})}
    document = {
        "partner": {"comId": "F9999", "srvId": "100"},
        "commonHeader": {"reqIdConsumer": "r1"},
        BODIES[api]: {"queryParameter": parameters},
    }
    path = f"/v1/{firm}/b2baccount/{api}/search"
    return SimRequest("POST", path, headers(firm, **more), json.dumps(document).encode())


def balance(number: str = ACCOUNT, kind: str = "EQTY", **more: str) -> SimRequest:
    return request("balancelist", query={"qrAccNo": number, "qrAssetType": kind}, **more)


def control(simulator: KoscomSimulator, order: object) -> SimResponse:
    return simulator.handle(SimRequest("POST", "/_control", {}, json.dumps(order).encode()))


def counters(simulator: KoscomSimulator) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(simulator.handle(SimRequest("GET", "/_control")).body)
    return answer


def code(response: SimResponse) -> tuple[int, object]:
    return response.status, json.loads(response.body).get("code")


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second, other = (KoscomSimulator(seed, Clock()) for seed in (7, 7, 8))
    assert first.handle(balance()).body == second.handle(balance()).body
    assert first.handle(balance()).body != other.handle(balance()).body


def test_the_order_of_the_questions_does_not_change_the_answers(simulator: KoscomSimulator) -> None:
    early = "2026-03-10T20:35:00+09:00"
    late = simulator.handle(balance())
    past = simulator.handle(balance(**{"x-simulator-now": early}))
    assert KoscomSimulator(7, Clock()).handle(balance(**{"x-simulator-now": early})).body == past.body
    assert simulator.handle(balance()).body == late.body != past.body


def test_every_firm_has_its_accounts() -> None:
    rows = json.loads(KoscomSimulator(7, Clock()).handle(SimRequest("GET", "/_control/accounts")).body)
    assert len(rows) == 40
    assert {row["firm"] for row in rows} == set(FIRMS)
    assert {row["status"] for row in rows} == {"0", "1", "2"}
    assert rows[0]["number"] == ACCOUNT
    assert len({row["number"] for row in rows}) == 40


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/v1/shinhan/b2baccount/accountlist/search/", "POST", 404),
        ("/v1/nobody/b2baccount/accountlist/search", "POST", 404),
        ("/v1/shinhan/b2baccount/pricelist/search", "POST", 404),
        ("/v2/shinhan/b2baccount/accountlist/search", "POST", 404),
        ("/v1/shinhan/b2baccount/accountlist/find", "POST", 404),
        ("/", "GET", 404),
        ("/v1/shinhan/b2baccount/accountlist/search", "GET", 405),
    ],
)
def test_an_unknown_route_is_refused(simulator: KoscomSimulator, path: str, method: str, status: int) -> None:
    assert simulator.handle(SimRequest(method, path, headers())).status == status


@pytest.mark.parametrize("clock_text", ["08:30", "12:00", "15:59"])
@pytest.mark.parametrize("api", sorted(BODIES))
def test_arrivals_in_the_closed_window_are_counted_and_refused_where_hours_apply(
    simulator: KoscomSimulator, clock: Clock, api: str, clock_text: str
) -> None:
    clock.now = datetime.fromisoformat(f"2026-11-21T{clock_text}:00+09:00")
    query = {"qrAccNo": ACCOUNT, "qrAssetType": "EQTY", "qrSellBuyType": "0"}
    response = simulator.handle(request(api, query={**query, "qrFromDate": "20261119", "qrToDate": "20261119"}))
    has_hours = api in ("balancelist", "settlelist")
    assert response.status == (400 if has_hours else 200)
    assert ("시간" in json.loads(response.body).get("error", "")) is has_hours
    assert counters(simulator)["closed_arrivals"] == 1
    assert counters(simulator)["closed"] == [f"2026-11-21T{clock_text}:00+09:00 /v1/shinhan/b2baccount/{api}/search"]


@pytest.mark.parametrize("clock_text", ["08:29:59", "16:00:00"])
def test_arrivals_beside_the_closed_window_are_answered(
    simulator: KoscomSimulator, clock: Clock, clock_text: str
) -> None:
    clock.now = datetime.fromisoformat(f"2026-11-19T{clock_text}+09:00")
    assert simulator.handle(balance()).status == 200
    assert counters(simulator)["closed_arrivals"] == 0


def test_an_arrival_on_an_unknown_route_is_counted_too(simulator: KoscomSimulator, clock: Clock) -> None:
    clock.now = EVENING.replace(hour=12)
    assert simulator.handle(SimRequest("GET", "/")).status == 404
    assert counters(simulator)["closed_arrivals"] == 1


@pytest.mark.parametrize("now", ["yesterday", "2026-11-19T20:35:00"])
def test_a_time_that_is_none_is_refused(simulator: KoscomSimulator, now: str) -> None:
    assert simulator.handle(balance(**{"x-simulator-now": now})).status == 400


def test_a_history_may_not_be_read_at_noon(simulator: KoscomSimulator, clock: Clock) -> None:
    clock.now = EVENING.replace(hour=12)
    assert simulator.handle(balance(**{"x-simulator-now": EVENING.isoformat()})).status == 400
    clock.now = EVENING
    assert simulator.handle(balance(**{"x-simulator-now": "2026-11-19T12:00:00+09:00"})).status == 400
    assert counters(simulator)["closed_arrivals"] == 2


def test_a_wrong_login_is_refused_and_locks_the_firm_at_the_sixth(simulator: KoscomSimulator) -> None:
    wrong = request("accountlist", authorization="Basic d3Jvbmc=")
    assert [code(simulator.handle(wrong)) for _ in range(6)] == [(401, 2001)] * 5 + [(401, 2003)]
    assert code(simulator.handle(request("accountlist"))) == (401, 2003)
    assert simulator.handle(request("accountlist", firm="kiwoom")).status == 200
    control(simulator, {"clear": True})
    assert simulator.handle(request("accountlist")).status == 200


def test_a_right_login_forgets_the_wrong_ones(simulator: KoscomSimulator) -> None:
    wrong = request("accountlist", authorization="")
    for _ in range(3):
        for _ in range(4):
            simulator.handle(wrong)
        assert simulator.handle(request("accountlist")).status == 200


@pytest.mark.parametrize("com_id", ["", "00995"])
def test_a_com_id_that_is_not_the_body_s_is_refused(simulator: KoscomSimulator, com_id: str) -> None:
    assert code(simulator.handle(request("accountlist", comid=com_id))) == (401, 401)


@pytest.mark.parametrize(
    ("api", "query", "expected"),
    [
        ("balancelist", {}, (400, 3003)),
        ("balancelist", {"qrAccNo": "1", "qrAssetType": "EQTY"}, (500, 3012)),
        ("balancelist", {"qrAccNo": ACCOUNT, "qrAssetType": "ALL"}, (500, 6001)),
        ("balancelist", {"qrAccNo": ACCOUNT, "qrAssetType": "GOLD"}, (500, 6001)),
        ("balancelist", {"qrAccNo": ACCOUNT, "qrAssetType": "EQTY", "page": "x"}, (500, 6003)),
        ("balancelist", {"qrAccNo": ACCOUNT, "qrAssetType": "EQTY", "page": "201603109999999999"}, (500, 6003)),
        ("tradebook", {"qrAccNo": ACCOUNT, "qrFromDate": "20250101", "qrToDate": "20261119"}, (500, 6006)),
        ("tradebook", {"qrAccNo": ACCOUNT, "qrFromDate": "soon", "qrToDate": "20261119"}, (500, 7000)),
    ],
)
def test_a_bad_query_is_refused_with_its_code(
    simulator: KoscomSimulator, api: str, query: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert code(simulator.handle(request(api, query=query))) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b'{"partner": {}}', b"\xff"])
def test_a_body_that_is_no_request_is_refused(simulator: KoscomSimulator, body: bytes) -> None:
    broken = SimRequest("POST", "/v1/shinhan/b2baccount/accountlist/search", headers(), body)
    assert code(simulator.handle(broken)) == (500, 3011)


def test_a_virtual_number_and_one_with_dashes_find_the_account(simulator: KoscomSimulator) -> None:
    for number in ("0929923212342", "001-9923-122221"):
        assert simulator.handle(balance(number)).status == 200


@pytest.mark.parametrize("name", [name for name in KNOWN_FAULTS if name not in ("hang", "reset", "slow")])
def test_a_fault_spoils_one_answer_and_then_no_more(simulator: KoscomSimulator, name: str) -> None:
    good = simulator.handle(balance())
    assert control(simulator, {"fault": name}).status == 200
    assert counters(simulator)["active"] == [name]
    assert simulator.handle(balance()) != good
    assert simulator.handle(balance()) == good
    assert counters(simulator)["active"] == []


@pytest.mark.parametrize(("name", "field"), [("hang", "hang"), ("reset", "reset"), ("slow", "drip")])
def test_faults_of_the_line_mark_the_answer(simulator: KoscomSimulator, name: str, field: str) -> None:
    control(simulator, {"fault": name})
    assert getattr(simulator.handle(balance()), field)
    assert not getattr(simulator.handle(balance()), field)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("firm_down", (503, 3600)),
        ("lockout", (401, 2003)),
        ("bad_page_key", (500, 6003)),
        ("expired_account", (500, 3010)),
        ("ok_as_error", (500, 200)),
        ("rate_limit", (429, None)),
    ],
)
def test_a_fault_answers_with_the_vendor_s_code(
    simulator: KoscomSimulator, name: str, expected: tuple[int, object]
) -> None:
    control(simulator, {"fault": name, "firm": "shinhan", "times": 2})
    assert simulator.handle(request("accountlist", firm="kiwoom")).status == 200
    assert [code(simulator.handle(balance())) for _ in range(2)] == [expected] * 2
    assert simulator.handle(balance()).status == 200


def test_a_fault_may_be_for_one_account_or_one_query_until_it_is_cleared(simulator: KoscomSimulator) -> None:
    simulator.faults.add(Fault("expired_account", account=ACCOUNT, api="balancelist", times=None))
    assert [code(simulator.handle(balance())) for _ in range(3)] == [(500, 3010)] * 3
    assert simulator.handle(request("accountlist")).status == 200
    assert simulator.handle(balance("0929923212342")).status == 200
    control(simulator, {"clear": True})
    assert simulator.handle(balance()).status == 200


def test_faults_wait_behind_each_other(simulator: KoscomSimulator) -> None:
    control(simulator, {"fault": "firm_down", "firm": "kiwoom", "times": None})
    control(simulator, {"fault": "lockout"})
    assert code(simulator.handle(balance())) == (401, 2003)
    assert counters(simulator)["active"] == ["firm_down"]


@pytest.mark.parametrize("order", [{"fault": "gremlins"}, {}, [], {"fault": "html", "times": "many"}, "x"])
def test_a_control_order_that_makes_no_sense_is_refused(simulator: KoscomSimulator, order: object) -> None:
    response = control(simulator, order)
    assert response.status == 400
    assert json.loads(response.body)["error"]
    assert counters(simulator)["active"] == []


def test_requests_are_counted_by_firm_and_query(simulator: KoscomSimulator) -> None:
    simulator.handle(balance())
    simulator.handle(balance())
    simulator.handle(request("accountlist", firm="kiwoom"))
    seen = counters(simulator)
    assert seen["requests"] == {"shinhan/balancelist": 2, "kiwoom/accountlist": 1}
    assert (seen["total"], seen["closed_arrivals"]) == (3, 0)
    assert seen["now"] == EVENING.isoformat()
    assert seen["faults"] == list(KNOWN_FAULTS)


def test_a_page_may_be_asked_smaller_but_not_bigger(simulator: KoscomSimulator) -> None:
    def rows(count: object) -> int:
        answer = json.loads(simulator.handle(request("accountlist", query={"count": count})).body)
        return len(answer["accountList"]["account"])

    assert (rows(3), rows(0), rows(500), rows(-1)) == (3, 8, 8, 1)


def test_time_moves_the_book_on_only_after_four(simulator: KoscomSimulator, clock: Clock) -> None:
    evening = simulator.handle(balance()).body
    clock.now = EVENING.replace(hour=6) + timedelta(days=1)
    assert simulator.handle(balance()).body == evening
    clock.now = EVENING + timedelta(days=1)
    assert simulator.handle(balance()).body != evening
