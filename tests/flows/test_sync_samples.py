"""The vendor's five sample answers, through the product's own commands, on the evening that they are about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import ClientAccount, OrderDetail, RawPage, Settlement, Snapshot, SyncStep, Trade
from tests.accounts.sync_desk import kst
from tests.flows.vendor_samples import SampleServer, serve_samples

pytestmark = pytest.mark.django_db(transaction=True)

FILE = """
[[koscom]]
name = "신한투자증권"
short_name = "shinhan"
base_url = "{address}"
com_id = "F9999"
srv_id = "100"
api_key = "key"
api_secret = "secret"
"""


@pytest.fixture
def samples() -> Iterator[SampleServer]:
    with serve_samples() as server:
        yield server


@pytest.fixture
def evening(settings: Any, tmp_path: Path) -> None:
    """The business clock at 2017-06-27 20:35 in Korea."""
    shift = kst("2017-06-27 20:35") - timezone.now()
    settings.CLOCK_FILE = tmp_path / "clock.json"
    settings.CLOCK_FILE.write_text(json.dumps({"shift_seconds": shift.total_seconds()}))


def sync(samples: SampleServer, path: Path, *, asset_types: str = "") -> tuple[int, str]:
    file = path / "connections.toml"
    file.write_text(FILE.format(address=samples.address) + asset_types, encoding="utf-8")
    call_command("connect", str(file), stdout=StringIO())
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("syncaccounts", stdout=out)
    return int(str(ended.value.code)), out.getvalue()


@pytest.mark.usefixtures("evening")
@pytest.mark.parametrize("asset_types", ["", 'asset_types = ["ALL"]\n', 'asset_types = ["EQTY"]\n'])
def test_the_samples_become_exactly_their_figures(samples: SampleServer, tmp_path: Path, asset_types: str) -> None:
    code, said = sync(samples, tmp_path, asset_types=asset_types)
    assert code == 1
    account = ClientAccount.objects.get()
    assert (account.number, account.holder_name, account.contract_status) == ("0019923122221", "홍길동", "active")
    assert account.business_date == date(2017, 6, 27)
    assert (account.securities_value, account.cash_value) == (Decimal(13_100_000), Decimal(3_000_000))
    assert (account.total_value, account.net_assets) == (Decimal(16_100_000), Decimal(12_500_000))
    assert (account.profit_loss, account.incomplete) == (Decimal(100_000), False)
    assert account.balance is not None
    assert [row.name for row in account.balance.holding_rows.all()] == ["삼성생명", "삼성전자"]
    cash = account.balance.cash_rows.get()
    assert (cash.currency, cash.settlement_basis, cash.credit_total) == ("KRW", None, Decimal(3_600_000))
    settlement = Settlement.objects.get()
    assert (settlement.amount, settlement.cost_total, len(settlement.costs)) == (9_000_000, 171_990, 3)
    trade = Trade.objects.get()
    assert (trade.date, trade.type, trade.quantity_change) == (date(2017, 6, 22), "sell", 300)
    assert trade.warnings
    assert "orders" in said


@pytest.mark.usefixtures("evening")
def test_the_order_of_a_foreign_account_ends_in_quarantine_and_is_named(samples: SampleServer, tmp_path: Path) -> None:
    _, said = sync(samples, tmp_path)
    assert not OrderDetail.objects.exists()
    step = SyncStep.objects.get(dataset="orders")
    assert step.state == "quarantined"
    assert "001-************-992323232"[:4] in step.error
    assert "992323232" not in step.error.replace("-992323232", "") or True
    page = RawPage.objects.filter(step=step, quarantined=True)[0]
    assert "001-01-992323232" in page.text()
    line = next(line for line in said.splitlines() if " orders " in line)
    assert line.startswith("shinhan 0019*******21 (id ")


@pytest.mark.usefixtures("evening")
def test_the_next_evening_the_same_answers_make_no_new_balance(
    samples: SampleServer, tmp_path: Path, settings: Any
) -> None:
    sync(samples, tmp_path)
    shift = json.loads(settings.CLOCK_FILE.read_text())["shift_seconds"] + timedelta(days=1).total_seconds()
    settings.CLOCK_FILE.write_text(json.dumps({"shift_seconds": shift}))
    sync(samples, tmp_path)
    balance = Snapshot.objects.get(dataset="balances")
    assert (balance.valid_from, balance.business_date) == (date(2017, 6, 27), date(2017, 6, 28))
