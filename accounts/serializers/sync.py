"""Rows of the sync: runs with their counts, steps, and the matrix of accounts and datasets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Max, Q, Sum

from accounts.models import ClientAccount, Dataset, Slot, Snapshot, StepState, SyncRun, SyncStep
from accounts.serializers.values import day, moment

NEVER = "never"
ACCOUNT_DATASETS = (Dataset.BALANCES, Dataset.SETTLEMENTS, Dataset.TRADES, Dataset.ORDERS)


def run_rows(runs: Iterable[SyncRun], steps: Q) -> list[dict[str, Any]]:
    """Rows of runs; `steps` restricts the counts to what the reader may see."""
    found = list(runs)
    counts = _counts([run.pk for run in found], steps)
    return [run_row(run, counts.get(run.pk, {})) for run in found]


def _counts(run_ids: Sequence[int], steps: Q) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    grouped = SyncStep.objects.filter(steps, run_id__in=run_ids).values("run_id", "state")
    for row in grouped.annotate(number=Count("id"), row_sum=Sum("rows")):
        mine = counts.setdefault(row["run_id"], {})
        mine[row["state"]] = row["number"]
        mine["rows"] = mine.get("rows", 0) + (row["row_sum"] or 0)
    return counts


def run_row(run: SyncRun, counts: dict[str, int]) -> dict[str, Any]:
    """One run. `counts`: steps by state, and their rows."""
    by_state = {state.value: counts.get(state.value, 0) for state in StepState}
    return {
        "id": run.pk,
        "slot": run.slot,
        "calendar_date": day(run.calendar_date),
        "state": run.state,
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "counts": {"total": sum(by_state.values()), **by_state, "rows": counts.get("rows", 0)},
    }


def step_row(step: SyncStep) -> dict[str, Any]:
    """One step; its `firm` and `account` are selected with it. The account is null for a firm's account list."""
    return {
        "id": step.pk,
        "broker": step.firm.short_name,
        "broker_name": step.firm.name,
        "account": step.account_id,
        "account_number": step.account.masked_number if step.account else None,
        "account_alias": step.account.alias if step.account else None,
        "dataset": step.dataset,
        "business_date": day(step.business_date),
        "state": step.state,
        "attempt": step.attempt,
        "rows": step.rows,
        "pages": step.pages,
        "changed": step.changed,
        "error_code": step.error_code or None,
        "error": step.error or None,
        "warnings": step.warnings,
        "started_at": moment(step.started_at),
        "finished_at": moment(step.finished_at),
    }


def coverage_rows(accounts: Iterable[ClientAccount]) -> list[dict[str, Any]]:
    """The matrix of accounts and datasets; `firm` is selected with each account."""
    found = list(accounts)
    cells = last_syncs(found)
    return [{"account": _named(account), "cells": cells[account.pk]} for account in found]


def _named(account: ClientAccount) -> dict[str, Any]:
    return {
        "id": account.pk,
        "broker": account.firm.short_name,
        "broker_name": account.firm.name,
        "number": account.masked_number,
        "alias": account.alias,
    }


def last_syncs(accounts: Sequence[ClientAccount]) -> dict[int, dict[str, dict[str, Any]]]:
    """By account id and dataset: how the newest try ended, and from when the published rows are."""
    ids = [account.pk for account in accounts]
    steps, snapshots = _last_steps(ids), _last_snapshots(ids)
    return {
        pk: {
            dataset.value: _cell(steps.get((pk, dataset)), snapshots.get((pk, dataset))) for dataset in ACCOUNT_DATASETS
        }
        for pk in ids
    }


def _last_steps(ids: Sequence[int]) -> dict[tuple[int | None, str], SyncStep]:
    """The newest step of each account and dataset; loading history says nothing about today."""
    steps = SyncStep.objects.filter(account_id__in=ids).exclude(run__slot=Slot.HISTORY)
    newest = steps.values("account_id", "dataset").annotate(newest=Max("id")).values("newest")
    return {(step.account_id, step.dataset): step for step in SyncStep.objects.filter(id__in=newest)}


def _last_snapshots(ids: Sequence[int]) -> dict[tuple[int, str], Snapshot]:
    shown = Snapshot.objects.filter(account_id__in=ids, current=True)
    newest = shown.values("account_id", "dataset").annotate(newest=Max("business_date"))
    wanted = {(row["account_id"], row["dataset"], row["newest"]) for row in newest}
    days = {row[2] for row in wanted}
    return {
        (snapshot.account_id, snapshot.dataset): snapshot
        for snapshot in shown.filter(business_date__in=days)
        if (snapshot.account_id, snapshot.dataset, snapshot.business_date) in wanted
    }


def _cell(step: SyncStep | None, snapshot: Snapshot | None) -> dict[str, Any]:
    business_date = day(snapshot.business_date) if snapshot else None
    return {
        "state": step.state if step else NEVER,
        "as_of": business_date,
        "business_date": business_date,
        "fetched_at": moment(snapshot.verified_at) if snapshot else None,
        "rows": step.rows if step else 0,
        "error": (step.error or None) if step else None,
    }
