"""One transaction an account and dataset: rows, the pointer that readers follow, the line of the list, audit, event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts import audit, broadcast
from accounts.models import ClientAccount, Dataset, Snapshot, StepState
from accounts.serializers import account_row
from accounts.sync import rows
from accounts.sync.claims import Claim
from accounts.sync.datasets import Balance, Day
from accounts.sync.snapshots import Arrival, newest, place_balance, place_day
from accounts.sync.totals import Totals, totals_of

WARNINGS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the data was fetched (business clock), when it is written (the machine's), and who asked."""

    at: datetime
    wall: datetime
    by: audit.By


@dataclass(frozen=True, slots=True)
class Notes:
    """What the step will say beside its rows."""

    pages: int
    warnings: tuple[str, ...]
    held_back: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """Good rows are published; where some were held back the step is not complete and names them."""
        quarantined = {
            "state": StepState.QUARANTINED,
            "error_code": "held_back",
            "error": "; ".join(dict.fromkeys(self.held_back))[:400],
        }
        outcome = quarantined if self.held_back else {"state": StepState.DONE}
        return {"pages": self.pages, "warnings": list(self.warnings[:WARNINGS_KEPT]), **outcome}


def publish_balance(claim: Claim, balance: Balance, notes: Notes, stamp: Stamp, totals: Totals | None = None) -> bool:
    """Publish one balance. True when it made new rows. Raises LeaseLost, and then nothing is written.

    `totals`: what the source itself says the account is worth; without it the rows are added up.
    """
    step = claim.step
    account = _account_of(claim)
    totals = totals or totals_of(balance, account.firm.foreign_unit)
    arrival = Arrival(
        step=step,
        account=account,
        dataset=Dataset.BALANCES,
        day=step.business_date,
        digest=balance_digest(balance),
        at=stamp.at,
        write=partial(rows.write_balance, balance=balance),
        columns=_snapshot_columns(totals),
    )
    with transaction.atomic():
        count = len(balance.cash) + len(balance.holdings)
        claim.end(rows=count, digest=arrival.digest, finished_at=stamp.at, **notes.columns())
        changed = place_balance(arrival)
        if changed:
            _finish_changed(claim, stamp, count)
        _show(account, newest(arrival), arrival, totals, stamp)
    return changed


def publish_days(claim: Claim, days: list[Day], notes: Notes, stamp: Stamp) -> bool:
    """Publish settlements, trades or orders, each day whole. True when a day changed. Raises LeaseLost."""
    digest = rows.digest_of(row for day in days for row in day.rows)
    count = sum(len(day.rows) for day in days)
    with transaction.atomic():
        claim.end(rows=count, digest=digest, finished_at=stamp.at, **notes.columns())
        changed = [day for day in days if place_day(_arrival_of(claim, day, stamp), day)]
        if changed:
            _finish_changed(claim, stamp, sum(len(day.rows) for day in changed))
    return bool(changed)


def balance_digest(balance: Balance) -> str:
    return rows.digest_of((*balance.cash, *balance.holdings))


def _arrival_of(claim: Claim, day: Day, stamp: Stamp) -> Arrival:
    return Arrival(
        step=claim.step,
        account=_account_of(claim),
        dataset=claim.step.dataset,
        day=day.day,
        digest=rows.digest_of(day.rows),
        at=stamp.at,
        write=partial(rows.write_day, rows=day.rows),
    )


def _snapshot_columns(totals: Totals) -> dict[str, Any]:
    return {"total_value": totals.total_value, "net_assets": totals.net_assets, "incomplete": totals.incomplete}


def _finish_changed(claim: Claim, stamp: Stamp, count: int) -> None:
    step = claim.step
    type(step).objects.filter(pk=step.pk).update(changed=True)
    act = audit.Act(
        "sync.published",
        account=step.account,
        subject=f"{step.dataset} {step.business_date}",
        detail={"step": step.pk, "rows": count},
    )
    audit.record(stamp.by, act)


def _show(account: ClientAccount, shown: Snapshot, arrival: Arrival, totals: Totals, stamp: Stamp) -> None:
    """Move the account's pointer and line, unless a newer day stands there already."""
    if shown.business_date != arrival.day:
        if account.balance_id != shown.pk:
            ClientAccount.objects.filter(pk=account.pk).update(balance=shown)
        return
    columns: dict[str, Any] = {
        "balance": shown,
        "business_date": shown.business_date,
        "total_value": totals.total_value,
        "net_assets": totals.net_assets,
        "securities_value": totals.securities_value,
        "cash_value": totals.cash_value,
        "profit_loss": totals.profit_loss,
        "return_rate": totals.return_rate,
        "incomplete": totals.incomplete,
    }
    ClientAccount.objects.filter(pk=account.pk).update(**columns)
    for name, value in columns.items():
        setattr(account, name, value)
    row = account_row(account)
    version = int(stamp.wall.timestamp() * 1000)
    broadcast.record([broadcast.Change(account, "account", str(account.pk), version, lambda _user: row)])


def _account_of(claim: Claim) -> ClientAccount:
    account = claim.step.account
    if account is None:
        raise ValueError(f"step {claim.step.pk} is about no account")
    return account
