"""All three simulated firms behind a real port: paging, dialects, ALL and virtual numbers, over real connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone

from accounts.koscom.simulator import KoscomSimulator
from accounts.koscom.simulator.server import SimulatorServer
from accounts.models import ClientAccount, RunState, Snapshot
from accounts.sync import Ports, SyncRequest, run_due
from tests.accounts.sync_desk import kst, make_firm

pytestmark = pytest.mark.django_db(transaction=True)
SHIFT = kst("2026-11-18 20:35") - timezone.now()


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    server = SimulatorServer(0, KoscomSimulator(7, lambda: timezone.now() + SHIFT))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_three_firms_of_three_dialects_are_complete_in_one_run(server: SimulatorServer) -> None:
    address = f"http://127.0.0.1:{server.port}/v1"
    make_firm("shinhan", base_url=address)
    make_firm("nhinvest", base_url=address, query_number="virtualAccNo")
    make_firm("kiwoom", base_url=address, asset_types=["ALL"])
    result = run_due(SyncRequest(), Ports(now=lambda: timezone.now() + SHIFT))
    assert [str(failure) for failure in result.failures] == []
    assert result.state == RunState.DONE
    active = ClientAccount.objects.filter(contract_status="active")
    assert active.count() > 30
    assert not active.filter(balance=None).exists()
    assert Snapshot.objects.filter(dataset="balances").count() == active.count()
    assert server.simulator.closed_arrivals == []
