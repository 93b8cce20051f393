"""The browser of the tests is a real one, and shows Korean without the machine's fonts."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.servers import chromium as ladder
from tests.servers.programs import LadderEmpty

FONT = Path(__file__).parents[2] / "node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2"
HTML = """<style>@font-face {{ font-family: Pretendard; src: url(data:font/woff2;base64,{font}) }}
span {{ font: 40px Pretendard, monospace }}</style><span id="a">일</span> <span id="b">임</span>"""


@pytest.fixture
def korean_page(page: Page) -> Page:
    page.set_content(HTML.format(font=base64.b64encode(FONT.read_bytes()).decode()))
    page.evaluate("() => document.fonts.load('40px Pretendard', '일임')")
    return page


def test_two_korean_letters_look_different(korean_page: Page) -> None:
    """A missing glyph is the same box for both."""
    assert korean_page.evaluate("() => document.fonts.check('40px Pretendard', '일임')")
    assert korean_page.locator("#a").screenshot() != korean_page.locator("#b").screenshot()


def test_an_empty_ladder_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for rung in ("from_environment", "from_path", "from_npm", "from_apt"):
        monkeypatch.setattr(ladder, rung, lambda: None)
    with pytest.raises(LadderEmpty, match=r"Chromium: none found.*sparticuz"):
        ladder.chromium()


def test_a_browser_that_does_not_start_is_no_rung(tmp_path: Path) -> None:
    assert not ladder.Chromium(tmp_path / "chromium").starts()
