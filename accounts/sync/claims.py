"""Who works on a step: a conditional update takes it, a lease keeps it, every write under it proves it.

Leases live on the machine's clock and not on the business clock, which a demo may set back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from accounts.models import StepState, SyncStep
from accounts.sync.planning import OPEN_STATES

LEASE = timedelta(seconds=120)
# A request ends within 60 s: renewed at this age, the lease outlives the request that follows.
RENEW_AFTER = timedelta(seconds=20)


class LeaseLost(Exception):
    """Somebody else has the step now; what this process fetched is void."""


@dataclass(slots=True)
class Claim:
    """This process's hold on a step."""

    step: SyncStep
    owner: str
    renewed_at: datetime

    def renew(self, wall: datetime) -> None:
        """Push the lease on when it is a while old. Raises LeaseLost."""
        if wall - self.renewed_at < RENEW_AFTER:
            return
        if not self._mine().update(lease_until=wall + LEASE):
            raise LeaseLost(f"step {self.step.pk}")
        self.renewed_at = wall

    def end(self, **columns: object) -> None:
        """Give the step back with its outcome, in the caller's transaction if there is one. Raises LeaseLost."""
        if not self._mine().update(lease_until=None, lease_owner="", **columns):
            raise LeaseLost(f"step {self.step.pk}")

    def _mine(self) -> QuerySet[SyncStep]:
        return SyncStep.objects.filter(pk=self.step.pk, lease_owner=self.owner, state=StepState.RUNNING)


def claim(step_id: int, attempt: int, owner: str, *, wall: datetime, now: datetime) -> Claim | None:
    """Take a step that nobody has tried since `attempt` was read, or whose worker is gone; None when it is not ours."""
    untouched = Q(state__in=OPEN_STATES, attempt=attempt)
    abandoned = Q(state=StepState.RUNNING, lease_until__lte=wall)
    taken = SyncStep.objects.filter(untouched | abandoned, pk=step_id).update(
        state=StepState.RUNNING,
        attempt=F("attempt") + 1,
        lease_owner=owner,
        lease_until=wall + LEASE,
        started_at=now,
        finished_at=None,
        error="",
        error_code="",
        warnings=[],
    )
    if not taken:
        return None
    step = SyncStep.objects.select_related("run", "firm", "account__firm").get(pk=step_id)
    return Claim(step, owner, wall)


def others_work(step_ids: list[int]) -> set[int]:
    """Those of the steps that another process has in hand, its lease still running or just run out."""
    running = SyncStep.objects.filter(pk__in=step_ids, state=StepState.RUNNING)
    return set(running.values_list("pk", flat=True))
