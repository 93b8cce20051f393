"""Firm credentials -> a Koscom client; and the one rule about a shifted clock."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import requests

from accounts import clock
from accounts.koscom.client import KoscomClient, KoscomConfig
from accounts.koscom.transport import WindowGuard
from accounts.models import Firm

SIMULATED_NOW = "X-Simulator-Now"


class GatewayRefused(ValueError):
    """The gateway may not be asked with the settings as they are."""


def open_client(
    firm: Firm, session: requests.Session, *, guard: WindowGuard, now: Callable[[], datetime]
) -> KoscomClient:
    """A client that asks this firm. Raises GatewayRefused while the clock is shifted and the firm is a real one."""
    refuse_shifted_clock(firm.base_url)
    return KoscomClient(koscom_config(firm), session, guard=guard, new_request_id=_request_id, clock=now)


def koscom_config(firm: Firm) -> KoscomConfig:
    return KoscomConfig(
        base_url=firm.base_url,
        short_name=firm.short_name,
        com_id=firm.com_id,
        srv_id=firm.srv_id,
        api_key=firm.api_key,
        api_secret=firm.api_secret,
    )


def pretend(session: requests.Session, firm: Firm, at: datetime) -> None:
    """Tell a simulator for which instant it is asked. Raises GatewayRefused for a gateway that is not on loopback."""
    if not is_loopback(firm.base_url):
        raise GatewayRefused(f"{firm.short_name}: only a simulator on loopback is asked for another time")
    session.headers[SIMULATED_NOW] = at.isoformat()


def refuse_shifted_clock(url: str) -> None:
    """A shifted clock would let requests out in the hours that are closed: it is for loopback gateways alone."""
    if clock.shift() and not is_loopback(url):
        raise GatewayRefused("the business clock is shifted (PORTAL_CLOCK_SHIFT) and the gateway is not on loopback")


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own: localhost, 127.0.0.0/8 or ::1, by name and not by look-up."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _request_id() -> str:
    return uuid.uuid4().hex
