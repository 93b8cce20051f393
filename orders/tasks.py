"""Periodic work that must go on while no notice stream runs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts import audit, broadcast, clock
from accounts.models import User
from orders import balances, batches, reconciliation, rehearsals
from orders.models import KisAccount

RETRY_MINUTES = 5


@shared_task
def resolve_commands() -> int:
    """Ask for the evidence of commands that wait for it. Number of commands asked for."""
    now = clock.now()
    return reconciliation.recover(now) + reconciliation.resolve_due(now)


@shared_task
def forget_stream_events() -> int:
    """Drop what no browser can resume from. Number of rows."""
    return broadcast.forget_old(timezone.now())


@shared_task
def dispatch_balances() -> int:
    """Each minute: start the nightly balances when it is their time; each fifth minute what is still due."""
    now = clock.now()
    local = now.astimezone(clock.KST)
    start = balances.starts_at()
    begins = (local.hour, local.minute) == (start.hour, start.minute)
    if not balances.is_scheduled() or not (begins or local.minute % RETRY_MINUTES == 0):
        return 0
    rows = balances.due(now)
    for row in rows:
        refresh_balance.delay(row.pk)
    return len(rows)


@shared_task
def refresh_balance(kis_account_id: int, username: str = "") -> bool:
    """Fetch one KIS account's balance. A doubled message finds its step claimed."""
    row = KisAccount.objects.select_related("connection", "account__firm").get(pk=kis_account_id)
    user = User.objects.filter(username=username).first() if username else None
    return balances.refresh(row, audit.By(user, username) if user else audit.By.system("balances"))


@shared_task
def settle_batches() -> int:
    """End the batches whose process is gone; nothing of them is sent any more. Number of batches."""
    return batches.give_up_abandoned(clock.now())


@shared_task
def dispatch_rehearsal() -> bool:
    """Each minute: start the day's rehearsal of the kill switch once its time has come."""
    due = rehearsals.is_due(clock.now())
    if due:
        rehearse_switches.delay()
    return due


@shared_task
def rehearse_switches() -> bool:
    """Prove the lists of the kill switch against the broker's. A doubled message finds the day taken."""
    row = rehearsals.rehearse(clock.now())
    return row is not None and bool(row.matched)
