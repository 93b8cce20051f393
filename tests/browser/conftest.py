"""Real Chromium for the tests of this folder, which run in a process of their own (Playwright's loop bars the ORM)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from accounts.domain.business_days import TradingCalendar
from tests.browser import desk
from tests.browser.desk import Desk
from tests.servers.chromium import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found.executable, env={**os.environ, **found.env})
        yield started
        started.close()


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo at 20:25 of the last trading day: derivatives trade at night, reservations wait, balances are in."""
    started = desk.start(tmp_path_factory.mktemp("evening"))
    yield started
    started.portal.program.stop()


@pytest.fixture(scope="session")
def daytime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo at 10:05 of the last trading day: the US daytime session is open, Koscom's window is closed."""
    last = TradingCalendar().business_date(datetime.now(UTC))
    started = desk.start(tmp_path_factory.mktemp("daytime"), desk.shift_to(10, 5, last))
    yield started
    started.portal.program.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of a Korean desk."""
    opened = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def console_errors() -> Iterator[list[str]]:
    """What the page wrote to its console as an error. None may be left; a test that provokes one takes it out."""
    errors: list[str] = []
    yield errors
    assert not errors, errors


@pytest.fixture
def page(context: BrowserContext, console_errors: list[str]) -> Page:
    opened = context.new_page()
    opened.on("console", lambda message: _keep_error(message, console_errors))
    opened.on("pageerror", lambda error: console_errors.append(str(error)))
    return opened


def _keep_error(message: ConsoleMessage, errors: list[str]) -> None:
    if message.type == "error":
        errors.append(f"{message.text} ({message.location.get('url', '')})")
