"""Reading the lists of whole accounts: what was missed comes in, and the books that differ are named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import ClientAccount
from orders import inquiries
from orders.models import KisAccount, Order
from orders.reconciliation.judging import settle


@dataclass(frozen=True, slots=True)
class Break:
    """Books that do not agree: whose, and what differs."""

    account: ClientAccount
    text: str


def sweep(accounts: Iterable[KisAccount]) -> list[Break]:
    """Read all lists of each account, those with open orders first, and name the books that differ."""
    rows = sorted(accounts, key=lambda row: (not _has_open(row.account), row.pk))
    breaks: list[Break] = []
    for row in rows:
        if not _read(row.account):
            row.refresh_from_db()
            breaks.append(Break(row.account, row.inquiry_error or "no answer"))
        breaks.extend(_alarms(row.account))
    return breaks


def _read(account: ClientAccount) -> bool:
    """A sweep is evidence for the commands that wait as well."""
    read = inquiries.inquire(account)
    if read is not None:
        settle(read)
    return read is not None


def _has_open(account: ClientAccount) -> bool:
    return Order.objects.filter(account=account).open().exists()


def _alarms(account: ClientAccount) -> list[Break]:
    differing = Order.objects.filter(account=account, merged_into=None).exclude(alarm="")
    waiting = Order.objects.filter(account=account, merged_into=None, alarm="").exclude(differs_since=None)
    return [Break(account, f"order {order.pk}: {order.alarm}") for order in differing] + [
        Break(account, f"order {order.pk}: fills differ since {order.differs_since}") for order in waiting
    ]
