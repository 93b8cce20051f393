"""What somebody else's modifies and cancels took out of an order is never counted as done by our request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Family, OrderReport, ReportStatus, RequestKind
from orders.domain.resolution import (
    CANCELED,
    FILLED,
    REQUESTED,
    UNCHANGED,
    CommandFacts,
    Confirmed,
    History,
    Judgement,
    PartiallyConfirmed,
    TooLate,
    Undecided,
    judge,
)
from tests.orders.domain.samples import report

D = Decimal
R = ReportStatus
FRESH = History(equal_reads=1, unchanged_for=timedelta(0))
CANCEL = CommandFacts(RequestKind.CANCEL, Family.OVERSEAS, 100, D(10), D(10), D(0), D(10), new_number=105)
CANCEL_4 = replace(CANCEL, quantity=D(4))
SIX_LEFT = replace(CANCEL, quantity=D(6), order_qty=D(6), leaves_qty=D(6))  # four went to a part before
MODIFY = replace(CANCEL, kind=RequestKind.MODIFY, price=D(99))
MODIFY_4 = replace(MODIFY, quantity=D(4))


def lost(facts: CommandFacts, *children: int) -> CommandFacts:
    return replace(facts, new_number=None, children=frozenset(children))


def row(left: int, cum: int = 0, status: ReportStatus = R.OPEN) -> OrderReport:
    """The order itself, of ten."""
    return report(leaves_qty=left, cum_qty=cum, status=R.DONE if not left and status is R.OPEN else status)


def cancel(quantity: int, number: int = 105, **changes: Any) -> OrderReport:
    return report(number, kind=RequestKind.CANCEL, orig_number=100, order_qty=quantity, leaves_qty=0, **changes)


def modify(quantity: int, number: int = 103, **changes: Any) -> OrderReport:
    fields = {"order_qty": quantity, "leaves_qty": quantity, "price": D(99), **changes}
    return report(number, kind=RequestKind.MODIFY, orig_number=100, **fields)


ASKED = Undecided(REQUESTED)
UNTOUCHED = Undecided(UNCHANGED)
Case = tuple[CommandFacts, list[OrderReport], Judgement]
MODIFIED_BESIDE_OUR_CANCEL: dict[str, Case] = {
    "a modify took all": (CANCEL, [row(0), modify(10), cancel(10)], ASKED),
    "a modify took all after our command": (CANCEL, [row(0), modify(10, 107), cancel(10)], ASKED),
    "a modify took all, the answer was lost": (lost(CANCEL), [row(0), modify(10), cancel(10)], ASKED),
    "a modify took all, the row is shown as canceled": (
        CANCEL,
        [row(0, status=R.CANCELED), modify(10), cancel(10)],
        ASKED,
    ),
    "a modify of all is listed with no quantity": (CANCEL, [row(0), modify(0), cancel(10)], ASKED),
    "a modify took what three fills had left": (CANCEL, [row(0, cum=3), modify(7), cancel(10)], ASKED),
    "a modify took a part": (CANCEL, [row(6), modify(4), cancel(10)], ASKED),
    "a modify took a part, listed twice": (CANCEL, [row(6), modify(4), modify(4), cancel(10)], ASKED),
    "a modify had taken a part before": (SIX_LEFT, [row(6), modify(4), cancel(6)], ASKED),
    "a modify had taken a part before, and was known": (
        replace(SIX_LEFT, children=frozenset({103})),
        [row(6), modify(4), cancel(6)],
        ASKED,
    ),
    "one part before and one after": (SIX_LEFT, [row(3), modify(4), modify(3, 107), cancel(6)], ASKED),
    "one part before, and all the rest after": (SIX_LEFT, [row(0), modify(4), modify(6, 107), cancel(6)], ASKED),
    "several modifies took all": (CANCEL, [row(0), modify(4), modify(6, 107), cancel(10)], ASKED),
    "a cancel of a part, a modify of the same part": (CANCEL_4, [row(6), modify(4), cancel(4)], ASKED),
    "a cancel of a part, a modify of all": (CANCEL_4, [row(0), modify(10), cancel(4)], ASKED),
    "a cancel of a part, a part modified before": (
        replace(SIX_LEFT, quantity=D(4)),
        [row(6), modify(4), cancel(4)],
        ASKED,
    ),
    "a modify may or may not be in force": (CANCEL, [row(0), modify(4), cancel(10)], ASKED),
    # the rows decide
    "our cancel took what the modify left": (
        CANCEL,
        [row(0), modify(4), cancel(6)],
        PartiallyConfirmed(D(6), 105),
    ),
    "our cancel took all that an earlier modify had left": (
        SIX_LEFT,
        [row(0), modify(4), cancel(6)],
        Confirmed(D(6), 105),
    ),
    "our part and the modified rest": (CANCEL_4, [row(0), modify(6), cancel(4)], Confirmed(D(4), 105)),
    "our part beside a modified part": (CANCEL_4, [row(2), modify(4), cancel(4)], Confirmed(D(4), 105)),
    "a modify that was refused took nothing": (
        CANCEL,
        [row(0), modify(10, status=R.REJECTED), cancel(10)],
        Confirmed(D(10), 105),
    ),
    "a modify of more than went is not in force": (CANCEL_4, [row(6), modify(6), cancel(4)], Confirmed(D(4), 105)),
    # no row of ours
    "a modify took all, no cancel is listed": (CANCEL, [row(0), modify(10)], UNTOUCHED),
    "a modify took all of a row shown as canceled": (CANCEL, [row(0, status=R.CANCELED), modify(10)], UNTOUCHED),
    "a modify took most, somebody's cancel the rest": (CANCEL, [row(0), modify(6), cancel(4, 106)], UNTOUCHED),
    "filled beside a modified part": (CANCEL, [row(0, cum=6), modify(4)], UNTOUCHED),
}
CANCELED_BESIDE_OUR_CANCEL: dict[str, Case] = {
    "somebody's cancel of a part is not ours of all": (CANCEL, [row(6), cancel(4, 106), cancel(10)], ASKED),
    "nor, with the answer lost, ours of all": (lost(CANCEL), [row(6), cancel(4, 106)], ASKED),
    "nor ours of as much": (CANCEL_4, [row(6), cancel(4, 106), cancel(4)], ASKED),
    "a larger cancel cannot be ours": (lost(CANCEL_4), [row(4), cancel(6, 106)], ASKED),
    "of two alike, one refused, either may be ours": (
        lost(CANCEL_4),
        [row(6), cancel(4), cancel(4, 106, status=R.REJECTED)],
        ASKED,
    ),
    "a known cancel done since is not ours": (
        replace(CANCEL_4, children=frozenset({102})),
        [row(6), cancel(4, 102), cancel(4)],
        ASKED,
    ),
    "a known cancel done before does not take from ours": (
        replace(CANCEL_4, leaves_qty=D(8), children=frozenset({102})),
        [row(4), cancel(2, 102), cancel(4)],
        Confirmed(D(4), 105),
    ),
    "both took their part": (CANCEL_4, [row(2), cancel(4, 106), cancel(4)], Confirmed(D(4), 105)),
    "of two cancels of all, one did it": (
        CANCEL,
        [row(0), cancel(10, 106), cancel(10)],
        Confirmed(D(10), external=True),
    ),
    "of two cancels one did what the fills had left": (
        CANCEL,
        [row(0, cum=3), cancel(7, 106), cancel(10)],
        PartiallyConfirmed(D(7)),
    ),
    "a larger cancel left nothing": (lost(CANCEL_4), [row(0), cancel(10, 106)], Confirmed(D(10), external=True)),
    "filled beside a part modified before, a cancel came too late": (
        SIX_LEFT,
        [row(0, cum=6), modify(4), cancel(6, 106)],
        UNTOUCHED,
    ),
    "a refused cancel of somebody's explains nothing": (
        CANCEL,
        [row(0), cancel(10, 106, status=R.REJECTED)],
        UNTOUCHED,
    ),
    "a cancel that raced a fill took the rest": (
        CANCEL_4,
        [row(0, cum=8), cancel(2, 106)],
        Confirmed(D(2), external=True),
    ),
}
BESIDE_OUR_MODIFY: dict[str, Case] = {
    "another modify took all": (MODIFY, [row(0), modify(10, 103, price=D(98)), modify(10, 105)], ASKED),
    "another modify took a part": (MODIFY_4, [row(6), modify(4, 103), modify(4, 105)], ASKED),
    "a part was modified before": (
        replace(MODIFY_4, order_qty=D(6), leaves_qty=D(6)),
        [row(6), modify(4, 103), modify(4, 105)],
        ASKED,
    ),
    "a part that was modified before is not ours": (
        replace(lost(MODIFY_4, 103), order_qty=D(6), leaves_qty=D(6)),
        [row(6), modify(4, 103)],
        UNTOUCHED,
    ),
    "a cancel took all": (MODIFY, [row(0, status=R.CANCELED), cancel(10, 103), modify(10, 105)], ASKED),
    "a cancel took a part": (MODIFY_4, [row(6), cancel(4, 103), modify(4, 105)], ASKED),
    "all was filled": (MODIFY, [row(0, cum=10), modify(10, 105)], ASKED),
    "somebody's modify of a part cannot be ours of all": (lost(MODIFY), [row(6), modify(4)], ASKED),
    "somebody's modify of all cannot be ours of a part": (lost(MODIFY_4), [row(0), modify(10)], ASKED),
    "of two modifies at our price either may be ours": (lost(MODIFY), [row(0), modify(4), modify(6, 105)], ASKED),
    "ours took what the cancel left": (
        MODIFY,
        [row(0), cancel(4, 103), modify(6, 105)],
        PartiallyConfirmed(D(6), 105),
    ),
    "a refused modify of somebody's took nothing": (
        MODIFY,
        [row(0), modify(10, 103, price=D(98), status=R.REJECTED), modify(10, 105)],
        Confirmed(D(10), 105),
    ),
    "a fill under our number shows it in force": (
        MODIFY,
        [row(0), modify(10, 103, price=D(98)), modify(10, 105, cum_qty=1, leaves_qty=9)],
        Confirmed(D(10), 105),
    ),
    "gone on under another modify is not canceled": (
        MODIFY,
        [row(0, status=R.CANCELED), modify(10, 103)],
        UNTOUCHED,
    ),
    "canceled beside a part modified before": (
        replace(MODIFY, order_qty=D(6), leaves_qty=D(6)),
        [row(0, status=R.CANCELED), modify(4, 103), cancel(6, 104)],
        TooLate(CANCELED),
    ),
}
CASES = (
    MODIFIED_BESIDE_OUR_CANCEL | CANCELED_BESIDE_OUR_CANCEL | {f"modify: {n}": c for n, c in BESIDE_OUR_MODIFY.items()}
)


@pytest.mark.parametrize(("facts", "rows", "wanted"), CASES.values(), ids=CASES.keys())
def test_only_what_our_request_took_is_confirmed(
    facts: CommandFacts, rows: list[OrderReport], wanted: Judgement
) -> None:
    assert judge(facts, rows, FRESH) == wanted


def test_a_cancel_counted_twice_before_does_not_make_what_ours_took_look_filled() -> None:
    facts = replace(CANCEL, quantity=D(5), order_qty=D(10), leaves_qty=D(5), children=frozenset({102}))
    own = report(order_qty=7, cum_qty=2, leaves_qty=0, status=R.CANCELED)
    judgement = judge(facts, [own, cancel(2, 102), cancel(3)], FRESH)
    assert not isinstance(judgement, TooLate)


def test_an_order_whose_part_was_modified_before_is_too_late_only_where_nothing_went_elsewhere() -> None:
    assert judge(CANCEL, [row(0, cum=10)], FRESH) == TooLate(FILLED)
    assert judge(SIX_LEFT, [row(0, cum=6), modify(4)], FRESH) == UNTOUCHED


@pytest.mark.parametrize(("most", "judgement"), [(0, ASKED), (7, ASKED), (10, Confirmed(D(10), 103))])
def test_a_request_for_all_may_be_listed_with_more_than_was_thought_to_be_left(most: int, judgement: Judgement) -> None:
    """Three of the ten shares had been told twice before the send."""
    thought = lost(replace(MODIFY, quantity=D(7), most=D(most)))
    assert judge(thought, [row(0), modify(10)], FRESH) == judgement
