"""Frames on their way into the journal: the line is read on and keep-alives are echoed meanwhile.

Nothing is lost on the way: a batch that the database did not take is offered again until it does, and what still waits
when the process ends is kept for the next owner to read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from orders import executions
from orders.executions import Journal, Received
from orders.lease import Hold, LeaseLost
from orders.models import Notice
from orders.notice_stream.workers import Worker, pause

MOST_AT_ONCE = 50  # frames a transaction: about a second's work
MOST_WAITING = 5000  # then the line is not read on
AGAIN_AFTER = 1.0
BEHIND_AFTER = 1.0  # seconds that a frame waits


class Intake:
    """One tenure's queue of frames; `on_notices` hears of every row that came of them, in order."""

    def __init__(self, hold: Hold, worker: Worker, on_notices: Callable[[Sequence[Notice]], None]) -> None:
        self._hold = hold
        self._worker = worker
        self._on_notices = on_notices
        self._waiting: asyncio.Queue[tuple[Journal, Received]] = asyncio.Queue(MOST_WAITING)
        self._journal: Journal | None = None
        self._in_hand: list[Received] = []
        self._came: deque[float] = deque()  # when each frame that is not applied yet came, by the monotonic clock

    @property
    def is_behind(self) -> bool:
        """Frames wait that may be fills: the books are not what the broker told us."""
        return bool(self._came) and time.monotonic() - self._came[0] > BEHIND_AFTER

    async def put(self, journal: Journal, received: Received) -> None:
        self._came.append(time.monotonic())
        await self._waiting.put((journal, received))

    async def drained(self) -> None:
        """When everything that was put is written: a new epoch must not begin before."""
        await self._waiting.join()

    async def run(self, over: asyncio.Event) -> None:
        """Write until `over`. Raises LeaseLost."""
        while not over.is_set():
            try:
                journal, first = await asyncio.wait_for(self._waiting.get(), 0.5)
            except TimeoutError:
                continue
            self._journal, self._in_hand = journal, [first, *self._more()]
            taken = len(self._in_hand)
            await self._write(journal, over)
            for _ in range(taken):
                self._came.popleft()
                self._waiting.task_done()

    async def finish(self) -> None:
        """Keep what still waits, without reading it. Raises LeaseLost."""
        left: dict[Journal, list[Received]] = {}
        if self._journal is not None and self._in_hand:
            left[self._journal] = list(self._in_hand)
        while not self._waiting.empty():
            journal, received = self._waiting.get_nowait()
            left.setdefault(journal, []).append(received)
        for journal, frames in left.items():
            for start in range(0, len(frames), MOST_AT_ONCE):  # one that fails takes no other frames with it
                await self._worker.quietly(executions.keep_all, journal, frames[start : start + MOST_AT_ONCE])

    def _more(self) -> list[Received]:
        """What waits already: of the same session, since the next one begins when everything is written."""
        more: list[Received] = []
        while len(more) < MOST_AT_ONCE - 1 and not self._waiting.empty():
            _, received = self._waiting.get_nowait()
            more.append(received)
        return more

    async def _write(self, journal: Journal, over: asyncio.Event) -> None:
        while True:
            self._check()
            frames = await self._worker.quietly(executions.keep_all, journal, self._in_hand)
            if frames is not None:
                break
            await pause(over, AGAIN_AFTER)
        pairs = [(frame, received.event) for frame, received in zip(frames, self._in_hand, strict=True)]
        self._in_hand = []
        notices = await self._worker.quietly(executions.understand_all, journal, pairs)
        while notices is None and not over.is_set():
            await pause(over, AGAIN_AFTER)
            self._check()
            notices = await self._worker.quietly(_replayed, journal)
        self._on_notices(notices or [])

    def _check(self) -> None:
        if not self._hold.stands():
            raise LeaseLost("the lease ran out while frames waited")


def _replayed(journal: Journal) -> list[Notice]:
    executions.replay(journal)
    return []
