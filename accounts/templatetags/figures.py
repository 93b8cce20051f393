"""Reading and rounding of what the pages show: decimals without floats, moments in Korea."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

KST = ZoneInfo("Asia/Seoul")

Figure = str | Decimal | int | None
Instant = str | datetime | None


def number(value: Figure) -> Decimal | None:
    """The figure as a decimal; None for nothing and for whatever is no finite number."""
    if value is None or value == "":
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def rounded(amount: Decimal, places: int) -> Decimal:
    """Half away from zero; never -0."""
    result = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return result or abs(result)


def trimmed(amount: Decimal, least: int) -> str:
    """Thousands commas, trailing zeros dropped, at least so many decimals."""
    whole, _dot, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    grouped = f"{Decimal(whole):,f}" if whole not in {"-0", "0"} else whole
    shown = f"{grouped}.{fraction}" if fraction else grouped
    return "0" if shown == "-0" else shown


def korean_units(ten_thousands: int) -> str:
    """조, 억 and 만, the two highest that are not zero."""
    trillions, rest = divmod(ten_thousands, 100_000_000)
    hundred_millions, small = divmod(rest, 10_000)
    parts = ((trillions, _("조")), (hundred_millions, _("억")), (small, _("만")))
    shown = [f"{amount:,}{unit}" for amount, unit in parts if amount]
    return " ".join(shown[:2])


def instant(value: Instant) -> datetime | None:
    """The moment in Korea; a time without a zone is Korean already."""
    if not value:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=KST)
    return moment.astimezone(KST)
