"""The demo's page of buttons: what each tells, to whom, and where the clock goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone

from accounts.clock import KST
from accounts.koscom.simulator import faults as koscom_faults
from accounts.models import User
from orders.kis.simulator import faults as kis_faults
from orders.kis.simulator.control import events
from portal.views.simulator import next_time
from portal.views.simulator_controls import CONTROLS
from tests import factories as make
from tests.markup import elements
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


def test_there_is_no_simulator_page_outside_the_demo(manager: User) -> None:
    client = signed_in(manager)
    assert client.get("/simulator/").status_code == 404
    assert client.post("/simulator/", {"control": "clock-1005"}).status_code == 404


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Path:
    settings.DEMO = True
    settings.DATA_DIR, settings.CLOCK_FILE = tmp_path, tmp_path / "clock.json"
    return tmp_path


@pytest.fixture
def simulators(demo: Path) -> Iterator[list[dict[str, Any]]]:
    """The control addresses of both simulators: what they were told, in order."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(400 if told[-1].get("fault") == "html" else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    (demo / "simulators.json").write_text(json.dumps({"koscom": address, "kis": address}))
    yield told
    server.shutdown()
    server.server_close()


def test_the_simulator_page_has_a_button_for_everything(demo: Path, manager: User) -> None:
    html = signed_in(manager).get("/simulator/").content.decode()
    names = {one.attributes["value"] for one in elements(html, "value") if one.attributes.get("name") == "control"}
    assert names == set(CONTROLS)


def test_every_fault_and_event_that_the_simulators_know_has_its_button() -> None:
    said = [(one.target, one.says) for one in CONTROLS.values()]
    faults = {(target, says["fault"]) for target, says in said if "fault" in says}
    assert {name for target, name in faults if target == "koscom"} == set(koscom_faults.KNOWN_FAULTS)
    assert {name for target, name in faults if target == "kis"} == set(kis_faults.KNOWN)
    assert {says["event"] for _, says in said if "event" in says} == set(events.EVENTS)


def test_a_button_tells_its_simulator(simulators: list[dict[str, Any]], manager: User) -> None:
    client = signed_in(manager)
    client.post("/simulator/", {"control": "event-fill", "order": "", "qty": "10"})
    client.post("/simulator/", {"control": "koscom-firm_down", "firm": "shinhan", "times": "2"})
    client.post("/simulator/", {"control": "kis-clear"})
    assert simulators == [
        {"event": "fill", "qty": "10"},
        {"fault": "firm_down", "firm": "shinhan", "times": 2},
        {"clear": True},
    ]


@pytest.mark.parametrize("values", [{"control": "kis-html"}, {"control": "kis-html", "times": "many"}])
def test_what_a_simulator_does_not_take_is_said(
    simulators: list[dict[str, Any]], manager: User, values: dict[str, str]
) -> None:
    response = signed_in(manager).post("/simulator/", values, follow=True)
    assert "실행하지 못했습니다" in response.content.decode()


def test_an_unknown_button_is_404(demo: Path, manager: User) -> None:
    assert signed_in(manager).post("/simulator/", {"control": "explode"}).status_code == 404


def test_nothing_is_told_to_another_machine(demo: Path, manager: User) -> None:
    (demo / "simulators.json").write_text(json.dumps({"kis": "http://192.0.2.1:9", "koscom": ""}))
    response = signed_in(manager).post("/simulator/", {"control": "kis-clear"}, follow=True)
    assert "실행하지 못했습니다" in response.content.decode()


def test_the_clock_moves_by_a_file_that_all_processes_read(demo: Path, manager: User) -> None:
    signed_in(manager).post("/simulator/", {"control": "clock-1005"})
    seconds = json.loads((demo / "clock.json").read_text())["shift_seconds"]
    moved = (timezone.now() + timedelta(seconds=seconds)).astimezone(KST)
    assert moved.strftime("%H:%M") == "10:05"
    assert seconds > 0


@pytest.mark.parametrize(
    ("now", "at", "then"),
    [
        ("2026-11-20 20:25", time(10, 5), "2026-11-23 10:05"),  # Friday evening to Monday
        ("2026-11-20 09:00", time(10, 5), "2026-11-20 10:05"),
        ("2026-11-20 20:25", time(6, 35), "2026-11-21 06:35"),  # the morning after a trading day
        ("2026-11-21 07:00", time(6, 35), "2026-11-24 06:35"),
        ("2026-11-20 20:25", time(20, 25), "2026-11-23 20:25"),
    ],
)
def test_the_clock_moves_onwards_alone(now: str, at: time, then: str) -> None:
    moved = next_time(datetime.fromisoformat(now).replace(tzinfo=KST), at)
    assert moved.strftime("%Y-%m-%d %H:%M") == then
