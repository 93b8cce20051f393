"""The nightly sync: plan, claim, fetch, publish. One function for the schedule, the command, the page and the demo.

`run_due` does the work itself and returns when it is done; `plan` only writes down what is to be done. Both raise
SyncWindowClosed before anything is sent when the window is closed.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from accounts.models import RunState, StepState, SyncRun, SyncStep
from accounts.sync.endings import release
from accounts.sync.planning import Plan, firms_of, plan, reopen
from accounts.sync.request import Failure, Ports, SyncRequest, SyncResult, SyncWindowClosed
from accounts.sync.running import Worker
from accounts.sync.window import Guard, WindowState, window_state

__all__ = [
    "Failure",
    "Plan",
    "Ports",
    "SyncRequest",
    "SyncResult",
    "SyncWindowClosed",
    "WindowState",
    "is_anything_due",
    "plan",
    "release",
    "run_due",
    "window_state",
]


def run_due(request: SyncRequest, ports: Ports | None = None) -> SyncResult:
    """Fetch what the request means and is due, in this process. Opens and ends its own transactions.

    Raises SyncWindowClosed when nothing may start; what the closing window cuts off later is in the result.
    """
    ports = ports or Ports()
    made = plan(ports.now(), request)
    if request.firm:
        for firm in firms_of(request):
            release(firm, request.by)
    worker = Worker(made, ports, Guard(ports))
    try:
        _work(worker, made, ports)
    finally:
        worker.close()
    return _conclude(made, ports.now())


def is_anything_due(now: datetime, wall: datetime, request: SyncRequest) -> bool:
    """Plan, and say whether there is work that nobody is at. Raises SyncWindowClosed."""
    made = plan(now, request)
    if SyncStep.objects.filter(run=made.run, state=StepState.RUNNING, lease_until__gt=wall).exists():
        return False
    return bool(made.due(now, lists=True) or made.due(now, lists=False))


def _work(worker: Worker, made: Plan, ports: Ports) -> None:
    lists, accounts = made.due(ports.now(), lists=True), made.due(ports.now(), lists=False)
    if lists or accounts:
        reopen(made.run)
    worker.work(lists)
    # The lists may have brought accounts that the plan did not know, and ended contracts that it counted on.
    made.ensure_account_steps()
    made.drop_ended()
    worker.work(made.due(ports.now(), lists=False))


def _conclude(made: Plan, now: datetime) -> SyncResult:
    state = _state_of(made.run)
    over = None if state == RunState.RUNNING else now
    SyncRun.objects.filter(pk=made.run.pk).exclude(state=state).update(state=state, finished_at=over)
    steps = made.steps().select_related("firm", "account__firm").order_by("id")
    failures = tuple(Failure.of(step) for step in steps.exclude(state=StepState.DONE))
    return SyncResult(made.run.pk, state, steps.filter(state=StepState.DONE).count(), failures)


def _state_of(run: SyncRun) -> RunState:
    counts = Counter(SyncStep.objects.filter(run=run).values_list("state", flat=True))
    if counts[StepState.RUNNING] or counts[StepState.PENDING]:
        return RunState.RUNNING
    if counts[StepState.CUT_OFF]:
        return RunState.PAUSED
    if counts.total() == counts[StepState.DONE]:
        return RunState.DONE
    return RunState.DONE_WITH_FAILURES if counts[StepState.DONE] else RunState.FAILED
