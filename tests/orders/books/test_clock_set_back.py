"""What a clock that was set back had stored holds nothing up; a read over which it was set back proves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from orders.models import Fill, Order
from tests.orders.books.reads import cancel_of, order, read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def at(second: float) -> datetime:
    return NIGHT + timedelta(seconds=second)


def read_at(desk: Desk, second: float, *rows: Any) -> int:
    with time_machine.travel(at(second + 1), tick=False):
        return read(desk, *rows, after=second)


def test_a_notice_of_a_time_to_come_overtakes_one_read_and_no_more(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    Order.objects.update(noticed_at=NIGHT + HOUR)
    for second in (10, 20, 30):
        read_at(desk, second, report(**sold(4)))
    assert (order().cum_qty, Fill.objects.get().source) == (4, "gap")


def test_a_read_of_a_time_to_come_overtakes_no_other_for_good(desk: Desk) -> None:
    read_at(desk, 10, report(**sold(4)))
    Order.objects.update(inquired_at=NIGHT + HOUR)
    for second in (80, 90):
        read_at(desk, second, report(**sold(5)))
    assert order().inquired_at == at(90)
    read_at(desk, 100, report(**sold(5)))
    assert order().cum_qty == 5


def test_a_difference_since_a_time_to_come_is_timed_anew(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    Order.objects.update(differs_since=NIGHT + HOUR)
    read_at(desk, 10, report(**sold(4)))
    assert (order().differs_since, order().cum_qty) == (at(10), 0)
    read_at(desk, 14, report(**sold(4)))
    assert order().cum_qty == 4


def test_a_read_over_which_the_clock_was_set_back_changes_nothing(desk: Desk) -> None:
    desk.notice("H0GSCNI0", filled(4))
    before = order().cum_qty
    with time_machine.travel(at(10), tick=False):
        read(desk, report(**sold(7)), after=20)
        read(desk, report(**sold(7)), after=25)
    assert (order().cum_qty, order().differs_since) == (before, None)


def test_a_cancel_alone_is_no_word_of_the_order_that_it_names(desk: Desk) -> None:
    read_at(desk, 10, report())
    read_at(desk, 20, cancel_of(4))
    assert order().inquired_at == at(10)
