"""An account's row: who holds it, what it is worth, and how old that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from accounts import access, clock
from accounts.domain.business_days import TradingCalendar
from accounts.masking import mask_number
from accounts.models import ClientAccount, FirmKind, RunState, Slot, SyncRun
from accounts.serializers.sync import last_syncs
from accounts.serializers.values import day, moment, plain

EVENING_DEADLINE = time(23, 0)
FRESH, STALE, NEVER = "fresh", "stale", "never"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The business date that a fresh balance has at an instant."""

    business_date: date

    @classmethod
    def at(cls, now: datetime) -> Expectation:
        """Until the evening's run is over, at the latest until 23:00 KST, the day before is as fresh as can be."""
        calendar = TradingCalendar()
        current = calendar.business_date(now)
        local = now.astimezone(clock.KST)
        due = local.date() > current or local.time() >= EVENING_DEADLINE or _evening_over(current)
        return cls(current if due else calendar.previous(current))


def _evening_over(day_: date) -> bool:
    over = (RunState.DONE, RunState.DONE_WITH_FAILURES)
    return SyncRun.objects.filter(slot=Slot.EVENING, calendar_date=day_, state__in=over).exists()


def account_rows(accounts: Iterable[ClientAccount]) -> list[dict[str, Any]]:
    """Rows of many accounts in two queries more. The accounts come with `firm` and `balance` selected."""
    found = list(accounts)
    managers = access.managers_of([account.pk for account in found])
    expected = Expectation.at(clock.now())
    return [account_row(account, managers.get(account.pk, []), expected) for account in found]


def account_row(
    account: ClientAccount, managers: list[str] | None = None, expected: Expectation | None = None
) -> dict[str, Any]:
    """One row of `accounts/`. What is not passed in is looked up."""
    if managers is None:
        managers = access.managers_of([account.pk]).get(account.pk, [])
    return {
        "id": account.pk,
        "broker": account.firm.short_name,
        "broker_name": account.firm.name,
        "number": account.masked_number,
        "alias": account.alias,
        "holder_name": account.masked_holder or None,
        "contract_status": account.contract_status,
        "managers": managers,
        **_totals(account),
        "incomplete": account.incomplete,
        "business_date": day(account.business_date),
        "freshness": freshness_of(account, expected),
    }


def _totals(account: ClientAccount) -> dict[str, str | None]:
    return {
        "total_value": plain(account.total_value),
        "net_assets": plain(account.net_assets),
        "securities_value": plain(account.securities_value),
        "cash_value": plain(account.cash_value),
        "profit_loss": plain(account.profit_loss),
        "return_rate": plain(account.return_rate),
    }


def account_detail(account: ClientAccount) -> dict[str, Any]:
    """The row, the masked virtual number, and what became of the last sync of each dataset."""
    virtual = mask_number(account.virtual_number) if account.virtual_number else None
    return account_row(account) | {"virtual_number": virtual, "last_sync": last_syncs([account])[account.pk]}


def freshness_of(account: ClientAccount, expected: Expectation | None = None) -> dict[str, Any]:
    """How old the account's figures are, and whose word they are."""
    return {
        "state": _freshness_state(account, expected),
        "business_date": day(account.business_date),
        "fetched_at": moment(account.balance.verified_at) if account.balance else None,
        "source": "kis" if account.firm.kind == FirmKind.KIS else "koscom",
    }


def _freshness_state(account: ClientAccount, expected: Expectation | None) -> str:
    if account.business_date is None:
        return NEVER
    expected = expected or Expectation.at(clock.now())
    return FRESH if account.business_date >= expected.business_date else STALE
