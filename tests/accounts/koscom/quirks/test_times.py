"""Quirks of dates and times."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.koscom.errors import SchemaError
from tests.accounts.koscom.quirks.bending import BLANKS, holding, orders, trades


class TestDatesAndTimes:
    @pytest.mark.parametrize("blank", [*BLANKS, "00000000", "0"])
    def test_quirk_35_and_sentinel_a_blank_date_is_none(self, blank: object) -> None:
        assert holding(maturity=blank).maturity_date is None

    @pytest.mark.parametrize("sent", ["20170921", "201709211530", "20170921153000", 20170921])
    def test_a_date_may_carry_a_time_or_be_a_number(self, sent: object) -> None:
        assert holding(maturity=sent).maturity_date == date(2017, 9, 21)

    @pytest.mark.parametrize("sent", ["20171345", "2017", "어제", [], {"a": 1}, True])
    def test_a_date_that_is_none_is_refused(self, sent: object) -> None:
        with pytest.raises(SchemaError, match="maturity"):
            holding(maturity=sent)

    def test_quirk_36_a_trade_on_a_sunday_is_kept(self) -> None:
        assert trades(transDate="20170625").trades[0].date == date(2017, 6, 25)

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ("2016062211262636", "2016-06-22T11:26:26.360000+09:00"),
            ("20160622112626361", "2016-06-22T11:26:26.361000+09:00"),
            ("20160622112626", "2016-06-22T11:26:26+09:00"),
            ("201606221126", "2016-06-22T11:26:00+09:00"),
            ("112626", "2016-06-22T11:26:26+09:00"),
            ("11262636", "2016-06-22T11:26:26.360000+09:00"),
            (112626, "2016-06-22T11:26:26+09:00"),
        ],
    )
    def test_quirk_33_times_of_every_length_are_read_and_kept_raw(self, sent: object, expected: str) -> None:
        row = orders(orderNo="1", orderTime=sent).orders[0]
        assert row.ordered_at is not None
        assert (row.ordered_at.isoformat(), row.ordered_at_text) == (expected, str(sent))

    @pytest.mark.parametrize("sent", ["20160622", "9926", "점심", "2016139911262636", "256161", None])
    def test_quirk_33_a_time_that_says_none_is_kept_raw(self, sent: str | None) -> None:
        row = orders(orderNo="1", orderTime=sent).orders[0]
        assert (row.ordered_at, row.ordered_at_text) == (None, sent)
