"""The check for accessibility finds what is wrong, and lets pass what is not."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.axe import violations

CLEAN = "<html lang='ko'><title>일임 포털</title><main><h1>오늘</h1><button>취소</button></main></html>"


def test_a_clean_page_has_no_violation(page: Page) -> None:
    page.set_content(CLEAN)
    assert violations(page) == []


def test_a_button_without_a_name_is_found(page: Page) -> None:
    page.set_content(CLEAN.replace("취소", ""))
    assert [line.split(":")[0] for line in violations(page)] == ["button-name"]
