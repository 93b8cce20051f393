"""What can happen to the one request of an order: whether the order engine gets it, and what comes back instead."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from orders.kis.simulator.answers import SimAnswer


@dataclass(frozen=True, slots=True)
class Fault:
    """`reaches`: the order engine gets the request. `error` breaks the answer off, `status` and `body` replace it."""

    name: str
    reaches: bool
    error: type[OSError] | None = None
    status: int = 200
    body: bytes | None = None
    cut: bool = False

    @property
    def is_clear(self) -> bool:
        """The answer proves what became of the request."""
        return self.name in {"none", "business_refusal"}


def _json(**fields: Any) -> bytes:
    return json.dumps({"rt_cd": "1", "msg_cd": "", "msg1": "", **fields}, ensure_ascii=False).encode()


_HTML = b"<html><body>502 Bad Gateway</body></html>"
_BLANK = _json()
_BUSY = _json(msg_cd="EGW00201")


def _before_and_after(name: str, **spoiled: Any) -> list[Fault]:
    return [Fault(f"{name}_before", reaches=False, **spoiled), Fault(f"{name}_after", reaches=True, **spoiled)]


_ROWS = [
    Fault("none", reaches=True),
    Fault("business_refusal", reaches=False, body=_json(rt_cd="7", msg_cd="APBK0344", msg1="원주문정보가 없습니다.")),
    *_before_and_after("timeout", error=TimeoutError),
    *_before_and_after("reset", error=ConnectionResetError),
    *_before_and_after("bad_gateway", status=502, body=_HTML),
    *_before_and_after("server_error", status=500, body=_json(msg_cd="EGW00002")),
    *_before_and_after("blank", status=500, body=_BLANK),
    *_before_and_after("busy", status=500, body=_BUSY),
    *_before_and_after("unlisted", body=_json(rt_cd="1", msg_cd="APBK9999")),
    *_before_and_after("html", body=_HTML),
    Fault("token_invalid", reaches=False, status=500, body=_json(msg_cd="EGW00121")),
    Fault("token_expired", reaches=False, status=500, body=_json(msg_cd="EGW00123")),
    Fault("no_number", reaches=True, body=_json(rt_cd="0", msg_cd="APBK0013", output={})),
    Fault("cut", reaches=True, cut=True),
]
FAULTS = {row.name: row for row in _ROWS}


class _Broken(io.BytesIO):
    """A connection that ends with an error where an answer should begin."""

    def __init__(self, error: type[OSError]) -> None:
        super().__init__()
        self._error = error

    def readline(self, *_size: Any) -> bytes:
        raise self._error("broken")


def spoil(fault: Fault, answer: SimAnswer | None) -> io.BytesIO:
    """The bytes of the answer that the client reads; `answer` is the order engine's where the request got there."""
    if fault.error is not None:
        return _Broken(fault.error)
    status, body = fault.status, fault.body
    if body is None:
        assert answer is not None, "a request that does not get there has no answer of its own"
        status, body = answer.status, answer.body
    length = len(body)
    if fault.cut:
        body = body[: length // 2]
    return io.BytesIO(f"HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n".encode() + body)
