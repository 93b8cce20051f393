"""The system checks of the installation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Firm
from portal.checks import open_debug, shifted_clock


@pytest.mark.django_db
def test_a_shifted_clock_and_a_gateway_elsewhere_do_not_go_together(settings: Any) -> None:
    Firm.objects.create(name="가", short_name="here", base_url="http://127.0.0.1:9101/v1")
    settings.CLOCK_SHIFT = timedelta(hours=1)
    assert shifted_clock(None) == []
    Firm.objects.create(name="나", short_name="there", base_url="https://gateway.example.org/v1")
    assert [error.id for error in shifted_clock(None)] == ["portal.E001"]


def test_an_unshifted_clock_asks_nothing(settings: Any) -> None:
    settings.CLOCK_SHIFT = None
    assert shifted_clock(None) == []


def test_debug_is_for_loopback_alone(settings: Any) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost"]
    assert open_debug(None) == []
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    assert [error.id for error in open_debug(None)] == ["portal.E002"]
