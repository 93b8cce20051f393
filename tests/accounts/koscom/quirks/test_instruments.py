"""Quirks of instrument codes."""

from __future__ import annotations

import pytest

from accounts.koscom.codes import RowWarning
from tests.accounts.koscom.quirks.bending import BLANKS, holding, orders, settlements


def _code(kind: str | None, code: str | None, name: str | None = "이름") -> dict[str, str | None]:
    return {"isinType": kind, "isinCode": code, "isinName": name}


class TestInstruments:
    def test_quirk_23_a_standard_code_that_is_no_isin_stays_a_code(self) -> None:
        instrument = holding().instrument
        assert (instrument.isin, instrument.codes[0].code) == (None, "KR0065300")

    def test_quirk_23_a_wrong_check_digit_is_no_isin(self) -> None:
        assert holding(isinInfo=[_code("표준코드", "KR7005930004")]).instrument.isin is None

    def test_quirk_24_a_short_code_is_kept_as_sent(self) -> None:
        assert holding(isinInfo=[_code("단축코드", "A0088M0")]).instrument.short_code == "A0088M0"

    def test_quirk_25_an_isin_without_a_type_is_known_by_its_form(self) -> None:
        instrument = holding(isinInfo=[_code(None, "KR7000020008", "동화약품")]).instrument
        assert (instrument.isin, instrument.short_code, instrument.name) == ("KR7000020008", None, "동화약품")

    def test_quirk_25_a_short_code_without_a_type_is_known_by_its_form(self) -> None:
        instrument = holding(isinInfo=[_code(None, "A005930"), _code(None, None)]).instrument
        assert (instrument.isin, instrument.short_code) == (None, "A005930")

    def test_quirk_26_several_codes_are_one_position_in_any_order(self) -> None:
        codes = [_code("단축코드", "A005930"), _code("표준코드", "KR7005930003"), _code("축약영문", "SamsungElec")]
        for order in (codes, codes[::-1]):
            instrument = holding(isinInfo=order).instrument
            assert (instrument.isin, instrument.short_code) == ("KR7005930003", "A005930")

    def test_quirk_26_the_labelled_isin_wins_over_another_one(self) -> None:
        codes = [_code("상품코드", "KR7000020008"), _code("표준코드", "KR7005930003")]
        assert holding(isinInfo=codes).instrument.isin == "KR7005930003"

    def test_a_lone_code_object_is_a_list_of_one(self) -> None:
        assert holding(isinInfo=_code("표준코드", "KR7005930003")).instrument.isin == "KR7005930003"

    @pytest.mark.parametrize("blank", [*BLANKS, []])
    def test_an_instrument_without_codes_is_an_empty_one(self, blank: object) -> None:
        instrument = holding(isinInfo=blank).instrument
        assert (instrument.isin, instrument.short_code, instrument.name, instrument.codes) == (None, None, None, ())

    def test_quirk_27_a_currency_in_exchange_is_flagged_and_kept(self) -> None:
        row = settlements(exchange="USD").settlements[0]
        assert (row.exchange, row.currency, row.warnings) == ("USD", "KRW", (RowWarning.CURRENCY_IN_EXCHANGE,))

    @pytest.mark.parametrize(("exchange", "currency"), [("NYS", None), ("USD", "USD"), ("나스닥", None)])
    def test_quirk_27_other_exchanges_are_not_flagged(self, exchange: str, currency: str | None) -> None:
        assert settlements(exchange=exchange, crcyCode=currency).settlements[0].warnings == ()

    def test_quirk_27_dollars_on_a_korean_stock_are_flagged(self) -> None:
        row = orders(orderNo="1", crcyCode="USD").orders[0]
        assert (row.currency, row.warnings) == ("USD", (RowWarning.CURRENCY_ON_KOREAN_ISIN,))
