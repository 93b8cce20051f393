from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Family, OrderReport, ReportStatus, RequestKind
from orders.domain.resolution import (
    BROKER_DID_NOT_SEND,
    CANCELED,
    FILLED,
    NOT_LISTED,
    REQUESTED,
    STALE,
    TRANSMITTED,
    UNCHANGED,
    CommandFacts,
    Confirmed,
    History,
    Judgement,
    NotApplied,
    PartiallyConfirmed,
    Refused,
    Stuck,
    TooLate,
    Undecided,
    ask_offset,
    filled,
    is_stale,
    judge,
    lags,
    trace,
)
from tests.orders.domain.samples import report

D = Decimal
R = ReportStatus
K = RequestKind
FRESH = History(equal_reads=1, unchanged_for=timedelta(0))
CANCEL = CommandFacts(K.CANCEL, Family.OVERSEAS, 100, D(10), D(10), D(0), D(10), new_number=101)
NO_ANSWER = replace(CANCEL, new_number=None)
MODIFY = replace(CANCEL, kind=K.MODIFY, price=D(99))
RESERVED = replace(CANCEL, family=Family.RESERVED)


def child(kind: RequestKind, number: int = 101, **changes: Any) -> OrderReport:
    return report(number, kind=kind, orig_number=100, **changes)


def own(**changes: Any) -> OrderReport:
    return report(**changes)


def kept(status: ReportStatus) -> OrderReport:
    return report(100, Family.RESERVED, status=status)


GONE = own(status=R.CANCELED, leaves_qty=0)
DONE_FILLED = own(status=R.DONE, cum_qty=10, leaves_qty=0)
CASES: dict[str, tuple[CommandFacts, list[OrderReport], Judgement]] = {
    # a reservation: only its own row in the list tells
    "a reservation listed as canceled": (RESERVED, [kept(R.CANCELED)], Confirmed(D(10))),
    "a reservation that stands": (RESERVED, [kept(R.RESERVED)], Undecided(UNCHANGED)),
    "a reservation not listed": (RESERVED, [own()], Undecided(NOT_LISTED)),
    "a reservation already transmitted": (RESERVED, [kept(R.TRANSMITTED)], TooLate(TRANSMITTED)),
    "a reservation already done": (RESERVED, [kept(R.DONE)], TooLate(TRANSMITTED)),
    "a reservation the broker did not send": (RESERVED, [kept(R.NOT_SENT)], TooLate(BROKER_DID_NOT_SEND)),
    "a reservation the broker refused": (RESERVED, [kept(R.REJECTED)], TooLate(BROKER_DID_NOT_SEND)),
    "a reservation with a text never seen": (RESERVED, [kept(R.UNRECOGNISED)], Undecided(UNCHANGED)),
    # a cancel
    "nothing listed": (CANCEL, [], Undecided(NOT_LISTED)),
    "the order stands, no request listed": (CANCEL, [own()], Undecided(UNCHANGED)),
    "the request is listed, the order stands": (CANCEL, [own(), child(K.CANCEL)], Undecided(REQUESTED)),
    "canceled under our number": (CANCEL, [GONE, child(K.CANCEL)], Confirmed(D(10), 101)),
    "canceled under a new number, the answer was lost": (
        NO_ANSWER,
        [GONE, child(K.CANCEL, 105)],
        Confirmed(D(10), 105),
    ),
    "a cancel that was there before is not ours": (
        replace(NO_ANSWER, children=frozenset({105})),
        [GONE, child(K.CANCEL, 105)],
        Confirmed(D(10), external=True),
    ),
    "a cancel of another number is not ours": (
        CANCEL,
        [own(status=R.DONE, leaves_qty=0), child(K.CANCEL, 105)],
        Confirmed(D(10), external=True),
    ),
    "gone as canceled without any request": (CANCEL, [GONE], Confirmed(D(10), external=True)),
    "gone without a word is no evidence": (CANCEL, [own(status=R.DONE, leaves_qty=0)], Undecided(UNCHANGED)),
    "a part gone elsewhere is no evidence": (CANCEL, [own(leaves_qty=4), child(K.CANCEL, 105)], Undecided(UNCHANGED)),
    "the fill was faster": (CANCEL, [DONE_FILLED, child(K.CANCEL)], TooLate(FILLED)),
    "a part was filled first": (
        CANCEL,
        [own(status=R.CANCELED, cum_qty=4, leaves_qty=0), child(K.CANCEL)],
        PartiallyConfirmed(D(6), 101),
    ),
    "a part was asked and a part is gone": (
        replace(CANCEL, quantity=D(4)),
        [own(leaves_qty=6), child(K.CANCEL)],
        Confirmed(D(4), 101),
    ),
    "what was canceled before does not count": (
        replace(CANCEL, quantity=D(4), leaves_qty=D(6)),
        [own(leaves_qty=6), child(K.CANCEL)],
        Undecided(REQUESTED),
    ),
    "a row that does not say what is left": (CANCEL, [own(leaves_qty=None), child(K.CANCEL)], Undecided(REQUESTED)),
    "the later of two rows of one number counts": (CANCEL, [own(), GONE, child(K.CANCEL)], Confirmed(D(10), 101)),
    "a refused cancel": (
        CANCEL,
        [own(), child(K.CANCEL, status=R.REJECTED, reason="가능수량 없음")],
        Refused("가능수량 없음"),
    ),
    # a modify
    "modify: nothing listed": (MODIFY, [], Undecided(NOT_LISTED)),
    "modify: the order stands": (MODIFY, [own()], Undecided(UNCHANGED)),
    "modify: under our number at our price": (MODIFY, [child(K.MODIFY, price=D(99))], Confirmed(D(10), 101)),
    "modify: listed at our price while the order still has all of it": (
        MODIFY,
        [own(), child(K.MODIFY, price=D(99))],
        Undecided(REQUESTED),
    ),
    "modify: a part went on, the rest stayed": (
        replace(MODIFY, quantity=D(4)),
        [own(leaves_qty=6), child(K.MODIFY, price=D(99), order_qty=4, leaves_qty=4)],
        Confirmed(D(4), 101),
    ),
    "a row that tells less than was known before the send": (
        replace(CANCEL, cum_qty=D(4), leaves_qty=D(6)),
        [GONE, child(K.CANCEL)],
        Undecided(STALE),
    ),
    "modify: less than asked goes on": (
        MODIFY,
        [child(K.MODIFY, price=D(99), order_qty=7)],
        PartiallyConfirmed(D(7), 101),
    ),
    "modify: another price is not ours": (
        replace(MODIFY, new_number=None),
        [own(), child(K.MODIFY, price=D(98))],
        Undecided(REQUESTED),
    ),
    "modify: listed, not at the exchange": (
        MODIFY,
        [own(), child(K.MODIFY, price=D(99), status=R.UNRECOGNISED)],
        Undecided(REQUESTED),
    ),
    "modify: refused": (MODIFY, [own(), child(K.MODIFY, status=R.REJECTED, reason="no")], Refused("no")),
    "modify: the fill was faster": (MODIFY, [DONE_FILLED], TooLate(FILLED)),
    "modify: the rest was filled after a part was canceled": (
        replace(MODIFY, leaves_qty=D(6)),
        [own(status=R.DONE, cum_qty=6, leaves_qty=0)],
        TooLate(FILLED),
    ),
    "modify: the order was canceled": (MODIFY, [GONE], TooLate(CANCELED)),
    "modify: gone without a word": (MODIFY, [own(status=R.DONE, leaves_qty=0)], Undecided(UNCHANGED)),
}


@pytest.mark.parametrize(("facts", "rows", "wanted"), CASES.values(), ids=CASES.keys())
def test_each_case_of_the_evidence(facts: CommandFacts, rows: list[OrderReport], wanted: Judgement) -> None:
    assert judge(facts, rows, FRESH) == wanted


@pytest.mark.parametrize(
    ("reads", "seconds", "stuck"), [(3, 180, True), (2, 600, False), (3, 179, False), (50, 100, False)]
)
def test_only_equal_reads_over_three_minutes_call_a_person(reads: int, seconds: int, stuck: bool) -> None:
    judgement = judge(CANCEL, [own()], History(reads, timedelta(seconds=seconds)))
    assert judgement == (Stuck(UNCHANGED) if stuck else Undecided(UNCHANGED))


OVER = History(1, timedelta(0), final_reads=2, final_span=timedelta(minutes=10))


def test_two_final_reads_without_a_trace_mean_not_applied() -> None:
    assert judge(CANCEL, [own()], OVER) == NotApplied()


@pytest.mark.parametrize(
    "history", [replace(OVER, final_reads=1), replace(OVER, final_span=timedelta(minutes=9))], ids=["one", "too close"]
)
def test_final_reads_too_few_or_too_close_decide_nothing(history: History) -> None:
    assert judge(CANCEL, [own()], history) == Undecided(UNCHANGED)


def test_a_listed_request_is_a_trace() -> None:
    assert judge(CANCEL, [own(), child(K.CANCEL)], OVER) == Undecided(REQUESTED)


def test_an_order_that_is_not_listed_is_no_proof_of_anything() -> None:
    assert judge(CANCEL, [], OVER) == Undecided(NOT_LISTED)


def test_lists_that_never_catch_up_call_a_person_at_last() -> None:
    waited = History(0, timedelta(0), waiting_for=timedelta(minutes=10))
    assert judge(CANCEL, [own()], waited) == Stuck(UNCHANGED)
    assert judge(CANCEL, [own()], replace(waited, waiting_for=timedelta(minutes=9))) == Undecided(UNCHANGED)


def test_a_read_is_stale_that_tells_less_than_an_earlier_one() -> None:
    row = own(cum_qty=4, leaves_qty=6)
    assert [is_stale(CANCEL, [row], D(seen)) for seen in (4, 5)] == [False, True]
    assert not is_stale(CANCEL, [], D(5))
    assert [filled(CANCEL, [row]), filled(CANCEL, [])] == [D(4), D(0)]


@pytest.mark.parametrize(
    ("facts", "rows", "late"),
    [
        (CANCEL, [own()], True),
        (CANCEL, [own(), child(K.CANCEL)], False),
        (NO_ANSWER, [own()], False),
        (RESERVED, [kept(R.RESERVED)], False),
    ],
)
def test_lists_lag_that_do_not_show_the_number_of_the_answer(
    facts: CommandFacts, rows: list[OrderReport], late: bool
) -> None:
    assert lags(facts, rows) is late


def test_equal_reads_have_equal_traces_whatever_the_order_of_the_rows() -> None:
    rows = [own(), child(K.CANCEL), report(7)]
    assert trace(CANCEL, rows) == trace(CANCEL, rows[1::-1])
    assert trace(CANCEL, rows) != trace(CANCEL, [own(cum_qty=1, leaves_qty=9), child(K.CANCEL)])


def test_the_schedule_of_asking() -> None:
    offsets = [ask_offset(attempt).total_seconds() for attempt in range(10)]
    assert offsets == [1, 2, 4, 8, 15, 30, 60, 120, 180, 240]
