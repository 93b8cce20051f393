from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.reconcile import (
    Break,
    Movement,
    Position,
    cash_break,
    explains_shrink,
    holding_breaks,
    is_suspicious_shrink,
)


def held(**quantities: int) -> dict[str, Position]:
    return {key: Position(Decimal(quantity), Decimal(quantity * 100)) for key, quantity in quantities.items()}


def moved(instrument: str | None, quantity: int, amount: int = 0) -> Movement:
    return Movement(instrument, Decimal(quantity), Decimal(amount))


def test_holdings_that_follow_from_the_trades_have_no_break() -> None:
    assert (
        holding_breaks(held(A=10, B=5), [moved("A", -4), moved("C", 3), moved(None, 0, 9)], held(A=6, B=5, C=3)) == []
    )


def test_each_unexplained_quantity_is_a_break() -> None:
    breaks = holding_breaks(held(A=10, B=5), [moved("A", -4)], held(A=10, C=1))
    assert breaks == [
        Break("A", Decimal(6), Decimal(10)),
        Break("B", Decimal(5), Decimal(0)),
        Break("C", Decimal(0), Decimal(1)),
    ]
    assert [row.difference for row in breaks] == [Decimal(4), Decimal(-5), Decimal(1)]


def test_a_position_sold_out_is_no_break_when_it_vanishes() -> None:
    assert holding_breaks(held(A=10), [moved("A", -10)], {}) == []


def test_cash_that_follows_from_the_movements_has_no_break() -> None:
    movements = [moved("A", 5, -500), moved(None, 0, 200)]
    assert cash_break(Decimal(1000), movements, Decimal(700)) == 0
    assert cash_break(Decimal(1000), movements, Decimal(650)) == -50


@pytest.mark.parametrize(
    ("before", "movements", "after", "suspicious"),
    [
        ({}, [], held(A=1), False),
        (held(A=0), [], {}, False),
        (held(A=10), [], {}, True),
        (held(A=10), [], held(A=0), True),
        (held(A=10), [moved("A", -10)], {}, False),
        (held(A=10), [moved("A", -4)], {}, True),
        (held(A=10), [moved("B", -10)], {}, True),
        (held(A=10, B=10), [], held(A=10), True),
        (held(A=10, B=10), [moved("B", -10)], held(A=10), False),
        (held(A=10, B=10), [moved("A", -1)], held(A=9), True),
        (held(A=10, B=9), [], held(A=10), False),
        (held(A=10), [], held(A=6), False),
        (held(A=10), [], {"A": Position(Decimal(10), Decimal(400))}, False),
    ],
    ids=[
        "nothing was held",
        "nothing but zeros was held",
        "all gone",
        "all zero",
        "all sold",
        "all gone and a part sold",
        "all gone and another one sold",
        "half gone",
        "half sold",
        "half gone and a bit sold",
        "less than half gone",
        "a break but no shrink",
        "prices fell",
    ],
)
def test_a_shrink_that_trades_do_not_explain_is_suspicious(
    before: dict[str, Position], movements: list[Movement], after: dict[str, Position], *, suspicious: bool
) -> None:
    assert is_suspicious_shrink(before, movements, after) is suspicious


def test_a_shrink_is_explained_when_every_loss_was_moved_out() -> None:
    assert explains_shrink(held(A=10, B=2), [moved("A", -10)], held(B=2))
    assert not explains_shrink(held(A=10, B=2), [moved("A", -10)], {})
    assert explains_shrink(held(A=10), [moved("A", -10)], held(A=1))


@given(
    st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 100)),
    st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(-50, 50)), max_size=6),
)
def test_holdings_plus_their_movements_never_break(before: dict[str, int], trades: list[tuple[str, int]]) -> None:
    after = dict(before)
    for instrument, quantity in trades:
        after[instrument] = after.get(instrument, 0) + quantity
    movements = [moved(instrument, quantity) for instrument, quantity in trades]
    assert holding_breaks(held(**before), movements, held(**after)) == []
    assert not is_suspicious_shrink(held(**before), movements, held(**after))
