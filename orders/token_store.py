"""The access token of an app key as all processes share it: one row, and one right a minute to issue anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from orders.kis.schemas import Token
from orders.models import KisToken


class DatabaseTokenStore:
    """Keeps `orders.kis.auth`'s promise to all processes by conditional updates of one row."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def get(self) -> Token | None:
        row = KisToken.objects.filter(pk=self._connection_id).first()
        if row is None or not row.access_token or row.expires_at is None:
            return None
        return Token(row.access_token, row.expires_at)

    def put(self, token: Token) -> None:
        KisToken.objects.update_or_create(
            pk=self._connection_id, defaults={"access_token": token.value, "expires_at": token.expires_at}
        )

    def discard(self, value: str) -> None:
        row = KisToken.objects.filter(pk=self._connection_id).first()
        if row is not None and row.access_token == value:
            KisToken.objects.filter(pk=row.pk, expires_at=row.expires_at).update(access_token="")

    def claim(self, now: datetime, interval: timedelta) -> bool:
        """By the business clock, which a simulator shares; an asking in its future was before the clock went back."""
        KisToken.objects.get_or_create(pk=self._connection_id)
        free = Q(asked_at=None) | Q(asked_at__lte=now - interval) | Q(asked_at__gt=now)
        return bool(KisToken.objects.filter(free, pk=self._connection_id).update(asked_at=now))
