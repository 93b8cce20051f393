"""The same content in two sessions of the stream, or in one: a repeat of one fill, or two, as the totals say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import Fill
from tests.orders.books.reads import cancel_of, canceled_notice, new_session, order, read, report, sold
from tests.orders.conftest import Desk, filled, overseas

pytestmark = pytest.mark.django_db


def test_the_same_content_again_of_a_full_order_is_a_repeat_and_no_fill(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(10))
    new_session(desk)
    notice = desk.notice("H0GSCNI0", filled(10))
    assert (notice.state, notice.order) == ("repeated", order())
    assert (order().cum_qty, Fill.objects.count()) == (10, 1)


def test_a_repeat_that_hides_a_missed_fill_at_another_price_is_found_by_the_amount(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2))
    new_session(desk)
    desk.notice("H0GSCNI0", filled(2))
    told = {**sold(4), "cum_amount": Decimal("7307.98")}
    read(desk, report(**told), after=70)
    assert (order().cum_qty, order().cum_amount, order().alarm) == (4, Decimal("7307.98"), "")
    assert [fill.source for fill in Fill.objects.order_by("id")] == ["notice", "notice", "reversal", "gap"]


def test_the_same_content_in_two_epochs_is_reversed_when_the_broker_counts_one(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    new_session(desk)
    desk.notice("H0GSCNI0", filled(4))
    assert order().cum_qty == 8
    read(desk, report(**sold(4)), after=70)
    assert order().cum_qty == 4


def test_an_order_that_a_repeat_made_look_canceled_is_open_again(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    new_session(desk)
    desk.notice("H0GSCNI0", filled(4))
    desk.notice("H0GSCNI0", canceled_notice(3))
    assert order().status == "CANCELED"
    read(desk, report(**{**sold(4), "leaves_qty": Decimal(3)}), cancel_of(3), after=70)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.leaves_qty) == ("PARTIALLY_FILLED", 7, 4, 3)
    assert row.canceled_qty == 3


def test_a_repeat_in_one_session_is_taken_back_when_the_broker_counts_one(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for _ in range(3):
        desk.notice("H0GSCNI0", filled(3))
    read(desk, report(**sold(6)), after=30)
    assert order().cum_qty == 9, "the list may be the older of the two for a minute"
    read(desk, report(**sold(6)), after=70)
    assert (order().cum_qty, order().alarm) == (6, "")
    read(desk, report(**sold(9)), after=80)
    read(desk, report(**sold(9)), after=84)
    assert order().cum_qty == 9, "and counted again should the broker count it after all"


def test_of_two_repeats_the_one_of_another_session_goes_first(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2))
    new_session(desk)
    desk.notice("H0GSCNI0", filled(2))
    for _ in range(2):
        desk.notice("H0GSCNI0", filled(2, "018280000"))
    told = {**sold(6), "cum_amount": Decimal(2 * 1827 + 4 * 1828)}
    read(desk, report(**told), after=70)
    assert Fill.objects.get(source="reversal").reverses == Fill.objects.order_by("id")[1]
    assert (order().cum_qty, order().cum_amount, order().alarm) == (6, told["cum_amount"], "")
