"""The blotter: the live list of orders, and the parts of it that the browser reads anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import broadcast, clock
from accounts.models import UpstreamState
from accounts.models.stream import Feed
from orders import queries, serializers, session_clock, switches
from orders.domain.command_state import UNRESOLVED
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.models import KisConnection
from orders.views.door import doubt, one_of, person

OUTAGES = {Feed.POLLING.value, Feed.DOWN.value}
MOST_ROWS = 2000
FIRST_ROWS = 100
STATUSES = {status.value for status in OrderStatus}
MARKETS = {market.value for market in Market}


@login_required
@require_GET
def blotter(request: HttpRequest) -> HttpResponse:
    """The live list. Head first, then rows: what is told twice is ignored by its version, nothing is missed."""
    user = person(request)
    head = broadcast.head_of(user)
    asked = queries.OrderQuery(status=one_of(request, "status", STATUSES), market=one_of(request, "market", MARKETS))
    found = queries.blotter(user, asked, clock.now()).order_by("-ordered_at", "-id")[:MOST_ROWS]
    rows = [serializers.order_row(order, user) for order in switches.attach(found)]
    boot = {"epoch": str(head.epoch), "seq": head.seq, "rows": rows}
    shown = {
        "rows": sorted(rows, key=_is_settled)[:FIRST_ROWS],
        "boot": boot,
        "sessions": session_clock.read(user, clock.now()),
        "unresolved": [doubt(order, user) for order in switches.attach(queries.unresolved(user))],
    }
    return render(request, "orders/blotter.html", shown)


@login_required
@require_GET
def unresolved(request: HttpRequest) -> HttpResponse:
    """The panel of requests whose outcome is not known: read again while there is one."""
    user = person(request)
    found = [doubt(order, user) for order in switches.attach(queries.unresolved(user))]
    return render(request, "orders/_unresolved.html", {"unresolved": found})


@login_required
@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """The strip of market hours alone: read again when one opens or closes."""
    clock_now = session_clock.read(person(request), clock.now())
    return render(request, "orders/_session_clock.html", {"sessions": clock_now})


@login_required
@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """The banner of the server's own line to KIS: which one is away, since when, and when it is tried again."""
    person(request)
    states = {row["name"]: row["state"] for row in broadcast.upstreams()}
    kis = UpstreamState.objects.filter(name__in=KisConnection.objects.values("name"))
    away = [row for row in kis if states[row.name] in OUTAGES]
    outages = [{"name": row.name, "detail": row.detail, "since": _business(row.changed_at)} for row in away]
    worst = max((states[row.name] for row in kis), key=Feed.values.index, default=Feed.LIVE.value)
    return render(request, "orders/_kis_feed.html", {"state": worst, "outages": outages})


def _is_settled(row: dict[str, Any]) -> bool:
    """False for a row that is pinned to the top."""
    return (row["command"] or {}).get("state") not in UNRESOLVED


def _business(at: datetime) -> datetime:
    """An instant of the machine's clock by the business clock, which the pages show."""
    return clock.now() - (timezone.now() - at)
