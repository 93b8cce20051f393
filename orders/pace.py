"""The pace of an app key's requests, shared by all processes: one row, moved on by a conditional update."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from orders.domain.pace import Place, Turn, next_place, still_counted
from orders.kis.errors import NotSentError
from orders.models import KisConnection, RequestPace

ORDER_WAITS = timedelta(seconds=5)  # late is worse than not at all
INQUIRY_WAITS = timedelta(seconds=30)


def wait_turn(connection: KisConnection, turn: Turn = Turn.INQUIRY) -> None:
    """Take the next place among the app key's requests, and wait until it comes. Not inside a transaction.

    Raises NotSentError when an order would wait for more than 5 s, or an inquiry has waited for 30 s.
    """
    if turn is Turn.ORDER:
        _sleep_until(reserve(connection))
        return
    started = timezone.now()
    while (place := _try(connection, Turn.INQUIRY)) is not None:
        if timezone.now() - started > INQUIRY_WAITS:
            raise NotSentError("too many requests are waiting for this app key")
        _sleep_until(place)


def reserve(connection: KisConnection) -> datetime:
    """The moment at which one order may leave; it is kept. Raises NotSentError when that is more than 5 s away."""
    while True:
        pace = _row(connection)
        now = timezone.now()
        taken = still_counted(places(pace), now, ORDER_WAITS)
        place = next_place(taken, Turn.ORDER, now, connection.requests_per_second)
        if place - now > ORDER_WAITS:
            raise NotSentError("too many requests are waiting for this app key")
        if _write(pace, [*taken, Place(place, Turn.ORDER)]):
            return place


def _try(connection: KisConnection, turn: Turn) -> datetime | None:
    """None when a place was free and is taken now, else when to try again."""
    pace = _row(connection)
    now = timezone.now()
    taken = still_counted(places(pace), now, ORDER_WAITS)
    place = next_place(taken, turn, now, connection.requests_per_second)
    if place > now:
        return place
    return None if _write(pace, [*taken, Place(now, turn)]) else now


def places(pace: RequestPace) -> list[Place]:
    """The places of a row, in order of time."""
    return [Place(datetime.fromisoformat(at), Turn(turn)) for at, turn in pace.taken]


def _row(connection: KisConnection) -> RequestPace:
    return RequestPace.objects.get_or_create(pk=connection.pk)[0]


def _write(pace: RequestPace, taken: list[Place]) -> bool:
    """False when another process moved the row on meanwhile: a place is given once."""
    mine = RequestPace.objects.filter(pk=pace.pk, version=pace.version)
    return bool(
        mine.update(taken=[[place.at.isoformat(), place.turn.value] for place in taken], version=F("version") + 1)
    )


def _sleep_until(place: datetime) -> None:
    pause = (place - timezone.now()).total_seconds()
    if pause > 0:
        time.sleep(pause)
