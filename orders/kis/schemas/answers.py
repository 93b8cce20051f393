"""The answers of /oauth2/tokenP and /oauth2/Approval, and the two shapes of an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orders.domain.sessions import SEOUL
from orders.kis.errors import BadAnswerError
from orders.kis.wire import clean, json_object

_LONGEST = 366 * 86_400  # seconds; corporate tokens live three months


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the instant from which KIS takes it no more."""

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """Why KIS said no: `rt_cd`, `msg_cd`, `msg1`, or of the oauth paths `error_code` and `error_description`."""

    code: str
    message: str


def parse_json(raw: bytes) -> dict[str, Any]:
    """A JSON object. Raises BadAnswerError for HTML, cut JSON and everything else."""
    body = json_object(raw)
    if body is None:
        raise BadAnswerError(f"{len(raw)} bytes that are no JSON object")  # they may begin with a token or a number
    return body


def parse_token(raw: bytes, issued_at: datetime) -> Token:
    """The token. Without a readable expiry `expires_in` seconds count from `issued_at`. Raises BadAnswerError."""
    body = parse_json(raw)
    value = body.get("access_token")
    if not isinstance(value, str) or not value:
        raise BadAnswerError("no access_token")
    return Token(value, _expiry(body, issued_at))


def parse_approval_key(raw: bytes) -> str:
    """The approval key of one WebSocket session. Raises BadAnswerError."""
    value = parse_json(raw).get("approval_key")
    if not isinstance(value, str) or not value:
        raise BadAnswerError("no approval_key")
    return value


def parse_error(body: dict[str, Any]) -> ErrorAnswer | None:
    """The error that a body tells, None when it tells success or nothing."""
    if body.get("error_code"):
        return ErrorAnswer(clean(body.get("error_code")), clean(body.get("error_description")))
    if "rt_cd" in body and clean(body.get("rt_cd")) != "0":
        return ErrorAnswer(clean(body.get("msg_cd")), clean(body.get("msg1")))
    return None


def _expiry(body: dict[str, Any], issued_at: datetime) -> datetime:
    expired = _korean_time(body.get("access_token_token_expired"))
    if expired is not None:
        return expired
    seconds = body.get("expires_in")
    if not isinstance(seconds, int) or not 0 < seconds <= _LONGEST:
        raise BadAnswerError("no expiry of the access_token")
    return issued_at + timedelta(seconds=seconds)


def _korean_time(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SEOUL)
    except ValueError:
        return None
