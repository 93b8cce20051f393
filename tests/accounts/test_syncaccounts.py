"""`manage.py syncaccounts`: exit statuses, and every failure named on a line."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import sync
from accounts.koscom import transport
from accounts.koscom.simulator import Fault
from accounts.models import ClientAccount, Firm, SyncRun
from tests.accounts.sync_desk import Desk, SimulatorAdapter, kst, make_firm

pytestmark = pytest.mark.django_db
NUMBER = "0019923122221"


class Shell:
    """Runs the command at a business time, with the simulator in place of the network."""

    def __init__(self, settings: Any, path: Path) -> None:
        self._settings = settings
        self._settings.CLOCK_FILE = path / "clock.json"
        self.desk = Desk(kst("2026-11-18 20:35"))
        self.at("2026-11-18 20:35")

    def at(self, text: str) -> None:
        self.desk.clock.now = kst(text)
        shift = (kst(text) - timezone.now()).total_seconds()
        self._settings.CLOCK_FILE.write_text(json.dumps({"shift_seconds": shift}))

    def run(self, *arguments: str) -> tuple[int, str]:
        out, errors = StringIO(), StringIO()
        try:
            call_command("syncaccounts", *arguments, stdout=out, stderr=errors)
        except SystemExit as ended:
            return int(str(ended.code)), out.getvalue() + errors.getvalue()
        return 0, out.getvalue()

    def refused(self, *arguments: str) -> str:
        with pytest.raises(CommandError) as caught:
            call_command("syncaccounts", *arguments)
        assert caught.value.returncode == 2
        assert self.desk.calls == 0
        return str(caught.value)


@pytest.fixture
def shell(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(settings, tmp_path)

    def adapter(guard: transport.WindowGuard, _total: Any) -> SimulatorAdapter:
        return SimulatorAdapter(shell.desk.simulator, guard, shell.desk)

    monkeypatch.setattr(transport, "GuardedAdapter", adapter)
    firm = make_firm("shinhan")
    ClientAccount.objects.create(firm=firm, number=NUMBER, contract_status="active")
    return shell


def test_all_complete_is_0(shell: Shell) -> None:
    code, said = shell.run("--account", NUMBER, "--dataset", "balances")
    assert (code, said) == (0, "run 1: 1 steps complete, 0 not\n".replace("run 1", f"run {SyncRun.objects.get().pk}"))


def test_failures_are_1_each_named_with_a_masked_number_and_an_id(shell: Shell) -> None:
    shell.desk.simulator.faults.add(Fault("expired_account", times=None))
    code, said = shell.run("--account", NUMBER)
    pk = ClientAccount.objects.get().pk
    lines = said.splitlines()[1:]
    assert code == 1
    assert len(lines) == 4
    assert all(line.startswith(f"shinhan 0019*******21 (id {pk}) ") for line in lines)
    assert NUMBER not in said


@pytest.mark.parametrize("at", ["2026-11-18 08:30", "2026-11-18 12:00", "2026-11-18 15:59", "2026-11-21 12:00"])
def test_a_closed_window_is_3_and_no_request_was_sent(shell: Shell, at: str) -> None:
    shell.at(at)
    code, said = shell.run()
    assert (code, shell.desk.calls) == (3, 0)
    assert "16:00 KST" in said


def test_an_unknown_firm_is_2_and_the_known_ones_are_named(shell: Shell) -> None:
    assert shell.refused("--broker", "nobody") == "no firm 'nobody'; known: shinhan"


def test_an_unknown_account_is_2(shell: Shell) -> None:
    assert "no account 9999*******99" in shell.refused("--account", "9999999999999")
    Firm.objects.create(name="다른", short_name="other")
    assert "no account" in shell.refused("--account", NUMBER, "--broker", "other")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2026-11-12", "--to", "2026-11-10"),
        ("--from", "2027-01-04"),
        ("--from", "2026-11-12", "--dataset", "balances"),
    ],
)
def test_a_span_that_makes_no_sense_is_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.refused(*arguments)


@pytest.mark.parametrize("arguments", [("--from", "yesterday"), ("--dataset", "dreams")])
def test_an_argument_that_cannot_be_read_is_refused(shell: Shell, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("syncaccounts", *arguments)


def test_missed_days_are_a_run_of_their_own(shell: Shell) -> None:
    code, _ = shell.run("--from", "2026-11-12", "--to", "2026-11-13", "--account", NUMBER)
    run = SyncRun.objects.get()
    assert (code, run.slot) == (0, "manual")
    assert run.steps.filter(dataset="orders").count() == 2
    assert f"{run.steps.get(dataset='trades').since}" == "2026-11-12"


def test_a_named_firm_is_released_and_fetched_again(shell: Shell) -> None:
    Firm.objects.update(stopped_at=timezone.now(), stopped_reason="2003")
    assert shell.run("--dataset", "balances")[0] == 1
    assert shell.run("--dataset", "balances", "--broker", "shinhan")[0] == 0
    assert sync.window_state(kst("2026-11-18 20:35")).open
