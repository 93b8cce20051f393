"""The checker finds what it is there to find: a rig that cannot fail proves nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.chaos.checker import Held, fill_differences
from tests.chaos.truth import Executed, OrderKey, Truth

FIRST = OrderKey("10000000-01", "OVERSEAS", 7)
CHILD = OrderKey("10000000-01", "OVERSEAS", 9)
FUTURE = OrderKey("10000000-03", "FO", 7)
EXECUTED = Executed(
    qty=Decimal(10),
    filled=Decimal(4),
    amount=Decimal("40.20"),
    canceled=Decimal(0),
    kind="new",
    original=None,
    working=True,
    refused=False,
)
HELD = Held(
    pk=1,
    numbers=frozenset({FIRST}),
    status="PARTIALLY_FILLED",
    cum_qty=Decimal(4),
    cum_amount=Decimal("40.20"),
    fills_qty=Decimal(4),
    fills_amount=Decimal("40.20"),
    leaves_qty=Decimal(6),
    alarm="",
)


def differences(held: Held, child: Executed | None = None) -> list[str]:
    executed = {FIRST: EXECUTED, **({CHILD: child} if child else {})}
    return fill_differences(Truth(executed, ()), [held])


def test_equal_books_differ_in_nothing() -> None:
    assert differences(HELD) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cum_qty": Decimal(3)}, "3 shown, 4 filled"),
        ({"fills_qty": Decimal(8)}, "8 in fills, 4 filled"),
        ({"cum_amount": Decimal("40.19")}, "amount 40.19 shown, 40.20 executed"),
        ({"fills_amount": Decimal("80.40")}, "amount 80.40 in fills, 40.20 executed"),
        ({"alarm": "more filled than the broker says"}, "alarm: more filled"),
    ],
)
def test_a_share_or_an_amount_too_many_or_too_few_is_named(change: dict[str, object], said: str) -> None:
    assert any(said in text for text in differences(replace(HELD, **change)))  # type: ignore[arg-type]  # by name


def test_an_order_that_the_database_does_not_know_is_named() -> None:
    assert "10000000-01 OVERSEAS 7: not in the database" in fill_differences(Truth({FIRST: EXECUTED}, ()), [])


def test_the_sums_of_an_account_count_what_no_order_of_the_broker_explains() -> None:
    stranger = replace(HELD, pk=2, numbers=frozenset({CHILD}))
    assert "10000000-01: 8 in fills, 4 filled" in fill_differences(Truth({FIRST: EXECUTED}, ()), [HELD, stranger])


def test_an_order_sums_the_numbers_of_its_chain() -> None:
    child = replace(EXECUTED, filled=Decimal(6), amount=Decimal(60), kind="modify", original=7)
    both = replace(
        HELD,
        numbers=frozenset({FIRST, CHILD}),
        cum_qty=Decimal(10),
        fills_qty=Decimal(10),
        cum_amount=Decimal("100.20"),
        fills_amount=Decimal("100.20"),
    )
    assert differences(both, child=child) == []


def test_only_a_derivatives_average_may_round_an_amount() -> None:
    rounded = replace(HELD, cum_amount=Decimal("40.205"), fills_amount=Decimal("40.205"))
    assert differences(rounded) != []
    future = replace(rounded, numbers=frozenset({FUTURE}))
    assert fill_differences(Truth({FUTURE: EXECUTED}, ()), [future]) == []
