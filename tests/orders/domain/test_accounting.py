"""An order that went on under other numbers was filled only where every unit of it is accounted for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Family, OrderReport, ReportStatus, RequestKind
from orders.domain.resolution import FILLED, CommandFacts, History, TooLate, judge
from tests.orders.domain.samples import report

D = Decimal
R = ReportStatus
FRESH = History(equal_reads=1, unchanged_for=timedelta(0))
CANCEL = CommandFacts(RequestKind.CANCEL, Family.OVERSEAS, 100, D(10), D(10), D(0), D(10))


def own(cum: int = 0, left: int = 0, status: ReportStatus = R.DONE) -> OrderReport:
    return report(cum_qty=cum, leaves_qty=left, status=status)


def over(quantity: int, cum: int, number: int = 101, of: int = 100, **changes: Any) -> OrderReport:
    """What a modify took over from number `of`, and how much of it was filled under its own."""
    fields = {"order_qty": quantity, "cum_qty": cum, "leaves_qty": 0, "status": R.DONE, **changes}
    return report(number, kind=RequestKind.MODIFY, orig_number=of, **fields)


def cancel(of: int, status: ReportStatus = R.DONE) -> OrderReport:
    return report(109, kind=RequestKind.CANCEL, orig_number=of, leaves_qty=0, status=status)


ALL_FILLED = {
    "under one other number": [own(), over(10, 10)],
    "three under its own": [own(cum=3), over(7, 7)],
    "in two parts": [own(), over(4, 4), over(6, 6, 102)],
    "listed twice": [own(), own(), over(10, 10), over(10, 10)],
    "beside a refused modify": [own(), over(10, 10), over(5, 0, 102, status=R.REJECTED)],
    "modified once more": [own(), over(10, 3), over(7, 7, 102, of=101)],
}
STILL_OPEN = {
    "a unit is in the market": [own(), over(10, 9, leaves_qty=1, status=R.OPEN)],
    "a unit of the original is": [own(left=1, status=R.OPEN), over(9, 9)],
    "a unit is not accounted for": [own(), over(9, 9)],
    "a unit ended unfilled": [own(), over(10, 9)],
    "a modify is listed that is not in force": [own(), over(10, 10), over(10, 0, 102)],
    "its number is shown as canceled": [own(status=R.CANCELED), over(10, 10)],
    "a later number is shown as canceled": [own(), over(10, 9, status=R.CANCELED), over(1, 1, 102, of=101)],
    "a cancel names it": [own(), over(10, 10), cancel(100)],
    "a refused cancel names the later number": [own(), over(10, 10), cancel(101, R.REJECTED)],
    "the second modify is not filled": [own(), over(10, 3), over(7, 6, 102, of=101)],
    "the rows name each other": [replace(own(), orig_number=101), over(10, 0)],
    "the other number is not listed": [own()],
}


@pytest.mark.parametrize("rows", ALL_FILLED.values(), ids=ALL_FILLED.keys())
def test_a_cancel_is_too_late_where_every_unit_was_filled_under_some_number(rows: list[OrderReport]) -> None:
    assert judge(replace(CANCEL, children=frozenset({101})), rows, FRESH) == TooLate(FILLED)


@pytest.mark.parametrize("rows", STILL_OPEN.values(), ids=STILL_OPEN.keys())
def test_a_unit_that_is_not_shown_as_filled_leaves_it_open(rows: list[OrderReport]) -> None:
    assert not isinstance(judge(CANCEL, rows, FRESH), TooLate)


def test_what_was_canceled_before_need_not_be_filled() -> None:
    facts = replace(CANCEL, leaves_qty=D(8))
    assert judge(facts, [own(), over(8, 8)], FRESH) == TooLate(FILLED)
    assert not isinstance(judge(facts, [own(), over(10, 10)], FRESH), TooLate)
