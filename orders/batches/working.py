"""Working a batch: one row after another, each taken by a conditional update before its cancel is asked for."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.models import User
from orders import commands
from orders.batches.news import tell
from orders.batches.retrying import let_go, until_answered
from orders.domain.command_state import CommandState
from orders.models import BatchKind, BatchRow, CommandBatch, CommandType, Order, OrderCommand, RowState, Switch
from orders.switch_rows import ABANDONED_AFTER, batch_row

log = logging.getLogger(__name__)

WORKERS = 4
# Rows under way at once in a process, whatever the number of batches: each holds a database connection, and the pages
# and an engaging switch need some too. The cancels of a kill switch do not wait for anybody's selection.
ROWS_AT_ONCE = {BatchKind.SELECTION: threading.BoundedSemaphore(8), BatchKind.KILL: threading.BoundedSemaphore(8)}
PER_WORKER = 4  # requests a second of the slowest app key that keep one more thread busy
KILL_ABANDONED_AFTER = timedelta(seconds=60)  # a broker that answers nothing makes one row take so long
TRIES = 3
ASKS_AGAIN_AFTER = 1.0  # seconds
UNSETTLED = (CommandState.CREATED.value, CommandState.READY.value, CommandState.SENDING.value)
SYSTEM = audit.By.system("batches")


def start(batch_id: UUID) -> list[threading.Thread]:
    """Let threads of this process work the batch. They end with it, or with the process."""
    threads = [
        threading.Thread(target=_run, args=(batch_id,), name=f"batch-{batch_id}-{number}", daemon=True)
        for number in range(_workers(batch_id))
    ]
    for thread in threads:
        thread.start()
    return threads


def _workers(batch_id: UUID) -> int:
    """As many as the slowest app key of the batch keeps busy: more would only wait in its queue until they are late."""
    rows = BatchRow.objects.filter(batch=batch_id)
    paces = rows.values_list("order__account__kis__connection__requests_per_second", flat=True)
    try:
        slowest = min((pace for pace in paces.distinct() if pace is not None), default=1)
        return max(1, min(WORKERS, slowest // PER_WORKER, rows.count()))
    except (DatabaseError, InterfaceError):
        log.warning("a batch is worked by one thread", extra={"batch": str(batch_id)}, exc_info=True)
        return 1


def _run(batch_id: UUID) -> None:
    try:
        work(batch_id)
    except Exception:
        log.exception("a batch was left", extra={"batch": str(batch_id)})
    finally:
        connections.close_all()


def work(batch_id: UUID) -> None:
    """Take one row after another until none is left, and end the batch with the last one.

    A database that is busy or gone for a while ends nothing: the other rows of a kill switch wait for it.
    """
    batch = until_answered(lambda: CommandBatch.objects.select_related("switch").get(pk=batch_id))
    while _worked_one(batch):
        pass
    until_answered(lambda: _finish(batch, clock.now()))


def _worked_one(batch: CommandBatch) -> bool:
    """One row from taking it to its outcome; False when there was none. No connection is held while it waits."""
    let_go()
    with ROWS_AT_ONCE[BatchKind(batch.kind)]:
        row = until_answered(lambda: _take(batch))
        if row is not None:
            _carry_out(batch, row)
        let_go()
    return row is not None


def _take(batch: CommandBatch) -> BatchRow | None:
    """The oldest row that waits, if this batch may still go on: one thread gets it."""
    while _goes_on(batch):
        row = batch.rows.filter(state=RowState.PENDING).order_by("position").first()
        if row is None:
            return None
        taken = BatchRow.objects.filter(pk=row.pk, state=RowState.PENDING)
        now = clock.now()
        if taken.update(state=RowState.TAKEN, taken_at=now):
            row.taken_at = now
            return row
    return None


def _goes_on(batch: CommandBatch) -> bool:
    """A click on a selection is good while its process works on: one that was stopped for 15 s sends nothing more.

    The cancels of a kill switch go on until they are done or the switch is released.
    """
    now = clock.now()
    alive = CommandBatch.objects.filter(pk=batch.pk, finished_at=None)
    if batch.kind == BatchKind.SELECTION:
        alive = alive.filter(worked_at__gt=now - ABANDONED_AFTER)
    elif not Switch.objects.filter(pk=batch.switch_id or 0, released_at=None).exists():
        return False
    return bool(alive.update(worked_at=now))


def _carry_out(batch: CommandBatch, row: BatchRow) -> None:
    """One row's outcome, whatever happens: a row that fails leaves the others alone."""
    code, reason = "", ""
    try:
        # Once more where the database failed: the row's own key makes it the same command, whatever was recorded.
        command = until_answered(lambda: _command_of(row, batch.actor_id) or _submit(batch, row))
        code, reason = command.reason_code, command.reason
    except commands.CommandError as error:
        code, reason = error.code, error.detail
    except Exception:
        log.exception("a row of a batch failed", extra={"batch": str(batch.pk), "order": row.order_id})
        code, reason = "error", _("처리하지 못했습니다.")
    until_answered(lambda: _record(batch, row, code, reason))


def _submit(batch: CommandBatch, row: BatchRow) -> OrderCommand:
    """The row's cancel. A kill switch cancels the order as it is now; a selection, as it was on the screen."""
    if batch.kind == BatchKind.SELECTION:
        return commands.submit(_request(batch, row, row.expected_version))
    stale = 0
    while True:
        try:
            return commands.submit(_request(batch, row, _version(row)))
        except commands.Conflict as error:
            stale += error.code == "stale_version"
            if error.code == "command_in_flight" and _may_end_at_once(row):
                time.sleep(ASKS_AGAIN_AFTER)
            elif error.code != "stale_version" or stale == TRIES:
                raise


def _may_end_at_once(row: BatchRow) -> bool:
    """Whether the order's live command is at our checks or being sent: the switch may deny it in a moment.

    Once the row is too old its cancel is refused for that, so that nobody waits for a command that stays.
    """
    return OrderCommand.objects.filter(order=row.order_id, state__in=UNSETTLED).exists()


def _version(row: BatchRow) -> int:
    return Order.objects.values_list("version", flat=True).get(pk=row.order_id)


def _request(batch: CommandBatch, row: BatchRow, version: int) -> commands.CommandRequest:
    return commands.CommandRequest(
        user=User.objects.get(pk=batch.actor_id),
        address=batch.address,
        order_id=row.order_id,
        type=CommandType.CANCEL.value,
        intent=row.intent,
        expected_version=version,
        fresh_factor=True,  # asked for when the batch was recorded
        valid_until=(row.taken_at or batch.created_at) + _patience(batch),
        of_kill_switch=batch.kind == BatchKind.KILL,
    )


def _command_of(row: BatchRow, actor_id: int) -> OrderCommand | None:
    return OrderCommand.objects.filter(actor_id=actor_id, intent=row.intent).first()


def _record(batch: CommandBatch, row: BatchRow, code: str, reason: str) -> None:
    with transaction.atomic():
        command = _command_of(row, batch.actor_id)
        BatchRow.objects.filter(pk=row.pk).update(
            state=RowState.REFUSED if command is None else RowState.SUBMITTED,
            command=command,
            code=code[:32],
            reason=reason[:200],
            done_at=clock.now(),
        )
        CommandBatch.objects.filter(pk=batch.pk).update(worked_at=clock.now())
        tell(batch)


def _finish(batch: CommandBatch, now: datetime) -> bool:
    """End the batch once nothing of it is under way. What was not taken any more is given up as not sent."""
    with transaction.atomic():
        batch = CommandBatch.objects.select_for_update().get(pk=batch.pk)
        if batch.finished_at is not None or batch.rows.filter(state=RowState.TAKEN).exists():
            return False
        batch.rows.filter(state=RowState.PENDING).update(state=RowState.EXPIRED, done_at=now, reason=_not_sent())
        CommandBatch.objects.filter(pk=batch.pk).update(finished_at=now)
        tell(batch)
    return True


def give_up_abandoned(now: datetime) -> int:
    """End the batches whose process is gone, without sending anything. Number of batches."""
    late = CommandBatch.objects.filter(finished_at=None, worked_at__lte=now - ABANDONED_AFTER)
    return sum(_give_up(batch, now) for batch in late if _is_abandoned(batch, now))


def _is_abandoned(batch: CommandBatch, now: datetime) -> bool:
    return now - batch.worked_at >= _patience(batch)


def _patience(batch: CommandBatch) -> timedelta:
    """How long one row may take. No command is recorded later than that: given up means nothing leaves any more."""
    return KILL_ABANDONED_AFTER if batch.kind == BatchKind.KILL else ABANDONED_AFTER


def _give_up(batch: CommandBatch, now: datetime) -> bool:
    """A row that was taken has a command or none: where there is none, nothing has left for it."""
    with transaction.atomic():
        batch = CommandBatch.objects.select_for_update().get(pk=batch.pk)
        if batch.finished_at is not None or not _is_abandoned(batch, now):
            return False
        for row in batch.rows.filter(state__in=(RowState.PENDING, RowState.TAKEN)):
            _close(row, _command_of(row, batch.actor_id), now)
        CommandBatch.objects.filter(pk=batch.pk).update(finished_at=now)
        act = audit.Act("batch.abandoned", subject=f"batch {batch.pk}", detail=batch_row(batch, now)["counts"])
        audit.record(SYSTEM, act)
        tell(batch)
    log.warning("a batch was abandoned by its process", extra={"batch": str(batch.pk)})
    return True


def _close(row: BatchRow, command: OrderCommand | None, now: datetime) -> None:
    row.state = RowState.EXPIRED if command is None else RowState.SUBMITTED
    row.command, row.done_at = command, now
    row.reason = _not_sent() if command is None else command.reason[:200]
    row.save(update_fields=["state", "command", "done_at", "reason"])


def _not_sent() -> str:
    return _("보내지 않았습니다. 필요하면 다시 요청하십시오.")
