"""The process's one listener: wakes on a poke or each second, reads new rows once a person, and hands them to sockets.

Channels' own pattern (a layer subscription a socket) carries a tenth of this and loses bursts in silence. Here the
layer carries a single word; what is sent comes from committed rows, so that push can be late but not wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections, connections
from django.utils import timezone

from accounts import access, broadcast, clock
from accounts.models import ApiToken, StreamEvent, StreamHead, User

log = logging.getLogger(__name__)

TICK = 1.0
HEARTBEAT = 5.0
RIGHTS_EVERY = 2.0
MOST_WAITING = 2000

CLOSE_SIGNED_OUT = 4401
CLOSE_RIGHTS_CHANGED = 4403
CLOSE_TOO_SLOW = 4408


def encode(message: dict[str, Any]) -> str:
    return json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, slots=True)
class Socket:
    """One browser's connection: who it is, what it was told last, and where its messages wait."""

    user_id: int
    access_version: int
    session_key: str | None
    token_id: int | None
    cursor: int
    epoch: str
    accounts: frozenset[int]
    queue: asyncio.Queue[str | int] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def send(self, text: str) -> None:
        """Queue one message; a browser that does not take them is let go, and resumes."""
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.close(CLOSE_TOO_SLOW)

    def close(self, code: int) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(code)


@dataclass(frozen=True, slots=True)
class Numbered:
    seq: int
    account_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class News:
    """What one read of the database gives for one person: the events past `after`."""

    epoch: str
    after: int
    seq: int
    events: tuple[Numbered, ...]


class Hub:
    """Owned by one event loop. `join` and `leave` are called on that loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.sockets: dict[int, set[Socket]] = {}
        self._wake = asyncio.Event()
        self._turned = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._upstreams: list[dict[str, str]] = []

    def start(self) -> None:
        loops = (self._listen, self._pump, self._watch_rights, self._beat)
        self._tasks = [self.loop.create_task(loop()) for loop in loops]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(RuntimeError):  # the pool may be shut already, at interpreter exit
            await self.read(connections.close_all)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def join(self, socket: Socket) -> None:
        self.sockets.setdefault(socket.user_id, set()).add(socket)
        self._wake.set()

    def leave(self, socket: Socket) -> None:
        mine = self.sockets.get(socket.user_id, set())
        mine.discard(socket)
        if not mine:
            self.sockets.pop(socket.user_id, None)

    def wake_threadsafe(self, about: broadcast.Poke) -> None:
        self.loop.call_soon_threadsafe(self._event_of(about).set)

    def _event_of(self, about: object) -> asyncio.Event:
        return self._turned if about == broadcast.Poke.UPSTREAMS else self._wake

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run a database read in the hub's own thread: Channels' shared one makes fills wait for pages."""
        return await self.loop.run_in_executor(self._executor, _closing, work, args)

    async def _listen(self) -> None:
        while True:
            try:
                layer: Any = get_channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(broadcast.GROUP, channel)
                while True:
                    message = await layer.receive(channel)
                    self._event_of(message.get("about")).set()
            except Exception:
                log.warning("channel layer is away; following by the tick", exc_info=True)
                await asyncio.sleep(TICK)

    async def _pump(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK)
            self._wake.clear()
            try:
                await self._deliver()
            except Exception:
                log.warning("live rows were not read; trying again", exc_info=True)
                await asyncio.sleep(TICK)

    async def _deliver(self) -> None:
        cursors = {user_id: min(s.cursor for s in mine) for user_id, mine in self.sockets.items() if mine}
        if not cursors:
            return
        news: dict[int, News] = await self.read(read_news, cursors)
        for user_id, item in news.items():
            for socket in list(self.sockets.get(user_id, ())):
                if socket.cursor < item.after:
                    self._wake.set()  # it resumed from an earlier number while the rows were read
                else:
                    _hand_over(socket, item)

    async def _watch_rights(self) -> None:
        while True:
            await asyncio.sleep(RIGHTS_EVERY)
            try:
                await self._check_rights()
            except Exception:
                log.warning("rights were not checked; trying again", exc_info=True)

    async def _check_rights(self) -> None:
        everyone = [socket for mine in self.sockets.values() for socket in mine]
        if not everyone:
            return
        for socket, code in await self.read(find_ended, everyone):
            socket.close(code)

    async def _beat(self) -> None:
        """A heartbeat each 5 s; at once when an upstream says another state, within a tick when one is silent."""
        due = self.loop.time()
        while True:
            try:
                if await self._upstreams_turned() or self.loop.time() >= due:
                    self._send_heartbeats(self._upstreams)
                    due = self.loop.time() + HEARTBEAT
            except Exception:
                log.warning("heartbeat was not sent", exc_info=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._turned.wait(), TICK)
            self._turned.clear()

    async def _upstreams_turned(self) -> bool:
        if not self.sockets:
            return False
        before, self._upstreams = self._upstreams, await self.read(broadcast.upstreams)
        return self._upstreams != before

    def _send_heartbeats(self, upstreams: list[dict[str, str]]) -> None:
        time = clock.now().isoformat()
        for mine in self.sockets.values():
            for socket in mine:
                socket.send(encode({"type": "heartbeat", "seq": socket.cursor, "time": time, "upstreams": upstreams}))


def _closing(work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Holds a pooled connection only while there is work."""
    close_old_connections()
    try:
        return work(*args)
    finally:
        close_old_connections()


def _hand_over(socket: Socket, news: News) -> None:
    if news.epoch != socket.epoch:
        socket.epoch, socket.cursor = news.epoch, news.seq
        socket.send(encode({"type": "resync"}))
        return
    fresh = [event for event in news.events if event.seq > socket.cursor]
    if any(event.account_id is not None and event.account_id not in socket.accounts for event in fresh):
        socket.close(CLOSE_RIGHTS_CHANGED)
        return
    if fresh and fresh[0].seq != socket.cursor + 1:
        socket.cursor = news.seq
        socket.send(encode({"type": "resync"}))
        return
    for event in fresh:
        socket.cursor = event.seq
        socket.send(event.text)


def read_news(cursors: dict[int, int]) -> dict[int, News]:
    """New rows of each person past a number: one query for the heads, one a person whose head moved."""
    news = {}
    for head in StreamHead.objects.filter(pk__in=cursors):
        after = cursors[head.pk]
        if head.seq == after:
            news[head.pk] = News(str(head.epoch), after, head.seq, ())
            continue
        rows = StreamEvent.objects.filter(user_id=head.pk, seq__gt=after, seq__lte=head.seq).order_by("seq")
        events = tuple(Numbered(row.seq, row.account_id, encode(broadcast.as_message(row))) for row in rows)
        news[head.pk] = News(str(head.epoch), after, head.seq, events)
    return news


def find_ended(sockets: Iterable[Socket]) -> list[tuple[Socket, int]]:
    """Sockets whose person, session, token or rights are no longer what they were at the handshake."""
    sockets = list(sockets)
    now = timezone.now()
    users = User.objects.in_bulk({socket.user_id for socket in sockets})
    sessions = set(
        Session.objects.filter(
            session_key__in={s.session_key for s in sockets if s.session_key}, expire_date__gt=now
        ).values_list("session_key", flat=True)
    )
    tokens = set(
        ApiToken.objects.filter(
            pk__in={s.token_id for s in sockets if s.token_id}, revoked_at=None, expires_at__gt=now
        ).values_list("pk", flat=True)
    )
    visible = {user.pk: visible_ids(user) for user in users.values()}
    ended = []
    for socket in sockets:
        user = users.get(socket.user_id)
        if user is None or not user.is_active or not _credential_lives(socket, sessions, tokens):
            ended.append((socket, CLOSE_SIGNED_OUT))
        elif user.access_version != socket.access_version or visible[user.pk] != socket.accounts:
            ended.append((socket, CLOSE_RIGHTS_CHANGED))
    return ended


def _credential_lives(socket: Socket, sessions: set[str], tokens: set[int]) -> bool:
    return socket.session_key in sessions if socket.session_key else socket.token_id in tokens


def visible_ids(user: User) -> frozenset[int]:
    return frozenset(access.visible_accounts(user).values_list("pk", flat=True))


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process's event loop, started at its first socket."""
    global _hub  # noqa: PLW0603 - one a process by intent
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
        _hub.start()
        broadcast.listen_here(_hub.wake_threadsafe)
    return _hub
