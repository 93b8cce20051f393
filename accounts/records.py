"""Questions about client data that pages and API ask alike: which accounts, which balance, which rows.

Everything starts at `access` or at an account that came from it; rows are read through current snapshots alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import DateField, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts import access
from accounts.fields import blind_index
from accounts.models import (
    ClientAccount,
    Dataset,
    FirmKind,
    OrderDetail,
    Settlement,
    Slot,
    Snapshot,
    SyncRun,
    SyncStep,
    Trade,
)
from accounts.models.accounts import normalised


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Filters of the account list; empty text filters nothing. `search`: a full number, or a part of an alias."""

    search: str = ""
    broker: str = ""
    status: str = ""


def accounts(user: access.Viewer, asked: AccountQuery) -> QuerySet[ClientAccount]:
    found = access.visible_accounts(user).select_related("firm", "balance")
    if asked.search:
        index = blind_index(normalised(asked.search))
        found = found.filter(Q(number_index=index) | Q(alias__icontains=asked.search))
    if asked.broker:
        found = found.filter(firm__short_name=asked.broker)
    if asked.status:
        found = found.filter(contract_status=asked.status)
    return found


def synced_accounts(user: access.Viewer) -> QuerySet[ClientAccount]:
    """The accounts that the nightly sync asks for; those at KIS are told of by its own feed."""
    return access.visible_accounts(user).filter(firm__kind=FirmKind.KOSCOM).select_related("firm")


def balance(account: ClientAccount, on: date | None) -> Snapshot | None:
    """The published balance, or the one whose days cover `on`."""
    rows = Snapshot.objects.prefetch_related("cash_rows", "holding_rows")
    if on is None:
        return rows.filter(pk=account.balance_id).first() if account.balance_id is not None else None
    covering = rows.filter(account=account, dataset=Dataset.BALANCES, current=True, valid_from__lte=on)
    return covering.filter(business_date__gte=on).order_by("-valid_from").first()


def twin_of(account: ClientAccount, user: access.Viewer) -> ClientAccount | None:
    """The same client account at the other source, if this person may see it."""
    seen = access.visible_accounts(user).select_related("firm", "balance")
    return seen.filter(Q(pk=account.twin_id) | Q(twin=account)).first()


def settlements(account: ClientAccount, since: date | None) -> QuerySet[Settlement]:
    """By day of settlement, in `settles`; a row without one counts as settling last. `since`: that day or later."""
    settles = Coalesce("settle_date", Value(date.max), output_field=DateField())
    rows = Settlement.objects.filter(snapshot__in=_current(account, Dataset.SETTLEMENTS)).annotate(settles=settles)
    if since is not None:
        rows = rows.filter(settles__gte=since)
    return rows.order_by("settles", "id")


def trades(account: ClientAccount, start: date | None, end: date | None) -> QuerySet[Trade]:
    rows = Trade.objects.filter(snapshot__in=_current(account, Dataset.TRADES))
    if start is not None:
        rows = rows.filter(date__gte=start)
    if end is not None:
        rows = rows.filter(date__lte=end)
    return rows.order_by("-date", "position", "id")


def order_details(account: ClientAccount, on: date | None) -> QuerySet[OrderDetail]:
    """The orders of a day, of the newest one by default, with their executions."""
    snapshots = _current(account, Dataset.ORDERS)
    day = on or snapshots.aggregate(newest=Max("business_date"))["newest"]
    rows = OrderDetail.objects.filter(snapshot__in=snapshots.filter(business_date=day))
    return rows.prefetch_related("execution_rows").order_by("position", "id")


def runs() -> QuerySet[SyncRun]:
    return SyncRun.objects.order_by("-started_at", "-id")


def nightly_runs() -> QuerySet[SyncRun]:
    """The runs that ask the firms for today: neither a loaded history nor the balances that KIS gives."""
    return runs().exclude(slot__in=(Slot.HISTORY, Slot.KIS))


def visible_steps(user: access.Viewer) -> Q:
    """The steps that a person may know of: those of their accounts, and the account lists of firms."""
    return Q(account__in=access.visible_accounts(user)) | Q(account=None)


def steps(run: SyncRun, user: access.Viewer) -> QuerySet[SyncStep]:
    return run.steps.filter(visible_steps(user)).select_related("firm", "account__firm").order_by("id")


def _current(account: ClientAccount, dataset: Dataset) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(account=account, dataset=dataset, current=True)
