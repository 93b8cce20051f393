from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.domain.events import OrderCanceled, OrderFilled, ReportStatus
from orders.domain.order_report import apply_report, is_stale
from orders.domain.order_state import OrderStatus, apply, new_order, order_of_unknown_quantity, with_fills
from tests.orders.domain.samples import in_status, report

D = Decimal
S = OrderStatus
R = ReportStatus
SAME = "same"
# One row a report status; columns RESERVED NEW WORKING PARTIALLY_FILLED FILLED CANCELED REJECTED NOT_SENT EXPIRED.
# The report agrees with our fills; what it shows as open or canceled is the rest.
PART = "PARTIALLY_FILLED"
EXPECTED: dict[ReportStatus, tuple[str, ...]] = {
    R.RESERVED: (SAME,) * 9,
    R.TRANSMITTED: ("NEW", *(SAME,) * 8),
    R.NOT_SENT: ("NOT_SENT", *(SAME,) * 8),
    R.OPEN: ("WORKING", "WORKING", SAME, SAME, SAME, SAME, SAME, SAME, "WORKING"),
    R.DONE: (SAME,) * 9,
    R.CANCELED: ("CANCELED", "CANCELED", "CANCELED", "CANCELED", SAME, SAME, SAME, SAME, "CANCELED"),
    R.REJECTED: ("REJECTED", "REJECTED", "REJECTED", SAME, SAME, SAME, SAME, SAME, "REJECTED"),
}
CELLS = [
    pytest.param(status, said, wanted, id=f"{status}-{said}")
    for said, row in EXPECTED.items()
    for status, wanted in zip(OrderStatus, row, strict=True)
]


@pytest.mark.parametrize(("status", "said", "wanted"), CELLS)
def test_each_cell_of_the_report_table(status: OrderStatus, said: ReportStatus, wanted: str) -> None:
    state = in_status(status)
    row = report(status=said, cum_qty=int(state.cum_qty), leaves_qty=int(10 - state.cum_qty), reason="words")
    after = apply_report(state, row)
    assert after is state if wanted == SAME else after.status == OrderStatus(wanted)
    assert after.cum_qty == state.cum_qty


@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_text_never_seen_before_is_kept_raw_and_moves_no_status(status: OrderStatus) -> None:
    state = in_status(status)
    after = apply_report(state, report(status=R.UNRECOGNISED, status_text="심사중", cum_qty=int(state.cum_qty)))
    assert after == replace(state, raw_status="심사중")


def test_a_known_text_clears_the_raw_one() -> None:
    marked = apply_report(in_status(S.WORKING), report(status=R.UNRECOGNISED, status_text="심사중"))
    assert apply_report(marked, report()) == in_status(S.WORKING)


def test_the_same_report_twice_changes_nothing_the_second_time() -> None:
    once = apply_report(in_status(S.NEW), report())
    assert apply_report(once, report()) is once


def test_a_total_that_shrinks_is_a_stale_read() -> None:
    state = in_status(S.PARTIALLY_FILLED)
    stale = report(status=R.CANCELED, cum_qty=3, leaves_qty=0)
    assert is_stale(state, stale)
    assert not is_stale(state, stale, earlier=D(1))
    assert apply_report(state, stale) is state


def test_a_row_asked_before_the_newest_notice_is_left_alone() -> None:
    state = in_status(S.NEW)
    assert apply_report(state, report(status=R.CANCELED, leaves_qty=0), overtaken=True) is state


def test_fills_are_never_taken_from_a_report() -> None:
    state = in_status(S.WORKING)
    assert apply_report(state, report(cum_qty=4, leaves_qty=6)) is state


def test_a_canceled_row_waits_for_the_fills_that_are_missing() -> None:
    state = in_status(S.WORKING)
    row = report(status=R.CANCELED, cum_qty=4, leaves_qty=0)
    assert apply_report(state, row) is state
    after = apply_report(with_fills(state, D(4), D(400)), row)
    assert (after.status, after.cum_qty, after.canceled_qty) == (S.CANCELED, D(4), D(6))


def test_a_cancel_that_raced_an_unknown_fill_ends_as_canceled() -> None:
    confirmed = apply(in_status(S.WORKING), OrderCanceled(D(7)))
    gap_filled = apply(confirmed, OrderFilled(D(3), D(100)))
    assert gap_filled.status is S.FILLED
    after = apply_report(gap_filled, report(status=R.CANCELED, cum_qty=3, leaves_qty=0))
    assert (after.status, after.cum_qty, after.order_qty, after.canceled_qty) == (S.CANCELED, D(3), D(10), D(7))


def test_what_is_left_and_the_price_follow_the_open_row() -> None:
    after = apply_report(in_status(S.WORKING), report(leaves_qty=8, price=D(99)))
    assert (after.order_qty, after.leaves_qty, after.price) == (D(8), D(8), D(99))


def test_a_row_without_price_keeps_ours() -> None:
    assert apply_report(in_status(S.NEW), report(price=None)).price == D(100)


def test_a_row_that_does_not_say_what_is_left_only_opens_the_order() -> None:
    after = apply_report(in_status(S.EXPIRED), report(leaves_qty=None))
    assert (after.status, after.leaves_qty) == (S.WORKING, D(10))


def test_an_open_row_with_nothing_left_moves_nothing() -> None:
    state = in_status(S.WORKING)
    assert apply_report(state, report(leaves_qty=0)) is state


@pytest.mark.parametrize(
    ("cum", "leaves", "status"), [(10, 3, PART), (11, 3, "FILLED"), (10, 0, "FILLED"), (10, None, "FILLED")]
)
def test_an_order_thought_full_is_open_where_the_broker_counts_the_same_and_has_some_left(
    cum: int, leaves: int | None, status: str
) -> None:
    full = in_status(S.FILLED)
    assert full.cum_qty == D(10)
    after = apply_report(full, report(order_qty=13, cum_qty=cum, leaves_qty=leaves))
    assert after.status == status
    assert (after.order_qty, after.leaves_qty) == ((D(13), D(3)) if status == PART else (full.order_qty, D(0)))


def test_fills_of_older_numbers_count_into_the_chain() -> None:
    chained = replace(new_order(D(10), D(100), S.PARTIALLY_FILLED), cum_qty=D(4), leaves_qty=D(6))
    after = apply_report(chained, report(order_qty=6, leaves_qty=5, cum_qty=0), earlier=D(4))
    assert (after.order_qty, after.leaves_qty) == (D(9), D(5))


def test_the_report_tells_the_quantity_of_an_order_first_seen_through_a_fill() -> None:
    seen = apply(order_of_unknown_quantity(), OrderFilled(D(2), D(5)))
    after = apply_report(seen, report(cum_qty=2, leaves_qty=8, price=D(5)))
    assert (after.status, after.order_qty, after.leaves_qty, after.quantity_known) == (PART, D(10), D(8), True)


def test_a_reservation_that_was_not_sent_keeps_the_brokers_reason() -> None:
    after = apply_report(in_status(S.RESERVED), report(status=R.NOT_SENT, reason="증거금 부족"))
    assert (after.status, after.reason, after.leaves_qty) == (S.NOT_SENT, "증거금 부족", D(0))


def test_a_row_that_is_done_tells_the_price_of_a_modify_and_no_more() -> None:
    state = in_status(S.FILLED)
    done = report(status=R.DONE, cum_qty=int(state.cum_qty), leaves_qty=0)
    assert apply_report(state, replace(done, price=D("190.25"))) == replace(state, price=D("190.25"))
    assert apply_report(state, replace(done, price=None)) is state


@pytest.mark.parametrize("ordered", [7, 12])
def test_a_newest_row_that_is_full_fills_an_order_that_was_given_another_quantity(ordered: int) -> None:
    filled = with_fills(new_order(D(ordered), D(190)), D(10), D(1900))
    full = replace(report(status=R.DONE, cum_qty=7, leaves_qty=0), order_qty=D(7), price=None)
    after = apply_report(filled, full, earlier=D(3))
    assert after == replace(filled, status=S.FILLED, order_qty=D(10), leaves_qty=D(0))
    assert apply_report(filled, full, earlier=D(4)) is filled
