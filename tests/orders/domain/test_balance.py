from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.balance import (
    AMOUNTS_DIFFER,
    BACKWARD_AMOUNT,
    NO_AMOUNT,
    TOO_MANY_FILLS,
    Alarm,
    Books,
    Clean,
    GapFill,
    LateFill,
    LateNotice,
    ReverseGap,
    ReverseTwin,
    StaleRead,
    StandingGap,
    Twin,
    Verdict,
    Wait,
    balance,
    gap_key,
    late_notice,
)

D = Decimal
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def books(ours: int, theirs: int, px: int = 10, broker_px: int = 10) -> Books:
    """Both sides at a price each, a difference of a minute ago, no notice."""
    return Books(
        order="7",
        our_qty=D(ours),
        our_amount=D(ours * px),
        broker_qty=D(theirs),
        broker_amount=D(theirs * broker_px),
        highest_broker_qty=D(theirs),
        now=NOW,
        differs_since=ago(60),
    )


def gap(quantity: int, read_seconds_ago: float = 30, key: str = "gap:7:0:5:0") -> StandingGap:
    return StandingGap(key, D(quantity), D(quantity * 10), ago(read_seconds_ago))


LATE = replace(books(8, 5), gaps=(gap(5),), newest_notice_at=ago(1), newest_trade_at=ago(40))
CASES: dict[str, tuple[Books, Verdict]] = {
    "equal is clean": (books(5, 5), Clean()),
    "equal without an amount is clean": (replace(books(5, 5), broker_amount=None), Clean()),
    "amounts within the broker's rounding are equal": (
        replace(books(5, 5), our_amount=D("50.004"), amount_unit=D("0.005")),
        Clean(),
    ),
    "equal with another amount alarms": (books(5, 5, px=11), Alarm(AMOUNTS_DIFFER, D(0), D(5))),
    "a repeat that hides a missed fill at another price is reversed for it": (
        replace(books(4, 4), broker_amount=D(41), twins=(Twin("9", D(2), D(20)),)),
        ReverseTwin("9", GapFill(D(2), D(21), "gap:7:2:4:1")),
    ),
    "while its notice is fresh it waits": (
        replace(books(4, 4), broker_amount=D(41), twins=(Twin("9", D(2), D(20)),), newest_notice_at=ago(50)),
        Wait(timedelta(seconds=10)),
    ),
    "a repeat that cannot hide anything explains nothing": (
        replace(books(4, 4), broker_amount=D(20), twins=(Twin("9", D(2), D(20)),)),
        Alarm(AMOUNTS_DIFFER, D(0), D(20)),
    ),
    "a gap fill that stood for another one than it was made for takes the right amount": (
        replace(books(4, 4), broker_amount=D(41), gaps=(gap(2),)),
        ReverseGap("gap:7:0:5:0", GapFill(D(2), D(21), "gap:7:2:4:1")),
    ),
    "a gap fill that would be worth nothing explains nothing": (
        replace(books(4, 4), broker_amount=D(20), gaps=(gap(2),)),
        Alarm(AMOUNTS_DIFFER, D(0), D(20)),
    ),
    "a missing fill is awaited for three seconds": (
        replace(books(2, 5), differs_since=ago(1)),
        Wait(timedelta(seconds=2)),
    ),
    "exactly three seconds are not over three": (replace(books(2, 5), differs_since=ago(3)), Wait(timedelta(0))),
    "a missed fill becomes one gap fill of the exact rest": (
        books(2, 5, broker_px=12),
        GapFill(D(3), D(40), "gap:7:2:5:0"),
    ),
    "no gap fill without an amount": (replace(books(2, 5), broker_amount=None), Alarm(NO_AMOUNT, D(3))),
    "no gap fill of nothing for something": (
        replace(books(2, 5), broker_amount=D(20)),
        Alarm(BACKWARD_AMOUNT, D(3), D(0)),
    ),
    "a total below an earlier one is a stale read": (replace(books(4, 4), highest_broker_qty=D(5)), StaleRead()),
    "a fresh notice may be newer than the inquiry": (
        replace(books(6, 5), newest_notice_at=ago(20)),
        Wait(timedelta(seconds=40)),
    ),
    "the notice that the gap fill stood for takes its place": (
        replace(LATE, our_qty=D(10), our_amount=D(100)),
        ReverseGap("gap:7:0:5:0"),
    ),
    "a part of the missed notices leaves a smaller gap": (
        LATE,
        ReverseGap("gap:7:0:5:0", GapFill(D(2), D(20), "gap:7:3:5:1")),
    ),
    "a trade after the inquiry waits although a gap fill stands": (
        replace(LATE, newest_trade_at=ago(5)),
        Wait(timedelta(seconds=59)),
    ),
    "an old excess with a gap fill reverses the gap fill": (
        replace(LATE, newest_trade_at=ago(5), newest_notice_at=ago(61)),
        ReverseGap("gap:7:0:5:0", GapFill(D(2), D(20), "gap:7:3:5:1")),
    ),
    "a trade without a time waits like a fresh one": (
        replace(LATE, newest_trade_at=None),
        Wait(timedelta(seconds=59)),
    ),
    "of two gap fills the newer goes first": (
        replace(LATE, gaps=(gap(5), gap(3, 20, "gap:7:5:8:0"))),
        ReverseGap("gap:7:5:8:0"),
    ),
    "a smaller gap without an amount alarms": (replace(LATE, broker_amount=None), Alarm(NO_AMOUNT, D(2))),
    "an old excess reverses the twin of that size": (
        replace(books(8, 5), twins=(Twin("f2", D(2)), Twin("f3", D(3)))),
        ReverseTwin("f3"),
    ),
    "without one of that size the newest that fits": (
        replace(books(8, 5), twins=(Twin("f9", D(9)), Twin("f2", D(2)), Twin("f1", D(1)))),
        ReverseTwin("f2"),
    ),
    "an excess that nothing explains alarms": (
        replace(books(8, 5), newest_notice_at=ago(60)),
        Alarm(TOO_MANY_FILLS, D(3)),
    ),
    "a larger twin hides a fill that was missed": (
        replace(books(8, 5), twins=(Twin("f7", D(7), D(70)), Twin("f6", D(6), D(60)))),
        ReverseTwin("f6", GapFill(D(3), D(30), "gap:7:2:5:1")),
    ),
    "not where the amounts say otherwise": (
        replace(books(8, 5), twins=(Twin("f7", D(7), D(20)),)),
        Alarm(BACKWARD_AMOUNT, D(4), D(-10)),
    ),
}


@pytest.mark.parametrize(("given_books", "verdict"), CASES.values(), ids=CASES.keys())
def test_each_case_of_the_balance(given_books: Books, verdict: Verdict) -> None:
    assert balance(given_books) == verdict


def test_the_key_does_not_depend_on_how_a_quantity_is_written() -> None:
    assert gap_key("7", D("2.0"), D("1E+1"), 0) == gap_key("7", D(2), D(10), 0) == "gap:7:2:10:0"


@given(
    ours=st.integers(0, 30),
    theirs=st.integers(0, 30),
    gap_qty=st.integers(0, 30),
    notice_age=st.integers(0, 120),
)
def test_acting_on_the_verdicts_ends_at_the_brokers_total_or_in_an_alarm(
    ours: int, theirs: int, gap_qty: int, notice_age: int
) -> None:
    held = books(ours + gap_qty, theirs)
    held = replace(held, gaps=(gap(gap_qty),) if gap_qty else (), newest_notice_at=ago(notice_age))
    for _ in range(4):
        verdict = balance(held)
        if isinstance(verdict, Clean | Alarm):
            break
        held = act(held, verdict)
    assert isinstance(verdict, Alarm) or held.our_qty == held.broker_qty


def act(held: Books, verdict: Verdict) -> Books:
    if isinstance(verdict, Wait):
        return replace(held, now=held.now + timedelta(seconds=61))
    instead: Verdict = verdict
    if isinstance(verdict, ReverseGap):
        taken = held.gaps[0]
        our_qty, our_amount = held.our_qty - taken.quantity, held.our_amount - taken.amount
        held = replace(held, our_qty=our_qty, our_amount=our_amount, gaps=())
        instead = verdict.instead or Wait(timedelta(0))
    if isinstance(instead, GapFill):
        held = replace(held, our_qty=held.our_qty + instead.quantity, our_amount=held.our_amount + instead.amount)
    return held


OLD = gap(2, read_seconds_ago=60, key="old")
NEW = gap(3, read_seconds_ago=30, key="new")


def late(quantity: int, seconds_ago: float = 90, room: int | None = 10, px: int = 10) -> LateFill:
    return LateFill(D(quantity), D(quantity * px), ago(seconds_ago), None if room is None else D(room))


@pytest.mark.parametrize(
    ("fill", "found"),
    [
        (late(3), LateNotice(("new",), D(0), D(0))),
        (late(1), LateNotice(("new",), D(2), D(20))),
        (late(5), LateNotice(("new", "old"), D(0), D(0))),
        (late(7), LateNotice(("new", "old"), D(0), D(0))),
        (late(2, seconds_ago=45), LateNotice(("new",), D(1), D(10))),
        (late(1, seconds_ago=10), None),
        (late(1, seconds_ago=10, room=0), LateNotice(("new",), D(2), D(20))),
        (late(1, seconds_ago=10, room=None), None),
        (late(1, px=30), None),
    ],
)
def test_a_late_notice_takes_the_place_of_the_newest_gap_fills_that_covered_it(
    fill: LateFill, found: LateNotice | None
) -> None:
    assert late_notice((OLD, NEW), fill) == found
    assert late_notice((), fill) is None
