"""One app key while its lease is ours: the session with the broker, the journal, the inquiries, the feed.

A tenure that was lost does nothing more than close its socket: each task looks at the lease's own clocks before it
works, and the database refuses what slips through.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Coroutine
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts import broadcast as upstreams
from accounts import clock
from orders import executions, gateway, lease, pace
from orders.executions import Journal, Received
from orders.kis import auth, codes, stream
from orders.kis.client import new_session
from orders.kis.frames import Subscription
from orders.kis.protocol import NoticeConnection, NoticeReceived, Refused, Subscribed
from orders.kis.tr_ids import Environment, notice_tr_ids
from orders.lease import Hold, LeaseLost
from orders.models import KisConnection, RecoveryReason, StreamLease
from orders.notice_stream import feed
from orders.notice_stream.asking import Asking
from orders.notice_stream.feed import Link, Sweeps
from orders.notice_stream.intake import Intake
from orders.notice_stream.workers import Worker, pause, pause_or

log = logging.getLogger(__name__)

SAY_STATE_EVERY = 4.0
LOOK_EVERY = 0.3
REGISTERED_WITHIN = 5.0  # seconds after the first answer to a registration
PATIENCE = 1.2  # seconds for what is under way when all has to end; the socket closes within one
NIGHT_TRS = {"H0MFCNI0", "H0EUCNI0"}  # KIS's pages confuse the two, and an account may have neither: only a warning
HELD = {stream.WaitReason.SLOT_HELD, stream.WaitReason.REFUSED}


class Tenure:
    """Frames are applied in one thread, in order; inquiries and the lease have threads of their own."""

    def __init__(self, connection: KisConnection, hold: Hold, desk: Worker) -> None:
        self._connection = connection
        self._hold = hold
        self._desk = desk
        self._ingest = Worker("notices")
        self._link = Link()
        self._asking = Asking(connection, hold, self._link)
        self._intake = Intake(hold, self._ingest, self._asking.heard)
        self._over = asyncio.Event()
        self._journal: Journal | None = None
        self._frames = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, or until the lease is lost."""
        try:
            await self._prepare()
        except LeaseLost:
            await self._close()
            return
        works = (self._listen(), self._keep(), self._tell(), self._intake.run(self._over), self._asking.run(self._over))
        tasks = [asyncio.create_task(self._until_over(work)) for work in works]
        ends = [asyncio.create_task(event.wait()) for event in (stop, self._over)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self._over.set()
        for end in ends:
            end.cancel()
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(LeaseLost):
            await self._leave()
        await self._close()

    async def _until_over(self, work: Coroutine[None, None, None]) -> None:
        """Whichever task ends first, for whatever reason, ends the tenure."""
        try:
            await work
        except LeaseLost:
            log.warning("%s: another process holds the stream", self._connection.name)
        except Exception:
            log.exception("%s: the stream failed", self._connection.name)
        finally:
            self._over.set()

    async def _prepare(self) -> None:
        """What an earlier owner kept and did not apply, and since when notices may be missing."""
        await self._ingest.quietly(self._replay)
        seen = self._hold.last_seen
        reason = RecoveryReason.START if seen is None else RecoveryReason.TAKEOVER
        lost_at = clock.now() - (timezone.now() - seen) if seen is not None else clock.now()
        await self._asking.lost(reason, lost_at)

    def _replay(self) -> None:
        executions.replay(Journal(self._connection.pk, self._next_epoch()))

    def _next_epoch(self) -> int:
        epoch = lease.next_epoch(self._connection.pk, self._hold.holder) if self._hold.stands() else None
        if epoch is None:
            raise LeaseLost(self._connection.name)
        return epoch

    async def _leave(self) -> None:
        """In order: keep what waits, say since when nobody listens. Nothing of it once the lease is lost."""
        was_live, self._link.live = self._link.live, False
        if not self._hold.stands():
            return
        await self._intake.finish()
        if was_live:
            await self._asking.lost(RecoveryReason.START, clock.now())
        await self._desk.quietly(self._say)

    async def _close(self) -> None:
        await self._asking.close()
        await self._ingest.close()

    async def _listen(self) -> None:
        wait, held = await self._desk.run(lease.slot_wait, self._connection.pk, timezone.now())
        if wait:
            self._wait(stream.WaitReason.SLOT_HELD, wait.total_seconds())
            await pause(self._over, wait.total_seconds())
        params = stream.StreamParams(
            self._connection.ws_url, time.monotonic, asyncio.sleep, random.random, self._hold.stands, held
        )
        await stream.run(params, self._new_session, self._on_event, self._over)

    async def _new_session(self) -> NoticeConnection:
        """A new approval key and a new epoch for each session: KIS replays nothing, so equal content is a new fact."""
        await self._intake.drained()
        try:
            return await self._ingest.run(self._open_session)
        except LeaseLost:
            self._over.set()
            raise

    def _open_session(self) -> NoticeConnection:
        config = gateway.config(self._connection)
        pace.wait_turn(self._connection)
        approval = auth.issue_approval_key(config, new_session())
        self._journal, self._frames = Journal(self._connection.pk, self._next_epoch()), 0
        tr_ids = notice_tr_ids(Environment(config.environment))
        self._link.unread = dict.fromkeys(set(tr_ids) - NIGHT_TRS, "")
        wanted = [Subscription(tr_id, config.hts_id) for tr_id in tr_ids]
        return NoticeConnection(wanted, approval, config.customer_type)

    async def _on_event(self, event: stream.StreamEvent) -> None:
        try:
            await self._take(event)
        except LeaseLost:
            self._over.set()  # which ends the stream

    async def _take(self, event: stream.StreamEvent) -> None:
        match event:
            case NoticeReceived():
                await self._received(event)
            case stream.Live():
                await self._live()
            case stream.Waiting(reason=reason, seconds=seconds):
                await self._lost(reason, seconds)
            case Subscribed(tr_id=tr_id, readable=True):
                self._link.unread.pop(tr_id, None)
                self._link.turned.set()
            case Refused():
                self._refused(event)
        if not isinstance(event, stream.Waiting | stream.Connecting):
            self._link.heard_at = clock.now()

    async def _received(self, event: NoticeReceived) -> None:
        assert self._journal is not None  # noqa: S101 - set before the session that this came from
        self._frames += 1
        await self._intake.put(self._journal, Received(self._frames, event, clock.now()))

    async def _live(self) -> None:
        self._link.live, self._link.recovered, self._link.registering = True, False, True
        asyncio.get_running_loop().call_later(REGISTERED_WITHIN, self._registered)
        self._link.reason, self._link.next_try_at = None, None
        await self._desk.quietly(self._say)
        await self._desk.quietly(lease.slot_taken, self._hold.fence)
        await self._asking.found()
        await self._desk.quietly(self._say)

    def _registered(self) -> None:
        self._link.registering = False
        self._link.turned.set()

    async def _lost(self, reason: stream.WaitReason, seconds: float) -> None:
        was_live, self._link.live = self._link.live, False
        self._wait(reason, seconds)
        if reason in HELD:
            until = timezone.now() + timedelta(seconds=seconds)
            await self._desk.quietly(lease.hold_off, self._hold.fence, until)
        if was_live:
            silent = reason is stream.WaitReason.SILENT
            why = RecoveryReason.SILENCE if silent else RecoveryReason.RECONNECT
            await self._asking.lost(why, self._link.heard_at or clock.now())
        await self._desk.quietly(self._say)

    def _wait(self, reason: stream.WaitReason, seconds: float) -> None:
        self._link.reason, self._link.next_try_at = reason, clock.now() + timedelta(seconds=seconds)

    def _refused(self, event: Refused) -> None:
        level = logging.ERROR if event.code == codes.TOO_MANY_SUBSCRIPTIONS else logging.WARNING
        log.log(level, "%s: %s not registered: %s %s", self._connection.name, event.tr_id, event.code, event.message)
        if event.tr_id in self._link.unread:
            self._link.unread[event.tr_id] = event.code

    async def _keep(self) -> None:
        """Renew the lease; a database that is away for a moment does not end it, its own clocks do."""
        while not self._over.is_set() and self._hold.stands():
            if await self._desk.quietly(self._hold.renew) is False:
                raise LeaseLost(self._connection.name)
            await pause(self._over, lease.RENEWED_EVERY)

    async def _tell(self) -> None:
        """The feed's state at once when it changes, and again and again: silence reads as down."""
        said, last = float("-inf"), None
        while not self._over.is_set() and self._hold.stands():
            self._link.behind = self._intake.is_behind
            state, now = feed.state(self._link, self._asking.sweeps()), time.monotonic()
            if state is not last or now - said >= SAY_STATE_EVERY:
                await self._desk.quietly(self._say)
                said, last = now, state
            await pause_or(self._link.turned, self._over, LOOK_EVERY)

    def _say(self) -> None:
        sweeps = self._asking.sweeps()
        with transaction.atomic():
            self._hold.fence.check()
            state, detail = feed.state(self._link, sweeps), feed.detail(self._link, sweeps)
            upstreams.set_upstream(self._connection.name, state.value, detail)
            self._note_sweeps(sweeps)

    def _note_sweeps(self, sweeps: Sweeps) -> None:
        times: dict[str, datetime | None] = {"open_swept_at": sweeps.open_at, "all_swept_at": sweeps.all_at}
        StreamLease.objects.filter(pk=self._connection.pk).update(**times)
