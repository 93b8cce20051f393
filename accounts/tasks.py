"""What the queue starts. A message is a wake-up only: what is to be done stands in the database."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from accounts import clock, sync
from accounts.audit import By
from accounts.models import Dataset, ScheduleEntry, User
from accounts.sync import slots

log = logging.getLogger(__name__)

CATCH_UP_MINUTES = 5


@shared_task(name="accounts.tasks.dispatch_syncs")
def dispatch_syncs() -> bool:
    """Each minute: start the slot whose time it is; each fifth minute also what is still due of it.

    A doubled beat does no harm: steps are claimed. Nothing starts in the closed window, nor after 08:25.
    """
    now = clock.now()
    if not _is_time(now):
        return False
    try:
        due = sync.is_anything_due(now, timezone.now(), sync.SyncRequest(scheduled=True))
    except sync.SyncWindowClosed:
        return False
    if due:
        sync_accounts.delay(scheduled=True)
    return due


@shared_task(name="accounts.tasks.sync_accounts")
def sync_accounts(
    *,
    firm: str = "",
    account_id: int | None = None,
    dataset: str = "",
    scheduled: bool = False,
    username: str = "",
) -> None:
    """Work what is due, or what is named. A window that has closed meanwhile is a fact for the log."""
    request = sync.SyncRequest(
        firm=firm,
        account_id=account_id,
        dataset=Dataset(dataset) if dataset else "",
        scheduled=scheduled,
        by=_by(username),
    )
    try:
        result = sync.run_due(request)
    except sync.SyncWindowClosed as closed:
        log.warning("sync not started: %s", closed)
        return
    log.info("sync run %s: %s, %s failures", result.run_id, result.state, len(result.failures))


def _is_time(now: datetime) -> bool:
    """Whether the schedule looks after the present slot at this minute."""
    moment = slots.present(now)
    start = slots.start_of(moment)
    if start is None or now < start:
        return False
    if not ScheduleEntry.objects.filter(slot=moment.slot, enabled=True).exists():
        return False
    local = now.astimezone(clock.KST)
    return (now - start).total_seconds() < 60 or local.minute % CATCH_UP_MINUTES == 0


def _by(username: str) -> By:
    user = User.objects.filter(username=username).first() if username else None
    return By(user, username) if user else By.system("sync")
