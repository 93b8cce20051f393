"""One WebSocket session with KIS, without any I/O: bytes in, events and bytes out.

`receive_data` takes whole messages, `events` and `data_to_send` drain what came of them. Nothing raises on what KIS
sends; what cannot be read is an event with the reason. Times are seconds of one monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from orders.kis import codes
from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, CryptoFault
from orders.kis.frames import (
    BadFrame,
    ControlFrame,
    FrameFault,
    NoticeFrame,
    PingPong,
    Subscription,
    parse,
    subscribe,
    unsubscribe,
)

SILENCE_FLOOR = 30.0
_GAPS_KEPT = 9


@dataclass(frozen=True, slots=True)
class Subscribed:
    """KIS registered the TR id. `readable` is False while no usable key has come for it."""

    tr_id: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    tr_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """KIS said no, `tr_id` "" where it named none.

    After a `fatal` one this connection and its approval key are spent.
    """

    tr_id: str
    code: str
    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class SlotHeld:
    """OPSP8996: another session of this app key is open, or KIS believes so."""

    message: str


@dataclass(frozen=True, slots=True)
class Pinged:
    """The keep-alive came; its echo is queued."""


@dataclass(frozen=True, slots=True)
class NoticeReceived:
    """A message to be journaled: a data frame, or one that could not be read."""

    raw: bytes = field(repr=False)
    frame: NoticeFrame | BadFrame
    cipher: NoticeCipher | None = field(default=None, repr=False, compare=False)

    @property
    def forged(self) -> bool:
        """KIS encrypts every notice: a plain one came from somebody else."""
        return isinstance(self.frame, NoticeFrame) and not self.frame.encrypted

    def plaintext(self) -> str:
        """The notice's text, by the key that was valid when it came. Raises CryptoError."""
        if isinstance(self.frame, BadFrame):
            raise CryptoError(CryptoFault.NO_FRAME)
        return _open(self.frame, self.cipher)


Event = Subscribed | Unsubscribed | Refused | SlotHeld | Pinged | NoticeReceived


class NoticeConnection:
    """The state of one session: what is registered, which keys came, how often the link shows life."""

    def __init__(self, subscriptions: Sequence[Subscription], approval_key: str, custtype: str) -> None:
        self._approval_key = approval_key
        self._custtype = custtype
        self._wanted = {subscription.tr_id: subscription for subscription in subscriptions}
        self._registered: set[str] = set()
        self._ciphers: dict[str, NoticeCipher] = {}
        self._events: deque[Event] = deque()
        self._outgoing = deque(subscribe(approval_key, custtype, each) for each in subscriptions)
        self._last_ping: float | None = None
        self._gaps: deque[float] = deque(maxlen=_GAPS_KEPT)

    def receive_data(self, data: bytes, now: float) -> None:
        """Takes one message, received at `now`."""
        frame = parse(data)
        match frame:
            case PingPong():
                self._echo(frame, now)
            case ControlFrame():
                self._answer(data, frame)
            case NoticeFrame():
                self._events.append(NoticeReceived(data, frame, self._ciphers.get(frame.tr_id)))
            case _:
                self._events.append(NoticeReceived(data, frame))

    def events(self) -> list[Event]:
        """What happened since the last call, in order."""
        drained = list(self._events)
        self._events.clear()
        return drained

    def data_to_send(self) -> list[bytes]:
        """Text messages to send, in order; each is given once."""
        drained = list(self._outgoing)
        self._outgoing.clear()
        return drained

    def decrypt(self, frame: NoticeFrame) -> str:
        """The plaintext by the present key. Raises CryptoError, also for a plain frame and before the key came."""
        return _open(frame, self._ciphers.get(frame.tr_id))

    def close(self) -> None:
        """Queues the release of everything registered, so that KIS frees the slot."""
        for tr_id in sorted(self._registered):
            self._outgoing.append(unsubscribe(self._approval_key, self._custtype, self._wanted[tr_id]))
        self._registered.clear()

    def silence_limit(self) -> float:
        """Seconds without any message after which the socket is dead: 30, or 2.5 usual keep-alive gaps if longer."""
        usual = median(self._gaps) if self._gaps else 0.0
        return max(SILENCE_FLOOR, 2.5 * usual)

    def _echo(self, frame: PingPong, now: float) -> None:
        if self._last_ping is not None:
            self._gaps.append(now - self._last_ping)
        self._last_ping = now
        self._outgoing.append(frame.raw)
        self._events.append(Pinged())

    def _answer(self, data: bytes, frame: ControlFrame) -> None:
        if frame.msg_cd == codes.SLOT_HELD:
            self._events.append(SlotHeld(frame.msg1))
        elif frame.rt_cd != "0" and frame.msg_cd != codes.ALREADY_SUBSCRIBED:
            fatal = frame.msg_cd in codes.FATAL_ANSWERS
            # OPSP0011 quotes the approval key, which belongs in no log and on no page.
            message = frame.msg1.replace(self._approval_key, "***")
            self._events.append(Refused(frame.tr_id, frame.msg_cd, message, fatal))
        elif frame.tr_id not in self._wanted:
            self._events.append(NoticeReceived(data, BadFrame(FrameFault.UNEXPECTED, frame.tr_id[:16])))
        elif frame.msg_cd == codes.UNSUBSCRIBED:
            self._registered.discard(frame.tr_id)
            self._ciphers.pop(frame.tr_id, None)
            self._events.append(Unsubscribed(frame.tr_id))
        else:
            self._register(frame)

    def _register(self, frame: ControlFrame) -> None:
        # An answer without keys (OPSP0002 above all) leaves the old ones in force.
        if frame.key is not None and frame.iv is not None:
            try:
                self._ciphers[frame.tr_id] = NoticeCipher(frame.key, frame.iv)
            except CryptoError:
                self._ciphers.pop(frame.tr_id, None)
        self._registered.add(frame.tr_id)
        self._events.append(Subscribed(frame.tr_id, readable=frame.tr_id in self._ciphers))


def _open(frame: NoticeFrame, cipher: NoticeCipher | None) -> str:
    if not frame.encrypted:
        raise CryptoError(CryptoFault.PLAIN)
    if cipher is None:
        raise CryptoError(CryptoFault.NO_KEY)
    return cipher.decrypt(frame.payload)
