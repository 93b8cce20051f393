"""Which steps a request means, and which of them are due. Plans only; nothing is fetched here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import (
    ClientAccount,
    ContractStatus,
    Dataset,
    Firm,
    FirmKind,
    RunState,
    Slot,
    StepState,
    SyncRun,
    SyncStep,
)
from accounts.sync.request import SyncRequest
from accounts.sync.slots import CALENDAR, Moment, moment_of, start_of
from accounts.sync.window import refuse_closed

OPEN_STATES = (StepState.PENDING, StepState.FAILED, StepState.QUARANTINED, StepState.CUT_OFF)
RETRY_AFTER = timedelta(minutes=5)
MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Want:
    """One dataset of one day; `since` is the first day where a step asks for several."""

    dataset: Dataset
    business_date: date
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A step to be worked, with the attempt that was seen: one more since then was another worker's."""

    step_id: int
    attempt: int
    firm_id: int


@dataclass(frozen=True, slots=True)
class Plan:
    run: SyncRun
    moment: Moment
    request: SyncRequest

    def steps(self) -> QuerySet[SyncStep]:
        """Every step that the request means, complete or not."""
        return self._of(lists=True) | self._of(lists=False)

    def due(self, now: datetime, *, lists: bool) -> list[Due]:
        """The steps that are not complete, in the order of work."""
        steps = self._of(lists=lists).exclude(state=StepState.DONE)
        if self.request.scheduled:
            steps = steps.filter(firm__stopped_at=None)
        order = ("dataset", "account_id") if self.moment.slot == Slot.CONFIRM else ("account_id", "dataset")
        rows = steps.order_by("firm__short_name", *order, "business_date", "id")
        found = [step for step in rows if not (self.request.scheduled and _rests(step, now))]
        return [Due(step.pk, step.attempt, step.firm_id) for step in found]

    def ensure_account_steps(self) -> None:
        """Add the steps of accounts that the plan does not know yet."""
        wants = wanted(self.moment, self.request)
        rows = accounts_of(self.request).values_list("pk", "firm_id") if wants else ()
        have = set(
            SyncStep.objects.filter(run=self.run, account__isnull=False).values_list(
                "account_id", "dataset", "business_date"
            )
        )
        self._add(
            SyncStep(run=self.run, firm_id=firm_id, account_id=pk, **_columns(want))
            for pk, firm_id in rows
            for want in wants
            if (pk, want.dataset.value, want.business_date) not in have
        )

    def ensure_list_steps(self) -> None:
        have = set(
            SyncStep.objects.filter(run=self.run, account=None, business_date=self.moment.business_date).values_list(
                "firm_id", flat=True
            )
        )
        want = Want(Dataset.ACCOUNTS, self.moment.business_date)
        firms = firms_of(self.request) if lists_wanted(self.request) else Firm.objects.none()
        self._add(SyncStep(run=self.run, firm=firm, **_columns(want)) for firm in firms if firm.pk not in have)

    def drop_ended(self) -> None:
        """Take out the steps of accounts whose contract turned out to be over: nobody would ever work them."""
        if self.request.account_id is not None:
            return
        untouched = SyncStep.objects.filter(run=self.run, state=StepState.PENDING, attempt=0)
        over = (ContractStatus.TERMINATED, ContractStatus.EXPIRED)
        untouched.filter(account__contract_status__in=over).delete()

    def open_again(self) -> None:
        """Make complete steps due once more, where the request says so."""
        complete = self.steps().filter(state=StepState.DONE)
        if self.request.since is not None:
            trades = self.steps().filter(dataset=Dataset.TRADES).exclude(state=StepState.RUNNING)
            trades.update(since=self.request.since)
        start = start_of(self.moment) if self.request.scheduled else None
        if start is not None:
            # What was fetched by hand before the slot began is not final: KRX and NXT trade until 20:00.
            complete.filter(finished_at__lt=start).update(state=StepState.PENDING)
        elif self.request.forced:
            complete.update(state=StepState.PENDING)

    def _of(self, *, lists: bool) -> QuerySet[SyncStep]:
        steps = SyncStep.objects.filter(run=self.run)
        if lists:
            on_day = Q(account=None, business_date=self.moment.business_date)
            firms = firms_of(self.request) if lists_wanted(self.request) else Firm.objects.none()
            return steps.filter(on_day, firm__in=firms.values("pk"))
        meant = Q(pk__in=())
        for want in wanted(self.moment, self.request):
            meant |= Q(dataset=want.dataset, business_date=want.business_date)
        return steps.filter(meant, account__in=accounts_of(self.request).values("pk"))

    def _add(self, steps: Iterable[SyncStep]) -> None:
        # Two planners at once: the unique key decides, and the loser's rows fall away.
        SyncStep.objects.bulk_create(list(steps), ignore_conflicts=True, batch_size=500)


def plan(now: datetime, request: SyncRequest) -> Plan:
    """Write down the run and its steps. Raises SyncWindowClosed; a doubled call finds what the first one wrote."""
    refuse_closed(now, request)
    moment = moment_of(now, request)
    run, _ = SyncRun.objects.get_or_create(
        slot=moment.slot, calendar_date=moment.calendar_date, defaults={"started_at": now}
    )
    made = Plan(run, moment, request)
    made.ensure_list_steps()
    made.ensure_account_steps()
    made.open_again()
    return made


def reopen(run: SyncRun) -> None:
    SyncRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, finished_at=None)


def wanted(moment: Moment, request: SyncRequest) -> list[Want]:
    """What each account is asked for."""
    wants = _missed(request.since, request.until or request.since) if request.since else _usual(moment.business_date)
    return [want for want in wants if request.dataset in {"", want.dataset.value}]


def _usual(day: date) -> list[Want]:
    before = CALENDAR.previous(day)
    return [
        Want(Dataset.BALANCES, day),
        Want(Dataset.SETTLEMENTS, day, before),
        # The trade book of a day is complete only some days later: it is asked for on D, D+1 and D+2.
        Want(Dataset.TRADES, day, CALENDAR.previous(before)),
        Want(Dataset.ORDERS, day),
    ]


def _missed(since: date, until: date | None) -> list[Want]:
    last = until or since
    orders = [Want(Dataset.ORDERS, day) for day in CALENDAR.between(since, last)]
    return [Want(Dataset.TRADES, last, since), *orders]


def lists_wanted(request: SyncRequest) -> bool:
    one_account_or_days = request.account_id or request.since or request.simulated_at
    return not one_account_or_days and request.dataset in {"", Dataset.ACCOUNTS}


def firms_of(request: SyncRequest) -> QuerySet[Firm]:
    """The Koscom firms in use that a request means."""
    firms = Firm.objects.filter(kind=FirmKind.KOSCOM, active=True)
    return firms.filter(short_name=request.firm) if request.firm else firms


def accounts_of(request: SyncRequest) -> QuerySet[ClientAccount]:
    """The accounts that a request means: those under contract, or not listed yet; a named one in any state."""
    accounts = ClientAccount.objects.filter(firm__in=firms_of(request).values("pk"))
    if request.account_id is not None:
        return accounts.filter(pk=request.account_id)
    return accounts.filter(Q(contract_status=ContractStatus.ACTIVE) | Q(contract_status=None))


def _columns(want: Want) -> dict[str, object]:
    return {"dataset": want.dataset, "business_date": want.business_date, "since": want.since}


def _rests(step: SyncStep, now: datetime) -> bool:
    """Whether the schedule leaves a step alone for a while: each failure doubles the wait, from 5 minutes on."""
    if step.state not in {StepState.FAILED, StepState.QUARANTINED} or step.finished_at is None:
        return False
    doublings = min(max(step.attempt - 1, 0), MOST_DOUBLINGS)
    return bool(step.finished_at <= now < step.finished_at + RETRY_AFTER * 2**doublings)
