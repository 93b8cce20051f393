"""The product's commands as processes of their own, against the vendor's sample answers on a port of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from tests.accounts.sync_desk import kst
from tests.flows.vendor_samples import SampleServer, serve_samples

ROOT = Path(__file__).parents[2]
FILE = """
[[koscom]]
name = "신한투자증권"
short_name = "shinhan"
base_url = "{address}"
com_id = "F9999"
srv_id = "100"
api_key = "env:SAMPLE_KEY"
api_secret = "secret"

[[manager]]
username = "kim"
accounts = ["shinhan:0019923122221"]
"""


class Portal:
    """A data folder of its own, and a business clock for every command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, at: datetime | None = None) -> subprocess.CompletedProcess[str]:
        settings = {"PORTAL_DATA_DIR": str(self.folder / "data"), "SAMPLE_KEY": "key", "PATH": os.environ["PATH"]}
        if at is not None:
            settings["PORTAL_CLOCK_SHIFT"] = str((at - timezone.now()).total_seconds())
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def samples() -> Iterator[SampleServer]:
    with serve_samples() as server:
        yield server


@pytest.fixture
def portal(samples: SampleServer, tmp_path: Path) -> Portal:
    portal = Portal(tmp_path)
    assert portal.run("migrate", "-v0").returncode == 0
    file = tmp_path / "connections.toml"
    file.write_text(FILE.format(address=samples.address), encoding="utf-8")
    declared = portal.run("connect", str(file))
    assert (declared.returncode, declared.stderr) == (0, "")
    return portal


def test_an_evening_of_2017_a_noon_and_a_second_evening(samples: SampleServer, portal: Portal) -> None:
    noon = portal.run("syncaccounts", at=kst("2017-06-27 12:00"))
    assert (noon.returncode, samples.asked.total()) == (3, 0)

    first = portal.run("syncaccounts", at=kst("2017-06-27 20:35"))
    lines = first.stdout.splitlines()
    assert (first.returncode, len(lines)) == (1, 2)
    assert "4 steps complete, 1 not" in lines[0]
    assert lines[1].startswith("shinhan 0019*******21 (id ")
    assert "orders 2017-06-27 quarantined: orderDetailList.orderDetail[0]: 다른 계좌 001-0*-*******32" in lines[1]

    asked = samples.asked.total()
    second = portal.run("syncaccounts", at=kst("2017-06-27 20:40"))
    assert second.returncode == 1
    assert samples.asked.total() - asked == samples.asked["orderdetail"] // 2


def test_a_shifted_clock_is_refused_beside_a_gateway_elsewhere(portal: Portal) -> None:
    file = portal.folder / "elsewhere.toml"
    file.write_text(FILE.format(address="https://gateway.example.org/v1"), encoding="utf-8")
    assert portal.run("connect", str(file)).returncode == 0
    shifted = portal.run("syncaccounts", at=kst("2017-06-27 20:35"))
    assert shifted.returncode != 0
    assert "not on loopback" in shifted.stderr
