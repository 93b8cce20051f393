"""The browser's WebSocket: checks who is there, says hello, resumes, and passes on what the hub hands it.

Read-only. The audience is chosen from the session or token alone; the client names no group.
"""

from __future__ import annotations

import asyncio
import json
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.http import HttpRequest
from django.utils import timezone

from accounts import broadcast, sign_in
from accounts.hub import CLOSE_SIGNED_OUT, Socket, encode, hub, visible_ids
from accounts.models import ApiToken, User

LONGEST_MESSAGE = 4096
CLOSE_FORBIDDEN_ORIGIN = 4003
RESUME_GRACE = 0.25  # events begin after this unless `resume` comes first: old numbers must not follow new ones


class LiveConsumer(AsyncWebsocketConsumer):
    """One browser. Messages to it wait in its `Socket`; a task of its own sends them in order."""

    socket: Socket | None = None
    _sender: asyncio.Task[None] | None = None
    _grace: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in self.scope["headers"]}
        token = _bearer(headers)
        if token is None and headers.get("origin", "") not in settings.ORIGINS:
            await self.close(CLOSE_FORBIDDEN_ORIGIN)
            return
        self.socket = await hub().read(_authenticate, token, headers.get("cookie", ""))
        if self.socket is None:
            await self.accept()
            await self.close(CLOSE_SIGNED_OUT)
            return
        await self.accept()
        upstreams = await hub().read(broadcast.upstreams)
        hello = {"type": "hello", "epoch": self.socket.epoch, "seq": self.socket.cursor, "upstreams": upstreams}
        await self.send(encode(hello))
        self._sender = asyncio.create_task(self._send_waiting(self.socket))
        self._grace = asyncio.get_running_loop().call_later(RESUME_GRACE, hub().join, self.socket)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        del bytes_data
        message = _parsed(text_data)
        if self.socket is None or message.get("type") != "resume":
            return
        epoch, after = message.get("epoch"), message.get("seq")
        if not isinstance(epoch, str) or not isinstance(after, int) or isinstance(after, bool):
            self.socket.send(encode({"type": "resync"}))
            return
        await self._resume(self.socket, epoch, after)

    async def _resume(self, socket: Socket, epoch: str, after: int) -> None:
        """Go back to a number, so that the hub sends all that was missed in order; or `resync`, never a part."""
        accounts = await hub().read(_missed_accounts, socket.user_id, epoch, after)
        if accounts is None or not accounts <= socket.accounts:
            socket.send(encode({"type": "resync"}))
        else:
            socket.cursor = after
        self._cancel_grace()
        hub().join(socket)

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()

    async def disconnect(self, code: int) -> None:
        del code
        self._cancel_grace()
        if self.socket is not None:
            hub().leave(self.socket)
        if self._sender is not None:
            self._sender.cancel()

    async def _send_waiting(self, socket: Socket) -> None:
        while True:
            item = await socket.queue.get()
            if isinstance(item, int):
                hub().leave(socket)
                await self.close(item)
                return
            await self.send(item)


def _bearer(headers: dict[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _parsed(text: str | None) -> dict[str, Any]:
    if not text or len(text) > LONGEST_MESSAGE:
        return {}
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _authenticate(token: str | None, cookie: str) -> Socket | None:
    return _by_token(token) if token is not None else _by_session(cookie)


def _by_token(token: str) -> Socket | None:
    row = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(token)).first()
    if row is None or not row.is_valid(timezone.now()):
        return None
    return _socket(row.user, None, row.pk)


def _by_session(cookie: str) -> Socket | None:
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    if SESSION_KEY not in session:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active or not sign_in.is_complete(user, session):
        return None
    return _socket(user, session.session_key, None)


def _socket(user: User, session_key: str | None, token_id: int | None) -> Socket:
    accounts = visible_ids(user)
    head = broadcast.head_of(user)
    return Socket(
        user_id=user.pk,
        access_version=user.access_version,
        session_key=session_key,
        token_id=token_id,
        cursor=head.seq,
        epoch=str(head.epoch),
        accounts=accounts,
    )


def _missed_accounts(user_id: int, epoch: str, after: int) -> frozenset[int] | None:
    """The accounts that the events after a number are about; None when they can no longer be told in full."""
    events = broadcast.events_after(User.objects.get(pk=user_id), epoch, after)
    if events is None:
        return None
    return frozenset(event.account_id for event in events if event.account_id is not None)
