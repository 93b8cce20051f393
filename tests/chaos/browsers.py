"""Simulated browsers: a snapshot by REST, then events by number, exactly as docs/live-stream.md says.

All of them live on one event loop in a thread of its own. Nothing here raises for a server that is away: a browser
connects again, and resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.portal import Portal

DEAD_AFTER = 12.0  # seconds without a message
AGAIN_AFTER = 0.3
Row = dict[str, Any]
OnEvent = Callable[[Row, float], None]  # the message, and the wall clock when it came


@dataclass
class Browser:
    """One socket and the model behind it. `faults` are numbers that came twice, out of order, or not at all.

    A server that reads a `resume` late has begun with newer numbers: they come again in their place (`early`).
    """

    portal: Portal
    name: str = ""
    on_event: OnEvent | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    epoch: str = ""
    seq: int = -1
    heard_at: float = 0.0
    changed_at: float = 0.0  # wall clock of the last event
    events: int = 0
    resyncs: int = 0
    sessions: int = 0
    early: int = 0
    resuming: bool = False
    faults: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, requests.RequestException, TimeoutError):
                async with connect(
                    f"ws://127.0.0.1:{self.portal.port}/ws/live/",
                    additional_headers={"Authorization": f"Bearer {self.portal.token}"},
                    compression=None,
                    proxy=None,
                    ping_interval=None,
                    close_timeout=1,
                    max_queue=None,
                ) as socket:
                    self.sessions += 1
                    await self._follow(socket)
            await asyncio.sleep(AGAIN_AFTER)

    async def _follow(self, socket: ClientConnection) -> None:
        hello = await self._next(socket)
        if self.epoch:
            await self._resume(socket)
        else:
            await self._snapshot(str(hello["epoch"]), int(hello["seq"]))  # without a resume events begin at the hello
        while True:
            await self._take(await self._next(socket), socket)

    async def _resume(self, socket: ClientConnection) -> None:
        self.resuming = True
        await socket.send(json.dumps({"type": "resume", "epoch": self.epoch, "seq": self.seq}))

    async def _next(self, socket: ClientConnection) -> Row:
        message: Row = json.loads(await asyncio.wait_for(socket.recv(), DEAD_AFTER))
        self.heard_at = time.time()
        return message

    async def _snapshot(self, epoch: str, seq: int) -> None:
        """The number first, then the rows: what changes between the two comes again, and is known by its version."""
        rows = await asyncio.to_thread(lambda: list(self.portal.rows("orders/")))
        self.rows = {str(row["id"]): row for row in rows}
        self.epoch, self.seq, self.resuming = epoch, seq, False

    async def _take(self, message: Row, socket: ClientConnection) -> None:
        match message["type"]:
            case "event":
                self._apply(message)
            case "resync":
                self.resyncs += 1
                self.epoch = ""
                await socket.close()
            case "heartbeat" if message["seq"] > self.seq and not self.resuming:
                self.faults.append(f"heartbeat at {message['seq']}, told up to {self.seq}")

    def _apply(self, message: Row) -> None:
        if self.resuming and message["seq"] > self.seq + 1:
            self.early += 1
            return
        if message["seq"] != self.seq + 1:
            self.faults.append(f"{message['seq']} after {self.seq}")
        self.seq, self.resuming = message["seq"], False
        self.events += 1
        self.changed_at = time.time()
        if message["entity"] == "order":
            known = self.rows.get(message["id"])
            if known is None or message["version"] > known["version"]:
                self.rows[message["id"]] = message["row"]
        if self.on_event is not None:
            self.on_event(message, self.changed_at)


class Fleet:
    """Browsers on a loop of their own. Use as a context."""

    def __init__(self, browsers: list[Browser]) -> None:
        self.browsers = browsers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._all(),), daemon=True)
        self._stop = asyncio.Event()

    def __enter__(self) -> Fleet:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _all(self) -> None:
        tasks = [asyncio.create_task(browser.run()) for browser in self.browsers]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
