"""The house with a live connection, and the same on KIS's mock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings

from orders.kis.tr_ids import Environment
from tests.flows.markets.house import House, kst, running
from tests.orders.conftest import Desk, desk

__all__ = ["desk"]


@pytest.fixture(autouse=True)
def _light(settings: Settings) -> None:
    """Two hundred desks and browsers: slow password hashes and static files are no part of what is shown."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(kst("2026-11-20 08:00"), tick=True) as traveller:
        yield traveller


@pytest.fixture
def house(desk: Desk, time: time_machine.Traveller) -> Iterator[House]:
    with running(desk, time, Environment.LIVE) as started:
        yield started


@pytest.fixture
def paper(desk: Desk, time: time_machine.Traveller) -> Iterator[House]:
    with running(desk, time, Environment.PAPER) as started:
        yield started
