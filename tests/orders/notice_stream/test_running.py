"""The notice stream against the simulated broker as a process: its states, its fills, and one owner at a time."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from orders.models import Fill, NoticeFrame, Order, StreamLease
from tests.orders.conftest import Desk
from tests.orders.notice_stream.stream_bench import Simulator, streaming, until
from tests.portal.running import ROOT, environment
from tests.servers.programs import Program, start

CONNECTIONS = """
[[kis]]
name = "desk-1"
environment = "live"
rest_url = "{rest}"
ws_url = "{ws}"
app_key = "demo"
app_secret = "demo"
hts_id = "desk01"
accounts = ["12345678-01"]
"""


@pytest.mark.django_db(transaction=True)
def test_it_reconciles_goes_live_and_brings_a_fill_into_the_database(connected: Desk, simulator: Simulator) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        assert states[states.index("syncing") :] == ["syncing", "live"]
        until(lambda: len(simulator.seen()["registered"]) == 5)
        number = simulator.place()
        until(lambda: Order.objects.filter(numbers__number=number).exists())
        simulator.press(event="fill", order=number, qty="4", price="179.5")
        until(lambda: Order.objects.filter(numbers__number=number, cum_qty=4).exists())
    fill = Fill.objects.get()
    order = Order.objects.get()
    assert (str(fill.last_qty), fill.last_px, fill.source) == ("4.000000", 179.5, "notice")
    assert (order.account, order.market, order.leaves_qty) == (connected.stock, "US_DAYTIME", 6)
    assert set(NoticeFrame.objects.values_list("epoch", flat=True)) == {StreamLease.objects.get().epoch}
    assert StreamLease.objects.get().holder == ""


@pytest.mark.django_db(transaction=True)
def test_a_broken_line_is_said_and_what_was_missed_is_found_on_return(connected: Desk, simulator: Simulator) -> None:
    with streaming() as states:
        until(lambda: states[-1:] == ["live"])
        number = simulator.place()
        until(lambda: Order.objects.filter(numbers__number=number, status="WORKING").exists())
        before = StreamLease.objects.get().epoch
        simulator.press(fault="drop_notices")
        simulator.press(event="fill", order=number, qty="10")
        simulator.press(fault="close_ws")
        until(lambda: "polling" in states)
        until(lambda: states[-1:] == ["live"] and len(states) > 2)
        until(lambda: Order.objects.filter(numbers__number=number, status="FILLED").exists())
    assert StreamLease.objects.get().epoch > before
    assert Fill.objects.get().source == "gap"
    assert Order.objects.get().account == connected.stock


@pytest.mark.django_db(transaction=True)
def test_while_somebody_else_holds_the_app_keys_slot_it_polls(connected: Desk, simulator: Simulator) -> None:
    simulator.press(fault="slot_held", times=9)
    number = simulator.place()
    with streaming() as states:
        until(lambda: states[-1:] == ["polling"])
        until(lambda: Order.objects.filter(numbers__number=number, account=connected.stock).exists())
    assert "live" not in states
    assert simulator.seen()["faults"] == {"slot_held": 8}, "a held slot is not hammered"


@dataclass(frozen=True)
class Installation:
    """A data folder with `streamnotices` processes on it, read as a file: the test's own database is another."""

    folder: Path

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True, timeout=120)

    def start(self, name: str) -> Program:
        command = [sys.executable, "manage.py", "streamnotices"]
        return start(command, self.folder / f"{name}.log", self.environment, cwd=ROOT)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.folder, 0)

    def holder(self) -> int | None:
        """The process that holds the lease."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3")) as database:
            row = database.execute("SELECT holder FROM orders_streamlease").fetchone()
        return int(row[0].split(":")[1]) if row and row[0] else None


def test_of_two_processes_one_works_and_the_other_takes_over(tmp_path: Path, simulator: Simulator) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(CONNECTIONS.format(rest=simulator.rest, ws=simulator.ws), encoding="utf-8")
    here = Installation(tmp_path)
    here.manage("migrate", "-v0")
    here.manage("connect", str(file))
    programs = [here.start("one"), here.start("two")]
    try:
        until(lambda: simulator.seen()["registered"], seconds=40)
        assert simulator.seen()["connected"] == 1
        first = next(program for program in programs if program.process.pid == here.holder())
        other = next(program for program in programs if program is not first)
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(5) == 0
        until(lambda: here.holder() == other.process.pid)
        until(lambda: simulator.seen()["connected"] == 2 and simulator.seen()["registered"])
        assert other.stop() == 0
    finally:
        for program in programs:
            program.stop()
