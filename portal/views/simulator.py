"""/simulator/ of the demo: moves the clock, and passes events and faults on to the simulators by their address."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.clock import KST
from accounts.domain.business_days import TradingCalendar
from portal.demo.clock import move_to
from portal.views.simulator_controls import CONTROLS, MOVES, Control, groups

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TIMEOUT = 3.0
NIGHT_ENDS = time(8, 30)


@login_required
@require_http_methods(["GET", "POST"])
def simulator(request: HttpRequest) -> HttpResponse:
    """The page of buttons; there is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    if request.method == "GET":
        return render(request, "portal/simulator.html", {"controls": groups()})
    control = CONTROLS.get(request.POST.get("control", ""))
    if control is None:
        raise Http404
    _carry_out(request, control)
    return HttpResponseRedirect(reverse("simulator"))


def _carry_out(request: HttpRequest, control: Control) -> None:
    try:
        if control.name in MOVES:
            _move_clock(MOVES[control.name])
        else:
            _post(control.target, control.payload(request.POST.dict()))
    except (requests.RequestException, OSError, ValueError, KeyError) as error:
        messages.warning(request, _("실행하지 못했습니다: %(error)s") % {"error": error})
    else:
        messages.info(request, _("실행했습니다: %(label)s") % {"label": control.label})


def _move_clock(at: time) -> None:
    """Make it the next `at` in Korea, for all processes."""
    now = clock.today()
    move_to(settings.CLOCK_FILE, next_time(now, at), now=now, wall=timezone.now(), sleep=sleep)


def next_time(now: datetime, at: time) -> datetime:
    """The next `at` of a trading day after `now`; the morning's first hours belong to the night after one."""
    calendar = TradingCalendar()
    day = now.date()
    while datetime.combine(day, at, KST) <= now or not calendar.is_trading_day(_evening_of(day, at)):
        day += timedelta(days=1)
    return datetime.combine(day, at, KST)


def _evening_of(day: date, at: time) -> date:
    return day - timedelta(days=1) if at < NIGHT_ENDS else day


def _post(target: str, payload: dict[str, Any]) -> None:
    """Tell one simulator. Raises where it is not on this machine or does not take the order."""
    addresses = json.loads((settings.DATA_DIR / "simulators.json").read_text())
    address = str(addresses[target])
    if urlsplit(address).hostname not in LOOPBACK:
        raise ValueError("a simulator is on this machine or nowhere")
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{address}/_control", json=payload, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
