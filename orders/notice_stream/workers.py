"""Blocking work beside the event loop: a thread for each kind, so that within a kind everything keeps its order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import OperationalError, close_old_connections, connections

from orders.lease import LeaseLost

log = logging.getLogger(__name__)

_CLOSE_LIMIT = 0.5  # seconds
_Result = TypeVar("_Result")


class Worker:
    """One thread with its own database connection."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[..., _Result], *args: Any) -> _Result:
        """The result of blocking work; what it raises is raised."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _closing, work, args)

    async def quietly(self, work: Callable[..., _Result], *args: Any) -> _Result | None:
        """The same; a failure is logged and gives None. Raises LeaseLost: then everything has to end."""
        try:
            return await self.run(work, *args)
        except LeaseLost:
            raise
        except OperationalError as error:  # away, busy, or it ended a session that was stopped inside a transaction
            log.warning("%s: the database did not answer: %s", getattr(work, "__name__", work), error)
            return None
        except Exception:
            log.exception("%s failed", getattr(work, "__name__", work))
            return None

    async def close(self) -> None:
        """After what is under way, unless that takes too long; nothing more can be run."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.quietly(connections.close_all), _CLOSE_LIMIT)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _closing(work: Callable[..., _Result], args: tuple[Any, ...]) -> _Result:
    """Holds a pooled connection only while there is work."""
    close_old_connections()
    try:
        return work(*args)
    finally:
        close_old_connections()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Until `stop`, or for so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def pause_or(sooner: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    """Until `stop`, until `sooner`, which is cleared, or for so long."""
    waits = [asyncio.ensure_future(event.wait()) for event in (sooner, stop)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    sooner.clear()
