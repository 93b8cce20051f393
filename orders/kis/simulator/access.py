"""Who may ask: access tokens, approval keys, the headers of every request, and the limit a second."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orders.domain.sessions import SEOUL
from orders.kis.simulator.answers import (
    APPKEY_WRONG,
    APPSECRET_WRONG,
    CONTENT_TYPE_WRONG,
    CUSTTYPE_WRONG,
    INVALID_REQUEST,
    NO_BEARER,
    SEQ_NO_WRONG,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    TOO_MANY,
    TR_ID_MISSING,
    Refusal,
    SimAnswer,
    SimRequest,
    answer,
)
from orders.kis.simulator.settings import SimSettings

TOKEN_LIFE = timedelta(hours=24)
SAME_TOKEN = timedelta(hours=6)
ISSUE_GAP = 60.0  # seconds; EGW00133 says one a minute
_CORPORATE = ("personalseckey", "mac_address", "phone_number", "ip_addr", "gt_uid")


@dataclass(slots=True)
class Access:
    """`now` is the business clock, `timer` counts seconds for the limits."""

    settings: SimSettings
    now: Callable[[], datetime]
    timer: Callable[[], float]
    token: str = ""
    issued_at: datetime | None = None
    approvals: list[str] = field(default_factory=list)
    _last_issue: tuple[float, datetime] | None = None
    _issued: int = 0
    _recent: deque[float] = field(default_factory=deque)

    def issue_token(self, request: SimRequest) -> SimAnswer:
        """POST /oauth2/tokenP: the same token for six hours, else a new one, at most one a minute."""
        body = request.json()
        refusal = self._keys(str(body.get("appkey")), str(body.get("appsecret")))
        if refusal is not None:
            return _oauth_refusal(refusal.msg_cd, refusal.msg1)
        issued_at = self.issued_at
        if issued_at is None or self.now() - issued_at >= SAME_TOKEN:
            if self._issued_within_a_minute():
                return _oauth_refusal("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
            issued_at = self._new_token()
        return self._token_body(issued_at)

    def _issued_within_a_minute(self) -> bool:
        """By both clocks: after a jump of the business clock a day has passed, and with it the minute."""
        if self._last_issue is None:
            return False
        counted, at = self._last_issue
        return self.timer() - counted < ISSUE_GAP and abs((self.now() - at).total_seconds()) < ISSUE_GAP

    def revoke_token(self, request: SimRequest) -> SimAnswer:
        """POST /oauth2/revokeP."""
        if request.json().get("token") == self.token:
            self.token, self.issued_at = "", None
        return answer({"code": "200", "message": "접근토큰 폐기에 성공하였습니다."})

    def approve(self, request: SimRequest) -> SimAnswer:
        """POST /oauth2/Approval: a new key each time; here the secret is called `secretkey`."""
        body = request.json()
        refusal = self._keys(str(body.get("appkey")), str(body.get("secretkey")))
        if refusal is not None:
            return _oauth_refusal(refusal.msg_cd, refusal.msg1)
        digest = hashlib.sha256(f"{self.settings.seed}:approval:{len(self.approvals)}".encode()).hexdigest()
        key = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        self.approvals.append(key)
        return answer({"approval_key": key})

    def refuse(self, request: SimRequest) -> Refusal | None:
        """The gateway's own checks of a business request, in its order; None lets it through."""
        return self._refuse_rate() or self._refuse_headers(request) or self._refuse_token(request)

    def _refuse_rate(self) -> Refusal | None:
        at = self.timer()
        while self._recent and at - self._recent[0] >= 1.0:
            self._recent.popleft()
        if len(self._recent) >= self.settings.requests_per_second:
            return TOO_MANY
        self._recent.append(at)
        return None

    def _refuse_headers(self, request: SimRequest) -> Refusal | None:
        headers = request.headers
        if request.method == "POST" and not headers.get("content-type", "").startswith("application/json"):
            return CONTENT_TYPE_WRONG
        if headers.get("custtype") not in {"P", "B"}:
            return CUSTTYPE_WRONG
        if not headers.get("tr_id"):
            return TR_ID_MISSING
        return _refuse_corporate(request) if headers["custtype"] == "B" else None

    def _refuse_token(self, request: SimRequest) -> Refusal | None:
        refusal = self._keys(request.headers.get("appkey", ""), request.headers.get("appsecret", ""))
        if refusal is not None:
            return refusal
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            return NO_BEARER
        if self.issued_at is None or token != self.token:
            return TOKEN_INVALID
        return TOKEN_EXPIRED if self.now() >= self.issued_at + TOKEN_LIFE else None

    def _keys(self, app_key: str, app_secret: str) -> Refusal | None:
        if app_key != self.settings.app_key:
            return APPKEY_WRONG
        return APPSECRET_WRONG if app_secret != self.settings.app_secret else None

    def _new_token(self) -> datetime:
        self._issued += 1
        self._last_issue = (self.timer(), self.now())
        # The moment belongs to the token, so that one from before a restart is not taken for it.
        seed = f"{self.settings.seed}:token:{self._issued}:{self.now().isoformat()}"
        self.token = f"eyJ0eXAiOiJKV1QifQ.{hashlib.sha512(seed.encode()).hexdigest()}"
        self.issued_at = self.now()
        return self.issued_at

    def _token_body(self, issued_at: datetime) -> SimAnswer:
        expires = issued_at + TOKEN_LIFE
        return answer(
            {
                "access_token": self.token,
                "access_token_token_expired": expires.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S"),
                "token_type": "Bearer",
                "expires_in": int((expires - self.now()).total_seconds()),
            }
        )


def _refuse_corporate(request: SimRequest) -> Refusal | None:
    if request.headers.get("seq_no") != "001":
        return SEQ_NO_WRONG
    return None if all(request.headers.get(name) for name in _CORPORATE) else INVALID_REQUEST


def _oauth_refusal(code: str, message: str) -> SimAnswer:
    return answer({"error_description": message, "error_code": code}, 403)
