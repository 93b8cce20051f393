"""What a sync is asked for, what it needs from outside, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

import requests
from django.utils import timezone

from accounts import clock
from accounts.audit import By
from accounts.koscom.transport import WindowGuard, new_session
from accounts.models import RunState, StepState, SyncStep


class SyncWindowClosed(Exception):
    """Nothing may be sent now; no request was. `opens_at` is when it may, in Korean time."""

    def __init__(self, reason: str, opens_at: datetime) -> None:
        super().__init__(f"the sync window is closed ({reason}) until {opens_at:%Y-%m-%d %H:%M} KST")
        self.reason = reason
        self.opens_at = opens_at


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to fetch; without anything named, all that is due for the present slot.

    A named firm or account is fetched again though it was complete, and a named firm that was stopped is released.
    `since` and `until` (absent: the one day) ask for trades and orders of those days. `simulated_at` asks a simulator
    for the state of another time; the window is kept by the real business clock all the same.
    """

    firm: str = ""
    account_id: int | None = None
    dataset: str = ""
    since: date | None = None
    until: date | None = None
    scheduled: bool = False
    simulated_at: datetime | None = None
    by: By = field(default_factory=lambda: By.system("sync"))

    @property
    def forced(self) -> bool:
        return bool(self.firm or self.account_id or self.since)


@dataclass(frozen=True, slots=True)
class Ports:
    """Time and network, so that a test can pass its own. `now` is the business clock, `wall` the machine's."""

    now: Callable[[], datetime] = clock.now
    wall: Callable[[], datetime] = timezone.now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    new_session: Callable[[WindowGuard], requests.Session] = new_session


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that is not complete: firm by short name, account by masked number and id."""

    firm: str
    account: str
    dataset: str
    business_date: date
    state: StepState
    reason: str

    @classmethod
    def of(cls, step: SyncStep) -> Failure:
        account = f"{step.account.masked_number} (id {step.account.pk})" if step.account else "-"
        return cls(step.firm.short_name, account, step.dataset, step.business_date, StepState(step.state), step.error)

    def __str__(self) -> str:
        return f"{self.firm} {self.account} {self.dataset} {self.business_date} {self.state}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How a sync ended: the run it belonged to, and everything asked for that is not complete."""

    run_id: int
    state: RunState
    done: int
    failures: tuple[Failure, ...]

    @property
    def complete(self) -> bool:
        return not self.failures
