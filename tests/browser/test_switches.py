"""The kill switch and the cancel of a selection in a real browser: from the list to the last outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import desk
from tests.browser.desk import DERIVATIVES, Desk
from tests.portal.running import sign_in


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo of its own: a kill switch stops everybody's modifies."""
    started = desk.start(tmp_path_factory.mktemp("switches"))
    yield started
    started.portal.program.stop()


@pytest.fixture
def officer(browser: Browser, night: Desk) -> Iterator[Page]:
    opened = _window(browser, night, "operations")
    yield opened.new_page()
    opened.close()


@pytest.fixture
def auditor(browser: Browser, night: Desk) -> Iterator[Page]:
    opened = _window(browser, night, "compliance", width=390, height=844)
    yield opened.new_page()
    opened.close()


def _window(browser: Browser, night: Desk, username: str, width: int = 1440, height: int = 900) -> BrowserContext:
    opened = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": width, "height": height})
    opened.set_default_timeout(15_000)
    cookies = sign_in(night.portal, username).cookies
    opened.add_cookies([{"name": one.name, "value": str(one.value), "url": night.portal.url} for one in cookies])
    return opened


def place(night: Desk, *quantities: int) -> None:
    for quantity in quantities:
        number = night.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A01612", side="buy", qty=quantity)
        night.order(number)


def test_a_selection_is_canceled_with_one_outcome_a_row(page: Page, context: BrowserContext, night: Desk) -> None:
    place(night, 2, 3)
    desk.enter(context, night)
    desk.open_blotter(page, night)
    page.get_by_role("checkbox").first.check()
    page.locator("#selection-bar [data-dialog-url]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-list-order]")).to_have_count(2)
    dialog.locator("[data-confirm]").click()
    outcomes = page.get_by_role("dialog").locator("[data-outcome-order]")
    expect(outcomes).to_have_count(2)
    for number in range(2):
        expect(outcomes.nth(number)).to_contain_text("취소 확인")
    assert desk.violations(page) == []


def test_a_kill_switch_goes_from_its_list_to_the_release_by_a_second_person(
    page: Page, context: BrowserContext, night: Desk, officer: Page, auditor: Page
) -> None:
    place(night, 4, 5)
    desk.enter(context, night)
    desk.open_blotter(page, night)
    officer.goto(f"{night.portal.url}/orders/switches/")
    officer.locator("#switch-over").select_option(label="국내파생")
    officer.get_by_role("button", name="대상 주문 보기").click()
    expect(officer.locator("[data-list-order]")).to_have_count(2)
    assert desk.violations(officer) == []
    officer.locator("#switch-reason").fill("시세 이상")
    officer.locator("#switch-words").fill(officer.locator(".phrase").inner_text())
    officer.get_by_role("button", name="킬 스위치 가동").click()
    outcomes = officer.locator("[data-outcome-order]")
    expect(outcomes).to_have_count(2)
    for number in range(2):
        expect(outcomes.nth(number)).to_contain_text("취소 확인")
    expect(page.locator("[data-switch-kind=kill]")).to_contain_text("시세 이상")
    assert page.evaluate("() => window.notReloaded")
    assert desk.violations(officer) == []
    officer.locator("#release-reason").fill("정상")
    officer.get_by_role("button", name="해제 요청").click()
    auditor.goto(officer.url)
    assert desk.violations(auditor) == []
    assert auditor.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    auditor.get_by_role("button", name="해제 승인").click()
    expect(auditor.locator("[data-switch-kind]")).to_have_count(0)
    expect(page.locator("[data-switch-kind]")).to_have_count(0)


def test_words_that_are_not_typed_as_shown_engage_nothing(night: Desk, officer: Page) -> None:
    officer.goto(f"{night.portal.url}/orders/switches/new/?kind=sending_off&over=all:")
    officer.locator("#switch-reason").fill("점검")
    officer.locator("#switch-words").fill("전송 중지")
    officer.get_by_role("button", name="주문 전송 중지 가동").click()
    expect(officer.locator(".errors")).to_contain_text("표시된 문구를 그대로 입력해야 합니다.")
    expect(officer.locator("#switch-reason")).to_have_value("점검")
    expect(officer.locator("[data-switch-kind]")).to_have_count(0)
