"""The notice socket without its bytes: registrations, keys, one session an app key, frames, and their faults."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.domain.sessions import SEOUL
from orders.kis.simulator.book import SimNotice
from orders.kis.simulator.faults import Faults
from orders.kis.simulator.notice_text import LIVE_TO_PAPER, notice_tr_id, plaintext
from orders.kis.simulator.outbox import Frame, Outbox, encrypted
from orders.kis.simulator.settings import SimSettings
from orders.kis.tr_ids import Environment, notice_tr_ids

MAX_REGISTRATIONS = 41
UNANSWERED_LIMIT = 105.0  # seconds without an echo of PINGPONG


def _unrecorded(_kind: str, **_facts: Any) -> None:
    """A hub without a ledger."""


@dataclass(slots=True, eq=False)
class Wire:
    """One connection: `send` hands a text frame on, `close` ends it after what was handed on, `cut` without a word.

    `keys` are key and IV by TR id, `frames` the data frames sent so far.
    """

    number: int
    send: Callable[[str | bytes], None]
    close: Callable[[], None]
    cut: Callable[[], None]
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    heard_at: float = 0.0
    frozen: bool = False
    frames: int = 0


@dataclass(slots=True)
class NoticeHub:
    """All connections. `timer` counts seconds; `approvals` are the keys that were given out."""

    settings: SimSettings
    faults: Faults
    approvals: list[str]
    now: Callable[[], datetime]
    timer: Callable[[], float]
    lock: threading.RLock
    record: Callable[..., None] = _unrecorded
    wires: list[Wire] = field(default_factory=list)
    owner: Wire | None = None
    sent: int = 0
    connected: int = 0
    held_until: float = float("-inf")
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.faults, self.timer, self._send_frame)

    def connect(self, send: Callable[[str | bytes], None], close: Callable[[], None], cut: Callable[[], None]) -> Wire:
        with self.lock:
            self.connected += 1
            wire = Wire(self.connected, send, close, cut, heard_at=self.timer())
            self.wires.append(wire)
            return wire

    def disconnect(self, wire: Wire, *, clean: bool) -> None:
        """`clean`: with a close frame. KIS keeps the slot of an app key for a while after any other end."""
        with self.lock:
            self.wires.remove(wire)
            if self.owner is not wire:
                return
            self.owner = None
            held = self.faults.standing("slot_held")
            if held is not None and held.seconds is not None and not clean:
                self.held_until = self.timer() + held.seconds

    def receive(self, wire: Wire, text: str) -> None:
        """One message of the client: a registration, a release, or the echo of PINGPONG."""
        with self.lock:
            wire.heard_at = self.timer()
            header, asked = _read(text)
            if header.get("tr_id") == "PINGPONG":
                return
            refusal = self._refuse(wire, header, asked)
            if refusal is not None:
                self._answer(wire, asked, *refusal)
            elif header.get("tr_type") == "2":
                self._release(wire, asked)
            else:
                self._register(wire, asked)

    def publish(self, notice: SimNotice) -> None:
        """Sends the notice to the owner of the app key, if it registered its TR."""
        with self.lock:
            tr_id = self._tr_id(notice)
            lost = self._lost(tr_id)
            if not lost and self.faults.take("drop_notices"):
                lost = "dropped"
            if lost:
                self._note(tr_id, notice, lost)
            else:
                self.outbox.put(tr_id, notice)

    def forge(self, notice: SimNotice) -> None:
        """Sends the notice in the clear, as somebody on the line would."""
        self._shout(f"0|{self._tr_id(notice)}|001|{plaintext(notice, self.settings.hts_id)}")

    def garble(self) -> None:
        """Sends a text frame that is no UTF-8: a price with a name cut in a character."""
        self._shout(b"0|H0STCNT0|001|005930^" + "삼성".encode()[:-1])

    def _shout(self, frame: str | bytes) -> None:
        with self.lock:
            for wire in self.wires:
                wire.frames += 1
                _send(wire, frame)

    def ping(self) -> None:
        """PINGPONG to everybody; who has not answered for long is closed."""
        with self.lock:
            at = self.now().astimezone(SEOUL).strftime("%Y%m%d%H%M%S")
            for wire in list(self.wires):
                if self.timer() - wire.heard_at > UNANSWERED_LIMIT:
                    wire.close()
                    continue
                _send(wire, json.dumps({"header": {"tr_id": "PINGPONG", "datetime": at}}, separators=(",", ":")))

    def freeze(self, *, frozen: bool) -> None:
        """The connections that are open now fall silent, or speak again; what they missed is gone."""
        with self.lock:
            for wire in self.wires:
                wire.frozen = frozen

    def close_all(self) -> None:
        with self.lock:
            for wire in list(self.wires):
                wire.close()

    def cut_all(self) -> None:
        with self.lock:
            for wire in list(self.wires):
                wire.cut()

    def registered(self) -> list[str]:
        return sorted(self.owner.keys) if self.owner else []

    def _refuse(self, wire: Wire, header: dict[str, Any], asked: dict[str, Any]) -> tuple[str, str, str] | None:
        """The refusal of a message as (rt_cd, msg_cd, msg1); the first two kinds end the connection."""
        approval = header.get("approval_key")
        if approval not in self.approvals or self.faults.take("bad_approval"):
            return "1", "OPSP0011", f"invalid approval : {approval}"
        if self.faults.take("slot_held") or self.timer() < self.held_until or self.owner not in {None, wire}:
            return "9", "OPSP8996", "ALREADY IN USE appkey"
        self.owner = wire
        if asked.get("tr_id") not in notice_tr_ids(self.settings.environment):
            return "1", "OPSP9990", "invalid tr_id"
        return None if asked.get("tr_key") == self.settings.hts_id else ("1", "OPSP8992", "invalid tr_key")

    def _register(self, wire: Wire, asked: dict[str, Any]) -> None:
        tr_id = str(asked["tr_id"])
        if tr_id in wire.keys:
            self._answer(wire, asked, "1", "OPSP0002", "ALREADY IN SUBSCRIBE")
            return
        if len(wire.keys) >= MAX_REGISTRATIONS:
            self._answer(wire, asked, "1", "OPSP0008", "MAX SUBSCRIBE OVER")
            return
        key, iv = _key_and_iv(self.settings.seed, wire.number, tr_id)
        wire.keys[tr_id] = key, iv
        self._answer(wire, asked, "0", "OPSP0000", "SUBSCRIBE SUCCESS", {"iv": iv, "key": key})

    def _release(self, wire: Wire, asked: dict[str, Any]) -> None:
        if wire.keys.pop(str(asked["tr_id"]), None) is None:
            self._answer(wire, asked, "1", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)")
        else:
            self._answer(wire, asked, "0", "OPSP0001", "UNSUBSCRIBE SUCCESS")

    def _answer(
        self,
        wire: Wire,
        asked: dict[str, Any],
        rt_cd: str,
        msg_cd: str,
        msg1: str,
        output: dict[str, str] | None = None,
    ) -> None:
        body: dict[str, Any] = {"rt_cd": rt_cd, "msg_cd": msg_cd, "msg1": msg1}
        if output:
            body["output"] = output
        header = {"tr_id": asked.get("tr_id", ""), "tr_key": asked.get("tr_key", ""), "encrypt": "N"}
        if msg_cd == "OPSP8996":
            header = {"tr_id": "(null)", "tr_key": "", "encrypt": "N"}
        message = {"body": body} if msg_cd in {"OPSP0011", "OPSP0003"} else {"header": header, "body": body}
        _send(wire, json.dumps(message, separators=(",", ":")))
        if msg_cd in {"OPSP8996", "OPSP0011"}:
            wire.close()

    def _tr_id(self, notice: SimNotice) -> str:
        live = notice_tr_id(notice)
        return live if self.settings.environment is Environment.LIVE else LIVE_TO_PAPER.get(live, live)

    def _lost(self, tr_id: str) -> str:
        """Why a notice reaches nobody now, "" when it does."""
        if self.owner is None:
            return "no connection"
        return "" if tr_id in self.owner.keys else "not registered"

    def _send_frame(self, frame: Frame) -> None:
        """What waited in the outbox may find its connection gone."""
        lost, wire = self._lost(frame.tr_id), self.owner
        if lost or wire is None:
            for notice in frame.notices:
                self._note(frame.tr_id, notice, lost)
            return
        text = self._text(wire, frame)
        for _ in range(2 if self.faults.take("duplicate_notice") else 1):
            wire.frames += 1
            for notice in frame.notices:
                self._note(frame.tr_id, notice, "frozen" if wire.frozen else "", wire)
            _send(wire, text)
            self.sent += 1

    def _text(self, wire: Wire, frame: Frame) -> str:
        more = "^^later^30" if self.faults.take("unknown_width") else ""
        added = self.faults.take("added_columns")
        more += "^9" * added.count if added else ""
        records = [plaintext(notice, self.settings.hts_id) + more for notice in frame.notices]
        cut = frame.notices[0].order.ticket.instrument.name[:14] if self.faults.take("invalid_utf8_notice") else ""
        key, iv = wire.keys[frame.tr_id]
        if self.faults.take("bad_cipher"):
            key, iv = _key_and_iv(self.settings.seed, -1, frame.tr_id)
        return f"1|{frame.tr_id}|{len(records):03}|{encrypted(records, cut, key, iv)}"

    def _note(self, tr_id: str, notice: SimNotice, lost: str, wire: Wire | None = None) -> None:
        """The notice in the ledger, before it is on the line."""
        self.record(
            "notice",
            session=wire.number if wire else 0,
            frame=wire.frames if wire else 0,
            tr_id=tr_id,
            account=str(notice.order.ticket.account),
            number=notice.order.number,
            lost=lost,
        )


def _read(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and input of a message; empty ones where it has none."""
    try:
        message = json.loads(text)
        header, asked = message["header"], message.get("body", {}).get("input", {})
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}, {}
    return (header, asked) if isinstance(header, dict) and isinstance(asked, dict) else ({}, {})


def _key_and_iv(seed: int, connection: int, tr_id: str) -> tuple[str, str]:
    """32 letters and 16 hex digits, as KIS gives them: another pair for each connection and TR."""
    digest = hashlib.sha256(f"{seed}:{connection}:{tr_id}".encode()).digest()
    return "".join(chr(ord("a") + byte % 26) for byte in digest), digest.hex()[:16]


def _send(wire: Wire, text: str | bytes) -> None:
    if not wire.frozen:
        wire.send(text)
