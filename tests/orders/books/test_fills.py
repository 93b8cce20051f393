"""Fills that no notice told are filled in from the totals, once, and an older answer undoes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.domain.events import ReportStatus
from orders.models import Fill
from tests.orders.books.reads import order, read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def test_an_order_first_seen_in_a_list_is_external_and_whole(desk: Desk) -> None:
    assert read(desk, report(**sold(4))) == 1
    row = order()
    assert (row.origin, row.status, row.cum_qty, row.leaves_qty) == ("external", "PARTIALLY_FILLED", 4, 6)
    assert (row.symbol, row.exchange, row.currency, row.market) == ("SNDK", "NASD", "USD", "US")
    assert Fill.objects.get().source == "gap"


def test_the_same_answer_again_changes_nothing(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    version = order().version
    assert read(desk, report(**sold(4)), after=20) == 0
    assert order().version == version


def test_a_missed_fill_is_filled_in_once_after_three_seconds(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(**sold(4)), after=10)
    assert order().cum_qty == 0
    read(desk, report(**sold(4)), after=14)
    read(desk, report(**sold(4)), after=18)
    fill = Fill.objects.get()
    assert (fill.source, fill.last_qty, fill.amount, order().cum_qty) == ("gap", 4, Decimal(7308), 4)


def test_a_notice_that_turns_up_late_replaces_the_gap_fill_at_once(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=15))
    assert order().cum_qty == 4
    read(desk, report(**sold(4)), after=20)
    assert order().cum_qty == 4
    assert [fill.source for fill in Fill.objects.order_by("id")] == ["gap", "reversal", "notice"]


def test_a_late_notice_of_a_part_of_what_was_missed_leaves_a_gap_fill_for_the_rest(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    for second in (15, 16):
        desk.notice("H0GSCNI0", filled(1), at=NIGHT + timedelta(seconds=second))
    assert order().cum_qty == 4
    standing = Fill.objects.filter(reversed_by=None).exclude(source="reversal").order_by("id")
    assert sorted((fill.source, int(fill.last_qty)) for fill in standing) == [("gap", 2), ("notice", 1), ("notice", 1)]
    assert order().cum_amount == 4 * 1827


def test_a_fill_after_the_read_that_closed_a_gap_is_another_one(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    desk.notice("H0GSCNI0", filled(4, STCK_CNTG_HOUR="202520"), at=NIGHT + timedelta(seconds=20))
    assert order().cum_qty == 8


def test_a_fill_that_an_order_has_no_room_for_takes_the_gap_fills_place_whatever_its_time(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(10)), after=after)
    desk.notice("H0GSCNI0", filled(10, STCK_CNTG_HOUR="202520"), at=NIGHT + timedelta(seconds=20))
    assert (order().cum_qty, order().status) == (10, "FILLED")


def test_an_answer_older_than_a_later_one_changes_nothing(desk: Desk) -> None:
    read(desk, report(**sold(4)), after=80)
    read(desk, report(status=ReportStatus.CANCELED, leaves_qty=Decimal(0)), after=70)
    assert (order().status, order().cum_qty) == ("PARTIALLY_FILLED", 4)
    assert order().inquired_at == NIGHT + timedelta(seconds=80)


def test_an_answer_older_than_the_newest_notice_never_lowers_cum_qty(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=5))
    read(desk, report(), after=3)
    assert (order().cum_qty, order().status) == (4, "PARTIALLY_FILLED")


def test_a_total_that_shrinks_is_a_stale_read(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    read(desk, report(**sold(2)), after=120)
    assert (order().cum_qty, Fill.objects.count()) == (4, 1)


def test_books_that_cannot_be_explained_raise_an_alarm(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    read(desk, report(), after=70)
    assert order().alarm == "more filled than the broker says"
    read(desk, report(**sold(4)), after=80)
    assert order().alarm == ""
