"""What a row says that is not understood, cannot be stored, or is of another date."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.domain.events import ReportStatus
from orders.models import OrderNumber
from tests.orders.books.reads import TODAY, order, read, report
from tests.orders.conftest import NIGHT, Desk, overseas

pytestmark = pytest.mark.django_db


def test_a_status_never_seen_before_is_shown_raw_and_left_to_a_person(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(status=ReportStatus.UNRECOGNISED, status_text="심사중"), after=20)
    assert (order().status_text, order().needs_person, order().status) == ("심사중", True, "WORKING")


def test_a_row_that_cannot_be_stored_leaves_the_others_alone(desk: Desk) -> None:
    huge = report(1, order_qty=Decimal(10) ** 17, leaves_qty=Decimal(10) ** 17)
    assert read(desk, huge, report()) == 1
    assert order().numbers.get().number == 3567


def test_the_brokers_date_replaces_the_one_that_a_notice_was_given(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas(), at=NIGHT + timedelta(days=1))
    read(desk, report(), after=90_000)
    assert OrderNumber.objects.get().order_date == TODAY
