"""Rows that say again what they said cost no comparison, and what has changed since is compared all the same."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders import books, calendars, lease
from orders.domain.events import OrderReport, ReportStatus, RequestKind
from orders.models import Fill, MarketHours, Order, OrderEventRecord, StreamLease
from tests.chaos.chance import drawn
from tests.orders.books.reads import read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def order(number: int = 3567) -> Order:
    return Order.objects.get(numbers__number=number)


def compared(desk: Desk, *reports: OrderReport, after: float) -> int:
    """How many of the orders a read compared one by one: each is locked with its account."""
    asked = queries(desk, *reports, after=after)
    return sum('FROM "orders_order" INNER JOIN "accounts_clientaccount"' in sql for sql in asked)


def queries(desk: Desk, *reports: OrderReport, after: float) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        read(desk, *reports, after=after)
    return [query["sql"] for query in asked]


def test_the_third_read_of_the_same_rows_compares_none_and_notes_all_as_read(desk: Desk) -> None:
    rows = [report(number, **sold(4)) for number in range(1, 9)]
    assert [compared(desk, *rows, after=after) for after in (80, 90, 100)] == [0, 8, 0], "made, compared, noted"
    assert {row.inquired_at for row in Order.objects.all()} == {NIGHT + timedelta(seconds=100)}


def test_the_account_is_locked_before_orders_are_noted(desk: Desk) -> None:
    rows = [report(number, **sold(4)) for number in (1, 2, 3)]
    for after in (80, 90):
        read(desk, *rows, after=after)
    asked = queries(desk, *rows, after=100)
    account = next(place for place, sql in enumerate(asked) if 'FROM "orders_kisaccount"' in sql)
    noted = next(place for place, sql in enumerate(asked) if sql.startswith('UPDATE "orders_order"'))
    assert account < noted, "of two readers that each hold some of the orders both would wait for ever"


def test_only_the_order_that_another_row_tells_of_is_compared(desk: Desk) -> None:
    rows = [report(number, **sold(4)) for number in (1, 2, 3)]
    for after in (80, 90):
        read(desk, *rows, after=after)
    rows[1] = report(2, **sold(5))
    assert compared(desk, *rows, after=100) == 1
    read(desk, *rows, after=110)
    assert [int(order(number).cum_qty) for number in (1, 2, 3)] == [4, 5, 4]


def test_a_fill_that_the_lists_do_not_tell_yet_is_compared_again(desk: Desk) -> None:
    for after in (80, 90):
        read(desk, report(**sold(4)), after=after)
    desk.notice("H0GSCNI0", filled(2, STCK_CNTG_HOUR="202635"), at=NIGHT + timedelta(seconds=95))
    assert compared(desk, report(**sold(4)), after=100) == 1
    assert order().differs_since == NIGHT + timedelta(seconds=100)


def test_a_cancel_beside_the_row_is_news_of_the_order_that_it_names(desk: Desk) -> None:
    cancel = report(3600, kind=RequestKind.CANCEL, orig_number=3567, order_qty=Decimal(10), leaves_qty=Decimal(0))
    for after in (80, 90):
        read(desk, report(**sold(4)), after=after)
    assert compared(desk, report(**sold(4)), cancel, after=100)


def test_an_order_in_alarm_is_compared_by_every_read(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    rows = [report(**sold(4, price=1000))]
    for after in (80, 90, 100):
        read(desk, *rows, after=after)
    assert order().alarm
    assert compared(desk, *rows, after=110) == 1


def test_an_open_order_ends_with_its_session_whatever_its_row_goes_on_saying(desk: Desk) -> None:
    for after in (80, 90):
        read(desk, report(**sold(4)), after=after)
    read(desk, report(**sold(4)), after=timedelta(hours=12).total_seconds())
    assert order().status == "EXPIRED"


def test_hours_that_staff_correct_open_the_order_again(desk: Desk) -> None:
    later = timedelta(hours=12).total_seconds()
    for after in (80, later, later + 10, later + 20):
        read(desk, report(**sold(4)), after=after)
    assert order().status == "EXPIRED"
    MarketHours.objects.filter(market="US", closes=time(7)).update(closes=time(11), edited=True)
    calendars.forget()
    read(desk, report(**sold(4)), after=later + 30)
    assert order().status == "PARTIALLY_FILLED"


def test_a_stream_that_was_taken_over_notes_nothing_as_read(desk: Desk) -> None:
    for after in (80, 90):
        read(desk, report(**sold(4)), after=after)
    fence = lease.Fence(desk.connection.pk, 0, 0)
    with pytest.raises(lease.LeaseLost):
        books.apply_read(books.Read(desk.stock, NIGHT + timedelta(seconds=100), (report(**sold(4)),), fence))
    assert order().inquired_at == NIGHT + timedelta(seconds=90)


def test_an_answer_that_a_later_one_has_overtaken_is_not_noted(desk: Desk) -> None:
    for after in (80, 90, 100):
        read(desk, report(**sold(4)), after=after)
    read(desk, report(**sold(4)), after=95)
    assert order().inquired_at == NIGHT + timedelta(seconds=100)


class Market:
    """Three orders at the broker, and a desk that hears of some of what happens to them."""

    def __init__(self, desk: Desk, seed: int, *, forgetful: bool) -> None:
        self.desk, self.rng, self.forgetful = desk, drawn(seed), forgetful
        self.filled = dict.fromkeys((3567, 3568, 3569), 0)
        self.canceled: set[int] = set()
        self.now = 0.0
        self.marks = 0
        self.lists = [self.listed()]

    def listed(self) -> list[OrderReport]:
        rows = []
        for number, quantity in self.filled.items():
            gone = number in self.canceled
            state = {"status": ReportStatus.CANCELED, "leaves_qty": Decimal(0)} if gone else {}
            rows.append(report(number, **sold(quantity) | state))
        cancels = [
            report(
                number + 100, kind=RequestKind.CANCEL, orig_number=number, order_qty=Decimal(10), leaves_qty=Decimal(0)
            )
            for number in sorted(self.canceled)
        ]
        return rows + cancels

    def step(self) -> None:
        self.now += self.rng.choice((1, 2, 5, 30, 61))
        number = self.rng.choice([*self.filled])
        match self.rng.choice(("fill", "fill", "cancel", "repeat", "read", "read", "read", "stale read")):
            case "fill" if self.filled[number] < 10 and number not in self.canceled:
                self.filled[number] += 1
                self.tell(number)
            case "cancel" if self.rng.random() < 0.3:
                self.canceled.add(number)
            case "repeat" if self.filled[number] and self.rng.random() < 0.3:
                self.desk.epoch += 1  # another session tells it again
                StreamLease.objects.update(epoch=self.desk.epoch)
                self.desk.notice("H0GSCNI0", filled(1, ODER_NO=str(number)), at=NIGHT + timedelta(seconds=self.now))
            case "read":
                self.read(self.listed())
            case "stale read":
                self.read(self.rng.choice(self.lists[-4:]))
        self.lists.append(self.listed())

    def tell(self, number: int) -> None:
        if self.rng.random() < 0.7:
            self.desk.notice("H0GSCNI0", filled(1, ODER_NO=str(number)), at=NIGHT + timedelta(seconds=self.now))

    def read(self, rows: list[OrderReport]) -> None:
        if self.forgetful:
            Order.objects.update(read_mark="")
        read(self.desk, *rows, after=self.now)
        self.marks += Order.objects.exclude(read_mark="").count()


def played(desk: Desk, seed: int, *, forgetful: bool) -> dict[str, Any]:
    """The books after sixty steps, all of them, without the numbers that the database gives."""
    books_of: dict[str, Any] = {}
    desk.epoch, desk.sent = 1, 0
    with transaction.atomic():
        market = Market(desk, seed, forgetful=forgetful)
        for _ in range(60):
            market.step()
        for each in Order.objects.order_by("numbers__number").distinct():
            fills = Fill.objects.filter(order=each).order_by("id").values_list("source", "last_qty", "amount")
            events = (
                OrderEventRecord.objects.filter(order=each).order_by("id").values_list("type", "at", "status_after")
            )
            state = {name: getattr(each, name) for name in SHOWN}
            books_of[str(each.numbers.earliest("id").number)] = (state, [*fills], [*events])
        transaction.set_rollback(True)
        assert market.marks, "no order was ever left uncompared"
    return books_of


SHOWN = (
    *("status", "order_qty", "cum_qty", "leaves_qty", "canceled_qty", "cum_amount", "price", "reason", "version"),
    *("noticed_at", "inquired_at", "differs_since", "alarm", "broker_qty", "broker_amount", "transact_time"),
)


@pytest.mark.parametrize("seed", range(10))
def test_the_books_are_those_of_a_reader_that_compares_everything(desk: Desk, seed: int) -> None:
    StreamLease.objects.update(epoch=1)
    remembering, forgetful = (played(desk, seed, forgetful=each) for each in (False, True))
    assert remembering == forgetful


def test_what_a_read_changes_is_written_with_its_people_told_once_in_ten_orders(desk: Desk) -> None:
    rows = [report(number, **sold(1)) for number in range(1, 21)]
    for after in (80, 90):
        read(desk, *rows, after=after)
    more = [report(number, **sold(3)) for number in range(1, 21)]
    assert read(desk, *more, after=100) == 0, "missing for less than three seconds"
    one = queries(desk, *more[:1], after=104)
    ten = queries(desk, *more[1:11], after=105)
    assert {order(number).cum_qty for number in range(1, 12)} == {3}
    assert sum('UPDATE "accounts_streamhead"' in sql for sql in ten) == 1
    assert len(ten) - len(one) <= 9 * 12


def test_people_are_told_after_every_order_of_the_read_is_locked(desk: Desk) -> None:
    rows = [report(number, **sold(4)) for number in (1, 2, 3)]
    asked = queries(desk, *rows, after=80)
    orders = [place for place, sql in enumerate(asked) if 'UPDATE "orders_order"' in sql]
    head = next(place for place, sql in enumerate(asked) if 'UPDATE "accounts_streamhead"' in sql)
    assert max(orders) < head, "a notice that holds the next order may be waiting for the head"
