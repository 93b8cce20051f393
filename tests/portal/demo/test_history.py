"""The history comes in by the sync's own step, newest day first, and never while the window is closed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts import clock, sync
from accounts.clock import KST
from accounts.models import ClientAccount, Slot, Snapshot, SyncRun
from portal.demo.history import History
from portal.demo.progress import Progress, progress, tell
from portal.demo.simulators import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[3]
EVENING = datetime(2026, 11, 20, 20, 25, tzinfo=KST)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KST)
FIRM = """
[[koscom]]
name = "키움증권"
short_name = "kiwoom"
base_url = "{address}/v1"
com_id = "F9999"
srv_id = "100"
api_key = "demo-kiwoom"
api_secret = "demo-secret"
asset_types = ["ALL"]
"""


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR, settings.CLOCK_FILE = tmp_path, tmp_path / "clock.json"
    set_clock(tmp_path, EVENING)
    return tmp_path


@pytest.fixture
def koscom(folder: Path) -> Iterator[str]:
    """The address of a simulator with one firm declared and its accounts listed."""
    arguments = ["accounts.koscom.simulator", "--port", "0", "--seed", "7", "--clock-file", str(folder / "clock.json")]
    simulator = Simulator("Koscom", arguments, ROOT)
    address = f"http://127.0.0.1:{simulator.wait_for_ports()[0]}"
    (folder / "firm.toml").write_text(FIRM.format(address=address), encoding="utf-8")
    call_command("connect", str(folder / "firm.toml"), verbosity=0)
    yield address
    simulator.end()
    simulator.watcher.join(5)


def set_clock(folder: Path, business: datetime) -> None:
    shift = (business - timezone.now()).total_seconds()
    (folder / "clock.json").write_text(json.dumps({"shift_seconds": shift}))


def test_the_days_before_today_are_loaded_newest_first(koscom: str) -> None:
    sync.run_due(sync.SyncRequest(dataset="accounts"))
    History(clock.now, threading.Event(), timedelta(days=4)).load()
    loaded = SyncRun.objects.filter(slot=Slot.HISTORY).order_by("id").values_list("calendar_date", flat=True)
    assert list(loaded) == [date(2026, 11, 19), date(2026, 11, 18), date(2026, 11, 17), date(2026, 11, 16)]
    account = ClientAccount.objects.exclude(balance=None).first()
    assert account is not None
    assert account.business_date == date(2026, 11, 19)
    assert Snapshot.objects.filter(account=account).count() > 1
    assert progress() is None


def test_a_second_load_asks_nothing_again(koscom: str) -> None:
    sync.run_due(sync.SyncRequest(dataset="accounts"))
    History(clock.now, threading.Event(), timedelta(days=1)).load()
    before = requests.get(f"{koscom}/_control", timeout=5).json()["total"]
    History(clock.now, threading.Event(), timedelta(days=1)).load()
    assert requests.get(f"{koscom}/_control", timeout=5).json()["total"] == before


def _load_and_close(history: History) -> None:
    history.load()
    connections.close_all()


def test_no_history_is_asked_for_in_the_closed_window(koscom: str, folder: Path) -> None:
    sync.run_due(sync.SyncRequest(dataset="accounts"))
    before = requests.get(f"{koscom}/_control", timeout=5).json()["total"]
    set_clock(folder, NOON)
    stop = threading.Event()
    loading = threading.Thread(target=_load_and_close, args=(History(clock.now, stop, timedelta(days=1)),))
    loading.start()
    loading.join(1)
    assert loading.is_alive()
    stop.set()
    loading.join(10)
    shown = requests.get(f"{koscom}/_control", timeout=5).json()
    assert (shown["total"], shown["closed_arrivals"]) == (before, 0)
    assert not SyncRun.objects.filter(slot=Slot.HISTORY).exists()


def test_pages_are_told_of_progress_until_it_is_over(folder: Path) -> None:
    assert progress() is None
    tell(Progress(3, 244))
    assert progress() == Progress(3, 244)
    tell(Progress(244, 244))
    assert progress() is None
