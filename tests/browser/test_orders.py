"""Live fills, cancel and modify in a real browser, with the simulated broker as the witness of what was sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import DERIVATIVES, STOCKS, Desk, Row, enter, open_blotter, row_of, violations

SENT = "취소를 요청했습니다. 아직 확정되지 않았으며 그 사이 체결될 수 있습니다."
UNKNOWN = "결과를 확인하지 못했습니다. 같은 요청을 다시 보내지 마십시오. 시스템이 조회 중입니다"


@pytest.fixture(scope="session")
def reserved(evening: Desk) -> list[Row]:
    """Reservations for the tests of this file, one each; only the list of the broker tells of them."""
    for symbol in ("AAPL", "KO"):
        evening.reserve(symbol=symbol, side="buy", qty=30)
    return evening.reservations(at_least=2)


@pytest.fixture
def night(page: Page, evening: Desk) -> Page:
    enter(page.context, evening)
    return page


@pytest.fixture
def day(page: Page, daytime: Desk) -> Page:
    enter(page.context, daytime)
    return page


def test_a_fill_changes_the_row_within_a_second_without_reload(night: Page, evening: Desk) -> None:
    number = evening.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A05612", side="buy", qty=12)
    order = evening.order(number)
    open_blotter(night, evening)
    row = row_of(night, order)
    expect(row).to_have_attribute("data-status", "WORKING")
    evening.press(event="fill", order=number, qty=5)
    expect(row).to_have_attribute("data-status", "PARTIALLY_FILLED", timeout=1000)
    expect(row).to_contain_text("5/12", timeout=1000)
    assert night.evaluate("() => window.notReloaded")


def test_a_new_order_appears_by_itself(night: Page, evening: Desk) -> None:
    evening.order(evening.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A01612", qty=2))
    open_blotter(night, evening)
    number = evening.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A01612", qty=3)
    row = row_of(night, evening.order(number))
    expect(row).to_have_attribute("data-status", "WORKING", timeout=1000)


def test_a_reservation_is_canceled_only_when_the_list_says_so(night: Page, evening: Desk, reserved: list[Row]) -> None:
    order = reserved[0]
    open_blotter(night, evening)
    row = row_of(night, order)
    dialog = _open_dialog(night, row, "취소")
    assert violations(night) == []
    dialog.get_by_role("button").last.click()
    expect(night.get_by_role("dialog")).to_contain_text(SENT)
    expect(row).to_have_attribute("data-command-state", "ACKED")
    expect(row).to_contain_text("취소요청")
    assert row.get_attribute("data-status") == "RESERVED"
    expect(row).to_have_attribute("data-status", "CANCELED")
    expect(row).to_have_attribute("data-command-state", "CONFIRMED")
    assert len(evening.order_requests(int(order["reserved_id"]))) == 1


def test_a_timeout_shows_unknown_and_resolves_by_inquiry(night: Page, evening: Desk, reserved: list[Row]) -> None:
    order = reserved[1]
    open_blotter(night, evening)
    row = row_of(night, order)
    evening.press(fault="timeout_after_accept", times=1)
    _open_dialog(night, row, "취소").get_by_role("button").last.click()
    expect(night.get_by_role("dialog")).to_contain_text(UNKNOWN, timeout=8000)
    expect(row).to_contain_text("결과 미확인")
    expect(row).to_have_attribute("data-status", "CANCELED")
    expect(row).to_have_attribute("data-command-state", "CONFIRMED")
    assert len(evening.order_requests(int(order["reserved_id"]))) == 1


def test_a_daytime_order_is_canceled_only_after_its_notice(day: Page, daytime: Desk) -> None:
    number, row = _daytime_row(day, daytime, "AAPL")
    daytime.press(fault="hold_confirm")
    _open_dialog(day, row, "취소").get_by_role("button").last.click()
    expect(day.get_by_role("dialog")).to_contain_text(SENT)
    expect(row).to_have_attribute("data-command-state", "ACKED")
    expect(row).to_contain_text("취소요청")
    day.wait_for_timeout(3000)
    assert row.get_attribute("data-status") == "WORKING"
    daytime.press(event="confirm")
    expect(row).to_have_attribute("data-status", "CANCELED", timeout=2000)
    expect(row).to_have_attribute("data-command-state", "CONFIRMED")
    assert len(daytime.order_requests(number)) == 1


def test_a_daytime_order_is_modified_only_after_its_notice(day: Page, daytime: Desk) -> None:
    number, row = _daytime_row(day, daytime, "NVDA")
    daytime.press(fault="hold_confirm")
    dialog = _open_dialog(day, row, "정정")
    assert violations(day) == []
    dialog.get_by_label("새 가격").fill("171.25")
    dialog.get_by_role("button").last.click()
    expect(row).to_have_attribute("data-command-state", "ACKED")
    expect(row).to_contain_text("정정요청")
    expect(row).not_to_contain_text("171.25")
    daytime.press(event="confirm")
    expect(row).to_have_attribute("data-command-state", "CONFIRMED", timeout=2000)
    expect(row).to_contain_text("171.25")
    assert len(daytime.order_requests(number)) == 1
    assert row.get_attribute("data-status") == "WORKING"


def test_a_negative_quantity_is_refused_in_the_dialog(day: Page, daytime: Desk, console_errors: list[str]) -> None:
    number, row = _daytime_row(day, daytime, "TSLA")
    dialog = _open_dialog(day, row, "취소")
    dialog.get_by_label("취소할 수량").fill("-5")
    dialog.get_by_role("button").last.click()
    expect(day.get_by_role("dialog").get_by_role("alert").first).to_contain_text("0보다 커야 합니다")
    assert daytime.order_requests(number) == []
    # The browser itself notes the 422 of the refused form.
    console_errors[:] = [text for text in console_errors if "422" not in text]


def test_the_page_says_that_the_feed_is_lost_and_comes_back(night: Page, evening: Desk) -> None:
    number = evening.place(account=DERIVATIVES, market="FO_NIGHT", symbol="A75612", qty=4)
    order = evening.order(number)
    open_blotter(night, evening)
    row = row_of(night, order)
    evening.press(fault="close_ws")
    expect(night.locator("[data-feed]").nth(1)).not_to_have_attribute("data-feed", "live")
    evening.press(event="fill", order=number, qty=4)
    expect(row).to_have_attribute("data-status", "FILLED", timeout=40_000)


def _daytime_row(page: Page, desk: Desk, symbol: str) -> tuple[int, Locator]:
    number = desk.place(account=STOCKS, market="US_DAYTIME", symbol=symbol, side="buy", qty=20)
    order = desk.order(number)
    open_blotter(page, desk)
    return number, row_of(page, order)


def _open_dialog(page: Page, row: Locator, name: str) -> Locator:
    row.get_by_role("button", name=name).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog
