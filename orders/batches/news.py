"""What browsers are told of a batch, and who may look at it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F

from accounts import broadcast as stream
from accounts.models import User
from orders import switches
from orders.models import CommandBatch
from orders.switch_rows import batch_row


def tell(batch: CommandBatch) -> None:
    """Number the batch's progress for its owner, and for whoever is told of its switch. Last in a transaction."""
    CommandBatch.objects.filter(pk=batch.pk).update(version=F("version") + 1)
    fresh = CommandBatch.objects.select_related("actor", "switch").get(pk=batch.pk)
    people = [fresh.actor] if fresh.switch is None else switches.audience(fresh.switch)
    row = batch_row(fresh)
    change = stream.Change(None, "batch", str(fresh.pk), fresh.version, lambda _user: row, audience=people)
    stream.record([change])


def visible(user: User, batch_id: UUID) -> CommandBatch | None:
    """A batch for its owner, for those who see everything, and for those who are told of its switch."""
    batch = CommandBatch.objects.select_related("actor", "switch").filter(pk=batch_id).first()
    if batch is None or not user.is_active:
        return None
    if batch.actor_id == user.pk or user.sees_everything:
        return batch
    told = batch.switch_id is not None and switches.visible(user).filter(pk=batch.switch_id).exists()
    return batch if told else None
