"""Periodic work that must go on while no notice stream runs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts import broadcast, clock
from orders import reconciliation


@shared_task
def resolve_commands() -> int:
    """Ask for the evidence of commands that wait for it. Number of commands asked for."""
    now = clock.now()
    return reconciliation.recover(now) + reconciliation.resolve_due(now)


@shared_task
def forget_stream_events() -> int:
    """Drop what no browser can resume from. Number of rows."""
    return broadcast.forget_old(timezone.now())
