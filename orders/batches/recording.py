"""What is recorded of a batch before anything of it is asked for: the list, who asked, and its one key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import access, audit, clock
from accounts.models import User
from orders import commands
from orders.batches.news import tell
from orders.batches.working import start
from orders.models import BatchKind, BatchRow, CommandBatch, Order, RowState, Switch
from orders.switch_rows import ABANDONED_AFTER

MOST_AT_ONCE = 3  # selections of one person


@dataclass(frozen=True, slots=True)
class Selection:
    """The orders that one person picked, each with the version that was on the screen."""

    user: User
    address: str | None
    intent: UUID
    orders: tuple[tuple[int, int], ...]
    fresh_factor: bool = False

    def digest(self) -> str:
        return hashlib.sha256(json.dumps(sorted(self.orders)).encode()).hexdigest()

    @property
    def by(self) -> audit.By:
        return audit.By(self.user, self.user.get_username(), self.address)


def most_rows() -> int:
    return int(settings.BATCH_MOST_ROWS)


def cancel_selected(asked: Selection) -> CommandBatch:
    """Record the batch and start it once it is committed. The same key gives the same batch.

    Raises NotPermitted, NotVisible (one order that is not this person's is enough), Refused or Conflict; then nothing
    was recorded.
    """
    if not asked.user.may_trade:
        raise commands.NotPermitted("role", _("주문 권한이 없습니다."))
    if not asked.fresh_factor:
        raise commands.NotPermitted("second_factor_needed", _("2차 인증을 다시 해야 합니다."))
    _check_length(asked)
    orders = selected(asked.user, [pk for pk, _version in asked.orders])
    known = _same_intent(asked)
    if known is not None:
        return known
    _check(asked)
    versions = dict(asked.orders)
    try:
        with transaction.atomic():
            batch = _selection(asked)
            _fill(batch, [(order, versions[order.pk]) for order in orders], asked.by)
            tell(batch)
    except IntegrityError:
        known = _same_intent(asked)
        if known is None:
            raise
        return known
    return batch


def selected(user: User, numbers: Sequence[int]) -> QuerySet[Order]:
    """The orders of these numbers, oldest first. Raises NotVisible unless all of them are this person's."""
    found = Order.objects.filter(pk__in=numbers, account__in=access.visible_accounts(user))
    if found.count() != len(set(numbers)):
        raise commands.NotVisible("not_found", _("찾을 수 없습니다."))
    return found.order_by("ordered_at", "pk")


def _check_length(asked: Selection) -> None:
    """Before the database is asked for so many."""
    if len(asked.orders) > most_rows():
        raise commands.Refused("orders", _("한 번에 %(n)s건까지 취소할 수 있습니다.") % {"n": most_rows()})


def _check(asked: Selection) -> None:
    numbers = [pk for pk, _version in asked.orders]
    if not numbers:
        raise commands.Refused("orders", _("주문을 하나 이상 골라야 합니다."))
    if len(set(numbers)) != len(numbers):
        raise commands.Refused("orders", _("같은 주문이 두 번 들어 있습니다."))
    _check_running(asked.user, numbers)


def _check_running(user: User, numbers: Sequence[int]) -> None:
    """A person has few selections at work at once, and an order stands in one of them."""
    alive = clock.now() - ABANDONED_AFTER
    mine = CommandBatch.objects.filter(actor=user, kind=BatchKind.SELECTION)
    running = mine.filter(finished_at=None, worked_at__gt=alive)
    waiting = BatchRow.objects.filter(batch__in=running, state__in=(RowState.PENDING, RowState.TAKEN))
    if running.count() >= MOST_AT_ONCE or waiting.filter(order__in=numbers).exists():
        raise commands.Conflict("batch_running", _("앞선 일괄 취소가 끝나지 않았습니다. 결과를 먼저 확인하십시오."))


def _same_intent(asked: Selection) -> CommandBatch | None:
    known = CommandBatch.objects.filter(actor=asked.user, intent=asked.intent).first()
    if known is not None and known.parameters_hash != asked.digest():
        raise commands.Conflict("key_reused", _("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."))
    return known


def _selection(asked: Selection) -> CommandBatch:
    now = clock.now()
    return CommandBatch.objects.create(
        kind=BatchKind.SELECTION,
        actor=asked.user,
        intent=asked.intent,
        parameters_hash=asked.digest(),
        address=asked.address,
        created_at=now,
        worked_at=now,
    )


@dataclass(frozen=True, slots=True)
class Key:
    """The intent of one batch, and the digest of what it stands for."""

    intent: UUID
    parameters_hash: str


def of_kill(switch: Switch, orders: Iterable[Order], actor: User, key: Key, address: str | None) -> CommandBatch:
    """The cancels of a kill switch, recorded in the caller's transaction and started once it is committed.

    The caller tells of them (`news_of`), together with whatever else it has to tell.
    """
    now = clock.now()
    rows = [(order, order.version) for order in orders]
    batch = CommandBatch.objects.create(
        kind=BatchKind.KILL,
        actor=actor,
        intent=key.intent,
        parameters_hash=key.parameters_hash,
        address=address,
        switch=switch,
        created_at=now,
        worked_at=now,
    )
    _fill(batch, rows, audit.By(actor, actor.get_username(), address))
    return batch


def _fill(batch: CommandBatch, orders: Sequence[tuple[Order, int]], by: audit.By) -> None:
    """The batch's rows and its audit row, and its start after the commit."""
    BatchRow.objects.bulk_create(
        BatchRow(batch=batch, position=position, order=order, expected_version=version)
        for position, (order, version) in enumerate(orders, start=1)
    )
    detail = {"kind": batch.kind, "orders": [order.pk for order, _version in orders], "switch": batch.switch_id}
    audit.record(by, audit.Act("batch.created", subject=f"batch {batch.pk}", detail=detail))
    # What is committed is not refused any more: a failure to start is logged, and the batch given up as not sent.
    transaction.on_commit(lambda: start(batch.pk), robust=True)
