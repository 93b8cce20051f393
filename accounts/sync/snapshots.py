"""Where an answer goes: into a new snapshot, or into the days that an equal one covers already.

A balance snapshot covers the trading days from `valid_from` to `business_date`, each of them verified; a day that
nobody verified stays a gap. Days arrive in any order: a history is loaded newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import ClientAccount, Dataset, Snapshot, SyncStep
from accounts.sync import rows
from accounts.sync.datasets import Day
from accounts.sync.slots import CALENDAR


@dataclass(frozen=True, slots=True)
class Arrival:
    """An answer about one day, as of when it was fetched; `write` puts its rows under a new snapshot."""

    step: SyncStep
    account: ClientAccount
    dataset: str
    day: date
    digest: str
    at: datetime
    write: Callable[[Snapshot], None]
    columns: Mapping[str, Any] = field(default_factory=dict)


def place_day(arrival: Arrival, day: Day) -> bool:
    """Replace the day whole, unless it says what it said before. True when something changed."""
    present = _current(arrival).filter(valid_from=day.day).first()
    if present is None:
        if day.only_news and not day.rows:
            return False
        _insert(arrival)
        return True
    if day.stray:
        return False
    if present.digest == arrival.digest:
        _verify(present, arrival)
        return False
    Snapshot.objects.filter(pk=present.pk).update(current=False)
    _insert(arrival)
    return True


def place_balance(arrival: Arrival) -> bool:
    """Let the answer stand for its day. True when it made new rows."""
    day = arrival.day
    covering = _current(arrival).filter(valid_from__lte=day, business_date__gte=day).first()
    if covering is not None:
        if covering.digest == arrival.digest:
            _verify(covering, arrival)
            return False
        _cut_out(covering, day)
    elif _extend(arrival):
        return False
    _insert(arrival)
    return True


def newest(arrival: Arrival) -> Snapshot:
    """The snapshot of the newest day, which readers are shown."""
    return _current(arrival).order_by("-business_date")[0]


def _current(arrival: Arrival) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(account=arrival.account, dataset=arrival.dataset, current=True)


def _insert(arrival: Arrival) -> None:
    snapshot = Snapshot.objects.create(
        account=arrival.account,
        dataset=arrival.dataset,
        step=arrival.step,
        valid_from=arrival.day,
        business_date=arrival.day,
        fetched_at=arrival.at,
        verified_at=arrival.at,
        digest=arrival.digest,
        **arrival.columns,
    )
    arrival.write(snapshot)


def _verify(snapshot: Snapshot, arrival: Arrival) -> None:
    if arrival.at > snapshot.verified_at:
        Snapshot.objects.filter(pk=snapshot.pk).update(verified_at=arrival.at)


def _extend(arrival: Arrival) -> bool:
    """Lengthen the equal snapshot of the trading day before, or of the one after, by this day."""
    equal = _current(arrival).filter(digest=arrival.digest)
    before = equal.filter(business_date=CALENDAR.previous(arrival.day)).first()
    if before is not None:
        Snapshot.objects.filter(pk=before.pk).update(business_date=arrival.day)
        _verify(before, arrival)
        return True
    after = equal.filter(valid_from=CALENDAR.next(arrival.day))
    return bool(after.update(valid_from=arrival.day))


def _cut_out(covering: Snapshot, day: date) -> None:
    """Take one day out of the days that a snapshot covers; the days after it get a snapshot of their own."""
    starts, ends = covering.valid_from, covering.business_date
    if starts == ends:
        Snapshot.objects.filter(pk=covering.pk).update(current=False)
    elif day == starts:
        Snapshot.objects.filter(pk=covering.pk).update(valid_from=CALENDAR.next(day))
    else:
        Snapshot.objects.filter(pk=covering.pk).update(business_date=CALENDAR.previous(day))
        if day < ends:
            _tail(covering, CALENDAR.next(day), ends)


def _tail(covering: Snapshot, starts: date, ends: date) -> None:
    tail = Snapshot.objects.create(
        account_id=covering.account_id,
        dataset=Dataset.BALANCES,
        step_id=covering.step_id,
        valid_from=starts,
        business_date=ends,
        fetched_at=covering.fetched_at,
        verified_at=covering.verified_at,
        digest=covering.digest,
        total_value=covering.total_value,
        net_assets=covering.net_assets,
        incomplete=covering.incomplete,
    )
    rows.copy_balance(covering, tail)
