"""How numbers, times and states look in the pages: Korean figures, direction by arrow, sign and class.

The filters take what REST rows hold (decimal strings, ISO 8601 times, None) as well as `Decimal` and `datetime`.
What is not known is an en dash, never 0. Times are shown in Asia/Seoul.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from accounts.templatetags import figures
from accounts.templatetags.browser_texts import in_context, texts
from accounts.templatetags.figures import Figure, Instant

register = template.Library()

ABSENT = "–"
NEW_YORK = ZoneInfo("America/New_York")
WHOLE_UNITS = frozenset({"KRW", "JPY", "VND", "IDR"})
WEEKDAYS = (
    gettext_noop("월"),
    gettext_noop("화"),
    gettext_noop("수"),
    gettext_noop("목"),
    gettext_noop("금"),
    gettext_noop("토"),
    gettext_noop("일"),
)
FEEDS = {  # best first
    "live": gettext_noop("실시간"),
    "syncing": gettext_noop("대조 중"),
    "polling": gettext_noop("조회 중"),
    "down": gettext_noop("끊김"),
}
FRESHNESS = {
    "fresh": gettext_noop("정상"),
    "stale": gettext_noop("지난 자료"),
    "never": gettext_noop("미수신"),
    "failed": gettext_noop("수신 실패"),
}

ICON = '<svg class="{}" width="16" height="16" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>'
RING = (
    '<svg class="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    '<circle class="ring-track" cx="12" cy="12" r="8" stroke-width="3" fill="none" />'
    '<circle class="ring-share" cx="12" cy="12" r="8" stroke-width="3" fill="none" pathLength="100"'
    ' stroke-dasharray="{} 100" transform="rotate(-90 12 12)" /></svg>'
)


@register.filter
def money(value: Figure, currency: str | None = "KRW") -> str:
    """An amount in its currency's own decimals: won whole, dollars with cents."""
    number = figures.number(value)
    if number is None:
        return ABSENT
    places = 0 if (currency or "KRW") in WHOLE_UNITS else 2
    return f"{figures.rounded(number, places):,f}"


@register.filter
def quantity(value: Figure) -> str:
    """Thousands commas, trailing zeros dropped."""
    number = figures.number(value)
    return ABSENT if number is None else figures.trimmed(number, 0)


@register.filter
def price(value: Figure, currency: str | None = "KRW") -> str:
    """Every decimal that the price has; outside won at least two."""
    number = figures.number(value)
    if number is None:
        return ABSENT
    return figures.trimmed(number, 0 if (currency or "KRW") in WHOLE_UNITS else 2)


@register.filter
def average(value: Figure, currency: str | None = "KRW") -> str:
    """An average of fills, rounded to four decimals."""
    number = figures.number(value)
    return ABSENT if number is None else price(figures.rounded(number, 4), currency)


@register.filter
def signed_money(value: Figure, currency: str | None = "KRW") -> SafeString | str:
    """A gain or loss with sign, arrow and direction."""
    number = figures.number(value)
    return ABSENT if number is None else _directed(number, money(abs(number), currency))


@register.filter
def signed_quantity(value: Figure) -> SafeString | str:
    number = figures.number(value)
    return ABSENT if number is None else _directed(number, figures.trimmed(abs(number), 0))


@register.filter
def percent(value: Figure) -> SafeString | str:
    """A ratio (0.1) as a percentage with sign, arrow and direction (▲ +10.00%)."""
    number = figures.number(value)
    if number is None:
        return ABSENT
    shown = figures.rounded(abs(number) * 100, 2)
    return _directed(number if shown else Decimal(), f"{shown:,f}%")


@register.filter
def compact_won(value: Figure) -> str:
    """Cards only: `12억 3,456만 원`. The element's title carries all digits."""
    number = figures.number(value)
    if number is None:
        return ABSENT
    ten_thousands = int(figures.rounded(abs(number) / 10_000, 0))
    if not ten_thousands:
        return _("%(amount)s 원") % {"amount": money(number)}
    sign = "-" if number < 0 else ""
    return sign + _("%(amount)s 원") % {"amount": figures.korean_units(ten_thousands)}


@register.filter
def kst(value: Instant) -> str:
    """`2026-11-20 (금) 14:03:21`."""
    moment = figures.instant(value)
    if moment is None:
        return ABSENT
    return f"{moment:%Y-%m-%d} ({_(WEEKDAYS[moment.weekday()])}) {moment:%H:%M:%S}"


@register.filter
def kst_time(value: Instant) -> str:
    moment = figures.instant(value)
    return ABSENT if moment is None else f"{moment:%H:%M:%S}"


@register.filter
def kst_short(value: Instant) -> str:
    """`11-20 14:03`."""
    moment = figures.instant(value)
    return ABSENT if moment is None else f"{moment:%m-%d %H:%M}"


@register.filter
def near(value: Instant, now: Instant) -> str:
    """`14:03` within a day of now, `월 14:03` within a week, else `11-30 14:03`: for what is about to open or close."""
    moment, present = figures.instant(value), figures.instant(now)
    if moment is None:
        return ABSENT
    if present is None or abs(moment - present) >= timedelta(days=6):
        return kst_short(value)
    if abs(moment - present) < timedelta(days=1):
        return f"{moment:%H:%M}"
    return f"{_(WEEKDAYS[moment.weekday()])} {moment:%H:%M}"


@register.filter
def eastern(value: Instant) -> str:
    """`00:03 ET`, the clock of a US order's own market; empty when there is no time."""
    moment = figures.instant(value)
    return "" if moment is None else f"{moment.astimezone(NEW_YORK):%H:%M} ET"


@register.filter
def iso(value: Instant) -> str:
    """For attributes that the browser's clock reads."""
    moment = figures.instant(value)
    return "" if moment is None else moment.isoformat()


@register.filter
def day(value: str | date | None) -> str:
    """`2026-11-20 (금)`."""
    if not value:
        return ABSENT
    when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{when:%Y-%m-%d} ({_(WEEKDAYS[when.weekday()])})"


@register.filter
def dash(value: Any) -> Any:
    """The value, or an en dash for what the broker did not say."""
    return ABSENT if value is None or value == "" else value


@register.filter
def share(part: Figure, whole: Figure) -> int:
    """The filled share in whole percent, 0 to 100."""
    done, total = figures.number(part), figures.number(whole)
    if done is None or not total:
        return 0
    return max(0, min(100, int(done * 100 / total)))


@register.filter
def words(text: str) -> list[str]:
    """A constant list in a template."""
    return text.split()


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or None; for matrices whose columns are data."""
    return mapping.get(key) if isinstance(mapping, dict) else None


@register.simple_tag
def freshness(state: Any, as_of: Instant = None) -> SafeString:
    """The chip that says how old a figure is. `state`: fresh, stale, never, failed, or a dict with state and as_of."""
    if isinstance(state, dict):
        state, as_of = state.get("state"), state.get("as_of") or state.get("fetched_at") or as_of
    word = FRESHNESS.get(str(state or "never"), str(state))
    shown = f"{_(word)} · {kst_short(as_of)}" if as_of else _(word)
    return format_html('<span class="fresh" data-fresh="{}" title="{}">{}</span>', state or "never", kst(as_of), shown)


@register.filter
def kis_feed(upstreams: list[dict[str, str]] | None) -> str:
    """The worst state of the KIS connections; empty when there is none."""
    states = {row["state"] for row in upstreams or () if not row["name"].startswith("koscom")}
    return next((state for state in reversed(FEEDS) if state in states), "")


@register.filter
def koscom_feed(upstreams: list[dict[str, str]] | None) -> str:
    """The state of the nightly batch; empty when nothing has said it."""
    return next((row["state"] for row in upstreams or () if row["name"].startswith("koscom")), "")


@register.filter
def feed_word(state: str) -> str:
    return _(FEEDS.get(state, state))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of `_icons.html`, in outline."""
    return format_html(ICON, "icon", name)


@register.simple_tag
def solid_icon(name: str) -> SafeString:
    """The same, filled."""
    return format_html(ICON, "icon solid", name)


@register.simple_tag
def ring(percent_filled: int) -> SafeString:
    """A ring of which so much is drawn in full."""
    return format_html(RING, percent_filled)


@register.simple_tag
def browser_catalogue() -> dict[str, str]:
    """The texts of the browser code in the page's language, for its `i18n` data block."""
    plain = {text: _(text) for text in texts()}
    special = {f"{context}\x04{text}": pgettext(context, text) for context, text in in_context()}
    return plain | special


def _directed(number: Decimal, figure: str) -> SafeString:
    if not number:
        return format_html('<span class="dir">{}</span>', figure)
    way, arrow, sign = ("up", "▲", "+") if number > 0 else ("down", "▼", "-")
    markup = '<span class="dir" data-dir="{}"><span class="arrow" aria-hidden="true">{}</span>{}{}</span>'
    return format_html(markup, way, arrow, sign, figure)
