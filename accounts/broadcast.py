"""The event stream to the browsers: numbered rows in the caller's transaction, a poke
after commit, one hub a process.

`record` gives every person who may see a change the next number of their own head row, so that a number is visible
only together with all before it. The hub (`accounts.hub`) holds the process's one subscription to the channel layer and
hands new rows to the sockets of this process; it reads the heads each second as well, so that a lost poke costs a
second at most. The states of the upstreams are told in the same way, with a poke of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import access
from accounts.models import ClientAccount, StreamEvent, StreamHead, UpstreamState, User
from accounts.models.stream import Feed

log = logging.getLogger(__name__)


class Poke(StrEnum):
    """What a process should look at: the heads of people, or the states of the upstreams."""

    HEADS = "heads"
    UPSTREAMS = "upstreams"


Wake = Callable[[Poke], None]
_wake_here: Wake | None = None

GROUP = "portal.live"
KEPT = timedelta(hours=24)
SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Change:
    """One changed entity: `row_for(user)` is the row that the user's REST list gives.

    What is an account's is told to everybody who may read it now, or to those of them whom `audience` names. What is
    no account's (`account` None) is told to `audience`, and must then hold nothing that rights to an account protect.
    """

    account: ClientAccount | None
    entity: str
    entity_id: str
    version: int
    row_for: Callable[[User], dict[str, Any]]
    audience: Sequence[User] = ()


def record(changes: Iterable[Change]) -> None:
    """Number the changes for everybody who may see them. Last in the caller's transaction: it locks head rows."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("stream events belong to the transaction of their change")
    per_user: dict[int, list[tuple[User, Change]]] = {}
    for change in changes:
        for user in _told(change):
            per_user.setdefault(user.pk, []).append((user, change))
    for user_id in sorted(per_user):
        _append(user_id, per_user[user_id])
    if per_user:
        transaction.on_commit(poke)


def _told(change: Change) -> Sequence[User]:
    return change.audience if change.account is None or change.audience else access.viewers(change.account)


def _append(user_id: int, changes: list[tuple[User, Change]]) -> None:
    last = _advance(user_id, len(changes))
    now = timezone.now()
    StreamEvent.objects.bulk_create(
        StreamEvent(
            user_id=user_id,
            seq=last - len(changes) + offset,
            account=change.account,
            entity=change.entity,
            entity_id=change.entity_id,
            version=change.version,
            row=change.row_for(user),
            created_at=now,
        )
        for offset, (user, change) in enumerate(changes, start=1)
    )


def _advance(user_id: int, count: int) -> int:
    """The head after taking `count` numbers; the update holds the row until the caller commits."""
    if not StreamHead.objects.filter(pk=user_id).update(seq=F("seq") + count):
        StreamHead.objects.get_or_create(pk=user_id)
        StreamHead.objects.filter(pk=user_id).update(seq=F("seq") + count)
    return StreamHead.objects.values_list("seq", flat=True).get(pk=user_id)


def poke(about: Poke = Poke.HEADS) -> None:
    """Tell every process that something moved. Lossy by design: a failure costs at most the hub's next tick."""
    try:
        _send_poke(about)
    except Exception:
        log.warning("live poke was not delivered; browsers follow by the tick", exc_info=True)


def _send_poke(about: Poke) -> None:
    if _wake_here is not None:
        _wake_here(about)
    if not isinstance(layer := get_channel_layer(), InMemoryChannelLayer) and layer is not None:
        async_to_sync(layer.group_send)(GROUP, {"type": "poke", "about": about.value})


def listen_here(wake: Wake) -> None:
    """Let this process's hub be woken directly: the in-memory layer does not wake a receiver from another thread."""
    global _wake_here  # noqa: PLW0603 - one hub a process
    _wake_here = wake


def head_of(user: User) -> StreamHead:
    return StreamHead.objects.get_or_create(pk=user.pk)[0]


def events_after(user: User, epoch: str, after: int) -> list[StreamEvent] | None:
    """What the person was told after a number; None when it can no longer be told in full (resync)."""
    head = head_of(user)
    if epoch != str(head.epoch) or after > head.seq or after < 0:
        return None
    events = list(StreamEvent.objects.filter(user=user, seq__gt=after, seq__lte=head.seq).order_by("seq"))
    return events if len(events) == head.seq - after else None


def as_message(event: StreamEvent) -> dict[str, Any]:
    """One event as the socket and `events/` send it."""
    return {
        "type": "event",
        "seq": event.seq,
        "entity": event.entity,
        "id": event.entity_id,
        "version": event.version,
        "row": event.row,
    }


def forget_old(now: datetime) -> int:
    """Drop what nobody can resume from any more. Number of rows."""
    return StreamEvent.objects.filter(created_at__lt=now - KEPT).delete()[0]


def set_upstream(name: str, state: str, detail: str = "") -> None:
    """Say how an upstream is; `down` is what it becomes by itself when nothing is said for 15 s.

    The poke waits for the caller's commit: who looks before it reads the old state, and no second poke would come.
    """
    now = timezone.now()
    row, created = UpstreamState.objects.get_or_create(
        pk=name, defaults={"state": state, "detail": detail[:200], "changed_at": now, "heard_at": now}
    )
    if created:
        transaction.on_commit(partial(poke, Poke.UPSTREAMS))
        return
    changed = row.state != state
    fields: dict[str, Any] = {"heard_at": now, "detail": detail[:200]}
    if changed:
        fields |= {"state": state, "changed_at": now}
    UpstreamState.objects.filter(pk=name).update(**fields)
    if changed:
        transaction.on_commit(partial(poke, Poke.UPSTREAMS))


def upstreams() -> list[dict[str, str]]:
    """Every upstream with its state, as hello, heartbeat and pages show it."""
    limit = timezone.now() - SILENT_AFTER
    return [
        {"name": row.name, "state": row.state if row.heard_at >= limit else Feed.DOWN.value}
        for row in UpstreamState.objects.all()
    ]
