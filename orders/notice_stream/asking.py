"""The inquiries of one tenure: recoveries after a loss, sweeps, reads at a session's end and after a quarantine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import clock
from accounts.models import ClientAccount
from orders import chains, inquiries, placing, recoveries
from orders.books import Read
from orders.domain.events import Family, Market, RequestKind
from orders.lease import Hold
from orders.models import KisAccount, KisConnection, Notice, NoticeState, Order, OrderNumber, Recovery, RecoveryReason
from orders.notice_stream.agenda import Agenda, Answer, Question, Scope
from orders.notice_stream.feed import Link, Sweeps
from orders.notice_stream.workers import Worker, pause
from orders.permissions import sessions
from orders.reconciliation.judging import settle
from orders.recoveries import Loss

PLAN_EVERY = 2.0
LOOK_EVERY = 0.2
SUSPECTS_EVERY = 1.0  # a flood of bad frames must not become a flood of questions
SECOND_END_READ = timedelta(minutes=10)
EVERYTHING = frozenset(Family)
COMPARED_WITHIN = timedelta(days=1)  # what no list has shown for longer can be compared with none


@dataclass(frozen=True, slots=True)
class _Plan:
    """Accounts with the families of their open orders, and the ends of sessions that open orders have outlived."""

    families: dict[int, tuple[Family, ...]]
    ended: frozenset[tuple[int, datetime]]


class Asking:
    """`link` is told when every list was read; all questions go through one thread, one after another."""

    def __init__(self, connection: KisConnection, hold: Hold, link: Link) -> None:
        self._connection = connection
        self._hold = hold
        self._link = link
        self._worker = Worker("inquiries")
        self._agenda = Agenda()
        self._families: dict[int, tuple[Family, ...]] = {}
        self._ended: set[tuple[int, datetime]] = set()
        self._suspects: list[Notice] = []
        self._loss: int | None = None  # the recovery of the whole connection
        self._unsaid: Loss | None = None  # what the database did not take
        self._to_begin = False  # notices come again, and nothing is asked for yet
        self._one_at_a_time = asyncio.Lock()

    async def run(self, over: asyncio.Event) -> None:
        """Ask until `over`. Raises LeaseLost."""
        planned = suspected = float("-inf")
        while not over.is_set() and self._hold.stands():
            now = time.monotonic()
            if now - planned >= PLAN_EVERY:
                await self._plan()
                planned = now
            if now - suspected >= SUSPECTS_EVERY:
                await self._catch_up()
                suspected = now
            question = self._agenda.next(time.monotonic())
            if question is None:
                await pause(over, LOOK_EVERY)
            else:
                await self._ask(question)

    async def close(self) -> None:
        await self._worker.close()

    async def lost(self, reason: RecoveryReason, at: datetime) -> None:
        """Notices may be missing since `at`. Raises LeaseLost."""
        async with self._one_at_a_time:
            await self._lose(Loss(reason, at))

    async def found(self) -> None:
        """Notices come again: everything is read until two reads agree. Raises LeaseLost.

        While the database is away the sweeps go on, and it is tried again.
        """
        async with self._one_at_a_time:
            self._link.recovered = False
            if self._loss is None or self._unsaid is not None:
                await self._lose(Loss(RecoveryReason.RECONNECT, clock.now()))
            self._to_begin = True
            if self._loss is not None and self._unsaid is None and await self._plan():
                await self._begin_reading(self._loss)

    async def _lose(self, loss: Loss) -> None:
        self._to_begin = False
        if self._loss is not None:
            self._agenda.drop(self._loss)
        self._unsaid = self._unsaid or loss  # what could not be written began earlier
        row = await self._worker.quietly(recoveries.lose, self._hold.fence, self._unsaid)
        if row is not None:
            self._unsaid, self._loss = None, row.pk

    async def _begin_reading(self, recovery_id: int) -> None:
        if await self._worker.quietly(_begin, self._hold, recovery_id) is None:
            return
        self._to_begin = False
        self._link.recovered = False
        self._agenda.recover(recovery_id, self._families, time.monotonic())
        self._see_recovered()

    def heard(self, notices: Sequence[Notice]) -> None:
        """What became of frames: a quarantined one may have been a fill."""
        self._suspects.extend(notice for notice in notices if notice.state == NoticeState.QUARANTINED)

    def sweeps(self) -> Sweeps:
        """How old the reads are, in business time."""
        return Sweeps(_moment(self._agenda.oldest_open()), _moment(self._agenda.oldest_all()), self._agenda.is_answered)

    async def _catch_up(self) -> None:
        """What the database did not take before, and the frames that could not be read."""
        busy = self._one_at_a_time.locked()
        if self._to_begin and self._link.live and not busy:
            await self.found()
        elif self._unsaid is not None and not busy:
            await self.lost(self._unsaid.reason, self._unsaid.lost_at)
        if self._suspects:
            await self._follow_suspects()

    async def _plan(self) -> bool:
        """False when the database did not answer."""
        plan = await self._worker.quietly(_look, self._connection.pk, clock.now())
        if plan is None:
            return False
        self._families = plan.families
        self._agenda.know({account_id: bool(families) for account_id, families in plan.families.items()})
        now = time.monotonic()
        for account_id, _ in plan.ended - self._ended:
            self._agenda.read_fully(account_id, now)
            self._agenda.read_fully(account_id, now + SECOND_END_READ.total_seconds())
        self._ended |= plan.ended
        return True

    async def _ask(self, question: Question) -> None:
        families = self._families.get(question.account_id, ()) if question.scope is Scope.OPEN else ()
        asked_at = time.monotonic()
        answer = await self._worker.quietly(_inquire, question.account_id, families, self._hold)
        for recovery_id, reads in self._agenda.answered(question, asked_at, answer, time.monotonic()):
            await self._worker.quietly(recoveries.end, self._hold.fence, recovery_id, reads, clock.now())
            if recovery_id == self._loss:
                self._loss = None
                self._link.recover()
        self._see_recovered()

    def _see_recovered(self) -> None:
        if self._loss is not None and self._link.live and self._agenda.was_read(self._loss):
            self._link.recover()

    async def _follow_suspects(self) -> None:
        suspects, self._suspects = self._suspects, []
        rows = await self._worker.quietly(_open_windows, self._connection.pk, self._hold, suspects)
        if rows is None:
            self._suspects = [*suspects, *self._suspects]
            return
        for row in rows:
            ids = self._families if row.account_id is None else [row.account_id]
            self._agenda.recover(row.pk, ids, time.monotonic(), urgent=True)
            if row.account_id is None:
                self._loss = row.pk


def _moment(at: float | None) -> datetime | None:
    return None if at is None else clock.now() - timedelta(seconds=time.monotonic() - at)


def _look(connection_id: int, now: datetime) -> _Plan:
    ids = KisAccount.objects.filter(connection_id=connection_id).values_list("account_id", flat=True)
    families: dict[int, set[Family]] = {account_id: set() for account_id in ids}
    ended = set()
    still_open = Order.objects.shown().filter(account_id__in=families).open()
    for order in still_open.only("account_id", "family", "market", "exchange", "ordered_at"):
        families[order.account_id].add(Family(order.family))
        until = sessions().good_until(Market(order.market), order.ordered_at, order.exchange)
        if until is not None and until < now:
            ended.add((order.account_id, until))
    return _Plan({pk: tuple(sorted(found)) for pk, found in families.items()}, frozenset(ended))


def _begin(hold: Hold, recovery_id: int) -> bool:
    recoveries.begin(hold.fence, recovery_id, clock.now())
    return True


def _inquire(account_id: int, families: Collection[Family], hold: Hold) -> Answer | None:
    account = ClientAccount.objects.select_related("firm").get(pk=account_id)
    read = inquiries.inquire(account, tuple(families), hold.fence)
    if read is None:
        return None
    settle(read, families or EVERYTHING)
    return _compared(read)


def _compared(read: Read) -> Answer:
    """What a read that was applied says of our books."""
    digest = frozenset((row.key, row.status, row.order_qty, row.cum_qty, row.leaves_qty) for row in read.reports)
    whole = not KisAccount.objects.filter(account=read.account).exclude(inquiry_error="").exists()
    owners = _owners(read)
    overtaken = frozenset(order.pk for order in owners or () if _is_overtaken(order, read))
    compared = frozenset(order.pk for order in owners or ()) - overtaken
    return Answer(digest, whole and _agrees(read, owners), compared, overtaken)


def _agrees(read: Read, owners: list[Order] | None) -> bool:
    """Every row of the read was stored, and no order that was read lately differs.

    Books that cannot be explained are an alarm of their own, which a person ends: the read is over all the same.
    """
    if owners is None or any(order.inquired_at is None or order.inquired_at < read.asked_at for order in owners):
        return False
    lately = read.asked_at - COMPARED_WITHIN
    differing = Order.objects.shown().filter(account=read.account, alarm="", differs_since__gte=lately)
    return not differing.exists() and not any(order.differs_since and not order.alarm for order in owners)


def _is_overtaken(order: Order, read: Read) -> bool:
    return order.noticed_at is not None and order.noticed_at >= read.asked_at


def _owners(read: Read) -> list[Order] | None:
    """The orders that the rows are about; None where one that must have an order has none.

    A modify that is not in force is no order yet, and a cancel's original may be in no list any more.
    """
    rows = [(chains.number_of(row), row.kind) for row in read.reports if row.kind is not RequestKind.CANCEL]
    days = {day for (_, day, _), _ in rows}
    numbers = OrderNumber.objects.filter(account=read.account, order_date__in=days).select_related("order")
    found = {(row.family, row.order_date, row.number): row.order for row in numbers}
    owners = [(kind, found.get((family.value, day, number))) for (family, day, number), kind in rows]
    if any(order is None and kind is RequestKind.NEW for kind, order in owners):
        return None
    return [order for _, order in owners if order is not None]


def _open_windows(connection_id: int, hold: Hold, suspects: Sequence[Notice]) -> list[Recovery]:
    """A window for each account that the notices name; for all where they name none; none where it is not ours."""
    since: dict[int | None, datetime] = {}
    for notice in suspects:
        for account_id in placing.accounts_named(connection_id, notice.plaintext):
            at = notice.frame.received_at
            since[account_id] = min(at, since.get(account_id, at))
    if None in since:
        since = {None: min(since.values())}
    rows = []
    for account_id, at in since.items():
        row = recoveries.lose(hold.fence, Loss(RecoveryReason.QUARANTINE, at, account_id))
        recoveries.begin(hold.fence, row.pk, clock.now())
        rows.append(row)
    return rows
