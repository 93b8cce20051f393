"""System checks of the installation as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - the framework's own word
from django.db import DatabaseError

from accounts.gateway import is_loopback
from accounts.models import Firm, FirmKind
from orders.models.connections import KisConnection


def shifted_clock(app_configs: object, **_options: Any) -> Iterable[CheckMessage]:
    """A shifted business clock would send requests in closed hours: every gateway must be this machine's own."""
    del app_configs
    if not settings.CLOCK_SHIFT:
        return []
    try:
        strangers = [name for name, url in _gateways() if not is_loopback(url)]
    except DatabaseError:
        # Before the first migration there is no gateway to ask.
        return []
    hint = "Unset PORTAL_CLOCK_SHIFT."
    return [Error(f"the clock is shifted, and {name} is not on loopback", hint, id="portal.E001") for name in strangers]


def open_debug(app_configs: object, **_options: Any) -> Iterable[CheckMessage]:
    """DEBUG shows settings and data to whoever finds an error page."""
    del app_configs
    loopback = {"localhost", "127.0.0.1", "[::1]", ".localhost"}
    if settings.DEBUG and set(settings.ALLOWED_HOSTS) - loopback:
        return [Error("DEBUG is on, and the portal answers to other hosts than loopback", id="portal.E002")]
    return []


def lone_layer(app_configs: object, **_options: Any) -> Iterable[CheckMessage]:
    """An in-process layer and queue serve one process: two portals on one PostgreSQL would not hear of each other."""
    del app_configs
    shared = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
    if not shared or settings.ENV.REDIS_URL:
        return []
    hint = "Set REDIS_URL, or start no second portal on this database."
    return [Warning("PostgreSQL without REDIS_URL: push and queue work inside one process", hint, id="portal.W001")]


def _gateways() -> list[tuple[str, str]]:
    firms = Firm.objects.filter(kind=FirmKind.KOSCOM, active=True).values_list("short_name", "base_url")
    connections = KisConnection.objects.filter(active=True)
    rest = connections.values_list("name", "rest_url")
    sockets = connections.values_list("name", "ws_url")
    return [*firms, *rest, *sockets]
