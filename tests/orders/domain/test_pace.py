"""Places among the requests of a second: some are kept for orders, and no order waits behind an inquiry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.pace import WINDOW, Place, Turn, next_place, still_counted

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FIVE = timedelta(seconds=5)


def taken(count: int, turn: Turn, ago: float = 0.5) -> list[Place]:
    return [Place(NOW - timedelta(seconds=ago), turn)] * count


def delay(places: list[Place], turn: Turn, per_second: int = 18) -> float:
    return (next_place(places, turn, NOW, per_second) - NOW).total_seconds()


@pytest.mark.parametrize(
    ("inquiries", "orders", "inquiry_waits", "order_waits"),
    [
        (0, 0, 0, 0),
        (13, 0, 0, 0),
        (14, 0, 0.55, 0),  # four are kept
        (14, 3, 0.55, 0),
        (14, 4, 0.55, 0.55),
        (0, 17, 0, 0),
        (0, 18, 0.55, 0.55),  # orders may take all of them
    ],
)
def test_a_live_key_keeps_four_of_eighteen_for_orders(
    inquiries: int, orders: int, inquiry_waits: float, order_waits: float
) -> None:
    places = taken(inquiries, Turn.INQUIRY) + taken(orders, Turn.ORDER)
    assert delay(places, Turn.INQUIRY) == pytest.approx(inquiry_waits)
    assert delay(places, Turn.ORDER) == pytest.approx(order_waits)


def test_on_paper_an_order_takes_the_next_second_before_any_inquiry() -> None:
    places = taken(1, Turn.INQUIRY)
    first = next_place(places, Turn.ORDER, NOW, 1)
    assert first == NOW + timedelta(seconds=0.55)
    assert next_place([*places, Place(first, Turn.ORDER)], Turn.INQUIRY, NOW, 1) == first + WINDOW


@pytest.mark.parametrize(("ago", "counted"), [(1.04, True), (1.05, False), (-6.05, True), (-6.06, False)])
def test_only_places_of_this_second_and_of_those_who_wait_count(ago: float, counted: bool) -> None:
    places = taken(1, Turn.ORDER, ago)
    assert still_counted(places, NOW, FIVE) == (places if counted else [])


ARRIVALS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(Turn)), max_size=80)


@given(ARRIVALS, st.integers(1, 20))
def test_no_second_ever_holds_more_than_the_limit_or_more_inquiries_than_theirs(
    arrivals: list[tuple[int, Turn]], per_second: int
) -> None:
    now, places, left = NOW, list[Place](), list[Place]()
    for wait, turn in arrivals:
        now += timedelta(milliseconds=wait)
        places = still_counted(places, now, timedelta(days=1))
        at = next_place(places, turn, now, per_second)
        if turn is Turn.ORDER or at == now:  # an inquiry that has to wait asks again
            places.append(Place(at, turn))
            left.append(Place(at, turn))
    assert left == sorted(left, key=lambda place: place.at)
    for place in left:
        second = [p.turn for p in left if place.at - timedelta(seconds=1) < p.at <= place.at]
        assert len(second) <= per_second
        assert second.count(Turn.INQUIRY) <= max(per_second - 4, 1)
