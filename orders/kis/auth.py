"""Access token (/oauth2/tokenP) and approval key (/oauth2/Approval).

A token lives 24 hours and is issued at most once a minute for an app key (EGW00133), so that all processes share one:
the store keeps it and gives the right to issue. An approval key opens one WebSocket session and is never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import requests

from orders.kis import codes
from orders.kis.client.calls import TIMEOUT, ask, raise_for_refusal
from orders.kis.client.config import KisConfig
from orders.kis.errors import RefusedError, TokenWaitError
from orders.kis.schemas import Token, parse_approval_key, parse_token

ISSUE_INTERVAL = timedelta(seconds=60)
# A token is renewed this long before its end, so that none expires on its way to KIS.
MARGIN = timedelta(minutes=5)
_POLLS = 20
_POLL_SECONDS = 0.25


class TokenStore(Protocol):
    """What all processes of an app key share."""

    def get(self) -> Token | None:
        """The kept token, whatever its age."""

    def put(self, token: Token) -> None:
        """Keeps a token in place of the old one."""

    def discard(self, value: str) -> None:
        """Forgets the token if it still is this one."""

    def claim(self, now: datetime, interval: timedelta) -> bool:
        """Takes the right to issue, unless somebody took it within `interval` before `now`. Committed on return."""


class TokenSource:
    """Gives the shared token and issues one where there is none. Never sleeps longer than five seconds."""

    def __init__(
        self,
        config: KisConfig,
        session: requests.Session,
        store: TokenStore,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._config = config
        self._session = session
        self._store = store
        self._clock = clock
        self._sleep = sleep

    def __call__(self) -> str:
        """The access token. Raises TokenWaitError when none may be issued yet, and what `issue_token` raises."""
        for _poll in range(_POLLS):
            now = self._clock()
            token = self._store.get()
            if token is not None and token.expires_at - MARGIN > now:
                return token.value
            if self._store.claim(now, ISSUE_INTERVAL):
                return self._issue(now)
            # Another process is issuing at this moment: its token is worth a short wait.
            self._sleep(_POLL_SECONDS)
        raise TokenWaitError(self._clock() + ISSUE_INTERVAL)

    def forget(self, value: str) -> None:
        """KIS takes this token no more."""
        self._store.discard(value)

    def _issue(self, now: datetime) -> str:
        try:
            token = issue_token(self._config, self._session, now)
        except RefusedError as error:
            if error.code == codes.TOKEN_TOO_SOON:
                raise TokenWaitError(now + ISSUE_INTERVAL) from error
            raise
        self._store.put(token)
        return token.value


def issue_token(config: KisConfig, session: requests.Session, now: datetime) -> Token:
    """Asks KIS for an access token; within six hours KIS gives the same one again.

    Raises NotSentError, NoAnswerError, BadAnswerError, and RefusedError (EGW00133: not within this minute).
    """
    credentials = {"grant_type": "client_credentials", "appkey": config.app_key, "appsecret": config.app_secret}
    return parse_token(_post(config, session, "/oauth2/tokenP", credentials), now)


def issue_approval_key(config: KisConfig, session: requests.Session) -> str:
    """Asks KIS for the approval key of one WebSocket session. Raises what `issue_token` raises."""
    # Here the same secret is called secretkey.
    credentials = {"grant_type": "client_credentials", "appkey": config.app_key, "secretkey": config.app_secret}
    return parse_approval_key(_post(config, session, "/oauth2/Approval", credentials))


def _post(config: KisConfig, session: requests.Session, path: str, body: dict[str, str]) -> bytes:
    url = config.rest_url + path
    response = ask(lambda: session.post(url, json=body, timeout=TIMEOUT, allow_redirects=False))
    raise_for_refusal(response)
    return response.content
