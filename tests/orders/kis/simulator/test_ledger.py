"""The ledger: what it says of a day, and what a simulator that was killed takes from it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from orders.domain.events import Family, Market, RequestKind
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.ledger import Ledger, entries, read
from orders.kis.simulator.settings import Files
from orders.kis.simulator.state import save
from orders.kis.simulator.truth import OrderName, sums
from tests.orders.kis.simulator.conftest import QUIET, STOCKS, TODAY, Clock, Desk, running, streaming
from tests.orders.kis.simulator.order_api.asking import overseas
from tests.orders.kis.simulator.test_orders import DAYTIME, cancel_reservation, daytime_order, revise
from tests.orders.kis.simulator.test_program import program

D = Decimal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def desk(clock: Clock, path: Path) -> Iterator[Desk]:
    with running(clock, files=Files(ledger=path)) as started:
        yield started


def name(order: Any) -> OrderName:
    return OrderName(order["account"], Family.OVERSEAS, TODAY, order["number"])


def test_an_order_its_executions_and_its_cancel_are_in_the_ledger(desk: Desk, path: Path) -> None:
    order = daytime_order(desk)
    desk.press(event="fill", order=order["number"], qty=4, price="270.4")
    desk.press(event="fill", order=order["number"], qty=4, price="270.4")
    child = int(revise(desk, order["number"], ORD_QTY="2").json()["output"]["ODNO"])
    desk.simulator.desk.work()
    truth = read(path)
    found = truth.orders[name(order)]
    assert (found.qty, found.filled, found.amount, found.canceled) == (D(10), D(8), D("2163.2"), D(2))
    assert (found.market, found.symbol, found.state, found.leaves) == (Market.US_DAYTIME, "AAPL", "canceled", D(0))
    assert [(e.order, e.number, e.qty, e.price) for e in truth.executions] == [
        (name(order), 1, D(4), D("270.4")),
        (name(order), 2, D(4), D("270.4")),
    ]
    cancel = truth.orders[OrderName(STOCKS, Family.OVERSEAS, TODAY, child)]
    assert (cancel.kind, cancel.original, cancel.state) == (RequestKind.CANCEL, order["number"], "done")
    (request,) = truth.requests
    assert cancel.request == request.request == "1-1"
    assert (request.reached, int(request.number), request.refusal) == (True, child, "")
    (total,) = truth.accounts().values()
    assert (total.orders, total.filled, total.amount) == (2, D(8), D("2163.2"))


def test_a_request_is_in_the_ledger_before_it_is_answered(desk: Desk, path: Path) -> None:
    order = daytime_order(desk)
    desk.press(fault="timeout_after_accept")
    with pytest.raises(requests.Timeout):
        desk.session.post(
            desk.url + DAYTIME,
            json={**overseas(desk.plain(order["number"])), "CTAC_TLNO": ""},
            headers={**desk._headers("TTTS6038U"), "gt_uid": "u-1"},
            timeout=0.3,
        )
    (request,) = read(path).requests
    assert (request.uid, request.tr_id, request.fault) == ("u-1", "TTTS6038U", "timeout_after_accept")
    assert (request.path, request.body["ORGN_ODNO"], request.reached) == (DAYTIME, str(order["number"]), True)
    assert request.number != ""


def test_what_never_was_at_the_order_engine_says_so(desk: Desk, path: Path) -> None:
    order = daytime_order(desk)
    desk.press(fault="egw00001")
    revise(desk, order["number"])
    desk.token = "wrong"
    revise(desk, order["number"])
    desk.sign_in()
    revise(desk, order["number"], ORD_QTY="11")
    truth = read(path)
    assert [(r.reached, r.fault, r.refusal) for r in truth.requests] == [
        (False, "egw00001", ""),
        (False, "", ""),
        (True, "", "APBK0927"),
    ]
    assert sum(truth.repeats().values()) == 1


def test_two_equal_requests_are_counted_together(desk: Desk, path: Path) -> None:
    order = daytime_order(desk)
    for _ in range(2):
        revise(desk, order["number"])
    assert list(read(path).repeats().values()) == [2]


def test_every_word_of_the_exchange_is_in_the_ledger(desk: Desk, path: Path, clock: Clock) -> None:
    numbers = {word: daytime_order(desk) for word in ("working", "partly_filled", "filled", "rejected", "modified")}
    desk.press(event="fill", order=numbers["partly_filled"]["number"], qty=3)
    desk.press(event="fill", order=numbers["filled"]["number"])
    desk.press(event="reject", order=numbers["rejected"]["number"])
    desk.press(event="modify", order=numbers["modified"]["number"], price="260")
    desk.simulator.desk.work()
    states = {word: read(path).orders[name(order)].state for word, order in numbers.items()}
    assert states == {word: word for word in numbers}
    taken = desk.press(event="external_order", market="KRX", symbol="005930")["order"]
    clock.move("18:00")
    desk.simulator.desk.work()
    found = {order.name.number: order.state for order in read(path).orders.values()}
    assert found[numbers["working"]["number"]] == "expired"
    assert found[taken["number"]] == "working"


def test_what_waits_for_the_exchange_is_accepted(clock: Clock, path: Path) -> None:
    with running(clock, files=Files(ledger=path), exchange_delay=60.0) as desk:
        order = daytime_order(desk)
        desk.press(event="cancel", order=order["number"])
        assert {o.kind: o.state for o in read(path).orders.values()} == {
            RequestKind.NEW: "accepted",
            RequestKind.CANCEL: "accepted",
        }


def test_a_reservation_is_in_the_ledger_from_its_entry_on(desk: Desk, path: Path) -> None:
    number = desk.press(event="reserve", symbol="KO")["reservation"]["ovrs_rsvn_odno"]
    assert cancel_reservation(desk, number).json()["rt_cd"] == "0"
    desk.simulator.desk.work()
    truth = read(path)
    (row,) = truth.reservations.values()
    assert (row["cancel_asked"], row["canceled"]) == (True, True)
    assert int(truth.requests[0].number) > int(number)


def test_a_notice_says_where_it_went_and_why_nobody_got_it(desk: Desk, path: Path) -> None:
    daytime_order(desk)
    with streaming(desk, "H0GSCNI0") as stream:
        daytime_order(desk)
        stream.notice(), stream.notice()
        desk.press(fault="drop_notices")
        order = daytime_order(desk)
        stream.notice()
        desk.order(market="KRX", symbol="005930")
        desk.press(fault="freeze_ws")
        desk.press(event="fill", order=order["number"])
    notices = read(path).notices
    assert [(n.session, n.frame, n.lost) for n in notices] == [
        *[(0, 0, "no connection")] * 2,
        (1, 1, ""),
        (1, 2, ""),
        (0, 0, "dropped"),
        (1, 3, ""),
        *[(0, 0, "not registered")] * 2,
        (1, 4, "frozen"),
    ]
    assert (notices[-1].tr_id, notices[-1].account, notices[-1].number) == ("H0GSCNI0", STOCKS, order["number"])


def test_the_truth_over_http_is_that_of_the_ledger(desk: Desk, path: Path) -> None:
    order = daytime_order(desk)
    desk.press(event="fill", order=order["number"], qty=4, price="270.4")
    shown = desk.session.get(f"{desk.url}/_control/truth", timeout=5).json()
    truth = read(path)
    assert shown["executions"] == len(truth.executions) == 1
    (row,) = shown["orders"]
    found = truth.orders[name(order)]
    assert (row["account"], row["family"], row["order_date"]) == (STOCKS, "OVERSEAS", "2026-11-20")
    assert (D(row["filled"]), D(row["amount"]), row["state"]) == (found.filled, found.amount, found.state)
    assert shown["accounts"] == {STOCKS: {"orders": 1, "filled": "4", "amount": "1081.6"}}
    assert sums(truth.orders.values()) == truth.accounts()


def test_a_killed_simulator_loses_no_execution(clock: Clock, path: Path, tmp_path: Path) -> None:
    files = Files(tmp_path / "kis.json", path)
    with running(clock, files=files) as desk:
        order = daytime_order(desk)
        desk.press(event="reserve", symbol="KO")
        save(desk.simulator, tmp_path / "kis.json")
        desk.press(event="fill", order=order["number"], qty=4, price="270")
        sent = desk.press(event="transmit")["orders"][0]
        later = daytime_order(desk)
        token = desk.token
    second = KisSimulator(QUIET, clock, files=files)
    kept = {o.number: (o.filled, o.amount) for o in second.desk.book.orders}
    assert kept[order["number"]] == (D(4), D(1080))
    assert kept[later["number"]] == (D(0), D(0))
    assert second.desk.reservations.rows[0].sent is second.desk.book.find(
        QUIET.accounts[0], Family.OVERSEAS, sent["number"]
    )
    assert second.access.token == token
    assert second.desk.book.executions == 1
    fresh = second.desk.place(second.market.ticket(QUIET.accounts[0], Market.US_DAYTIME))
    assert fresh.number > max(kept) + 100
    assert second.ledger.run == 2


def test_the_ledger_alone_is_enough_to_go_on(clock: Clock, path: Path) -> None:
    with running(clock, files=Files(ledger=path), reservation_delay=60.0) as desk:
        order = daytime_order(desk)
        desk.press(event="fill", order=order["number"], qty=4)
        number = desk.press(event="reserve", symbol="KO")["reservation"]["ovrs_rsvn_odno"]
        assert cancel_reservation(desk, number).json()["rt_cd"] == "0"
        before, token = read(path).orders, desk.token
    second = KisSimulator(QUIET, clock, files=Files(ledger=path))
    assert [(o.number, o.filled) for o in second.desk.book.orders] == [(order["number"], D(4))]
    assert second.desk.reservations.rows[0].canceled, "what was asked of the broker is done after its return"
    assert second.access.token == token
    assert read(path).orders == before


def test_a_ledger_begun_anew_is_read_from_its_start(clock: Clock, path: Path, tmp_path: Path) -> None:
    files = Files(tmp_path / "kis.json", path)
    with running(clock, files=files) as desk:
        daytime_order(desk)
        save(desk.simulator, tmp_path / "kis.json")
    path.write_text("")
    second = KisSimulator(QUIET, clock, files=files)
    assert len(second.desk.book.orders) == 1


def test_a_half_written_line_was_never_told_to_anybody(path: Path) -> None:
    path.write_bytes(b'{"kind": "start", "run": 1}\n{"kind": "orders", "ord')
    ledger = Ledger(path)
    ledger.write("start", run=ledger.run)
    assert ledger.size == path.stat().st_size
    assert [entry["kind"] for entry in entries(path)] == ["start", "start"]
    assert read(path).orders == {}


def test_without_a_file_there_is_no_ledger(path: Path) -> None:
    ledger = Ledger()
    ledger.write("start")
    assert ledger.size == 0
    assert list(entries(path)) == []


def test_a_process_that_is_killed_outright_leaves_a_whole_ledger(tmp_path: Path, path: Path) -> None:
    arguments = ("--quiet-market", "--ledger", str(path), "--requests-per-second", "100")
    with program(*arguments) as (process, url):
        order = requests.post(f"{url}/_control", json={"event": "external_order", "qty": 9}, timeout=5).json()["order"]
        fill = {"event": "fill", "order": order["number"], "qty": 4}
        assert requests.post(f"{url}/_control", json=fill, timeout=5).status_code == 200
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert [execution.qty for execution in read(path).executions] == [D(4)]
    with program(*arguments) as (_, url):
        (kept,) = requests.get(f"{url}/_control/orders", timeout=5).json()["orders"]
    assert (kept["number"], kept["filled"]) == (order["number"], "4")


def test_lines_are_plain_json(desk: Desk, path: Path) -> None:
    daytime_order(desk)
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert kinds[:3] == ["start", "token", "orders"]
