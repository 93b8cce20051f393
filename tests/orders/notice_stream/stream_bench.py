"""The simulated broker as a process, and the streams of this process in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from accounts import broadcast
from orders import notice_stream

US_DAYTIME = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday


@dataclass(frozen=True)
class Simulator:
    """The simulated broker's process, with a quiet market, at 11:00 of a Friday."""

    rest: str
    ws: str

    def press(self, **what: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.rest}/_control", json=what, timeout=10)
        assert answer.ok, answer.text
        pressed: dict[str, Any] = answer.json()
        return pressed

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.rest}/_control", timeout=10).json()
        return found

    def place(self) -> int:
        placed = self.press(
            event="external_order", account="12345678-01", market="US_DAYTIME", symbol="AAPL", qty="10", price="180"
        )
        return int(placed["order"]["number"])


@contextmanager
def streaming(run: Callable[[asyncio.Event], Coroutine[None, None, None]] = notice_stream.run) -> Iterator[list[str]]:
    """The streams of this process, in a thread; gives every state of the feed, newest last."""
    states: list[str] = []
    ready = threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def heard(_about: broadcast.Poke) -> None:
        states.extend(row["state"] for row in broadcast.upstreams() if row["state"] not in states[-1:])

    async def work() -> None:
        ready.set()
        await run(stop)

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()))
    broadcast.listen_here(heard)
    thread.start()
    ready.wait(10)
    try:
        yield states
    finally:
        began = time.monotonic()
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
        broadcast.listen_here(lambda _about: None)
    assert time.monotonic() - began < 3, "the stream did not end in time"


def until(holds: Callable[[], object], seconds: float = 25) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
