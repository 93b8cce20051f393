"""What a desk sees when something is not known, not open or was missed; and how many orders are canceled at once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser.desk import DERIVATIVES, Desk, Row, enter, open_blotter, row_of, violations, wait_for

UNKNOWN = "결과를 확인하지 못했습니다. 같은 요청을 다시 보내지 마십시오. 시스템이 조회 중입니다"
LOST_AFTER = 20_000  # 12 s of silence, and the second in which they are counted


@pytest.fixture
def night(page: Page, evening: Desk) -> Page:
    enter(page.context, evening)
    return page


def ordered(desk: Desk, qty: int, symbol: str = "A05612") -> tuple[int, Row]:
    number = desk.place(account=DERIVATIVES, market="FO_NIGHT", symbol=symbol, side="buy", qty=qty)
    return number, desk.order(number)


def doubt_of(page: Page, order: Row) -> Locator:
    return page.locator(f"[data-doubt='{order['id']}']")


def canceled_without_an_answer(page: Page, desk: Desk, qty: int) -> Row:
    """An order whose cancel never reached the broker, which nobody can know."""
    _number, order = ordered(desk, qty)
    open_blotter(page, desk)
    desk.press(fault="timeout_before_accept", times=1)
    row_of(page, order).get_by_role("button", name="취소").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.get_by_role("dialog")).to_contain_text(UNKNOWN, timeout=10_000)
    return order


def test_an_unknown_outcome_stands_on_top_with_its_timer_and_what_was_read(night: Page, evening: Desk) -> None:
    order = canceled_without_an_answer(night, evening, 11)
    night.keyboard.press("Escape")
    doubt = doubt_of(night, order)
    expect(doubt).to_contain_text(UNKNOWN)
    expect(doubt).to_contain_text(str(order["order_id"]))
    expect(doubt.locator(".stopwatch")).to_have_text(re.compile(r"^00:\d\d$"))
    assert night.locator("#blotter-rows .ag-row[row-index='0']").get_attribute("data-command-state") == "UNKNOWN"
    assert (
        night.locator("#blotter-rows .ag-row[row-index='0']")
        .evaluate("row => getComputedStyle(row).backgroundImage")
        .startswith("repeating-linear-gradient")
    )
    expect(doubt).to_contain_text(re.compile(r"조회\s*[1-9]\d*회"), timeout=LOST_AFTER)
    assert violations(night) == []


def test_asking_now_reads_the_lists_and_says_so(night: Page, evening: Desk, console_errors: list[str]) -> None:
    order = canceled_without_an_answer(night, evening, 13)
    night.keyboard.press("Escape")
    doubt_of(night, order).get_by_role("button", name="지금 조회").click()
    expect(night.locator(".toast")).to_contain_text("조회했습니다")
    night.goto(f"{evening.portal.url}/orders/{order['id']}/")
    expect(doubt_of(night, order)).to_contain_text("지금 조회")
    # A second question within three seconds of the resolver's own is refused, which the browser notes.
    console_errors[:] = [text for text in console_errors if "429" not in text]


def test_picked_orders_are_canceled_with_one_outcome_each(night: Page, evening: Desk) -> None:
    found = [ordered(evening, qty, "A01612") for qty in (21, 22)]
    open_blotter(night, evening)
    for _number, order in found:
        row_of(night, order).get_by_role("checkbox").check()
    bar = night.get_by_role("region", name="선택한 주문")
    expect(bar).to_contain_text("2건 선택")
    bar.get_by_role("button", name="선택 주문 취소").click()
    dialog = night.get_by_role("dialog")
    expect(dialog).to_contain_text("선택한 2건 취소")
    assert violations(night) == []
    dialog.get_by_role("button").last.click()
    expect(night.locator("[data-outcome]")).to_have_count(2)
    for number, order in found:
        expect(night.locator(f"[data-outcome-order='{order['id']}']")).to_have_attribute(
            "data-command-state", "CONFIRMED", timeout=30_000
        )
        assert len(evening.order_requests(number)) == 1
    night.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_orders_are_picked_and_let_go_by_the_keyboard(night: Page, evening: Desk) -> None:
    _number, order = ordered(evening, 24, "A75612")
    open_blotter(night, evening)
    row_of(night, order).get_by_role("checkbox").focus()
    night.keyboard.press("Space")
    cancel = night.get_by_role("button", name="선택 주문 취소")
    expect(cancel).to_be_visible()
    cancel.focus()
    night.keyboard.press("Enter")
    expect(night.get_by_role("dialog")).to_contain_text("선택한 1건 취소")
    night.keyboard.press("Escape")
    expect(cancel).to_be_focused()
    night.get_by_role("button", name="선택 해제").focus()
    night.keyboard.press("Enter")
    expect(cancel).to_be_hidden()


def test_the_strip_says_what_is_open_until_when_and_why_the_rest_is_not(night: Page, evening: Desk) -> None:
    for path in ("/orders/", "/"):
        night.goto(evening.portal.url + path)
        strip = night.get_by_role("region", name="장 시간")
        expect(strip.locator("[data-market=FO_NIGHT]")).to_contain_text("06:00까지")
        expect(strip.locator("[data-market=FO_NIGHT] [data-until]")).to_have_text(re.compile(r"\d+시간 \d\d분"))
        closed = strip.locator("[data-market=US_DAYTIME]")
        expect(closed).to_have_attribute("data-phase", "closed")
        expect(closed).to_contain_text("시작")


def test_a_reservation_counts_down_to_its_transmission(night: Page, evening: Desk) -> None:
    evening.reserve(symbol="MSFT", side="buy", qty=31)
    order = wait_for(lambda: next((row for row in evening.reservations(1) if row["order_qty"] == "31"), None), 70)
    open_blotter(night, evening)
    expect(row_of(night, order).locator("[data-until]")).to_have_text(re.compile(r"시간|분"))


def test_an_orders_page_opens_its_evidence_and_gives_it_as_a_file(night: Page, evening: Desk) -> None:
    number, order = ordered(evening, 9)
    evening.press(event="fill", order=number, qty=3)
    wait_for(lambda: evening.order(number)["cum_qty"] == "3")
    night.goto(f"{evening.portal.url}/orders/{order['id']}/")
    filled = night.locator(".timeline li[data-kind=filled]").first
    filled.locator("summary").click()
    expect(filled).to_contain_text("CNTG_QTY")
    assert violations(night) == []
    with night.expect_download() as download:
        night.get_by_role("link", name="CSV").click()
    assert download.value.path().read_bytes().startswith("\ufeff시각".encode())


@dataclass
class Line:
    """The browser's line to the server, which may be cut without a word."""

    cut: bool = False

    def lay(self, page: Page) -> None:
        page.route_web_socket(re.compile(r"/ws/live/"), self._socket)
        page.route("**/api/v1/events/**", self._request)

    def _socket(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(lambda text: None if self.cut else server.send(text))
        server.on_message(lambda text: None if self.cut else browser.send(text))

    def _request(self, route: Route) -> None:
        if self.cut:
            route.abort()
        else:
            route.continue_()


def test_a_lost_line_greys_the_page_and_its_return_lists_what_was_missed(
    night: Page, evening: Desk, console_errors: list[str]
) -> None:
    number, order = ordered(evening, 17)
    line = Line()
    line.lay(night)
    open_blotter(night, evening)
    row = row_of(night, order)
    line.cut = True
    evening.press(event="fill", order=number, qty=6)
    expect(night.locator("html")).to_have_attribute("data-link", "lost", timeout=LOST_AFTER)
    expect(night.locator("#link-lost")).to_be_visible()
    expect(row.get_by_role("button", name="취소")).to_have_attribute("aria-disabled", "true")
    expect(row).to_have_attribute("data-status", "WORKING")
    line.cut = False
    back = night.locator("#link-back")
    expect(back).to_contain_text(
        re.compile(r"\d\d:\d\d:\d\d~\d\d:\d\d:\d\d 끊김 · 재조회 완료 · 체결 \d+건 복구"), timeout=40_000
    )
    expect(row).to_have_attribute("data-status", "PARTIALLY_FILLED")
    expect(row).to_have_attribute("data-restored", "")
    back.locator("summary").click()
    expect(back.get_by_role("link", name=str(order["name"] or order["symbol"])).first).to_be_visible()
    assert violations(night) == []
    console_errors.clear()  # requests that the cut refused


def test_the_servers_own_outage_is_another_banner_and_tells_what_it_recovered(night: Page, evening: Desk) -> None:
    number, order = ordered(evening, 19)
    open_blotter(night, evening)
    evening.press(fault="slot_held", times=1)
    evening.press(fault="close_ws")
    expect(night.locator("#kis-down")).to_be_visible(timeout=20_000)
    expect(night.locator("#link-lost")).to_be_hidden()
    evening.press(event="fill", order=number, qty=7)
    expect(night.locator("#kis-down")).to_contain_text("다음 시도", timeout=20_000)
    expect(row_of(night, order)).to_have_attribute("data-status", "PARTIALLY_FILLED", timeout=40_000)
    # The page lists what was recovered in the last ten minutes: only the line that names the order is this outage's.
    ours = night.locator(f"a[href='/orders/{order['id']}/']")
    back = night.locator("#kis-back [data-recovery]").filter(has=ours)
    expect(back).to_contain_text("재조회 완료", timeout=150_000)
    expect(night.locator("#kis-down")).to_be_hidden()


READ_BEFORE = '<div class="alert" id="kis-down" data-read="before" data-state="polling" role="status">끊김</div>'


def test_a_banner_that_was_read_before_the_line_came_back_does_not_return_with_its_answer(
    night: Page, evening: Desk
) -> None:
    ordered(evening, 18)
    browsers: list[WebSocketRoute] = []

    def lay(browser: WebSocketRoute) -> None:
        browsers.append(browser)
        server = browser.connect_to_server()
        server.on_message(lambda text: None if '"heartbeat"' in str(text) else browser.send(text))

    def say(state: str) -> None:
        upstreams = [{"name": "desk-1", "state": state}]
        browsers[-1].send(json.dumps({"type": "heartbeat", "seq": 0, "upstreams": upstreams}))

    night.route_web_socket(re.compile(r"/ws/live/"), lay)
    night.route("**/orders/feed/", lambda route: route.fulfill(body=READ_BEFORE, content_type="text/html"))
    open_blotter(night, evening)
    banner = night.locator("#kis-down")
    say("polling")
    expect(banner).to_be_visible()
    say("live")
    expect(banner).to_be_hidden()
    expect(banner).to_have_attribute("data-read", "before")
    expect(banner).to_be_hidden()
