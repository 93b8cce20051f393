from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import RequestKind
from orders.domain.sessions import SEOUL
from orders.kis.schemas import Account, Sessions, open_order, overseas_order, read_rows
from orders.kis.schemas.rows import Row, RowError, request_kind

ACCOUNT = Account("12345678", "01")
SESSIONS = Sessions(is_daytime=lambda at: 10 <= at.hour < 18, evening_before=lambda day: day)
GOOD = {
    "ord_dt": "20220112",
    "odno": "0030138113",
    "pdno": "BA",
    "sll_buy_dvsn_cd": "02",
    "ft_ord_qty": "1",
    "ft_ccld_qty": "0",
    "ovrs_excg_cd": "NYSE",
}


def test_rows_are_read_and_filler_is_dropped() -> None:
    filler = {"ord_dt": "        ", "odno": "", "ft_ord_qty": "0", "ft_ord_unpr3": "0.0000", "prdt_name": None}
    page = read_rows([GOOD, filler, {}], ACCOUNT, SESSIONS, open_order)
    assert [report.key.number for report in page.reports] == [30138113]
    assert page.bad == ()


def test_a_bad_row_is_reported_and_its_neighbours_are_read() -> None:
    bad = GOOD | {"odno": "rejected-order"}
    page = read_rows([bad, GOOD], ACCOUNT, SESSIONS, open_order)
    assert len(page.reports) == 1
    assert (page.bad[0].name, page.bad[0].reason) == ("odno", "not an order number: 'rejected-order'")
    assert page.bad[0].raw == bad


def test_mutated_rows_never_crash_and_always_have_a_reason() -> None:
    rng = random.Random(20260602)  # noqa: S311  repeatable on purpose
    spice: list[object] = [
        "",
        "0",
        "-",
        "NaN",
        "1e9",
        "20260231",
        "999999",
        "9" * 40,
        "\x00",
        "１",
        None,
        5,
        1.5,
        [],
        {},
        True,
    ]
    rows = []
    for _ in range(2000):
        row: dict[str, Any] = dict(GOOD)
        for name in rng.sample([*GOOD, "ord_tmd", "nccs_qty", "orgn_odno", "dmst_ord_dt"], rng.randint(0, 3)):
            row[name] = rng.choice(spice)
        rows.append(row)
    page = read_rows(rows, ACCOUNT, SESSIONS, overseas_order)
    assert len(page.reports) + len(page.bad) == len(rows)
    assert all(bad.name and bad.reason for bad in page.bad)
    assert len(page.reports) > 200


@pytest.mark.parametrize("rows", [None, [], "", {}])
def test_nothing_is_no_row(rows: object) -> None:
    assert read_rows(rows, ACCOUNT, SESSIONS, open_order).reports == ()


def test_one_object_in_place_of_a_list_is_one_row() -> None:
    assert len(read_rows(GOOD, ACCOUNT, SESSIONS, open_order).reports) == 1


def test_what_is_no_row_is_reported() -> None:
    page = read_rows(["text"], ACCOUNT, SESSIONS, open_order)
    assert (page.bad[0].reason, page.bad[0].raw) == ("not a row", {"row": "text"})


@pytest.mark.parametrize(
    ("value", "number"), [("0000004336", 4336), ("3567", 3567), ("  21 ", 21), ("0000000000", None), ("", None)]
)
def test_order_numbers_padded_and_not(value: str, number: int | None) -> None:
    assert Row({"odno": value}).number_or_none("odno") == number


@pytest.mark.parametrize("value", ["-1", "1.0", "１２", "12a"])
def test_what_is_no_order_number_is_refused(value: str) -> None:
    with pytest.raises(RowError, match="odno: not an order number"):
        Row({"odno": value}).number_or_none("odno")


@pytest.mark.parametrize("value", ["", "0000000000"])
def test_a_number_that_must_be_there(value: str) -> None:
    with pytest.raises(RowError, match="odno: no order number"):
        Row({"odno": value}).number("odno")


@pytest.mark.parametrize(
    ("value", "amount"),
    [("0000000002", "2"), ("200.00000000", "200"), ("-1.5", "-1.5"), ("5.", "5"), (7, "7"), (1.5, "1.5")],
)
def test_amounts_padded_or_as_json_numbers(value: Any, amount: str) -> None:
    assert Row({"q": value}).amount("q") == Decimal(amount)


@pytest.mark.parametrize("value", ["1,000", "NaN", "1e5", "Infinity", "x", "١"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(RowError, match="q: not a number"):
        Row({"q": value}).amount("q")


def test_an_amount_that_must_be_there() -> None:
    with pytest.raises(RowError, match="q: missing"):
        Row({}).amount("q")


def test_zero_is_no_price() -> None:
    row = Row({"a": "0.0000", "b": "12.5"})
    assert row.nonzero("a") is None
    assert row.nonzero("a", "b") == Decimal("12.5")


def test_dates_are_read() -> None:
    assert Row({"d": "20260601"}).day("d") == date(2026, 6, 1)


@pytest.mark.parametrize("value", ["", "2026-06-01", "20260631", "00000000"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(RowError, match="d: not a date"):
        Row({"d": value}).day("d")


def test_times_are_korean_and_the_first_that_is_there_counts() -> None:
    row = Row({"a": "", "b": "163211"})
    assert row.korean_time(date(2022, 1, 12), "a", "b") == datetime(2022, 1, 12, 16, 32, 11, tzinfo=SEOUL)
    assert row.korean_time(date(2022, 1, 12), "a") is None


@pytest.mark.parametrize("value", ["240000", "1632", "16:32"])
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(RowError, match="a: not a time"):
        Row({"a": value}).korean_time(date(2022, 1, 12), "a")


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(RowError, match="sll_buy_dvsn_cd: unknown code: '05'"):
        Row({"sll_buy_dvsn_cd": "05"}).side()


@pytest.mark.parametrize(
    ("value", "original"), [("", None), ("0000000000", None), ("0000000007", None), ("0000000006", 6)]
)
def test_an_original_number_that_is_none(value: str, original: int | None) -> None:
    assert Row({"orgn_odno": value}).original(7) == original


def test_field_names_are_found_in_any_case() -> None:
    assert Row({"excg_id_dvsn_Cd": "NXT  "}).text("excg_id_dvsn_cd") == "NXT"


def test_what_no_database_stores_is_taken_out() -> None:
    assert Row({"a": "x\x00\ud800y"}).text("a") == "x?y"


@pytest.mark.parametrize(
    ("words", "original", "price", "kind"),
    [
        ("매수", None, Decimal(1), RequestKind.NEW),
        ("매수취소", None, Decimal(1), RequestKind.NEW),
        ("매수취소*", 5, Decimal(1), RequestKind.CANCEL),
        ("Sell Cancel", 5, Decimal(1), RequestKind.CANCEL),
        ("매수정정", 5, None, RequestKind.MODIFY),
        ("BUY MODIFY", 5, None, RequestKind.MODIFY),
        ("", 5, Decimal(1), RequestKind.MODIFY),
        ("", 5, None, RequestKind.CANCEL),
    ],
)
def test_a_domestic_numbers_purpose(words: str, original: int | None, price: Decimal | None, kind: RequestKind) -> None:
    assert request_kind(words, original, price) is kind
