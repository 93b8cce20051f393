"""What every page says about the installation: demo, plain gateways, the clock, the feeds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import broadcast, clock, records, sign_in
from accounts.models import Firm, FirmKind, RunState, User
from accounts.models.stream import Feed
from orders import switches
from orders.models import KisConnection
from orders.switch_rows import PEOPLE, switch_row
from portal.demo.progress import progress


def portal_status(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html; nothing about clients, and before the second factor nothing but the banners."""
    status: dict[str, Any] = {
        "demo": settings.DEMO,
        "second_factor_optional": not sign_in.second_factor_required(),
        "business_now": clock.today(),
        "clock_shifted": bool(clock.shift()),
        "upstreams": [],
        "loopback_gateways": False,
        "koscom_state": "",
        "history": None,
        "switches": [],
    }
    user = getattr(request, "user", None)
    if isinstance(user, User) and sign_in.is_complete(user, request.session):
        status["upstreams"] = broadcast.upstreams()
        status["loopback_gateways"] = has_loopback_gateways()
        status["koscom_state"] = koscom_state()
        status["history"] = progress() if settings.DEMO else None
        status["switches"] = engaged_switches(user)
    return status


def engaged_switches(user: User) -> list[dict[str, Any]]:
    """The switches that hold back orders of this person's: who engaged them, since when and why."""
    found = switches.visible(user).filter(released_at=None).select_related(*PEOPLE)
    return [switch_row(switch, user) for switch in found.order_by("engaged_at", "pk")]


def has_loopback_gateways() -> bool:
    """Whether a gateway is reached over plain http on this machine; every page then says so."""
    return (
        Firm.objects.filter(active=True, base_url__startswith="http://").exists()
        or KisConnection.objects.filter(active=True, rest_url__startswith="http://").exists()
    )


def koscom_state() -> str:
    """How the nightly batch stands, in the words of the feeds; empty where no firm is connected."""
    firms = Firm.objects.filter(active=True, kind=FirmKind.KOSCOM)
    stopped = list(firms.values_list("stopped_at", flat=True))
    if not stopped:
        return ""
    newest = records.nightly_runs().first()
    if any(stopped) or (newest is not None and newest.state == RunState.FAILED):
        return Feed.DOWN.value
    running = newest is not None and newest.state == RunState.RUNNING
    return Feed.SYNCING.value if running else Feed.LIVE.value
