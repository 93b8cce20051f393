"""All streams of this process, and the resolver beside them.

`run` ends within a second of `stop`. What fails here is logged and begun anew; nothing leaves this module as an error.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts import clock
from orders import lease, reconciliation
from orders.models import KisConnection
from orders.notice_stream.tenure import Tenure
from orders.notice_stream.workers import Worker, pause

LOOK_FOR_CONNECTIONS = 5.0
LOOK_FOR_LEASE = 0.5
RESOLVE_EVERY = 0.5


async def run(stop: asyncio.Event, names: Sequence[str] | None = None) -> None:
    """Run the streams of the named connections, or of every active one, and the resolver, until `stop`."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"[:64]
    resolver = asyncio.create_task(_resolve(stop))
    streams: dict[int, _Running] = {}
    worker = Worker("streams")
    while not stop.is_set():
        active = await worker.quietly(_active, names)
        for connection_id, connection in (active or {}).items():
            if connection_id not in streams or streams[connection_id].task.done():
                streams[connection_id] = _Running.start(connection, holder)
        for connection_id in set(streams) - set(streams if active is None else active):
            streams[connection_id].stop.set()  # it closes its socket and gives up its lease in order
        await pause(stop, LOOK_FOR_CONNECTIONS)
    for stream in streams.values():
        stream.stop.set()
    await worker.close()
    await asyncio.gather(resolver, *(stream.task for stream in streams.values()), return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Running:
    """One app key's task, and the signal that ends it alone."""

    task: asyncio.Task[None]
    stop: asyncio.Event

    @classmethod
    def start(cls, connection: KisConnection, holder: str) -> _Running:
        stop = asyncio.Event()
        return cls(asyncio.create_task(_stream(connection, holder, stop)), stop)


def _active(names: Sequence[str] | None) -> dict[int, KisConnection]:
    rows = KisConnection.objects.filter(active=True)
    return {row.pk: row for row in (rows.filter(name__in=names) if names else rows)}


async def _stream(connection: KisConnection, holder: str, stop: asyncio.Event) -> None:
    """One app key: work while the lease is ours, else look for it again and again."""
    worker = Worker("lease")
    try:
        while not stop.is_set():
            hold = await worker.quietly(lease.take, connection.pk, holder)
            if hold is None:
                await pause(stop, LOOK_FOR_LEASE)
                continue
            await Tenure(connection, hold, worker).run(stop)
            if hold.stands():
                await worker.quietly(lease.release, connection.pk, holder)
    finally:
        await worker.close()


async def _resolve(stop: asyncio.Event) -> None:
    """Ask for what is unknown, whatever the streams do."""
    worker = Worker("resolver")
    resolver = reconciliation.Resolver()
    while not stop.is_set():
        await worker.quietly(_resolve_once, resolver)
        await pause(stop, RESOLVE_EVERY)
    await worker.quietly(resolver.close)
    await worker.close()


def _resolve_once(resolver: reconciliation.Resolver) -> None:
    now = clock.now()
    reconciliation.recover(now)
    resolver.look(now)
