"""Who runs an app key's notice stream: one row, taken for 15 s at a time, with an epoch that marks its writes.

Two locks keep an old owner out. Locally, `Hold.stands` says without any I/O whether the lease may still be ours: a
process that was stopped for longer than that must do nothing but close its socket. In the database, `Fence.check` is
part of each write's transaction and refuses what slipped through.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from orders.models import StreamLease

LASTS = timedelta(seconds=15)
# Two machines' clocks may differ by some seconds: an end further away than this was written by a clock that was wrong.
LONGEST_AHEAD = 2 * LASTS
RENEWED_EVERY = 5.0  # seconds
LONGEST_HOLD_OFF = timedelta(seconds=120)  # a time further away than this was written by a clock that was wrong


class LeaseLost(RuntimeError):
    """Another process holds the stream now; what this one writes would be of an old epoch."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Under what right a write of the stream is made: its holder's tenure, or one session of it (`epoch`)."""

    connection_id: int
    tenure: int | None = None
    epoch: int | None = None

    @property
    def mark(self) -> int | None:
        """The epoch that the rows of this writer carry."""
        return self.tenure if self.epoch is None else self.epoch

    def check(self) -> None:
        """Inside the writer's transaction: keeps the lease as it is until that ends. Raises LeaseLost."""
        lease = StreamLease.objects.select_for_update().filter(pk=self.connection_id).first()
        ours = lease is not None and self.tenure in {None, lease.tenure} and self.epoch in {None, lease.epoch}
        if not ours:
            raise LeaseLost(f"the notice stream of connection {self.connection_id} is held by another process")


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment by two clocks, in seconds. Only the wall clock goes on while the machine sleeps."""

    monotonic: float
    wall: float


def read_clocks() -> Instant:
    return Instant(time.monotonic(), time.time())


@dataclass(slots=True)
class Hold:
    """What this process knows of its own lease. `last_seen` is when the holder before it was last alive, if known."""

    connection_id: int
    holder: str
    tenure: int
    renewed: Instant
    last_seen: datetime | None = None
    clocks: Callable[[], Instant] = field(default=read_clocks, repr=False)

    @property
    def fence(self) -> Fence:
        return Fence(self.connection_id, tenure=self.tenure)

    def stands(self) -> bool:
        """False once 15 s have passed since the last renewal, by either clock. No I/O."""
        now = self.clocks()
        age = max(now.monotonic - self.renewed.monotonic, now.wall - self.renewed.wall)
        return age < LASTS.total_seconds()

    def renew(self) -> bool:
        """Hold it for another 15 s. False when it ran out, or when somebody else has it."""
        now = self.clocks()
        if not self.stands() or not renew(self.connection_id, self.holder):
            return False
        self.renewed = now
        return True


def take(connection_id: int, holder: str, clocks: Callable[[], Instant] = read_clocks) -> Hold | None:
    """The lease for this process, or None while somebody else has it."""
    renewed = clocks()  # before the row is written: our own count must run out first
    before = StreamLease.objects.filter(pk=connection_id).first()
    last_seen = before.expires_at - LASTS if before is not None and before.expires_at is not None else None
    tenure = acquire(connection_id, holder)
    return None if tenure is None else Hold(connection_id, holder, tenure, renewed, last_seen, clocks)


def acquire(connection_id: int, holder: str) -> int | None:
    """Take the lease if it is free or run out: the epoch that the tenure begins with, else None."""
    now = timezone.now()
    with transaction.atomic():
        StreamLease.objects.get_or_create(pk=connection_id)
        lease = StreamLease.objects.select_for_update().get(pk=connection_id)
        if lease.holder != holder and lease.expires_at is not None and now < lease.expires_at <= now + LONGEST_AHEAD:
            return None
        lease.epoch += 1
        lease.holder, lease.expires_at, lease.tenure = holder, now + LASTS, lease.epoch
        lease.save(update_fields=["holder", "expires_at", "epoch", "tenure"])
    return lease.tenure


def renew(connection_id: int, holder: str) -> bool:
    """Hold it for another 15 s. False when it ran out, or when somebody else has it."""
    now = timezone.now()
    mine = StreamLease.objects.filter(pk=connection_id, holder=holder, expires_at__gt=now)
    return bool(mine.update(expires_at=now + LASTS))


def next_epoch(connection_id: int, holder: str) -> int | None:
    """A new epoch for a new session with the broker; None when the lease is somebody else's."""
    with transaction.atomic():
        if not StreamLease.objects.filter(pk=connection_id, holder=holder).update(epoch=F("epoch") + 1):
            return None
        return StreamLease.objects.values_list("epoch", flat=True).get(pk=connection_id)


def release(connection_id: int, holder: str) -> None:
    StreamLease.objects.filter(pk=connection_id, holder=holder).update(holder="", expires_at=None)


def hold_off(fence: Fence, until: datetime) -> None:
    """The broker says that the app key is in use: nobody asks it again before `until`. Raises LeaseLost."""
    with transaction.atomic():
        fence.check()
        StreamLease.objects.filter(pk=fence.connection_id).update(slot_free_at=until, held=F("held") + 1)


def slot_taken(fence: Fence) -> None:
    """The broker gave a session: the waits begin anew with the next refusal. Raises LeaseLost."""
    with transaction.atomic():
        fence.check()
        StreamLease.objects.filter(pk=fence.connection_id).update(slot_free_at=None, held=0)


def slot_wait(connection_id: int, now: datetime) -> tuple[timedelta, int]:
    """How long the broker must not be asked for a session yet, and how often in a row it has refused one."""
    row = StreamLease.objects.filter(pk=connection_id).first()
    if row is None or row.slot_free_at is None:
        return timedelta(0), row.held if row else 0
    return min(max(row.slot_free_at - now, timedelta(0)), LONGEST_HOLD_OFF), row.held
