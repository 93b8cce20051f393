"""A demo of its own for the browser: its simulators' buttons, its orders as the REST list gives them, its people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import requests
from playwright.sync_api import BrowserContext, Locator, Page

from accounts.clock import KST
from tests.portal.running import Running, run, sign_in

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / ".data" / "screenshots"
STOCKS, DERIVATIVES = "12345678-01", "12345678-03"
Row = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Desk:
    """A running demo with a quiet market."""

    portal: Running
    folder: Path

    @cached_property
    def session(self) -> requests.Session:
        return sign_in(self.portal, "manager")

    def press(self, **what: str | int | bool) -> dict[str, Any]:
        """A button of the KIS simulator: an event, a fault, or `clear=True`."""
        answer = requests.post(f"{self._simulators['kis']}/_control", json=what, timeout=5)
        assert answer.ok, answer.text
        pressed: dict[str, Any] = answer.json()
        return pressed

    def place(self, **what: str | int) -> int:
        """Somebody else's new order; its number at the broker."""
        return int(self.press(event="external_order", **what)["order"]["number"])

    def reserve(self, **what: str | int) -> None:
        self.press(event="reserve", account=STOCKS, **what)

    def order_requests(self, number: int) -> list[dict[str, Any]]:
        """What the order engine was asked about one number."""
        ledger = requests.get(f"{self._simulators['kis']}/_control", timeout=5).json()["ledger"]
        return [line for line in ledger if str(number) in [str(value).lstrip("0") for value in line["body"].values()]]

    def orders(self) -> list[Row]:
        found = self.session.get(f"{self.portal.url}/api/v1/orders/?page_size=500", timeout=10)
        rows: list[Row] = found.json()["results"]
        return rows

    def order(self, number: int) -> Row:
        """The order of that number, once the portal knows it as working or reserved."""
        return wait_for(lambda: next((row for row in self.orders() if _is(row, number)), None))

    def reservations(self, at_least: int) -> list[Row]:
        """Reservations that wait, once the portal knows that many."""

        def known() -> list[Row] | None:
            rows = [row for row in self.orders() if row["status"] == "RESERVED" and row["command"] is None]
            return rows if len(rows) >= at_least else None

        return wait_for(known, seconds=70)

    @cached_property
    def _simulators(self) -> dict[str, str]:
        addresses: dict[str, str] = json.loads((self.folder / "simulators.json").read_text())
        return addresses


def start(folder: Path, shift: timedelta | None = None) -> Desk:
    """A demo at 20:25 of the last trading day, or with a shift of its own."""
    settings = {} if shift is None else {"PORTAL_CLOCK_SHIFT": str(shift.total_seconds())}
    portal = run("demo", folder, "--quiet", **settings)
    portal.wait_until_ready()
    return Desk(portal, folder)


def shift_to(hour: int, minute: int, day: date) -> timedelta:
    """The shift that makes it that time of that day, in Korea, now."""
    return datetime.combine(day, time(hour, minute), KST) - datetime.now(UTC)


def wait_for(look: Callable[[], Found | None], seconds: float = 20) -> Found:
    """What `look` gives, as soon as it gives something."""
    deadline = monotonic() + seconds
    while not (found := look()):
        assert monotonic() < deadline, "it did not come"
        sleep(0.1)
    return found


def enter(context: BrowserContext, desk: Desk) -> None:
    """Give the browser the manager's session."""
    context.add_cookies(
        [{"name": cookie.name, "value": str(cookie.value), "url": desk.portal.url} for cookie in desk.session.cookies]
    )


def open_blotter(page: Page, desk: Desk) -> None:
    """The blotter once the grid has taken over and the feed is live; a reload would take the mark away."""
    page.goto(f"{desk.portal.url}/orders/")
    page.locator("#blotter-rows .ag-row").first.wait_for()
    page.locator("[data-feed=live]").first.wait_for()
    page.evaluate("() => { window.notReloaded = true }")


def row_of(page: Page, order: Row) -> Locator:
    return page.locator(f"#blotter-rows [data-order-id='{order['id']}']").first


def violations(page: Page) -> list[str]:
    """What axe finds, a line each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def _is(row: Row, number: int) -> bool:
    return str(number) in {str(one).lstrip("0") for one in row["order_ids"]} and row["status"] != "NEW"
