"""What browsers are told of a batch, and who may look at it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q

from accounts import broadcast as stream
from accounts.models import Role, User
from orders import switches
from orders.models import CommandBatch
from orders.switch_rows import batch_row


def tell(batch: CommandBatch) -> None:
    """Number the batch's progress. Last in a transaction: it locks the head rows of the audience."""
    stream.record([news_of(batch)])


def news_of(batch: CommandBatch) -> stream.Change:
    """The batch's progress for its owner, and a kill switch's for those who watch over all.

    Whoever has an order in it is told of that order. The batch's version grows in the caller's transaction.
    """
    CommandBatch.objects.filter(pk=batch.pk).update(version=F("version") + 1)
    fresh = CommandBatch.objects.select_related("actor").get(pk=batch.pk)
    people = Q(pk=fresh.actor_id)
    if fresh.switch_id is not None:
        people |= Q(role__in=(Role.OPERATIONS, Role.COMPLIANCE))
    audience = list(User.objects.filter(people, is_active=True).order_by("pk"))
    row = batch_row(fresh)
    return stream.Change(None, "batch", str(fresh.pk), fresh.version, lambda _user: row, audience)


def visible(user: User, batch_id: UUID) -> CommandBatch | None:
    """A batch for its owner, for those who see everything, and for those who are told of its switch."""
    batch = CommandBatch.objects.select_related("actor", "switch").filter(pk=batch_id).first()
    if batch is None or not user.is_active:
        return None
    if batch.actor_id == user.pk or user.sees_everything:
        return batch
    told = batch.switch_id is not None and switches.visible(user).filter(pk=batch.switch_id).exists()
    return batch if told else None
