from __future__ import annotations

import json
from pathlib import Path

import pytest

from orders.domain.events import Market
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.settings import Files
from orders.kis.simulator.state import load, save
from tests.orders.kis.simulator.conftest import QUIET, Clock, Desk


def test_a_second_start_goes_on_with_the_same_books(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)["number"]
    desk.press(event="fill", order=number, qty=4)
    desk.press(event="reserve", symbol="KO")
    (sent,) = desk.press(event="transmit")["orders"]
    desk.press(event="reserve", symbol="BA")
    desk.press(event="reject", market="US_DAYTIME")
    path = tmp_path / "kis.json"
    save(desk.simulator, path)

    second = KisSimulator(QUIET, clock, files=Files(path))
    kept = {order.number: (order.filled, order.leaves, order.rejected) for order in second.desk.book.orders}
    assert kept == {o.number: (o.filled, o.leaves, o.rejected) for o in desk.simulator.desk.book.orders}
    assert [row.sent and row.sent.number for row in second.desk.reservations.rows] == [sent["number"], None]
    assert second.desk.reservations.rows[0].sent in second.desk.book.orders
    assert second.access.token == desk.token
    assert second.desk.place(second.market.ticket(QUIET.accounts[0], Market.US_DAYTIME)).number > max(kept) + 100


def test_what_the_exchange_had_not_answered_is_answered_after_the_start(
    desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    number = desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)["number"]
    desk.press(fault="hold_confirm")
    desk.press(event="cancel", order=number)
    path = tmp_path / "kis.json"
    save(desk.simulator, path)
    second = KisSimulator(QUIET, clock, files=Files(path))
    second.desk.work()
    assert second.desk.book.orders[0].canceled == 10


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"orders": [{}], "reservations": []}'])
def test_without_a_readable_file_the_desk_begins_anew(clock: Clock, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kis.json"
    if content is not None:
        path.write_text(content)
    simulator = KisSimulator(QUIET, clock)
    assert load(simulator, Files(path)) is False
    assert simulator.desk.book.orders == []


def test_books_of_an_older_version_are_read_too(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)
    desk.press(event="reserve", symbol="KO")
    path = tmp_path / "kis.json"
    save(desk.simulator, path)
    document = json.loads(path.read_text())
    for row in (*document["orders"], *document["reservations"]):
        row.pop("cancel_asked", None)
        del row["ticket"]["exchange"]
    path.write_text(json.dumps({name: document[name] for name in document.keys() - {"ledger", "executions"}}))
    second = KisSimulator(QUIET, clock, files=Files(path))
    assert [order.ticket.instrument.exchange for order in second.desk.book.orders] == ["NASD"]
    assert [row.ticket.instrument.exchange for row in second.desk.reservations.rows] == ["NYSE"]
