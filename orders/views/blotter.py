"""The blotter: the live list of orders, and the parts of it that the browser reads anew."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import broadcast, clock
from orders import queries, serializers, session_clock, switches
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.views.door import doubt, one_of, person

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
        "rows": rows[:FIRST_ROWS],
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
