"""How single values and rows leave the portal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts import serializers
from accounts.models import Settlement


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (Decimal("1500000.0000"), "1500000"),
        (Decimal("5.0E8"), "500000000"),
        (Decimal("0.10000000"), "0.1"),
        (Decimal("-0.0000"), "0"),
        (Decimal("-0"), "0"),
        (Decimal("-12.3400"), "-12.34"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal(100), "100"),
    ],
)
def test_a_decimal_is_plain_text_without_exponent_or_zeros_at_the_end(value: Decimal | None, text: str | None) -> None:
    assert serializers.plain(value) == text


def test_a_time_has_the_offset_of_korea() -> None:
    assert serializers.moment(datetime(2026, 11, 19, 15, 30, tzinfo=UTC)) == "2026-11-20T00:30:00+09:00"
    assert serializers.moment(None) is None


def test_a_day_is_an_iso_date() -> None:
    assert (serializers.day(date(2026, 11, 19)), serializers.day(None)) == ("2026-11-19", None)


def test_a_cost_that_was_named_without_an_amount_has_none() -> None:
    row = Settlement(order_date=date(2026, 11, 19), costs=[{"name": "세금", "amount": None}])
    assert serializers.settlement_row(row)["costs"] == [{"name": "세금", "amount": None}]
