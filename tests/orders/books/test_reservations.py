"""A reservation and the order that it became are one row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.domain.events import ReportStatus
from orders.models import Order
from tests.orders.books.reads import order, read, report, reservation, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def test_a_reservation_that_was_sent_goes_on_in_the_same_row(desk: Desk) -> None:
    read(desk, reservation())
    read(desk, reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    row = order()
    assert (row.status, row.market) == ("NEW", "US")
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=30))
    assert order().cum_qty == 4


def test_an_order_seen_before_the_list_named_its_reservation_is_taken_over(desk: Desk) -> None:
    read(desk, reservation())
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    assert Order.objects.count() == 2
    read(desk, reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    row = order()
    assert (row.status, row.cum_qty, row.fills.count()) == ("PARTIALLY_FILLED", 4, 1)
    assert {(number.family, number.number) for number in row.numbers.all()} == {
        ("RESERVED", 30135682),
        ("OVERSEAS", 3567),
    }


def test_a_reservation_taken_over_after_its_order_was_inquired_leaves_one_row(desk: Desk) -> None:
    read(desk, reservation())
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(**sold(4)), after=15)
    read(desk, report(**sold(4)), reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    assert order().status == "PARTIALLY_FILLED"
    read(desk, report(**sold(4)), reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=40)
    numbers = {(number.family, number.number) for number in order().numbers.all()}
    assert numbers == {("RESERVED", 30135682), ("OVERSEAS", 3567)}


def test_a_reservation_not_sent_keeps_the_brokers_reason(desk: Desk) -> None:
    read(desk, reservation())
    read(desk, reservation(status=ReportStatus.NOT_SENT, reason="주문가능금액 부족"), after=20)
    assert (order().status, order().reason) == ("NOT_SENT", "주문가능금액 부족")
