"""The notice streams of this process: a lease an app key, one session with the broker, recovery, sweeps, the resolver.

`run` ends within a second of `stop`. What fails here is logged and begun anew; nothing leaves this module as an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import close_old_connections, connections

from accounts import broadcast as upstreams
from accounts import clock
from accounts.models.stream import Feed
from orders import executions, gateway, lease, pace, reconciliation
from orders.executions import Journal, LeaseLost
from orders.kis import auth, stream
from orders.kis.client import new_session
from orders.kis.frames import Subscription
from orders.kis.protocol import NoticeConnection, NoticeReceived, Refused, Subscribed
from orders.kis.tr_ids import Environment, notice_tr_ids
from orders.models import KisAccount, KisConnection

log = logging.getLogger(__name__)

LOOK_FOR_CONNECTIONS = 5.0
RESOLVE_EVERY = 0.5
SWEEP_OPEN_EVERY = 10.0
SWEEP_ALL_EVERY = 60.0
RECOVER_AFTER = (0.0, 3.0, 15.0, 60.0)  # seconds after a session is live
SAY_STATE_EVERY = 4.0
NIGHT_TRS = {"H0MFCNI0", "H0EUCNI0"}  # KIS's pages confuse the two, and an account may have neither: only a warning
_Result = TypeVar("_Result")


async def run(stop: asyncio.Event, names: Sequence[str] | None = None) -> None:
    """Run the streams of the named connections, or of every active one, and the resolver, until `stop`."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"[:64]
    resolver = asyncio.create_task(_resolve(stop))
    streams: dict[int, asyncio.Task[None]] = {}
    with ThreadPoolExecutor(1, thread_name_prefix="streams") as pool:
        while not stop.is_set():
            active = await _quietly(pool, _active, names) or {}
            for connection_id, connection in active.items():
                if connection_id not in streams or streams[connection_id].done():
                    streams[connection_id] = asyncio.create_task(_Stream(connection, holder).run(stop))
            for connection_id in set(streams) - set(active):
                streams.pop(connection_id).cancel()
            await _pause(stop, LOOK_FOR_CONNECTIONS)
        await _quietly(pool, connections.close_all)
    await asyncio.gather(resolver, *streams.values(), return_exceptions=True)


def _active(names: Sequence[str] | None) -> dict[int, KisConnection]:
    rows = KisConnection.objects.filter(active=True)
    return {row.pk: row for row in (rows.filter(name__in=names) if names else rows)}


async def _resolve(stop: asyncio.Event) -> None:
    """Ask for what is unknown, whatever the streams do."""
    resolver = reconciliation.Resolver()
    with ThreadPoolExecutor(1, thread_name_prefix="resolver") as pool:
        while not stop.is_set():
            await _quietly(pool, _resolve_once, resolver)
            await _pause(stop, RESOLVE_EVERY)
        await _quietly(pool, resolver.close)
        await _quietly(pool, connections.close_all)


def _resolve_once(resolver: reconciliation.Resolver) -> None:
    now = clock.now()
    reconciliation.recover(now)
    resolver.look(now)


async def _quietly(pool: ThreadPoolExecutor, work: Callable[..., _Result], *args: Any) -> _Result | None:
    """Run blocking work in a thread; a failure is logged and gives None."""
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, _closing, work, args)
    except Exception:
        log.exception("%s failed", getattr(work, "__name__", work))
        return None


def _closing(work: Callable[..., _Result], args: tuple[Any, ...]) -> _Result:
    close_old_connections()
    return work(*args)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


@dataclass
class _Stream:
    """One app key. Frames are applied in one thread, in order; inquiries have a thread of their own."""

    connection: KisConnection
    holder: str
    journal: Journal | None = None
    frames: int = 0
    live: bool = False
    reason: str = ""
    answers: bool = True
    recovered: bool = False
    unread: set[str] = field(default_factory=set)  # notice TR ids that are not registered, or cannot be decrypted
    recover_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ingest = ThreadPoolExecutor(1, thread_name_prefix="notices")
        self.inquire = ThreadPoolExecutor(1, thread_name_prefix="inquiries")

    async def run(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                if await _quietly(self.ingest, lease.acquire, self.connection.pk, self.holder):
                    await self._hold(stop)
                    await _quietly(self.ingest, lease.release, self.connection.pk, self.holder)
                else:
                    await _pause(stop, RESOLVE_EVERY)
        finally:
            for pool in (self.ingest, self.inquire):
                await _quietly(pool, connections.close_all)
            self.ingest.shutdown(wait=False)
            self.inquire.shutdown(wait=False, cancel_futures=True)

    async def _hold(self, stop: asyncio.Event) -> None:
        """Everything that is done while the lease is ours. Ends with `stop`, or when the lease is lost."""
        await _quietly(self.ingest, self._replay)
        over = asyncio.Event()
        tasks = [asyncio.create_task(task) for task in (self._listen(over), self._keep(over), self._watch(over))]
        waits = [asyncio.create_task(event.wait()) for event in (stop, over)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        over.set()
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.live = False
        await _quietly(self.ingest, self._say)

    def _replay(self) -> None:
        epoch = lease.next_epoch(self.connection.pk, self.holder)
        if epoch is not None:
            executions.replay(Journal(self.connection.pk, epoch))

    async def _listen(self, over: asyncio.Event) -> None:
        async def on_event(event: stream.StreamEvent) -> None:
            await self._on_event(event, over)

        params = stream.StreamParams(self.connection.ws_url, time.monotonic, asyncio.sleep, random.random)
        await stream.run(params, self._new_session, on_event, over)

    async def _new_session(self) -> NoticeConnection:
        """A new approval key and a new epoch for each session: KIS replays nothing, so equal content is a new fact."""
        return await asyncio.get_running_loop().run_in_executor(self.ingest, _closing, self._open_session, ())

    def _open_session(self) -> NoticeConnection:
        config = gateway.config(self.connection)
        pace.wait_turn(self.connection)
        approval = auth.issue_approval_key(config, new_session())
        epoch = lease.next_epoch(self.connection.pk, self.holder)
        if epoch is None:
            raise LeaseLost(self.connection.name)
        self.journal, self.frames = Journal(self.connection.pk, epoch), 0
        tr_ids = notice_tr_ids(Environment(config.environment))
        self.unread = set(tr_ids) - NIGHT_TRS
        wanted = [Subscription(tr_id, config.hts_id) for tr_id in tr_ids]
        return NoticeConnection(wanted, approval, config.customer_type)

    async def _on_event(self, event: stream.StreamEvent, over: asyncio.Event) -> None:
        match event:
            case NoticeReceived():
                await self._record(event, over)
            case stream.Live():
                self.live, self.recovered, self.reason = True, False, ""
                self.recover_at = [time.monotonic() + seconds for seconds in RECOVER_AFTER]
                await _quietly(self.ingest, self._say)
            case stream.Waiting(reason=reason):
                self.live, self.reason = False, reason.value
                await _quietly(self.ingest, self._say)
            case Subscribed(tr_id=tr_id, readable=True):
                self.unread.discard(tr_id)
            case Refused(tr_id=tr_id, code=code, message=message):
                log.warning("%s: %s not registered: %s %s", self.connection.name, tr_id, code, message)

    async def _record(self, event: NoticeReceived, over: asyncio.Event) -> None:
        assert self.journal is not None  # noqa: S101 - set before the session that this came from
        self.frames += 1
        loop = asyncio.get_running_loop()
        args = (self.journal, self.frames, event, clock.now())
        try:
            await loop.run_in_executor(self.ingest, _closing, executions.record_notice, args)
        except LeaseLost:
            log.warning("%s: another process holds the stream", self.connection.name)
            over.set()

    async def _keep(self, over: asyncio.Event) -> None:
        while not over.is_set():
            if not await _quietly(self.ingest, lease.renew, self.connection.pk, self.holder):
                over.set()
            await _pause(over, lease.RENEWED_EVERY)

    async def _watch(self, over: asyncio.Event) -> None:
        """Recovery after each connect, sweeps on their schedule, and the state of the feed, said again and again."""
        next_open = next_all = said = 0.0
        while not over.is_set():
            now = time.monotonic()
            recovering = any(at <= now for at in self.recover_at)
            if recovering or now >= next_all:
                await _quietly(self.inquire, self._sweep_all)
                self.recover_at = [at for at in self.recover_at if at > now]
                next_all, next_open = now + SWEEP_ALL_EVERY, now + SWEEP_OPEN_EVERY
                said = 0.0
            elif now >= next_open:
                await _quietly(self.inquire, reconciliation.sweep_open, self.connection.pk)
                next_open = now + SWEEP_OPEN_EVERY
            if now - said >= SAY_STATE_EVERY:
                # In the thread of all other states: an older one must not be written over a newer.
                await _quietly(self.ingest, self._say)
                said = now
            await _pause(over, 0.5)

    def _sweep_all(self) -> None:
        session = self.journal if self.live else None
        accounts = list(KisAccount.objects.filter(connection=self.connection).select_related("account"))
        reconciliation.sweep(accounts)
        unanswered = KisAccount.objects.filter(connection=self.connection).exclude(inquiry_error="").count()
        self.answers = not accounts or unanswered < len(accounts)
        # A read that began before the session may miss what happened until then.
        if session is not None and session is self.journal and self.live:
            self.recovered = self.recovered or unanswered == 0

    def _say(self) -> None:
        upstreams.set_upstream(self.connection.name, self._state().value, self._detail())

    def _state(self) -> Feed:
        """LIVE only where every notice can be read and the lists were read once since the session began."""
        if not self.live:
            return Feed.POLLING if self.answers and self.reason else Feed.DOWN
        if not self.recovered:
            return Feed.SYNCING
        return Feed.POLLING if self.unread else Feed.LIVE

    def _detail(self) -> str:
        return f"not registered: {', '.join(sorted(self.unread))}" if self.live and self.unread else self.reason
