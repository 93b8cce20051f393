"""The daily proof that a kill switch would find every open order: its lists against the broker's. Nothing is sent.

For each account the broker's lists are read, and what is open there is compared with what the switch would list, first
for the account, then for every scope that could be engaged. What changed while it was read is no difference.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction

from accounts import access, audit, clock
from accounts.models import Assignment, Role
from orders import chains, inquiries, switches
from orders.domain import accounting
from orders.domain.events import Family, OrderReport, ReportStatus
from orders.models import KisAccount, MarketGroup, Order, Rehearsal, RehearsalSchedule, SwitchScope
from orders.models.switches import group_of
from orders.permissions import sessions
from orders.switches import Target

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=30)  # one that differed, or whose process died, is done again
LATE_AFTER = timedelta(minutes=30)
SYSTEM = audit.By.system("rehearsal")
Difference = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Look:
    """One account at one moment: what the broker shows as open, by our rows; what we do not know; what is listed."""

    row: KisAccount
    asked_at: datetime
    at_broker: dict[int, MarketGroup] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    listed: frozenset[int] = frozenset()

    @property
    def agrees(self) -> bool:
        return not self.unknown and self.listed == frozenset(self.at_broker)


def is_due(now: datetime) -> bool:
    """Whether today's rehearsal has to begin: its time has come and none of today agreed or is under way."""
    schedule = RehearsalSchedule.objects.filter(enabled=True).first()
    if schedule is None or now < _starts(schedule.starts_at, now) or not _accounts().exists():
        return False
    row = Rehearsal.objects.filter(day=_day(now)).first()
    return row is None or _may_repeat(row, now)


def is_late(now: datetime) -> bool:
    """Whether somebody has to look: half an hour after its time there is no rehearsal of today that agreed."""
    schedule = RehearsalSchedule.objects.filter(enabled=True).first()
    if schedule is None or now < _starts(schedule.starts_at, now) + LATE_AFTER or not _accounts().exists():
        return False
    return not Rehearsal.objects.filter(day=_day(now), matched=True).exists()


def rehearse(now: datetime) -> Rehearsal | None:
    """Compare every list with the broker's, and keep what came of it. None where another process is at it."""
    row = _claim(now)
    if row is None:
        return None
    looks: list[_Look] = []
    differences: list[Difference] = []
    for account in _accounts():
        look = _look(account)
        if look is None:
            differences.append({"kind": "unread", "account": account.account_id})
            continue
        looks.append(look)
        differences.extend(_of_account(look))
    scopes = [_scope(target, looks, differences) for target in _targets(looks)]
    return _conclude(row, looks, scopes, differences)


def _starts(at: time, now: datetime) -> datetime:
    return datetime.combine(now.astimezone(clock.KST).date(), at, clock.KST)


def _day(now: datetime) -> Any:
    return now.astimezone(clock.KST).date()


def _accounts() -> Any:
    active = KisAccount.objects.filter(connection__active=True)
    return active.select_related("account__firm", "connection").order_by("pk")


def _may_repeat(row: Rehearsal, now: datetime) -> bool:
    return not row.matched and now - row.started_at >= AGAIN_AFTER


def _claim(now: datetime) -> Rehearsal | None:
    """The day's row for this process alone: made once, or taken again by a conditional update."""
    row, made = Rehearsal.objects.get_or_create(day=_day(now), defaults={"started_at": now})
    if made:
        return row
    if not _may_repeat(row, now):
        return None
    again = Rehearsal.objects.filter(pk=row.pk, started_at=row.started_at)
    if not again.update(started_at=now, finished_at=None, matched=None):
        return None
    row.refresh_from_db()
    return row


def _look(row: KisAccount) -> _Look | None:
    """The account as the broker shows it, twice where the first look differs: a fill may come between the two lists."""
    first = _look_once(row)
    return first if first is None or first.agrees else _look_once(row)


def _look_once(row: KisAccount) -> _Look | None:
    read = inquiries.inquire(row.account)
    if read is None:
        return None
    at_broker: dict[int, MarketGroup] = {}
    unknown = []
    for chain in chains.of(read.reports):
        shown = next((report for report in chain.own if _is_open(report, read.asked_at)), None)
        if shown is None:
            continue
        order = chains.known(row.account, chain)
        if order is None:
            unknown.append(f"{shown.key.family.value} {shown.key.number}")
        else:
            at_broker[order.pk] = group_of(shown.market.value)
    listed = switches.open_orders(Target(SwitchScope.ACCOUNT, account_id=row.account_id))
    if row.connection.is_paper:
        listed = listed.exclude(family=Family.RESERVED.value)  # the paper environment has no list of them
    numbers = frozenset(listed.values_list("pk", flat=True))
    return _Look(row, read.asked_at, at_broker, tuple(unknown), numbers)


def _is_open(report: OrderReport, asked_at: datetime) -> bool:
    """Whether the broker still works on it: a row of a session that is over stays in the list and is done."""
    if report.status not in {ReportStatus.OPEN, ReportStatus.RESERVED} or accounting.left(report) <= 0:
        return False
    if report.status is ReportStatus.RESERVED or report.ordered_at is None:
        return True
    until = sessions().good_until(report.market, report.ordered_at, report.instrument.exchange)
    return until is None or asked_at <= until


def _of_account(look: _Look) -> Iterator[Difference]:
    account = look.row.account_id
    for number in look.unknown:
        yield {"kind": "unknown", "account": account, "number": number}
    for pk in sorted(frozenset(look.at_broker) - look.listed):
        yield {"kind": "missing", "account": account, "order": pk}
    for pk in sorted(look.listed - frozenset(look.at_broker)):
        yield {"kind": "extra", "account": account, "order": pk}


def _targets(looks: Iterable[_Look]) -> list[Target]:
    """Every scope that somebody could engage."""
    accounts = [look.row.account_id for look in looks]
    today = Assignment.objects.filter(access.in_force(clock.today().date()), account__in=accounts)
    managers = today.filter(user__role=Role.MANAGER).values_list("user_id", flat=True).distinct().order_by("user_id")
    return [
        Target(SwitchScope.ALL),
        *(Target(SwitchScope.MARKET, market=group.value) for group in MarketGroup),
        *(Target(SwitchScope.MANAGER, manager_id=pk) for pk in managers),
        *(Target(SwitchScope.ACCOUNT, account_id=pk) for pk in accounts),
    ]


def _scope(target: Target, looks: list[_Look], differences: list[Difference]) -> dict[str, Any]:
    """How many orders the scope's list has and how many the broker; what differs for this scope alone is kept."""
    read = {look.row.account_id for look in looks}
    listed = set(switches.open_orders(target).filter(account__in=read).values_list("pk", flat=True))
    at_broker = set(_at_broker(target, looks))
    known = {item.get("order") for item in differences}
    odd = (listed ^ at_broker) - known
    if odd:
        differences.extend(
            {"kind": "scope", "scope": target.scope.value, "target": target.key, "order": pk}
            for pk in _unchanged(odd, looks)
        )
    return {"scope": target.scope.value, "target": target.key, "listed": len(listed), "broker": len(at_broker)}


def _at_broker(target: Target, looks: list[_Look]) -> Iterator[int]:
    """The orders that the broker shows as open and that the target's own words name, our order rows left aside."""
    covered: set[int] | None = None
    if target.scope == SwitchScope.ACCOUNT:
        covered = {target.account_id or 0}
    elif target.scope == SwitchScope.MANAGER:
        today = access.in_force(clock.today().date())
        mine = Assignment.objects.filter(today, user_id=target.manager_id or 0)
        covered = set(mine.values_list("account_id", flat=True))
    for look in looks:
        if covered is None or look.row.account_id in covered:
            yield from (pk for pk, group in look.at_broker.items() if target.market in {"", group})


def _unchanged(numbers: set[int], looks: list[_Look]) -> list[int]:
    """Without the orders that changed while the lists were read, and without those that no list of KIS shows."""
    began = min(look.asked_at for look in looks)
    still = Order.objects.filter(pk__in=numbers, transact_time__lt=began)
    paper = [look.row.account_id for look in looks if look.row.connection.is_paper]
    unlisted = still.filter(account__in=paper, family=Family.RESERVED.value).values("pk")
    return list(still.exclude(pk__in=unlisted).order_by("pk").values_list("pk", flat=True))


def _conclude(
    row: Rehearsal, looks: list[_Look], scopes: list[dict[str, Any]], differences: list[Difference]
) -> Rehearsal:
    numbers = sorted(pk for look in looks for pk in look.listed)
    row.finished_at = clock.now()
    row.accounts, row.orders = len(looks), len(numbers)
    row.scopes, row.differences = scopes, differences
    row.digest = hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
    row.matched = not differences
    detail = {"orders": row.orders, "digest": row.digest, "differences": len(differences)}
    with transaction.atomic():
        row.save()
        audit.record(SYSTEM, audit.Act("switch.rehearsed", subject=f"rehearsal {row.day}", detail=detail))
    if differences:
        log.error("the kill switch's lists differ from the broker's", extra={"day": str(row.day), **detail})
    return row
