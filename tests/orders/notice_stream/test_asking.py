"""Which accounts are asked for: those with open orders, those whose session ended, those that a bad notice names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders import lease
from orders.domain.events import Family
from orders.lease import Hold
from orders.models import Notice, Order, Recovery
from orders.notice_stream import asking
from orders.placing import accounts_named
from tests.orders.conftest import NIGHT, Desk, overseas
from tests.orders.test_books import read, report

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
