"""Lists that answer what was true before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.settings import Files
from orders.kis.simulator.state import save
from tests.orders.kis.simulator.conftest import QUIET, US, Clock, Desk, running
from tests.orders.kis.simulator.test_orders import cancel_reservation, daytime_order


@dataclass
class Seconds:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def desk(clock: Clock, seconds: Seconds) -> Iterator[Desk]:
    with running(clock, rate=1000) as started:
        started.simulator.desk.timer = seconds
        yield started


def left(desk: Desk) -> list[tuple[str, str]]:
    """Numbers and what is left of them, as the list of open orders says."""
    rows = desk.get(f"{US}/inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS").json()["output"]
    return [(str(int(row["odno"])), row["nccs_qty"]) for row in rows]


def test_all_lists_lag_by_some_seconds_until_that_is_cleared(desk: Desk, seconds: Seconds) -> None:
    number = str(daytime_order(desk)["number"])
    seconds.at += 30
    desk.press(event="fill", order=number, qty=4)
    desk.press(fault="inquiry_lag", seconds=20)
    assert left(desk) == left(desk) == [(number, "10")]
    assert desk.shown()["faults"] == {"inquiry_lag": None}
    seconds.at += 20
    assert left(desk) == [(number, "6")]
    later = str(daytime_order(desk)["number"])
    assert left(desk) == [(number, "6")]
    desk.press(clear=True)
    assert left(desk) == [(number, "6"), (later, "10")]


def test_one_list_may_be_older_than_the_one_before_it(desk: Desk, seconds: Seconds) -> None:
    number = str(daytime_order(desk)["number"])
    seconds.at += 5
    desk.press(event="fill", order=number, qty=4)
    seconds.at += 1
    assert left(desk) == [(number, "6")]
    desk.press(fault="stale_read", seconds=3)
    assert (left(desk), left(desk)) == ([(number, "10")], [(number, "6")])


def test_a_lag_may_be_of_one_list_alone(desk: Desk, seconds: Seconds) -> None:
    number = str(daytime_order(desk)["number"])
    seconds.at += 5
    desk.press(event="fill", order=number, qty=4)
    desk.press(fault="inquiry_lag", seconds=2, path="inquire-ccnl")
    desk.press(fault="stale_read", seconds=2, path="inquire-ccnl")
    assert left(desk) == [(number, "6")]
    query = {"ORD_STRT_DT": "20261120", "ORD_END_DT": "20261120"}
    for _ in range(2):
        (row,) = desk.get(f"{US}/inquire-ccnl", "TTTS3035R", **query).json()["output"]
        assert row["nccs_qty"] == "10"


def test_a_lagging_list_of_reservations_shows_what_is_canceled_already(desk: Desk, seconds: Seconds) -> None:
    number = desk.press(event="reserve", symbol="KO")["reservation"]["ovrs_rsvn_odno"]
    seconds.at += 10
    cancel_reservation(desk, number)
    desk.simulator.desk.work()

    def canceled() -> list[str]:
        answer = desk.get(f"{US}/order-resv-list", "TTTT3039R", INQR_STRT_DT="20261101", INQR_END_DT="20261130")
        return [row["cncl_yn"] for row in answer.json()["output"]]

    desk.press(fault="inquiry_lag", seconds=5)
    assert canceled() == ["N"]
    seconds.at += 5
    assert canceled() == ["Y"]


def test_what_an_earlier_run_left_was_there_long_ago(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    daytime_order(desk)
    desk.press(event="reserve", symbol="KO")
    save(desk.simulator, tmp_path / "kis.json")
    second = KisSimulator(QUIET, clock, files=Files(tmp_path / "kis.json"))
    assert all(order.past.as_of(0.0) is not None for order in second.desk.book.orders)
    assert all(row.past.as_of(0.0) is not None for row in second.desk.reservations.rows)
