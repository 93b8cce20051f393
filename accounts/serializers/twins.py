"""One account as two sources see it, side by side: the firm's nightly balance and the broker's own."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from accounts.models import ClientAccount, Holding, Snapshot
from accounts.serializers.accounts import freshness_of
from accounts.serializers.values import plain


def twin_body(mine: Snapshot | None, other: ClientAccount, its: Snapshot | None) -> dict[str, Any]:
    """The other source's account, and a row a holding: its quantity here and there, and whether they differ."""
    here, there = _quantities(mine), _quantities(its)
    keys = sorted({**here, **there}, key=lambda key: (key in here and key in there, key))
    rows = [_row(key, here.get(key), there.get(key)) for key in keys]
    return {
        "id": other.pk,
        "broker_name": other.firm.name,
        "freshness": freshness_of(other),
        "rows": rows,
        "differing": sum(row["differs"] for row in rows),
    }


def _quantities(snapshot: Snapshot | None) -> dict[str, tuple[str, Decimal | None]]:
    """By code: name and quantity. A code may stand in several rows, split by credit."""
    return _summed(snapshot.holding_rows.all()) if snapshot is not None else {}


def _summed(rows: Iterable[Holding]) -> dict[str, tuple[str, Decimal | None]]:
    found: dict[str, tuple[str, Decimal | None]] = {}
    for row in rows:
        key = (row.short_code or row.isin or row.name or "").upper()
        before = found[key][1] if key in found else Decimal(0)
        total = None if before is None or row.quantity is None else before + row.quantity
        found[key] = (row.name or row.short_code or "", total)
    return found


def _row(key: str, here: tuple[str, Decimal | None] | None, there: tuple[str, Decimal | None] | None) -> dict[str, Any]:
    name = (here or there or ("", None))[0]
    mine, its = here[1] if here else None, there[1] if there else None
    return {
        "code": key,
        "name": name,
        "here": plain(mine),
        "there": plain(its),
        "difference": plain(mine - its) if mine is not None and its is not None else None,
        "differs": mine != its,
    }
