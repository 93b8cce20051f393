"""WebSocket messages of KIS as values, and the two messages that we send.

`parse` never raises: what cannot be read is a `BadFrame` with the reason. Text is decoded as UTF-8 with replacement,
since KIS cuts names at a fixed byte width and really sends broken sequences.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orders.kis.wire import json_object, text_of

MAX_FRAME_BYTES = 1_000_000
_FLAGS = {"0": False, "1": True}


class FrameFault(StrEnum):
    EMPTY = "the message is empty"
    TOO_LONG = "the message is longer than 1,000,000 bytes"
    NOT_JSON = "neither a data frame nor JSON"
    NOT_CONTROL = "JSON that is no control message"
    PARTS = "fewer than four parts"
    FLAG = "the encryption flag is not 0 or 1"
    TR_ID = "the TR id is malformed"
    COUNT = "the record count is not a number from 1"
    PAYLOAD = "the payload is empty"
    UNEXPECTED = "an answer for a TR id that was not asked for"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One registration: a notice TR id and its tr_key, which is the HTS ID (never an account or a symbol)."""

    tr_id: str
    tr_key: str


@dataclass(frozen=True, slots=True)
class NoticeFrame:
    """`flag|tr_id|count|payload`."""

    encrypted: bool
    tr_id: str
    count: int
    payload: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ControlFrame:
    """The answer to a registration or a release. Absent header fields are ""; absent keys are None."""

    tr_id: str
    tr_key: str = field(repr=False)
    rt_cd: str
    msg_cd: str
    msg1: str
    key: str | None = field(default=None, repr=False)
    iv: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PingPong:
    """The keep-alive, to be echoed byte for byte."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class BadFrame:
    fault: FrameFault
    detail: str = ""


Frame = NoticeFrame | ControlFrame | PingPong | BadFrame


def parse(raw: bytes) -> Frame:
    """Reads one WebSocket message. Total: any bytes give a value, bad ones a `BadFrame`."""
    if len(raw) > MAX_FRAME_BYTES:
        return BadFrame(FrameFault.TOO_LONG, str(len(raw)))
    text = raw.decode("utf-8", "replace")
    if not text.strip():
        return BadFrame(FrameFault.EMPTY)
    if text.lstrip().startswith("{"):
        return _control(raw, text)
    return _data(text)


def subscribe(approval_key: str, custtype: str, subscription: Subscription) -> bytes:
    """The registration message (tr_type 1). `custtype` is P or B."""
    return _request(approval_key, custtype, "1", subscription)


def unsubscribe(approval_key: str, custtype: str, subscription: Subscription) -> bytes:
    """The release message (tr_type 2; KIS 실시간-012 'tr_type 1: 등록, 2: 해제')."""
    return _request(approval_key, custtype, "2", subscription)


def _request(approval_key: str, custtype: str, tr_type: str, subscription: Subscription) -> bytes:
    message = {
        "header": {
            "approval_key": approval_key,
            "custtype": custtype,
            "tr_type": tr_type,
            "content-type": "utf-8",
        },
        "body": {"input": {"tr_id": subscription.tr_id, "tr_key": subscription.tr_key}},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _data(text: str) -> NoticeFrame | BadFrame:
    # The payload may hold '|' itself, so only the first three separate.
    parts = text.split("|", 3)
    if len(parts) < 4:
        return BadFrame(FrameFault.PARTS if "|" in text else FrameFault.NOT_JSON, text[:40])
    flag, tr_id, count, payload = parts
    if flag not in _FLAGS:
        return BadFrame(FrameFault.FLAG, flag[:40])
    if not (tr_id.isascii() and tr_id.isalnum() and len(tr_id) <= 16):
        return BadFrame(FrameFault.TR_ID, tr_id[:40])
    if not (count.isascii() and count.isdigit() and len(count) <= 4 and int(count) > 0):
        return BadFrame(FrameFault.COUNT, count[:40])
    if not payload.strip():
        return BadFrame(FrameFault.PAYLOAD)
    return NoticeFrame(_FLAGS[flag], tr_id, int(count), payload)


def _control(raw: bytes, text: str) -> ControlFrame | PingPong | BadFrame:
    message = json_object(raw)
    if message is None:
        return BadFrame(FrameFault.NOT_JSON, text[:40])
    header, body = _mapping(message.get("header")), _mapping(message.get("body"))
    if text_of(header, "tr_id") == "PINGPONG":
        return PingPong(raw)
    if not text_of(body, "rt_cd"):
        return BadFrame(FrameFault.NOT_CONTROL, text[:40])
    output = _mapping(body.get("output"))
    return ControlFrame(
        # KIS writes "(null)" where a refusal belongs to no registration.
        tr_id=text_of(header, "tr_id").replace("(null)", ""),
        tr_key=text_of(header, "tr_key"),
        rt_cd=text_of(body, "rt_cd"),
        msg_cd=text_of(body, "msg_cd"),
        msg1=text_of(body, "msg1"),
        key=text_of(output, "key") or None,
        iv=text_of(output, "iv") or None,
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
