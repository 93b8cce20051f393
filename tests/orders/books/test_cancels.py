"""A cancel is counted once, whether a list or its notice tells it first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import ReportStatus, RequestKind
from orders.models import NoticeState, Order
from tests.factories import OrderCommandFactory
from tests.orders.books.reads import cancel_of, canceled_notice, order, read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def test_a_confirmed_cancel_in_the_list_closes_the_order(desk: Desk) -> None:
    read(desk, report())
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.CANCELED)
    child = report(3571, kind=RequestKind.CANCEL, orig_number=3567, status=ReportStatus.DONE)
    read(desk, gone, child, after=20)
    assert (order().status, order().canceled_qty) == ("CANCELED", 10)


def test_what_was_canceled_before_the_order_was_known_is_counted_once(desk: Desk) -> None:
    canceled = overseas(ODER_NO="3568", OODER_NO="3567", RCTF_CLS="2", ACPT_YN="2", CNTG_QTY="0000000008")
    desk.notice("H0GSCNI0", canceled)
    desk.notice("H0GSCNI0", filled(2, STCK_CNTG_HOUR="202501"))
    done = report(**{**sold(2), "leaves_qty": Decimal(0)}, status=ReportStatus.CANCELED)
    read(desk, done, after=70)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.canceled_qty) == ("CANCELED", 10, 2, 8)


def test_a_cancel_of_a_part_that_a_list_told_first_is_not_taken_out_again_by_its_notice(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(leaves_qty=Decimal(9)), cancel_of(1))
    assert (order().order_qty, order().leaves_qty, order().canceled_qty) == (9, 9, 1)
    late = desk.notice("H0GSCNI0", canceled_notice(1), at=NIGHT + timedelta(seconds=20))
    assert late.state == NoticeState.REPEATED
    assert (order().order_qty, order().leaves_qty, order().canceled_qty) == (9, 9, 1)
    told = order().events.filter(type="OrderCanceled").get()
    assert (told.evidence_kind, told.detail) == ("inquiry", {"number": "3571", "quantity": "1"})


def test_a_cancel_that_a_list_told_is_not_too_late_when_the_rest_is_filled(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    before = {"leaves_qty": "10", "canceled_qty": "0", "number": 3567}
    asked = OrderCommandFactory.create(
        order=order(), quantity=2, state="ACKED", broker_order_id="0000003571", pre_image=before
    )
    read(desk, report(leaves_qty=Decimal(8)), cancel_of(2), after=5)
    desk.notice("H0GSCNI0", filled(8), at=NIGHT + timedelta(seconds=6))
    asked.refresh_from_db()
    assert (order().status, asked.state) == ("FILLED", "ACKED")


def test_a_cancel_of_a_part_that_its_notice_told_is_not_counted_again_by_a_list(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", canceled_notice(1))
    read(desk, report(leaves_qty=Decimal(9)), cancel_of(1), after=20)
    assert (order().leaves_qty, order().canceled_qty, order().events.filter(type="OrderCanceled").count()) == (9, 1, 1)


@pytest.mark.parametrize("other", [{}, {"status": ReportStatus.REJECTED}])
def test_a_cancel_that_is_listed_and_not_done_stays_open_for_its_notice(desk: Desk, other: dict[str, Any]) -> None:
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(leaves_qty=Decimal(9)), cancel_of(1), cancel_of(2, 3572, **other))
    assert [event.detail["number"] for event in order().events.filter(type="OrderCanceled")] == ["3571"]
    desk.notice("H0GSCNI0", canceled_notice(2, 3572), at=NIGHT + timedelta(seconds=20))
    assert (order().leaves_qty, order().canceled_qty) == (7, 3)


def test_what_a_modify_of_a_part_took_out_is_no_cancel(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    part = report(3570, kind=RequestKind.MODIFY, orig_number=3567, order_qty=Decimal(4), leaves_qty=Decimal(4))
    read(desk, report(leaves_qty=Decimal(6)), part, cancel_of(2))
    assert not Order.objects.get(parent=None).events.filter(type="OrderCanceled").exists()


def test_a_cancel_of_an_order_in_no_list_makes_no_order(desk: Desk) -> None:
    assert read(desk, report(3571, kind=RequestKind.CANCEL, orig_number=3567, status=ReportStatus.DONE)) == 0
    assert not Order.objects.exists()
