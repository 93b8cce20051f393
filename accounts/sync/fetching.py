"""One step: ask, check, publish. What goes wrong is raised; the loop decides what it means for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import requests
from django.db import DataError
from django.utils.translation import gettext as _

from accounts.domain.reconcile import Holdings, Movement, Position, is_suspicious_shrink
from accounts.fields import AmountOutOfRange
from accounts.gateway import open_client
from accounts.koscom.client import KoscomClient
from accounts.models import ClientAccount, Dataset, Firm, StepState, Trade
from accounts.sync import quota
from accounts.sync.asking import Inquiry, Patience, StepFailed
from accounts.sync.claims import Claim
from accounts.sync.datasets import (
    AssetTypes,
    Balance,
    Source,
    fetch_balance,
    fetch_orders,
    fetch_settlements,
    fetch_trades,
)
from accounts.sync.listing import publish_accounts
from accounts.sync.pages import PageKeeper
from accounts.sync.publishing import Notes, Stamp, balance_digest, publish_balance, publish_days
from accounts.sync.request import Ports, SyncRequest
from accounts.sync.slots import CALENDAR

ZERO = Decimal(0)


class FirmStopped(Exception):
    """Another process stopped the firm: not one more call."""


@dataclass(frozen=True, slots=True)
class Trip:
    """What one step needs: its claim, the way to its firm, and the means to tell time."""

    claim: Claim
    session: requests.Session
    guard: Callable[[], timedelta]
    types: AssetTypes
    request: SyncRequest
    ports: Ports

    @property
    def now(self) -> datetime:
        """The time that the data is about: the business clock, or the time that a simulator was asked for."""
        return self.request.simulated_at or self.ports.now()

    def before_page(self) -> timedelta:
        """Asked before every page: the window, the lease, the firm, the quota."""
        left = self.guard()
        self.claim.renew(self.ports.wall())
        firm = self.claim.step.firm
        if not Firm.objects.filter(pk=firm.pk, stopped_at=None, active=True).exists():
            raise FirmStopped(firm.short_name)
        quota.spend(firm, self.claim.step.run.slot, self.now)
        return left

    def client(self) -> KoscomClient:
        return open_client(self.claim.step.firm, self.session, guard=self.before_page, now=self.ports.now)

    def inquiry(self) -> Inquiry:
        return Inquiry(PageKeeper(self.claim.step), Patience(self.ports, self.ports.monotonic()))

    def stamp(self) -> Stamp:
        return Stamp(self.now, self.ports.wall(), self.request.by)


def fetch_and_publish(trip: Trip) -> None:
    """Work one claimed step to its end. Raises KoscomError, StepFailed, LeaseLost, QuotaSpent or FirmStopped."""
    inquiry = trip.inquiry()
    try:
        if trip.claim.step.dataset == Dataset.ACCOUNTS:
            _accounts(trip, inquiry)
        elif trip.claim.step.dataset == Dataset.BALANCES:
            _balance(trip, inquiry)
        else:
            _days(trip, inquiry)
    except (AmountOutOfRange, DataError) as error:
        reason = (_("장부에 담을 수 없는 값입니다: %(error)s") % {"error": error}).splitlines()[0]
        inquiry.keeper.quarantine(inquiry.keeper.last, reason)
        raise StepFailed("out_of_range", reason, state=StepState.QUARANTINED) from error


def _accounts(trip: Trip, inquiry: Inquiry) -> None:
    pages = inquiry.ask("accounts", trip.client().accounts)
    listed = [account for kept in pages for account in kept.page.accounts]
    publish_accounts(trip.claim, listed, _notes(inquiry), trip.stamp())


def _balance(trip: Trip, inquiry: Inquiry) -> None:
    source = _source(trip, inquiry)
    balance = fetch_balance(source)
    if inquiry.held_back and not balance.cash and not balance.holdings:
        raise StepFailed("held_back", inquiry.held_back[0], state=StepState.QUARANTINED)
    if _has_shrunk(source.account, trip.claim.step.business_date, balance):
        inquiry.warn(_("거래로 설명되지 않게 보유가 줄어 두 번 조회했습니다."))
        again = fetch_balance(source)
        if balance_digest(again) != balance_digest(balance):
            raise StepFailed("shrunk", _("보유가 크게 줄었는데 다시 조회한 결과가 달라 게시하지 않았습니다."))
    publish_balance(trip.claim, balance, _notes(inquiry), trip.stamp())


def _days(trip: Trip, inquiry: Inquiry) -> None:
    source = _source(trip, inquiry)
    step = trip.claim.step
    since, until = step.since or step.business_date, step.business_date
    if step.dataset == Dataset.SETTLEMENTS:
        days = fetch_settlements(source, CALENDAR.between(since, until))
    elif step.dataset == Dataset.TRADES:
        days = fetch_trades(source, since, until, CALENDAR.is_trading_day)
    else:
        days = fetch_orders(source, until)
    if inquiry.held_back:
        # What is left of such an answer may be nothing, and nothing is no evidence of an empty day.
        days = [day for day in days if day.rows]
    publish_days(trip.claim, days, _notes(inquiry), trip.stamp())


def _source(trip: Trip, inquiry: Inquiry) -> Source:
    account = trip.claim.step.account
    if account is None:
        raise StepFailed("no_account", "the step names no account")
    return Source(account, trip.client(), inquiry, trip.types)


def _notes(inquiry: Inquiry) -> Notes:
    return Notes(inquiry.keeper.count, tuple(inquiry.warnings), tuple(inquiry.held_back))


def _has_shrunk(account: ClientAccount, day: date, balance: Balance) -> bool:
    """Compare with what is shown now; a balance of an older day proves nothing about it."""
    shown = account.balance
    if shown is None or shown.business_date > day:
        return False
    before = _positions(_Held(_key(row), row.quantity, row.market_value) for row in shown.holding_rows.all())
    after = _positions(_Held(_key(row.instrument), row.quantity, row.market_value) for row in balance.holdings)
    return is_suspicious_shrink(before, _movements(account, shown.business_date, day), after)


@dataclass(frozen=True, slots=True)
class _Held:
    key: str
    quantity: Decimal | None
    value: Decimal | None


class _Named(Protocol):
    @property
    def isin(self) -> str | None: ...
    @property
    def short_code(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...


def _key(row: _Named) -> str:
    return row.isin or row.short_code or row.name or ""


def _positions(rows: Iterable[_Held]) -> Holdings:
    """All lots of one instrument are one position."""
    found: dict[str, Position] = {}
    for row in rows:
        held = found.get(row.key, Position(ZERO, ZERO))
        found[row.key] = Position(held.quantity + (row.quantity or ZERO), held.value + (row.value or ZERO))
    return found


def _movements(account: ClientAccount, after: date, until: date) -> list[Movement]:
    trades = Trade.objects.filter(snapshot__account=account, snapshot__current=True, date__gt=after, date__lte=until)
    return [Movement(_key(row) or None, row.quantity_change or ZERO, row.amount_change or ZERO) for row in trades]
