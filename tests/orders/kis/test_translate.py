from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from orders.domain.events import (
    CancelRequested,
    Family,
    Instrument,
    ModifyRequested,
    OrderAccepted,
    OrderCanceled,
    OrderConfirmed,
    OrderEvent,
    OrderFilled,
    OrderKey,
    OrderModified,
    OrderRejected,
    RequestKind,
    Side,
)
from orders.domain.sessions import SEOUL
from orders.kis.errors import NeedsMarketError
from orders.kis.translate import (
    canonical,
    happened_at,
    translate,
)
from tests.orders.kis import samples
from tests.orders.kis.test_notices import FUTURES_CORE, OVERSEAS_CORE, STOCK_CORE, one, with_column

RECEIVED = datetime(2026, 6, 1, 9, 58, 36, 250_000, tzinfo=SEOUL)


def test_the_sample_fill_is_told_in_our_words() -> None:
    notice = one("H0IFCNI0", samples.read("notice_H0IFCNI0_fill.json")["plaintext"])
    news = translate(notice, RECEIVED)
    assert news.key == OrderKey("12345678", "03", Family.FO, 1666)
    assert news.orig_number is None
    assert news.side is Side.BUY
    assert news.instrument == Instrument("111V06", "삼성전자   F 2", "KRX", "KRW")
    assert news.event == OrderFilled(Decimal(2), Decimal("78400.00"))
    assert news.at == datetime(2026, 6, 1, 9, 58, 35, tzinfo=SEOUL)
    assert news.night is False


def test_the_sample_acceptance_is_told_in_our_words() -> None:
    notice = one("H0EUCNI0", samples.read("notice_H0EUCNI0_order_accept.json")["plaintext"])
    news = translate(notice, RECEIVED)
    assert news.key == OrderKey("12345678", "03", Family.FO, 21)
    assert news.orig_number is None
    assert news.event == OrderAccepted(Decimal(1), Decimal("1359.00"))
    assert news.instrument == Instrument("175V06", "미국달러F2406", "KRX", "KRW")
    assert news.night is True


@pytest.mark.parametrize(
    ("tr_id", "core", "family", "night"),
    [
        ("H0STCNI0", STOCK_CORE, Family.KRX, None),
        ("H0STCNI9", STOCK_CORE, Family.KRX, None),
        ("H0GSCNI0", OVERSEAS_CORE, Family.OVERSEAS, None),
        ("H0GSCNI9", OVERSEAS_CORE, Family.OVERSEAS, None),
        ("H0IFCNI0", FUTURES_CORE, Family.FO, False),
        ("H0IFCNI9", FUTURES_CORE, Family.FO, False),
        ("H0MFCNI0", FUTURES_CORE, Family.FO, True),
        ("H0EUCNI0", FUTURES_CORE, Family.FO, True),
    ],
)
def test_the_tr_id_tells_the_family_and_the_night(tr_id: str, core: str, family: Family, night: bool | None) -> None:
    news = translate(one(tr_id, core), RECEIVED, "NASD")
    assert (news.key.family, news.night) == (family, night)


def flags(rctf: str, rfus: str, cntg: str, acpt: str) -> str:
    text = FUTURES_CORE
    for index, value in ((5, rctf), (11, rfus), (12, cntg), (13, acpt)):
        text = with_column(index, value, text)
    return text


TWO, PRICE = Decimal(2), Decimal("78400.00")


@pytest.mark.parametrize(
    ("rctf", "rfus", "cntg", "acpt", "event"),
    [
        ("0", "1", "1", "1", OrderRejected(RequestKind.NEW, "")),
        ("1", "1", "1", "2", OrderRejected(RequestKind.MODIFY, "")),
        ("2", "1", "1", "2", OrderRejected(RequestKind.CANCEL, "")),
        ("0", "1", "2", "3", OrderRejected(RequestKind.NEW, "")),
        ("0", "0", "2", "2", OrderFilled(TWO, PRICE)),
        ("1", "0", "2", "1", OrderFilled(TWO, PRICE)),
        ("2", "0", "2", "3", OrderFilled(TWO, PRICE)),
        ("0", "0", "1", "3", OrderCanceled(TWO, remainder=True)),
        ("2", "0", "1", "3", OrderCanceled(TWO, remainder=True)),
        ("2", "0", "1", "1", CancelRequested(TWO)),
        ("2", "0", "1", "2", OrderCanceled(TWO)),
        ("1", "0", "1", "1", ModifyRequested(TWO, PRICE)),
        ("1", "0", "1", "2", OrderModified(TWO, PRICE)),
        ("0", "0", "1", "1", OrderAccepted(TWO, PRICE)),
        ("0", "0", "1", "2", OrderConfirmed(TWO, PRICE)),
    ],
)
def test_refusal_comes_first_then_fill_then_acceptance(
    rctf: str, rfus: str, cntg: str, acpt: str, event: OrderEvent
) -> None:
    assert translate(one("H0IFCNI0", flags(rctf, rfus, cntg, acpt)), RECEIVED).event == event


def test_a_market_order_has_no_price() -> None:
    accepted = with_column(9, "", flags("0", "0", "1", "1"))
    assert translate(one("H0IFCNI0", accepted), RECEIVED).event == OrderAccepted(TWO, None)


@pytest.mark.parametrize(
    ("code", "digits", "price", "exchange", "currency"),
    [
        ("4", "000012345", "12.345", "SEHK", "HKD"),
        ("5", "000012345", "12.345", "SHAA", "USD"),
        ("6", "001480100", "148.01", "NASD", "USD"),
        ("7", "001480100", "148.01", "NYSE", "USD"),
        ("8", "001480100", "148.01", "AMEX", "USD"),
        ("9", "001480100", "148.01", "OTCB", "USD"),
        ("A", "000012345", "12.345", "SHAA", "CNY"),
        ("B", "000012345", "12.345", "SZAA", "CNY"),
        ("C", "000012345", "12.345", "SEHK", "CNY"),
        ("D", "000032200", "3220.0", "TKSE", "JPY"),
        ("E", "000032200", "32200", "HASE", "VND"),
        ("F", "000032200", "32200", "VNSE", "VND"),
    ],
)
def test_each_overseas_market_has_its_decimals(
    code: str, digits: str, price: str, exchange: str, currency: str
) -> None:
    news = translate(one("H0GSCNI0", f"{with_column(9, digits, OVERSEAS_CORE)}^{code}"), RECEIVED)
    assert news.event == OrderFilled(TWO, Decimal(price))
    assert (news.instrument.exchange, news.instrument.currency) == (exchange, currency)


@pytest.mark.parametrize(
    ("exchange", "price", "currency"),
    [
        ("NASD", "148.01", "USD"),
        ("NYSE", "148.01", "USD"),
        ("AMEX", "148.01", "USD"),
        ("SEHK", "1480.1", "HKD"),
        ("SHAA", "1480.1", "CNY"),
        ("SZAA", "1480.1", "CNY"),
        ("TKSE", "148010", "JPY"),
        ("HASE", "1480100", "VND"),
        ("VNSE", "1480100", "VND"),
    ],
)
def test_without_a_market_code_the_orders_own_exchange_decides(exchange: str, price: str, currency: str) -> None:
    news = translate(one("H0GSCNI0", OVERSEAS_CORE), RECEIVED, exchange)
    assert news.event == OrderFilled(TWO, Decimal(price))
    assert (news.instrument.exchange, news.instrument.currency) == (exchange, currency)


@pytest.mark.parametrize("exchange", [None, "", "KRX"])
def test_without_any_market_the_notice_asks_for_it(exchange: str | None) -> None:
    with pytest.raises(NeedsMarketError, match="order 3567 of AAPL"):
        translate(one("H0GSCNI0", OVERSEAS_CORE), RECEIVED, exchange)


def test_the_notices_own_market_beats_the_orders() -> None:
    assert translate(one("H0GSCNI0", f"{OVERSEAS_CORE}^6"), RECEIVED, "TKSE").instrument.currency == "USD"


def test_a_point_in_a_price_is_taken_at_its_word() -> None:
    notice = one("H0GSCNI0", f"{with_column(9, '148.0100', OVERSEAS_CORE)}^6")
    assert translate(notice, RECEIVED).event == OrderFilled(TWO, Decimal("148.01"))


def test_a_stock_price_is_whole_won() -> None:
    assert translate(one("H0STCNI0", STOCK_CORE), RECEIVED).event == OrderFilled(TWO, Decimal(70000))


@pytest.mark.parametrize(
    ("code", "exchange"), [("1", "KRX"), ("2", "NXT"), ("3", "SOR"), ("4", "SOR"), ("", ""), ("5", "")]
)
def test_a_stock_notice_tells_its_exchange(code: str, exchange: str) -> None:
    notice = one("H0STCNI0", f"{STOCK_CORE}^^{code}^^^^^^")
    assert translate(notice, RECEIVED).instrument.exchange == exchange


@pytest.mark.parametrize(
    ("original", "number"), [("", None), ("0000000000", None), ("0000001666", None), ("1666", None), ("1665", 1665)]
)
def test_three_ways_of_having_no_original_number(original: str, number: int | None) -> None:
    assert translate(one("H0IFCNI0", with_column(3, original)), RECEIVED).orig_number == number


@pytest.mark.parametrize(("code", "side"), [("01", Side.SELL), ("02", Side.BUY), ("03", Side.SELL), ("04", Side.BUY)])
def test_each_side_has_its_code(code: str, side: Side) -> None:
    assert translate(one("H0GSCNI0", with_column(4, code, OVERSEAS_CORE)), RECEIVED, "NASD").side is side


@pytest.mark.parametrize(("account", "product"), [("12345678", None), ("1234567803", "03")])
def test_an_account_with_and_without_its_product(account: str, product: str | None) -> None:
    key = translate(one("H0IFCNI0", with_column(1, account)), RECEIVED).key
    assert (key.account_number, key.product, key.order_date) == ("12345678", product, None)


@pytest.mark.parametrize(
    ("hhmmss", "received", "day"),
    [
        ("095835", "2026-06-01T09:58:36+09:00", "2026-06-01T09:58:35+09:00"),
        ("235959", "2026-06-02T00:00:01+09:00", "2026-06-01T23:59:59+09:00"),
        ("000001", "2026-06-01T23:59:59+09:00", "2026-06-02T00:00:01+09:00"),
        ("095835", "2026-06-01T00:58:36+00:00", "2026-06-01T09:58:35+09:00"),
        ("", "2026-06-01T00:58:36+00:00", "2026-06-01T09:58:36+09:00"),
    ],
)
def test_the_missing_date_is_the_one_nearest_to_the_receipt(hhmmss: str, received: str, day: str) -> None:
    assert happened_at(hhmmss, datetime.fromisoformat(received)) == datetime.fromisoformat(day)


def test_equal_notices_have_equal_canonical_texts_whatever_their_padding() -> None:
    padded = one("H0IFCNI0", FUTURES_CORE)
    bare = one("H0IFCNI0", with_column(2, "1666", with_column(8, "2", with_column(9, "7840000"))))
    assert canonical(padded) == canonical(bare)
    assert canonical(padded) == "H0IFCNI0|1666|0|02|0|0||111V06|2|7840000|095835|0|2|2|00950|0"


@pytest.mark.parametrize(
    ("index", "value"),
    [(2, "1"), (3, "1"), (4, "01"), (5, "1"), (6, "L"), (7, "A"), (8, "3"), (9, "1"), (10, ""), (13, "1"), (14, "1")],
)
def test_each_core_field_tells_two_notices_apart(index: int, value: str) -> None:
    assert canonical(one("H0IFCNI0", with_column(index, value))) != canonical(one("H0IFCNI0", FUTURES_CORE))


def test_canonical_holds_no_personal_data() -> None:
    text = canonical(one("H0IFCNI0", FUTURES_CORE))
    assert not any(private in text for private in ("desk01", "12345678", "김한국"))
