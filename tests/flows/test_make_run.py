"""What `make run` and `make serve` start, as processes: ready, signed in, ended, started again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.portal.running import ROOT, Running, alive, children, environment, press, run, sign_in

READY_AGAIN = 10.0
ENDS_WITHIN = 3.0


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Running]:
    portal = run("serve", tmp_path)
    portal.wait_until_ready()
    yield portal
    portal.program.stop()


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def demo(demo_folder: Path) -> Iterator[Running]:
    portal = run("demo", demo_folder, "--quiet")
    portal.wait_until_ready()
    yield portal
    portal.program.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_within_three_seconds_with_status_zero(serve: Running, number: signal.Signals) -> None:
    status, seconds = serve.end(number)
    assert (status, seconds < ENDS_WITHIN) == (0, True), serve.program.tail()


def test_serve_says_how_to_make_the_first_user(serve: Running) -> None:
    assert "manage.py createsuperuser" in serve.program.tail()


def test_serve_has_no_simulator_page(serve: Running) -> None:
    assert requests.get(f"{serve.url}/simulator/", timeout=10).url.startswith(f"{serve.url}/account/login/")
    assert children(serve.pid) == []


def test_a_second_process_on_the_folder_is_refused_with_the_reason(serve: Running, tmp_path: Path) -> None:
    refused = _start_and_wait("demo", tmp_path, serve.port + 1)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"portal: PORTAL_DATA_DIR: {tmp_path} is in use by 'manage.py serve', process {serve.pid}; stop it first\n"
    )
    assert (tmp_path / "mode").read_text() == "serve\n"


def test_a_port_in_use_is_refused_with_the_reason(serve: Running, tmp_path: Path) -> None:
    refused = _start_and_wait("serve", tmp_path / "other", serve.port)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        2,
        f"portal: port {serve.port} is in use; set PORT to another",
    )


def test_a_malformed_setting_is_refused_in_one_line(tmp_path: Path) -> None:
    refused = _start_and_wait("serve", tmp_path, 8000, PORTAL_CLOCK_SHIFT="soon")
    assert refused.returncode == 2
    assert refused.stderr.startswith("portal: PORTAL_CLOCK_SHIFT: ")


def test_the_printed_sign_ins_work(demo: Running) -> None:
    for username in ("manager", "operations", "compliance"):
        assert f"{username} / mandate-demo-2026\n" in demo.program.tail()
        page = sign_in(demo, username).get(f"{demo.url}/accounts/", timeout=10)
        assert (page.status_code, page.url) == (200, f"{demo.url}/accounts/")


def test_a_wrong_password_opens_nothing(demo: Running) -> None:
    page = sign_in(demo, "manager", "not the password").get(f"{demo.url}/accounts/", timeout=10)
    assert page.url.startswith(f"{demo.url}/account/login/")


def test_the_demo_ends_within_three_seconds_and_leaves_no_process(demo: Running) -> None:
    simulators = children(demo.pid)
    assert len(simulators) == 2
    status, seconds = demo.end()
    assert (status, seconds < ENDS_WITHIN, alive(simulators)) == (0, True, []), demo.program.tail()


def test_a_second_start_is_quick_and_keeps_the_data(demo: Running, demo_folder: Path) -> None:
    before = sign_in(demo, "operations").get(f"{demo.url}/api/v1/accounts/?page_size=500", timeout=10).json()["results"]
    demo.end()
    again = run("demo", demo_folder, "--quiet")
    try:
        again.wait_until_ready(READY_AGAIN)
        after = sign_in(again, "operations").get(f"{again.url}/api/v1/accounts/?page_size=500", timeout=10).json()
        kept = {row["id"] for row in before}
        assert kept
        assert kept <= {row["id"] for row in after["results"]}
    finally:
        again.program.stop()


def test_the_portal_goes_on_without_a_simulator(demo: Running) -> None:
    for simulator in children(demo.pid):
        subprocess.run(["kill", "-9", str(simulator)], check=True)
    demo.program.wait_until(lambda: demo.program.tail().count("the portal goes on without it") == 2)
    assert sign_in(demo, "manager").get(f"{demo.url}/orders/", timeout=10).status_code == 200
    assert demo.end()[0] == 0


def test_no_request_reaches_koscom_when_the_clock_moves_to_noon(tmp_path: Path) -> None:
    demo = run("demo", tmp_path)
    try:
        demo.wait_until_ready()
        demo.program.wait_until(lambda: _history(tmp_path) > 0, timeout=90)
        press(demo, sign_in(demo, "manager"), "clock-1100")
        koscom = json.loads((tmp_path / "simulators.json").read_text())["koscom"]
        asked = requests.get(f"{koscom}/_control", timeout=5).json()
        assert (asked["now"][11:16], asked["closed_arrivals"]) == ("02:00", 0)
        assert asked["total"] > 0
    finally:
        demo.program.stop()


def _history(folder: Path) -> int:
    """How many days of it are in."""
    path = folder / "history.json"
    return int(json.loads(path.read_text())["done"]) if path.exists() else 0


def _start_and_wait(command: str, folder: Path, port: int, **settings: str) -> subprocess.CompletedProcess[str]:
    python = [sys.executable, str(ROOT / "manage.py"), command]
    env = environment(folder, port, **settings)
    return subprocess.run(python, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
