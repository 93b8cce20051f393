"""The loop of one sync: claim a step, work it, put down how it ended. Sequential, each step for itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.gateway import GatewayRefused, pretend
from accounts.koscom.errors import KoscomError
from accounts.models import Firm, SyncStep
from accounts.sync import quota
from accounts.sync.asking import StepFailed
from accounts.sync.claims import Claim, LeaseLost, claim, others_work
from accounts.sync.datasets import AssetTypes
from accounts.sync.endings import Ending, Lane, cut_off, ending_of, failed, firm_stopped, internal
from accounts.sync.fetching import FirmStopped, Trip, fetch_and_publish
from accounts.sync.planning import OPEN_STATES, Due, Plan
from accounts.sync.request import Ports
from accounts.sync.window import Guard

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


@dataclass(slots=True)
class Worker:
    """Works the due steps of one plan. Several processes may work on the same run: claims keep them apart."""

    plan: Plan
    ports: Ports
    guard: Guard
    owner: str = field(default_factory=lambda: str(uuid.uuid4()))
    lanes: dict[int, Lane] = field(default_factory=dict)
    closed: Ending | None = None

    def work(self, due: Iterable[Due]) -> None:
        """Work what is free; wait for what another process has in hand, unless it is the schedule that asks."""
        left = {one.step_id: one for one in due}
        while left:
            mine = {step_id for step_id, one in left.items() if self._try(one)}
            theirs = others_work(list(left.keys() - mine))
            left = {step_id: one for step_id, one in left.items() if step_id in theirs}
            if self.closed or self.plan.request.scheduled:
                return
            if left and not mine:
                self.ports.sleep(POLL_SECONDS)

    def close(self) -> None:
        for lane in self.lanes.values():
            lane.session.close()

    def _try(self, due: Due) -> bool:
        """Whether the step needs no more of this process."""
        ending = self.closed or self._lane(due.firm_id).closed
        if ending is not None:
            _leave(due, ending, self.ports)
            return True
        mine = claim(due.step_id, due.attempt, self.owner, wall=self.ports.wall(), now=self.ports.now())
        if mine is None:
            return False
        self._work(mine, self._lane(due.firm_id))
        return True

    def _lane(self, firm_id: int) -> Lane:
        if firm_id not in self.lanes:
            self.lanes[firm_id] = self._open_lane(Firm.objects.get(pk=firm_id))
        return self.lanes[firm_id]

    def _open_lane(self, firm: Firm) -> Lane:
        lane = Lane(self.ports.new_session(self.guard), AssetTypes.of(firm))
        if firm.stopped_at is not None:
            lane.closed = firm_stopped(firm)
        elif self.plan.request.simulated_at is not None:
            try:
                pretend(lane.session, firm, self.plan.request.simulated_at)
            except GatewayRefused as refusal:
                lane.closed = failed("refused", str(refusal))
        return lane

    def _work(self, mine: Claim, lane: Lane) -> None:
        trip = Trip(mine, lane.session, self.guard, lane.types, self.plan.request, self.ports)
        try:
            fetch_and_publish(trip)
            lane.unanswered = 0
        except LeaseLost:
            log.warning("sync step %s was taken over by another worker", mine.step.pk)
        except Exception as error:  # noqa: BLE001 - the loop's rim: one step must not end the others
            self._end(mine, self._ending(error, mine, lane))

    def _ending(self, error: Exception, mine: Claim, lane: Lane) -> Ending:
        firm = mine.step.firm
        if isinstance(error, KoscomError):
            ending = ending_of(error, firm, lane, at=self.plan.request.simulated_at or self.ports.now())
            self.closed = self.closed or cut_off(error)
            return ending
        if isinstance(error, StepFailed):
            return Ending(error.state, error.code, error.reason)
        if isinstance(error, quota.QuotaSpent | GatewayRefused):
            lane.closed = failed("quota" if isinstance(error, quota.QuotaSpent) else "refused", str(error))
            return lane.closed
        if isinstance(error, FirmStopped):
            lane.closed = firm_stopped(Firm.objects.get(pk=firm.pk))
            return lane.closed
        log.error("sync step %s failed", mine.step.pk, exc_info=error)
        return internal()

    def _end(self, mine: Claim, ending: Ending) -> None:
        step = mine.step
        pages = step.raw_pages.filter(attempt=step.attempt).count()
        log.info("sync step %s of %s: %s %s", step.pk, step.firm.short_name, ending.state, ending.code)
        try:
            mine.end(pages=pages, finished_at=self.ports.now(), **ending.columns())
        except LeaseLost:
            log.warning("sync step %s was taken over by another worker", step.pk)


def _leave(due: Due, ending: Ending, ports: Ports) -> None:
    """Put down why a step was not begun; its attempt does not count."""
    untouched = SyncStep.objects.filter(pk=due.step_id, state__in=OPEN_STATES)
    untouched.update(finished_at=ports.now(), **ending.columns())
