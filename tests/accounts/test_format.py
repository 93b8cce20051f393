"""Figures, times and marks as the pages show them."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from accounts.templatetags import browser_texts, portal_format

SCRIPTS = Path(__file__).parents[2] / "static" / "js"
NOTHING = (None, "")


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1234.5", "KRW", "1,235"),
        (Decimal("-1234.5"), "KRW", "-1,235"),
        ("-0.4", "KRW", "0"),
        ("12840.5", "USD", "12,840.50"),
        ("100", "JPY", "100"),
        ("1500000", None, "1,500,000"),
        ("9007199254740993", "KRW", "9,007,199,254,740,993"),
        (None, "KRW", "–"),
        ("", "KRW", "–"),
        ("NaN", "KRW", "–"),
        ("abc", "KRW", "–"),
    ],
)
def test_money_has_the_decimals_of_its_currency(value: object, currency: str | None, shown: str) -> None:
    assert portal_format.money(value, currency) == shown  # type: ignore[arg-type]  # what a page may hand over


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("10.000000", "10"),
        ("1200.500", "1,200.5"),
        ("0", "0"),
        ("-0.0", "0"),
        ("-0.5", "-0.5"),
        (None, "–"),
        (88, "88"),
    ],
)
def test_quantities_lose_trailing_zeros(value: str | int | None, shown: str) -> None:
    assert portal_format.quantity(value) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [("342.55", "KRW", "342.55"), ("228.5", "USD", "228.50"), ("0.1234", "USD", "0.1234"), (None, "USD", "–")],
)
def test_a_foreign_price_shows_cents_at_least(value: str | None, currency: str, shown: str) -> None:
    assert portal_format.price(value, currency) == shown


def test_an_average_is_rounded_to_four_decimals() -> None:
    assert portal_format.average("142.36666667", "USD") == "142.3667"
    assert portal_format.average("71200", "KRW") == "71,200"
    assert portal_format.average(None, "KRW") == "–"


def test_a_gain_points_up_with_its_sign() -> None:
    shown = portal_format.signed_money("1200")
    assert 'data-dir="up"' in shown
    assert "▲" in shown
    assert shown.endswith("+1,200</span>")


def test_a_loss_points_down_with_its_sign() -> None:
    shown = portal_format.signed_quantity("-30")
    assert 'data-dir="down"' in shown
    assert "▼" in shown
    assert shown.endswith("-30</span>")


def test_nothing_gained_points_nowhere() -> None:
    assert portal_format.signed_money("0") == '<span class="dir">0</span>'
    assert portal_format.percent("0.000004") == '<span class="dir">0.00%</span>'


@pytest.mark.parametrize(
    ("ratio", "shown"), [("0.1", "+10.00%"), ("-0.00279", "-0.28%"), ("0.12345", "+12.35%"), ("12.5", "+1,250.00%")]
)
def test_a_ratio_is_shown_as_a_signed_percentage(ratio: str, shown: str) -> None:
    assert portal_format.percent(ratio).endswith(f"{shown}</span>")


def test_what_is_not_known_is_a_dash() -> None:
    filters = (
        portal_format.signed_money,
        portal_format.signed_quantity,
        portal_format.percent,
        portal_format.compact_won,
        portal_format.kst,
        portal_format.kst_time,
        portal_format.kst_short,
        portal_format.day,
        portal_format.dash,
    )
    assert {show(nothing) for show in filters for nothing in NOTHING} == {"–"}


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("123456789012", "1,234억 5,679만 원"),
        ("1234567", "123만 원"),
        ("20000000000", "200억 원"),
        ("3456700000000000", "3,456조 7,000억 원"),
        ("-150000000", "-1억 5,000만 원"),
        ("4999", "4,999 원"),
        ("0", "0 원"),
    ],
)
def test_cards_name_eok_and_man(amount: str, shown: str) -> None:
    assert portal_format.compact_won(amount) == shown


def test_times_are_korean_and_say_their_weekday() -> None:
    assert portal_format.kst("2026-11-20T05:03:21Z") == "2026-11-20 (금) 14:03:21"
    assert portal_format.kst_time("2026-11-20T15:00:00+00:00") == "00:00:00"
    assert portal_format.kst_short(datetime.fromisoformat("2026-11-20T14:03:21+09:00")) == "11-20 14:03"


def test_a_time_without_a_zone_is_korean() -> None:
    naive = datetime.fromisoformat("2026-11-20T14:03:21")
    assert portal_format.iso(naive) == "2026-11-20T14:03:21+09:00"


def test_us_times_follow_new_york() -> None:
    assert portal_format.eastern("2026-11-20T05:03:21Z") == "00:03 ET"
    assert portal_format.eastern("2026-07-20T05:03:21Z") == "01:03 ET"


def test_no_time_leaves_an_attribute_empty() -> None:
    assert portal_format.iso(None) == portal_format.eastern(None) == ""


def test_days_come_as_text_or_date() -> None:
    assert portal_format.day("2026-11-20") == portal_format.day(date(2026, 11, 20)) == "2026-11-20 (금)"


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [("120", "500", 24), ("0", "5", 0), ("7", "5", 100), ("1", "0", 0), (None, "3", 0)]
)
def test_the_filled_share_stays_between_0_and_100(part: str | None, whole: str, percent: int) -> None:
    assert portal_format.share(part, whole) == percent


def test_freshness_says_state_and_time() -> None:
    chip = portal_format.freshness({"state": "stale", "fetched_at": "2026-11-20T06:34:00+09:00"})
    assert 'data-fresh="stale"' in chip
    assert "지난 자료 · 11-20 06:34" in chip


def test_what_never_came_says_so() -> None:
    assert "미수신" in portal_format.freshness(None)
    assert 'data-fresh="never"' in portal_format.freshness(None)


def test_the_worst_kis_connection_is_the_one_shown() -> None:
    rows = [
        {"name": "kis:a", "state": "live"},
        {"name": "kis:b", "state": "polling"},
        {"name": "koscom", "state": "down"},
    ]
    assert portal_format.kis_feed(rows) == "polling"
    assert portal_format.koscom_feed(rows) == "down"
    assert portal_format.kis_feed(None) == portal_format.koscom_feed([]) == ""
    assert portal_format.feed_word("polling") == "조회 중"
    assert portal_format.feed_word("other") == "other"


def test_small_helpers_of_the_templates() -> None:
    assert portal_format.words("a b") == ["a", "b"]
    assert portal_format.item({"a": 1}, "a") == 1
    assert portal_format.item(None, "a") is None
    assert portal_format.dash(0) == 0


def test_icons_escape_what_they_are_given() -> None:
    assert "&lt;" in portal_format.icon("<")
    assert 'class="icon solid"' in portal_format.solid_icon("dot")
    assert 'stroke-dasharray="24 100"' in portal_format.ring(24)


def test_the_browser_catalogue_lists_every_text_of_the_scripts() -> None:
    code = "\n".join(_without_comments(path.read_text(encoding="utf-8")) for path in SCRIPTS.glob("*.js"))
    used = {text for text in re.findall(r'"((?:[^"\\]|\\.)*)"', code) if re.search("[가-힣]", text)}
    contexts = {context for context, _ in browser_texts.in_context()}
    assert used - contexts == set(browser_texts.texts())


def test_the_browser_catalogue_tells_the_status_from_the_button() -> None:
    with translation.override("en"):
        catalogue = portal_format.browser_catalogue()
    assert catalogue["취소"] == "Cancel"
    assert catalogue["주문 상태\x04취소"] == "Canceled"


def _without_comments(code: str) -> str:
    return re.sub(r"(?m)^\s*//[^\n]*|/\*.*?\*/", "", code, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2026-11-20T18:00:00+09:00", "18:00"),
        ("2026-11-21T06:00:00+09:00", "06:00"),
        ("2026-11-23T10:00:00+09:00", "월 10:00"),
        ("2026-11-30T10:00:00+09:00", "11-30 10:00"),
        (None, "–"),
    ],
)
def test_what_is_near_needs_no_day(at: str | None, text: str) -> None:
    assert portal_format.near(at, "2026-11-20T11:00:00+09:00") == text
