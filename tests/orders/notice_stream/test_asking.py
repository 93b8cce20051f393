"""Which accounts are asked for: those with open orders, those whose session ended, those that a bad notice names."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection

from orders import books, lease
from orders.domain.events import Family, OrderReport, RequestKind
from orders.lease import Hold
from orders.models import Notice, Order, Recovery, RecoveryReason
from orders.notice_stream import asking
from orders.notice_stream.agenda import Question, Scope
from orders.notice_stream.asking import Asking
from orders.notice_stream.feed import Link
from orders.placing import accounts_named
from tests.orders.books.reads import read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold(desk: Desk) -> Hold:
    found = lease.take(desk.connection.pk, "test")
    assert found is not None
    return found


def quarantined(desk: Desk, *texts: str) -> list[Notice]:
    return [notice for text in texts for notice in desk.receive(desk.raw("H0GSCNI0", text))]


def test_an_account_is_asked_for_the_lists_in_which_it_has_open_orders(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(77, family=Family.KRX), after=20)
    Order.objects.filter(numbers__number=77).update(status="FILLED")
    plan = asking._look(desk.connection.pk, NIGHT)
    assert plan.families == {desk.stock.pk: (Family.OVERSEAS,), desk.derivatives.pk: ()}
    assert plan.ended == frozenset()


def test_an_open_order_whose_session_is_over_has_its_account_read_in_full(desk: Desk) -> None:
    read(desk, report())
    [(account_id, end)] = asking._look(desk.connection.pk, NIGHT + timedelta(days=1)).ended
    assert account_id == desk.stock.pk
    assert NIGHT < end < NIGHT + timedelta(days=1)


@pytest.mark.parametrize(
    ("number", "named"),
    [
        ("1234567801", ["stock"]),
        ("12345678", ["stock", "derivatives"]),
        ("8765432101", []),
        ("1234", [None]),
        ("", [None]),
    ],
)
def test_a_bad_notice_names_our_account_another_one_or_none(desk: Desk, number: str, named: list[str | None]) -> None:
    ids = {"stock": desk.stock.pk, "derivatives": desk.derivatives.pk}
    expected = [ids[name] if name is not None else None for name in named]
    assert accounts_named(desk.connection.pk, f"desk01^{number}^rest") == expected


def test_a_window_is_opened_for_each_account_that_is_named(desk: Desk, hold: Hold) -> None:
    desk.epoch = lease.next_epoch(desk.connection.pk, "test") or 0
    bad = quarantined(desk, overseas(CNTG_QTY="ten", ACNT_NO="1234567801"), overseas(CNTG_QTY="x", ACNT_NO="87654321"))
    [row] = asking._open_windows(desk.connection.pk, hold, bad)
    assert (row.account_id, row.reason, row.lost_at) == (desk.stock.pk, "quarantine", NIGHT)
    assert Recovery.objects.get().began_at is not None


def test_a_notice_that_names_nobody_opens_one_window_for_all(desk: Desk, hold: Hold) -> None:
    desk.epoch = lease.next_epoch(desk.connection.pk, "test") or 0
    bad = quarantined(desk, overseas(CNTG_QTY="ten", ACNT_NO="1234567801"))
    bad += desk.receive(b"not a frame", at=NIGHT - timedelta(seconds=1))
    [row] = asking._open_windows(desk.connection.pk, hold, bad)
    assert (row.account_id, row.lost_at) == (None, NIGHT - timedelta(seconds=1))


def compared(desk: Desk, *rows: OrderReport, after: float = 10) -> bool:
    """One read of the account, applied, and whether it shows that the books hold what the broker holds."""
    asked_at = NIGHT + timedelta(seconds=after)
    read = books.Read(desk.stock, asked_at, rows)
    books.apply_read(read)
    return agreed(read)


def agreed(read: books.Read) -> bool:
    answer = asking._compared(read)
    return answer.agrees and not answer.overtaken


def test_a_read_agrees_where_every_order_was_compared_and_holds_what_it_says(desk: Desk) -> None:
    rows = (report(**sold(4)), report(3600, kind=RequestKind.CANCEL, orig_number=77))
    assert not compared(desk, *rows), "its fills were missing until now"
    assert compared(desk, *rows, after=20)


def test_a_read_whose_row_was_not_stored_does_not_agree(desk: Desk) -> None:
    too_much = Decimal(10) ** 30
    assert not compared(desk, report(), report(77, order_qty=too_much, leaves_qty=too_much, price=too_much))
    assert not compared(desk, report(cum_qty=Decimal(4), leaves_qty=Decimal(6), cum_amount=too_much), after=20)


def test_a_read_that_a_notice_has_overtaken_does_not_agree(desk: Desk) -> None:
    desk.receive(desk.raw("H0GSCNI0", overseas()), at=NIGHT + timedelta(seconds=11))
    desk.receive(desk.raw("H0GSCNI0", filled(4)), at=NIGHT + timedelta(seconds=11))
    assert not compared(desk, report(), after=10)
    assert compared(desk, report(**sold(4)), after=12), "nothing came meanwhile"


def test_an_order_in_alarm_was_compared_all_the_same(desk: Desk) -> None:
    compared(desk, report())
    Order.objects.update(
        alarm="more was filled here than at the broker", inquired_at=NIGHT + timedelta(seconds=60), differs_since=NIGHT
    )
    assert agreed(books.Read(desk.stock, NIGHT + timedelta(seconds=50), (report(),)))


def test_an_order_that_differs_does_not_agree_until_no_list_has_shown_it_for_a_day(desk: Desk) -> None:
    compared(desk, report())
    Order.objects.update(differs_since=NIGHT)
    assert not agreed(books.Read(desk.stock, NIGHT + timedelta(hours=1), ()))
    assert agreed(books.Read(desk.stock, NIGHT + timedelta(days=2), ()))


def busy_database(times: int) -> None:
    """In this thread the lease cannot be read for so many times."""
    left = [times]

    def busy(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if left[0] and "streamlease" in sql:
            left[0] -= 1
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(busy)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_a_recovery_that_a_busy_database_did_not_take_is_begun_later(
    desk: Desk, hold: Hold, failing: int
) -> None:
    link = Link(live=False)
    asked = Asking(desk.connection, hold, link)
    await asked._worker.run(busy_database, failing)
    await asked.lost(RecoveryReason.SILENCE, NIGHT)
    link.live = True
    await asked.found()
    for _ in range(failing):
        assert not link.recovered
        await asked._catch_up()
    row = await asked._worker.run(Recovery.objects.get)
    assert (row.reason, row.lost_at, row.ended_at) == ("silence", NIGHT, None)
    assert row.began_at is not None
    assert asked._agenda.next(time.monotonic()) == Question(desk.stock.pk, Scope.ALL)
    assert row.pk in asked._agenda._recoveries
    await asked.close()


@pytest.mark.django_db(transaction=True)
async def test_a_bad_frame_is_followed_although_the_database_was_busy(desk: Desk, hold: Hold) -> None:
    asked = Asking(desk.connection, hold, Link(live=True))
    await asked._plan()
    desk.epoch = hold.tenure
    asked.heard(await asked._worker.run(quarantined, desk, overseas(CNTG_QTY="ten", ACNT_NO="1234567801")))
    await asked._worker.run(busy_database, 1)
    await asked._catch_up()
    assert await asked._worker.run(Recovery.objects.count) == 0
    await asked._catch_up()
    row = await asked._worker.run(Recovery.objects.get)
    assert (row.account_id, row.reason) == (desk.stock.pk, "quarantine")
    assert row.pk in asked._agenda._recoveries
    await asked.close()
