"""The firm's account list -> client accounts. Who is missing from it keeps the state that was last said."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts import audit
from accounts.koscom.codes import ContractStatus
from accounts.koscom.schemas import Account
from accounts.models import ClientAccount
from accounts.models.accounts import normalised
from accounts.sync.claims import Claim
from accounts.sync.publishing import Notes, Stamp

# One number can stand in the list twice, under an old contract and the present one.
_RANK = {ContractStatus.ACTIVE: 0, None: 1, ContractStatus.EXPIRED: 2, ContractStatus.TERMINATED: 3}
_CODES = {ContractStatus.ACTIVE: "0", ContractStatus.TERMINATED: "1", ContractStatus.EXPIRED: "2", None: ""}


def publish_accounts(claim: Claim, listed: Iterable[Account], notes: Notes, stamp: Stamp) -> None:
    """Add and update accounts, in one transaction. Raises LeaseLost, and then nothing is written."""
    rows = _one_a_number(listed)
    firm = claim.step.firm
    with transaction.atomic():
        claim.end(rows=len(rows), finished_at=stamp.at, **notes.columns())
        known = {normalised(account.number): account for account in ClientAccount.objects.filter(firm=firm)}
        for number, row in rows.items():
            account = known.get(number) or ClientAccount(firm=firm, number=row.number)
            _take_over(account, row, stamp)


def _one_a_number(listed: Iterable[Account]) -> dict[str, Account]:
    best: dict[str, Account] = {}
    for row in listed:
        number = normalised(row.number)
        if number not in best or _RANK[row.contract_status] < _RANK[best[number].contract_status]:
            best[number] = row
    return best


def _take_over(account: ClientAccount, row: Account, stamp: Stamp) -> None:
    before = None if account.pk is None else account.contract_status
    is_new = account.pk is None
    account.holder_name = row.holder_name or account.holder_name
    account.virtual_number = row.virtual_number or account.virtual_number
    account.contract_status = row.contract_status
    account.contract_code = _CODES[row.contract_status]
    account.last_listed_at = stamp.at
    account.save()
    if is_new or before != account.contract_status:
        _record(account, before, stamp)


def _record(account: ClientAccount, before: str | None, stamp: Stamp) -> None:
    detail = {"before": before, "after": account.contract_status}
    audit.record(stamp.by, audit.Act("account.listed", account=account, subject=str(account), detail=detail))
