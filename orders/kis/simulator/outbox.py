"""Notices on their way to a socket: joined in frames, the frames ordered and encrypted, as the faults want it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from orders.kis.simulator.book import SimNotice
from orders.kis.simulator.faults import Faults

MOST_RECORDS = 20
HOLD_SECONDS = 1.0
_CUT = b"\xed\x95"  # two of the three bytes of a syllable


@dataclass(frozen=True, slots=True)
class Frame:
    """Records of one TR that travel together."""

    tr_id: str
    notices: tuple[SimNotice, ...]


@dataclass(slots=True)
class _Holding:
    """What waits until `size` are there or `due` has come."""

    size: int = 0
    due: float = 0.0

    def start(self, size: int, due: float) -> None:
        self.size, self.due = size, due

    @property
    def active(self) -> bool:
        return self.size > 0


@dataclass(slots=True)
class Outbox:
    """Hands each frame to `send`, at once unless a fault holds it."""

    faults: Faults
    timer: Callable[[], float]
    send: Callable[[Frame], None]
    _batch: list[SimNotice] = field(default_factory=list)
    _batch_tr: str = ""
    _batching: _Holding = field(default_factory=_Holding)
    _frames: list[Frame] = field(default_factory=list)
    _reordering: _Holding = field(default_factory=_Holding)

    def put(self, tr_id: str, notice: SimNotice) -> None:
        if self._batching.active and tr_id != self._batch_tr:
            self._close_batch()
        if not self._batching.active and not self._hold(self._batching, "batch_frames", MOST_RECORDS):
            self._pass_on(Frame(tr_id, (notice,)))
            return
        self._batch_tr = tr_id
        self._batch.append(notice)
        if len(self._batch) >= self._batching.size:
            self._close_batch()

    def flush_due(self) -> None:
        """Sends what has waited long enough."""
        now = self.timer()
        if self._batching.active and now >= self._batching.due:
            self._close_batch()
        if self._reordering.active and now >= self._reordering.due:
            self._release_frames()

    def _hold(self, holding: _Holding, name: str, most: int) -> bool:
        fault = self.faults.take(name)
        if fault is None:
            return False
        seconds = HOLD_SECONDS if fault.seconds is None else fault.seconds
        holding.start(max(2, min(fault.count, most)), self.timer() + seconds)
        return True

    def _close_batch(self) -> None:
        frame = Frame(self._batch_tr, tuple(self._batch))
        self._batch.clear()
        self._batching.size = 0
        self._pass_on(frame)

    def _pass_on(self, frame: Frame) -> None:
        if not self._reordering.active and not self._hold(self._reordering, "reorder_frames", MOST_RECORDS):
            self.send(frame)
            return
        self._frames.append(frame)
        if len(self._frames) >= self._reordering.size:
            self._release_frames()

    def _release_frames(self) -> None:
        frames, self._frames = self._frames[::-1], []
        self._reordering.size = 0
        for frame in frames:
            self.send(frame)


def encrypted(records: Sequence[str], cut: str, key: str, iv: str) -> str:
    """The payload of a frame; the name `cut` loses the end of its last character in every record."""
    raw = "^".join(records).encode()
    if cut:
        raw = raw.replace(cut.encode(), cut.encode() + _CUT)
    padder = PKCS7(AES.block_size).padder()
    padded = padder.update(raw) + padder.finalize()
    encryptor = Cipher(AES(key.encode()), CBC(iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")
