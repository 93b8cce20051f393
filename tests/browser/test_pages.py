"""Every page at a desk's and a phone's width, light and dark: nothing sideways, axe clean, no console error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.desk import DERIVATIVES, SCREENSHOTS, STOCKS, Desk, enter, violations, wait_for

PHONE = 390
WIDTHS = {1440: 900, PHONE: 844}
GRIDS = {"accounts", "blotter"}
PAGES = {
    "today": "/",
    "accounts": "/accounts/",
    "holdings": "/accounts/{account}/",
    "settlements": "/accounts/{account}/?tab=settlements",
    "trades": "/accounts/{account}/?tab=trades",
    "orders-of-account": "/accounts/{account}/?tab=orders",
    "blotter": "/orders/",
    "timeline": "/orders/{order}/",
    "sync": "/sync/",
    "simulator": "/simulator/",
}


@pytest.fixture(scope="session")
def lived_in(evening: Desk) -> dict[str, int]:
    """A desk with orders in several states and balances: an account and an order to look at."""
    number = evening.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A01612", qty=6)
    evening.place(account=STOCKS, market="US", symbol="MSFT", side="sell", qty=20)
    evening.press(event="reject", account=DERIVATIVES, market="FO_NIGHT", symbol="A05612", qty=5)
    order = evening.order(number)
    evening.press(event="fill", order=number, qty=2)
    return {"account": wait_for(lambda: _account_with_balance(evening), seconds=60), "order": int(order["id"])}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def context(browser: Browser, width: int, scheme: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        locale="ko-KR",
        timezone_id="Asia/Seoul",
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=width == PHONE,
    )
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_is_accessible(
    page: Page, evening: Desk, lived_in: dict[str, int], name: str, width: int, scheme: str
) -> None:
    enter(page.context, evening)
    page.goto(evening.portal.url + PAGES[name].format(**lived_in))
    _look(page, f"{name}-{width}-{scheme}", grid=name in GRIDS and width > PHONE)
    assert _is_not_wider_than(page, width)
    assert violations(page) == []


def test_the_sign_in_page_fits_and_is_accessible(page: Page, evening: Desk, width: int, scheme: str) -> None:
    page.goto(f"{evening.portal.url}/account/login/")
    _look(page, f"sign-in-{width}-{scheme}", grid=False)
    assert _is_not_wider_than(page, width)
    assert violations(page) == []


def test_signing_in_leads_to_today(page: Page, evening: Desk) -> None:
    page.goto(f"{evening.portal.url}/accounts/")
    page.get_by_label("사용자").fill("manager")
    page.get_by_label("비밀번호").fill("mandate-demo-2026")
    page.get_by_role("button", name="로그인").click()
    page.wait_for_url(f"{evening.portal.url}/accounts/")
    assert page.locator("[data-account-id]").count() > 0


def _look(page: Page, name: str, *, grid: bool) -> None:
    """Let the grid take over and the fonts load, then keep a picture for people."""
    page.wait_for_load_state("load")
    page.evaluate("() => document.fonts.ready")
    if grid:
        page.locator(".ag-row").first.wait_for()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def _is_not_wider_than(page: Page, width: int) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth") <= width)


def _account_with_balance(desk: Desk) -> int | None:
    rows = desk.session.get(f"{desk.portal.url}/api/v1/accounts/?page_size=500", timeout=10).json()["results"]
    return next((int(row["id"]) for row in rows if row["total_value"] and row["broker"] != "kis"), None)
