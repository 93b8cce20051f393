"""An open order ends with its session, by a read made after it; dates and tables of the night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine

from orders import books, calendars
from orders.domain.events import Family, OrderKey, OrderReport, ReportStatus
from orders.models import Fill, MarketHours, OrderNumber
from tests.orders.books.reads import night_row, order, read, report, sold
from tests.orders.conftest import NIGHT, Desk

pytestmark = pytest.mark.django_db


def test_an_open_order_is_expired_by_a_read_made_after_its_session(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(status=ReportStatus.DONE), after=24 * 3600)
    assert order().status == "EXPIRED"


def test_an_order_that_ended_with_its_session_and_stays_listed_as_open_is_told_once(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    assert read(desk, report(**sold(4)), after=24 * 3600) == 1
    ended = order()
    assert [read(desk, report(**sold(4)), after=24 * 3600 + later) for later in (10, 20, 30)] == [0, 0, 0]
    assert (order().status, order().leaves_qty, order().version) == ("EXPIRED", 0, ended.version)
    assert order().events.count() == ended.events.count()


@pytest.fixture
def fresh_table() -> Iterator[None]:
    """What a test makes of the hours is gone with it."""
    yield
    calendars.forget()


@pytest.mark.usefixtures("fresh_table")
def test_hours_that_turn_out_to_be_longer_open_what_they_had_ended(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    read(desk, report(**sold(4)), after=12 * 3600)  # 08:25 of the next morning in Korea: the after-market ends at 07:00
    assert order().status == "EXPIRED"
    MarketHours.objects.filter(market="US", closes=time(7)).update(closes=time(9), edited=True)
    calendars.forget()
    read(desk, report(**sold(4)), after=12 * 3600 + 60)
    assert (order().status, order().leaves_qty) == ("PARTIALLY_FILLED", 6)


def test_a_night_order_that_moves_to_the_day_table_goes_on_in_its_row(desk: Desk) -> None:
    def read_at(at: datetime, *rows: OrderReport) -> int:
        return books.apply_read(books.Read(desk.derivatives, at, rows))

    read_at(NIGHT + timedelta(seconds=70), night_row(cum_qty=Decimal(4), leaves_qty=Decimal(6)))
    assert (order().market, order().order_date, order().status) == ("FO_NIGHT", date(2026, 11, 23), "PARTIALLY_FILLED")
    moving = datetime(2026, 11, 20, 21, 10, tzinfo=UTC)  # 06:10 of Saturday: for a moment it stands in both
    both = [night_row(cum_qty=Decimal(4), leaves_qty=Decimal(6))] * 2
    for later in range(2):
        read_at(moving + timedelta(minutes=later), *both)
    assert (order().status, order().cum_qty, order().leaves_qty) == ("EXPIRED", 4, 0)
    assert OrderNumber.objects.count() == Fill.objects.count() == 1


def test_a_session_with_a_holiday_after_it_ends_on_its_own_day(desk: Desk) -> None:
    eve = datetime(2026, 12, 24, 11, 0, tzinfo=UTC)  # Christmas is a holiday of KRX; the night before belongs to Monday
    before = replace(night_row(), key=OrderKey("12345678", "03", Family.FO, 5606, date(2026, 12, 28)), ordered_at=eve)
    for at in (eve + timedelta(hours=9), eve + timedelta(hours=11)):
        with time_machine.travel(at, tick=False):
            books.apply_read(books.Read(desk.derivatives, at, (before,)))
    assert (order().status, order().order_date) == ("EXPIRED", date(2026, 12, 28))
