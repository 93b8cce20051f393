"""The WebSocket: who gets in, what is told in what order, what is resumed, and when it ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.utils import timezone

from accounts import access, broadcast, hub
from accounts.models import ApiToken, Assignment, ClientAccount, Firm, StreamEvent, StreamHead, User
from portal.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


class Live:
    """A browser's end of the socket, over ASGI."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {"type": "websocket", "path": "/ws/live/", "headers": headers, "query_string": b"", "subprotocols": []}
        self._app = ApplicationCommunicator(application, scope)

    async def connect(self) -> tuple[bool, int | None]:
        await self._app.send_input({"type": "websocket.connect"})
        message = await self._app.receive_output(timeout=5)
        return message["type"] == "websocket.accept", message.get("code")

    async def send_json_to(self, message: dict[str, Any]) -> None:
        await self._app.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def receive_output(self, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109 - the communicator's own
        message: dict[str, Any] = await self._app.receive_output(timeout=timeout)
        return message

    async def receive_json_from(self) -> dict[str, Any]:
        message = await self.receive_output(timeout=8)
        assert message["type"] == "websocket.send", message
        received: dict[str, Any] = json.loads(message["text"])
        return received

    async def disconnect(self) -> None:
        await self._app.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._app.wait(timeout=5)


@pytest.fixture
def optional(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
async def stopped_hub() -> AsyncIterator[None]:
    yield
    await hub.hub().stop()
    hub._hub = None
    broadcast.listen_here(lambda _about: None)
    await sync_to_async(connections.close_all)()


def make_manager(name: str = "kim") -> tuple[User, ClientAccount]:
    firm, _ = Firm.objects.get_or_create(name="신한투자증권", short_name="shinhan")
    account = ClientAccount.objects.create(firm=firm, number=f"00199231222{name}")
    user = User.objects.create_user(name, password="a long password", role="manager")
    access.assign(user, account, date(2010, 1, 1))
    user.refresh_from_db()
    return user, account


def session_of(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


def socket(session: SessionStore, origin: str | None = None) -> Live:
    headers = [
        (b"origin", (settings.ORIGINS[0] if origin is None else origin).encode()),
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={session.session_key}".encode()),
    ]
    return Live(headers)


def tell(account: ClientAccount, version: int, entity_id: str = "7") -> None:
    with transaction.atomic():
        row = {"id": entity_id, "version": version}
        broadcast.record([broadcast.Change(account, "order", entity_id, version, lambda _user: row)])


def set_upstream(name: str, state: str) -> None:
    """As a stream says it: within a transaction of its own."""
    with transaction.atomic():
        broadcast.set_upstream(name, state)


async def next_of(live: Live, kind: str) -> dict[str, Any]:
    while True:
        message = await live.receive_json_from()
        if message["type"] == kind:
            return message


@pytest.mark.usefixtures("optional", "stopped_hub")
async def test_a_change_reaches_the_browser_with_the_next_number() -> None:
    user, account = await sync_to_async(make_manager)()
    live = socket(await sync_to_async(session_of)(user))
    assert (await live.connect())[0]
    hello = await next_of(live, "hello")
    await sync_to_async(tell)(account, 1)
    await sync_to_async(tell)(account, 2)
    events = [await next_of(live, "event") for _ in range(2)]
    assert [event["seq"] for event in events] == [hello["seq"] + 1, hello["seq"] + 2]
    assert [event["row"]["version"] for event in events] == [1, 2]
    await live.disconnect()


@pytest.mark.usefixtures("optional", "stopped_hub")
async def test_resume_gives_all_that_was_missed_in_order() -> None:
    user, account = await sync_to_async(make_manager)()
    for version in (1, 2, 3):
        await sync_to_async(tell)(account, version)
    head = await sync_to_async(StreamHead.objects.get)(pk=user.pk)
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    await live.send_json_to({"type": "resume", "epoch": str(head.epoch), "seq": 1})
    assert [(await next_of(live, "event"))["seq"] for _ in range(2)] == [2, 3]
    await live.disconnect()


@pytest.mark.usefixtures("optional", "stopped_hub")
@pytest.mark.parametrize(
    "resume", [{"epoch": "other", "seq": 0}, {"epoch": None, "seq": 1}, {"seq": 10_000}, {"seq": True}, {"seq": -1}]
)
async def test_what_cannot_be_told_in_full_is_a_resync(resume: dict[str, Any]) -> None:
    user, account = await sync_to_async(make_manager)()
    await sync_to_async(tell)(account, 1)
    head = await sync_to_async(StreamHead.objects.get)(pk=user.pk)
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    await live.send_json_to({"type": "resume", "epoch": str(head.epoch), **resume})
    assert await next_of(live, "resync")
    await live.disconnect()


@pytest.mark.usefixtures("optional", "stopped_hub")
async def test_events_past_their_keeping_are_a_resync() -> None:
    user, account = await sync_to_async(make_manager)()
    for version in (1, 2):
        await sync_to_async(tell)(account, version)
    await sync_to_async(StreamEvent.objects.filter(seq=1).update)(created_at=timezone.now() - timedelta(hours=25))
    assert await sync_to_async(broadcast.forget_old)(timezone.now()) == 1
    head = await sync_to_async(StreamHead.objects.get)(pk=user.pk)
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    await live.send_json_to({"type": "resume", "epoch": str(head.epoch), "seq": 0})
    assert await next_of(live, "resync")
    await live.disconnect()


@pytest.mark.usefixtures("optional", "stopped_hub")
async def test_nobody_receives_an_event_of_another_managers_account() -> None:
    user, _ = await sync_to_async(make_manager)()
    _, others = await sync_to_async(make_manager)("lee")
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    await next_of(live, "hello")
    await sync_to_async(tell)(others, 1)
    assert (await next_of(live, "heartbeat"))["seq"] == 0
    await live.disconnect()


@pytest.mark.usefixtures("optional", "stopped_hub")
async def test_an_upstream_that_turns_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TICK", 60.0)  # so that nothing but the news itself can bring the heartbeat
    user, account = await sync_to_async(make_manager)()
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    await sync_to_async(tell)(account, 1)
    await next_of(live, "event")
    for state in ("polling", "live"):
        await sync_to_async(set_upstream)("desk-1", state)
        assert (await next_of(live, "heartbeat"))["upstreams"] == [{"name": "desk-1", "state": state}]
    await live.disconnect()


@pytest.mark.usefixtures("stopped_hub", "optional")
@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "http://localhost:1", "https://localhost:8000"])
async def test_a_session_from_another_origin_is_refused(origin: str) -> None:
    user, _ = await sync_to_async(make_manager)()
    connected, code = await socket(await sync_to_async(session_of)(user), origin).connect()
    assert (connected, code) == (False, 4003)


@pytest.mark.usefixtures("stopped_hub")
async def test_a_session_without_its_second_factor_is_closed() -> None:
    user, _ = await sync_to_async(make_manager)()
    live = socket(await sync_to_async(session_of)(user))
    await live.connect()
    assert (await live.receive_output(timeout=2))["code"] == hub.CLOSE_SIGNED_OUT


@pytest.mark.usefixtures("stopped_hub")
async def test_a_token_needs_no_origin() -> None:
    user, account = await sync_to_async(make_manager)()
    await sync_to_async(ApiToken.objects.create)(
        user=user,
        digest=ApiToken.digest_of("secret"),
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )
    live = Live([(b"authorization", b"Bearer secret")])
    await live.connect()
    await next_of(live, "hello")
    await sync_to_async(tell)(account, 1)
    assert (await next_of(live, "event"))["seq"] == 1
    await live.disconnect()


def sign_out(user: User, session: SessionStore) -> None:
    session.delete()
    del user


def deactivate(user: User, _session: SessionStore) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def reassign(user: User, _session: SessionStore) -> None:
    Assignment.objects.filter(user=user).update(valid_to=date(2011, 1, 1))
    access.rights_changed(user.pk)


@pytest.mark.usefixtures("optional", "stopped_hub")
@pytest.mark.parametrize("end", [sign_out, deactivate, reassign])
async def test_an_open_socket_ends_within_five_seconds_of_its_right(end: Any) -> None:
    user, _ = await sync_to_async(make_manager)()
    session = await sync_to_async(session_of)(user)
    live = socket(session)
    await live.connect()
    await next_of(live, "hello")
    await sync_to_async(end)(user, session)
    started = timezone.now()
    while (message := await live.receive_output(timeout=5))["type"] != "websocket.close":
        pass
    assert message["code"] in {hub.CLOSE_SIGNED_OUT, hub.CLOSE_RIGHTS_CHANGED}
    assert timezone.now() - started < timedelta(seconds=5)
