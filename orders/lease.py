"""Who runs an app key's notice stream: one row, taken for 15 s at a time, with an epoch that marks its writes."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from orders.models import StreamLease

LASTS = timedelta(seconds=15)
RENEWED_EVERY = 5.0  # seconds


def acquire(connection_id: int, holder: str) -> bool:
    """Take the lease if it is free or run out. The epoch begins with the first session."""
    now = timezone.now()
    with transaction.atomic():
        StreamLease.objects.get_or_create(pk=connection_id)
        lease = StreamLease.objects.select_for_update().get(pk=connection_id)
        if lease.holder != holder and lease.expires_at is not None and lease.expires_at > now:
            return False
        lease.holder, lease.expires_at, lease.epoch = holder, now + LASTS, lease.epoch + 1
        lease.save()
    return True


def renew(connection_id: int, holder: str) -> bool:
    """Hold it for another 15 s. False when somebody else has it."""
    mine = StreamLease.objects.filter(pk=connection_id, holder=holder)
    return bool(mine.update(expires_at=timezone.now() + LASTS))


def next_epoch(connection_id: int, holder: str) -> int | None:
    """A new epoch for a new session with the broker; None when the lease is somebody else's."""
    with transaction.atomic():
        if not StreamLease.objects.filter(pk=connection_id, holder=holder).update(epoch=F("epoch") + 1):
            return None
        return StreamLease.objects.values_list("epoch", flat=True).get(pk=connection_id)


def release(connection_id: int, holder: str) -> None:
    StreamLease.objects.filter(pk=connection_id, holder=holder).update(holder="", expires_at=None)
