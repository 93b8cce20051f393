"""The notice stream: the one asynchronous shell around `protocol.NoticeConnection`.

KIS gives an app key one session, and a slot that was dropped uncleanly may stay held for minutes; so a session ends
with its releases and a close frame, and every new attempt waits longer, with a new approval key. A stream that lost
its right meanwhile (the process was stopped, another one took over) sends nothing any more but the close frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from orders.kis.errors import KisError, RefusedError
from orders.kis.frames import MAX_FRAME_BYTES
from orders.kis.protocol import Event, NoticeConnection, Refused, SlotHeld, Subscribed
from orders.kis.stream_events import Connecting, Live, StreamEvent, Waiting, WaitReason

__all__ = ["Connecting", "Live", "OnEvent", "StreamEvent", "StreamParams", "WaitReason", "Waiting", "run"]

log = logging.getLogger(__name__)

BACK_OFF = (2.0, 4.0, 8.0, 16.0, 30.0, 90.0)
HELD_BACK_OFF = (30.0, 60.0, 90.0)  # hammering a held slot keeps it held
STEADY_SECONDS = 60.0  # a session that was live for so long starts the back-off anew
_SPACING = 0.1  # between two registrations, as in the vendor's samples
_OPEN_TIMEOUT = 10.0
_CLOSE_HANDSHAKE = 0.5
_CLOSE_LIMIT = 0.8
_Result = TypeVar("_Result")


OnEvent = Callable[[StreamEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StreamParams:
    """Where to, and time and chance: `clock` in monotonic seconds, `random` from [0, 1).

    `may_go_on` is asked before each message is looked at and before each is sent; it does no I/O. `held_before` is how
    often in a row the slot was held for whoever tried before.
    """

    ws_url: str
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    may_go_on: Callable[[], bool] = lambda: True
    held_before: int = 0


@dataclass(frozen=True, slots=True)
class _Ending:
    """Why a session is over. `held` asks for the long back-off, `lived` is how long it was live."""

    reason: WaitReason
    detail: str = ""
    held: bool = False
    lived: float = 0.0


class _StoppedError(Exception):
    """The stop signal came first."""


class _NoRightError(Exception):
    """The stream is somebody else's now."""


async def run(
    params: StreamParams,
    protocol_factory: Callable[[], Awaitable[NoticeConnection]],
    on_event: OnEvent,
    stop: asyncio.Event,
) -> None:
    """Keeps one session open until `stop` is set, then closes it within a second and returns; so it does, without the
    releases, when the right to the stream is gone.

    `protocol_factory` is asked for a new connection, with a new approval key, before each attempt. `on_event` gets
    every event in order; the next message is read when it returns. When either raises, the session is closed and
    begun anew, since a message may be lost.
    """
    failures, held = 0, params.held_before
    with contextlib.suppress(_StoppedError, _NoRightError):
        while not stop.is_set():
            _go_on(params)
            await _tell(on_event, Connecting(failures))
            ending = await _attempt(params, protocol_factory, on_event, stop)
            failures = 0 if ending.lived >= STEADY_SECONDS else failures
            held = 0 if ending.lived else held
            seconds = _pause(HELD_BACK_OFF, held, params) if ending.held else _pause(BACK_OFF, failures, params)
            failures, held = failures + 1, held + ending.held
            log.warning("notice stream ended: %s %s; next attempt in %.1f s", ending.reason, ending.detail, seconds)
            await _tell(on_event, Waiting(ending.reason, ending.detail, seconds))
            await _unless(stop, params.sleep(seconds))


def _pause(steps: Sequence[float], before: int, params: StreamParams) -> float:
    return steps[min(before, len(steps) - 1)] * (1 + params.random() / 4)


async def _attempt(
    params: StreamParams,
    protocol_factory: Callable[[], Awaitable[NoticeConnection]],
    on_event: OnEvent,
    stop: asyncio.Event,
) -> _Ending:
    """One session from its approval key to its close; the rim of the loop, which no failure passes."""
    try:
        protocol = await _unless(stop, protocol_factory())
        _go_on(params)
        websocket = await _unless(stop, _open(params.ws_url))
    except KisError as error:
        return _Ending(WaitReason.NO_APPROVAL, str(error), held=isinstance(error, RefusedError))
    except (OSError, WebSocketException) as error:
        return _Ending(WaitReason.UNREACHABLE, str(error))
    except (_StoppedError, _NoRightError):
        raise
    except Exception as error:
        if stop.is_set():
            raise _StoppedError from error
        log.exception("notice stream could not begin")
        return _Ending(WaitReason.FAILED, type(error).__name__)
    session = _Session(params, protocol, websocket, on_event)
    try:
        return await session.pump(stop)
    except ConnectionClosed as error:
        return session.ended(WaitReason.CLOSED, str(error))
    except (_StoppedError, _NoRightError):
        raise
    except Exception as error:
        log.exception("notice stream failed")
        return session.ended(WaitReason.FAILED, type(error).__name__)
    finally:
        await session.close()


def _go_on(params: StreamParams) -> None:
    if not params.may_go_on():
        raise _NoRightError


class _Session:
    """One open socket and its protocol."""

    def __init__(
        self, params: StreamParams, protocol: NoticeConnection, websocket: ClientConnection, on_event: OnEvent
    ) -> None:
        self._params = params
        self._protocol = protocol
        self._websocket = websocket
        self._on_event = on_event
        self._last = params.clock()
        self._busy = False
        self._live_since: float | None = None

    async def pump(self, stop: asyncio.Event) -> _Ending:
        """Reads until the session is spent.

        Raises _StoppedError, _NoRightError, ConnectionClosed, and what `on_event` raises.
        """
        # Registered while reading: a held slot is told in answer to the first registration, before KIS closes.
        registering = asyncio.ensure_future(self._flush())
        silence = asyncio.ensure_future(self._silence())
        try:
            while True:
                message = await _unless(stop, self._next_message(silence))
                if message is None:
                    return self.ended(WaitReason.SILENT, f"{self._protocol.silence_limit():.0f} s without a message")
                ending = await self._take(message)
                if ending is not None:
                    return ending
        finally:
            registering.cancel()
            silence.cancel()

    def ended(self, reason: WaitReason, detail: str = "", *, held: bool = False) -> _Ending:
        lived = 0.0 if self._live_since is None else self._params.clock() - self._live_since
        return _Ending(reason, detail, held, lived)

    async def close(self) -> None:
        """Releases what is registered and closes, within a second whatever the other side does.

        Without the right to the stream only the close frame is sent: the slot is wanted by its new owner.
        """
        self._protocol.close()
        last = self._protocol.data_to_send() if self._params.may_go_on() else []
        with contextlib.suppress(WebSocketException, OSError):
            async with asyncio.timeout(_CLOSE_LIMIT):
                for data in last:
                    await self._websocket.send(data, text=True)
                await self._websocket.close()

    async def _next_message(self, silence: asyncio.Future[None]) -> bytes | None:
        """The next message as it came, None when the silence was too long."""
        # Bytes: KIS sends broken UTF-8 in text frames, and refusing it would cost the slot.
        receiving = asyncio.ensure_future(self._websocket.recv(decode=False))
        awaited: set[asyncio.Future[Any]] = {receiving, silence}
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            return receiving.result() if receiving.done() else None
        finally:
            receiving.cancel()

    async def _take(self, message: bytes) -> _Ending | None:
        _go_on(self._params)
        self._busy = True
        self._protocol.receive_data(message, self._params.clock())
        await self._flush()
        ending = None
        for event in self._protocol.events():
            await self._on_event(event)
            ending = await self._consequence(event) or ending
        self._last = self._params.clock()
        self._busy = False
        return ending

    async def _consequence(self, event: Event) -> _Ending | None:
        match event:
            case Subscribed() if self._live_since is None:
                self._live_since = self._params.clock()
                await self._on_event(Live())
            case SlotHeld(message):
                return self.ended(WaitReason.SLOT_HELD, message, held=True)
            case Refused(code=code, fatal=True):
                return self.ended(WaitReason.REFUSED, code, held=True)
        return None

    async def _flush(self) -> None:
        for count, data in enumerate(self._protocol.data_to_send()):
            if count:
                await self._params.sleep(_SPACING)
            if not self._params.may_go_on():
                return  # what is read next ends the session
            with contextlib.suppress(ConnectionClosed):  # what was said before the close is still read
                await self._websocket.send(data, text=True)

    async def _silence(self) -> None:
        """Returns when nothing has come for too long. While we are busy ourselves the silence is not the line's."""
        while True:
            quiet = 0.0 if self._busy else self._params.clock() - self._last
            limit = self._protocol.silence_limit()
            if quiet >= limit:
                return
            await self._params.sleep(limit - quiet)


async def _open(ws_url: str) -> ClientConnection:
    return await connect(
        ws_url,
        proxy=None,
        compression=None,
        open_timeout=_OPEN_TIMEOUT,
        ping_interval=None,  # KIS has its own keep-alive
        close_timeout=_CLOSE_HANDSHAKE,
        max_size=MAX_FRAME_BYTES,
    )


async def _unless(stop: asyncio.Event, awaitable: Awaitable[_Result]) -> _Result:
    """The awaitable's result. Raises _StoppedError, and cancels it, when `stop` is set first."""
    work = asyncio.ensure_future(awaitable)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
    finally:
        stopping.cancel()
        work.cancel()
    raise _StoppedError


async def _tell(on_event: OnEvent, event: StreamEvent) -> None:
    """Reports a change of state; a report that fails must not end the stream."""
    try:
        await on_event(event)
    except Exception:
        log.exception("could not report %s", event)
