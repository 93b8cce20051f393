from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.events import (
    CancelRequested,
    ModifyRequested,
    OrderAccepted,
    OrderCanceled,
    OrderConfirmed,
    OrderEvent,
    OrderFilled,
    OrderModified,
    OrderRejected,
    RequestKind,
)
from orders.domain.order_state import (
    CLOSED,
    OPEN,
    TABLE,
    IllegalTransition,
    OrderState,
    OrderStatus,
    apply,
    expire,
    learn_quantity,
    new_order,
    order_of_unknown_quantity,
    reopen,
    splits,
    with_fills,
)
from tests.orders.domain.samples import in_status

D = Decimal
S = OrderStatus


EVENTS: dict[str, OrderEvent] = {
    "accepted": OrderAccepted(D(10), D(100)),
    "confirmed": OrderConfirmed(D(10), D(100)),
    "filled": OrderFilled(D(1), D(100)),
    "cancel_requested": CancelRequested(D(10)),
    "canceled": OrderCanceled(D(10)),
    "modify_requested": ModifyRequested(D(6), D(101)),
    "modified": OrderModified(D(10), D(101)),
    "rejected": OrderRejected(RequestKind.NEW, "no"),
}
SAME, REFUSED = "same", "refused"
# One row an event; columns RESERVED NEW WORKING PARTIALLY_FILLED FILLED CANCELED REJECTED NOT_SENT EXPIRED.
PART = "PARTIALLY_FILLED"
EXPECTED: dict[str, tuple[str, ...]] = {
    "accepted": ("NEW", SAME, SAME, SAME, SAME, SAME, SAME, REFUSED, SAME),
    "confirmed": ("WORKING", "WORKING", SAME, SAME, SAME, SAME, REFUSED, REFUSED, SAME),
    "filled": (PART, PART, PART, PART, PART, "CANCELED", PART, PART, "EXPIRED"),
    "cancel_requested": (SAME,) * 9,
    "canceled": (
        "CANCELED", "CANCELED", "CANCELED", "CANCELED", REFUSED, SAME, REFUSED, REFUSED, "CANCELED",
    ),
    "modify_requested": (SAME,) * 9,
    "modified": ("WORKING", "WORKING", "WORKING", PART, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    "rejected": (
        "REJECTED", "REJECTED", "REJECTED", REFUSED, REFUSED, REFUSED, SAME, "REJECTED", "REJECTED",
    ),
}  # fmt: skip
CELLS = [
    pytest.param(status, EVENTS[name], wanted, id=f"{status}-{name}")
    for name, row in EXPECTED.items()
    for status, wanted in zip(OrderStatus, row, strict=True)
]


@pytest.mark.parametrize(("status", "event", "wanted"), CELLS)
def test_each_cell_of_the_table(status: OrderStatus, event: OrderEvent, wanted: str) -> None:
    state = in_status(status)
    if wanted == REFUSED:
        with pytest.raises(IllegalTransition, match=type(event).__name__):
            apply(state, event)
        return
    after = apply(state, event)
    assert after is state if wanted == SAME else after.status == OrderStatus(wanted)


def test_the_table_decides_every_status_and_every_event() -> None:
    assert set(TABLE) == {(status, type(event)) for status in OrderStatus for event in EVENTS.values()}


def test_open_and_closed_are_all_statuses() -> None:
    assert set(OrderStatus) == OPEN | CLOSED
    assert not OPEN & CLOSED
    assert in_status(S.NEW).is_open
    assert not in_status(S.FILLED).is_open


@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_fill_is_accepted_in_every_status(status: OrderStatus) -> None:
    state = in_status(status)
    after = apply(state, OrderFilled(D(2), D("99.5")))
    assert after.cum_qty == state.cum_qty + 2
    assert after.cum_amount == state.cum_amount + D("199.0")


def test_fill_after_cancel_raises_cum_qty_and_lowers_what_was_canceled() -> None:
    after = apply(in_status(S.CANCELED), OrderFilled(D(3), D(100)))
    assert (after.status, after.cum_qty, after.canceled_qty, after.leaves_qty) == (S.CANCELED, D(3), D(7), D(0))


def test_fills_after_cancel_that_complete_the_order_make_it_filled() -> None:
    after = apply(in_status(S.CANCELED), OrderFilled(D(10), D(100)))
    assert (after.status, after.canceled_qty) == (S.FILLED, D(0))


def test_filled_needs_the_whole_quantity() -> None:
    almost = apply(in_status(S.WORKING), OrderFilled(D(9), D(100)))
    assert (almost.status, almost.leaves_qty) == (S.PARTIALLY_FILLED, D(1))
    assert apply(almost, OrderFilled(D(1), D(100))).status is S.FILLED


def test_a_refused_order_that_fills_was_not_refused() -> None:
    after = apply(in_status(S.REJECTED), OrderFilled(D(4), D(100)))
    assert (after.status, after.leaves_qty, after.reason) == (S.PARTIALLY_FILLED, D(6), "")


def test_more_fills_than_ordered_are_kept_and_shown() -> None:
    after = apply(in_status(S.FILLED), OrderFilled(D(1), D(100)))
    assert after.overfilled
    assert (after.status, after.cum_qty, after.leaves_qty) == (S.PARTIALLY_FILLED, D(11), D(0))
    assert not in_status(S.FILLED).overfilled


def test_avg_px_is_amount_over_quantity() -> None:
    state = apply(apply(in_status(S.WORKING), OrderFilled(D(1), D(10))), OrderFilled(D(3), D(12)))
    assert state.avg_px == D("11.5")
    assert in_status(S.WORKING).avg_px is None


def test_a_partial_cancel_keeps_the_order_open() -> None:
    after = apply(in_status(S.PARTIALLY_FILLED), OrderCanceled(D(2)))
    assert (after.status, after.order_qty, after.leaves_qty) == (S.PARTIALLY_FILLED, D(8), D(4))
    assert after.canceled_qty == 2


def test_a_cancel_of_the_rest_says_how_much_of_how_much_was_done() -> None:
    after = apply(in_status(S.PARTIALLY_FILLED), OrderCanceled(D(6)))
    assert (after.status, after.cum_qty, after.order_qty, after.canceled_qty) == (S.CANCELED, D(4), D(10), D(6))


def test_an_ioc_remainder_is_a_cancel() -> None:
    assert apply(in_status(S.PARTIALLY_FILLED), OrderCanceled(D(6), remainder=True)).status is S.CANCELED


def test_a_cancel_confirmed_after_the_end_of_the_session_replaces_expired() -> None:
    after = apply(in_status(S.EXPIRED), OrderCanceled(D(10)))
    assert (after.status, after.canceled_qty) == (S.CANCELED, D(10))


def test_a_modify_of_all_that_is_left_goes_on_in_the_same_row() -> None:
    after = apply(in_status(S.PARTIALLY_FILLED), OrderModified(D(6), D(98)))
    assert (after.order_qty, after.cum_qty, after.leaves_qty, after.price) == (D(10), D(4), D(6), D(98))


def test_a_modify_of_a_part_takes_its_quantity_out_of_the_row() -> None:
    event = OrderModified(D(2), D(98))
    assert splits(in_status(S.PARTIALLY_FILLED), event)
    after = apply(in_status(S.PARTIALLY_FILLED), event)
    assert (after.order_qty, after.leaves_qty, after.price) == (D(8), D(4), D(100))


def test_a_modify_that_changes_nothing_is_the_same_object() -> None:
    state = in_status(S.WORKING)
    assert apply(state, OrderModified(D(10), D(100))) is state


@pytest.mark.parametrize("request_kind", [RequestKind.CANCEL, RequestKind.MODIFY])
@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_refused_request_never_touches_the_order(status: OrderStatus, request_kind: RequestKind) -> None:
    state = in_status(status)
    assert apply(state, OrderRejected(request_kind, "no")) is state


def test_rejected_keeps_the_brokers_words() -> None:
    after = apply(in_status(S.NEW), OrderRejected(RequestKind.NEW, "주문가능금액 부족"))
    assert (after.status, after.reason, after.leaves_qty) == (S.REJECTED, "주문가능금액 부족", D(0))


def test_an_expired_order_with_fills_is_not_rejected() -> None:
    state = replace(in_status(S.EXPIRED), cum_qty=D(1))
    with pytest.raises(IllegalTransition):
        apply(state, OrderRejected(RequestKind.NEW, "no"))


def test_an_order_first_seen_through_a_fill_is_never_filled_until_its_quantity_is_known() -> None:
    seen = apply(order_of_unknown_quantity(), OrderFilled(D(2), D(5)))
    assert (seen.status, seen.order_qty, seen.leaves_qty) == (S.PARTIALLY_FILLED, D(2), D(0))
    known = apply(seen, OrderAccepted(D(5), D(5)))
    assert (known.status, known.order_qty, known.leaves_qty) == (S.PARTIALLY_FILLED, D(5), D(3))
    assert apply(seen, OrderConfirmed(D(2), D(5))).status is S.FILLED


def test_an_order_of_unknown_quantity_is_new_or_working_once_it_is_told() -> None:
    unknown = order_of_unknown_quantity()
    assert apply(unknown, OrderAccepted(D(5), D(5))) == new_order(D(5), D(5))
    assert apply(unknown, OrderConfirmed(D(5), D(5))).status is S.WORKING


def test_a_modify_of_an_order_of_unknown_quantity_does_not_tell_it() -> None:
    after = apply(order_of_unknown_quantity(), OrderModified(D(8), D(5)))
    assert (after.quantity_known, after.leaves_qty, after.price) == (False, D(8), D(5))
    assert apply(after, OrderFilled(D(12), D(5))).order_qty == D(12), "more than the part that was modified"


def test_a_cancel_of_an_order_of_unknown_quantity_waits_for_the_inquiry() -> None:
    after = apply(order_of_unknown_quantity(), OrderCanceled(D(5)))
    assert (after.status, after.canceled_qty) == (S.NEW, D(5))


def test_reversal_of_a_fill_reopens_a_filled_order() -> None:
    after = with_fills(in_status(S.FILLED), D(7), D(700))
    assert (after.status, after.leaves_qty) == (S.PARTIALLY_FILLED, D(3))
    assert with_fills(after, D(0), D(0)).status is S.WORKING


def test_reversal_of_a_fill_of_a_canceled_order_gives_the_canceled_quantity_back() -> None:
    raced = apply(in_status(S.CANCELED), OrderFilled(D(3), D(100)))
    assert with_fills(raced, D(0), D(0)) == in_status(S.CANCELED)


def test_sums_that_are_the_same_change_nothing() -> None:
    state = in_status(S.PARTIALLY_FILLED)
    assert with_fills(state, D(4), D(400)) is state


@pytest.mark.parametrize("status", list(OrderStatus))
def test_only_an_open_order_expires(status: OrderStatus) -> None:
    state = in_status(status)
    after = expire(state)
    assert after.status is S.EXPIRED if status in OPEN else after is state


QUANTITIES = st.integers(min_value=1, max_value=20).map(D)
PRICES = st.decimals(min_value=D("0.01"), max_value=D(500), places=2)
ANY_EVENT: st.SearchStrategy[Any] = st.one_of(
    st.builds(OrderAccepted, QUANTITIES, PRICES),
    st.builds(OrderConfirmed, QUANTITIES, PRICES),
    st.builds(OrderFilled, QUANTITIES, PRICES),
    st.builds(CancelRequested, QUANTITIES),
    st.builds(OrderCanceled, QUANTITIES, st.booleans()),
    st.builds(ModifyRequested, QUANTITIES, PRICES),
    st.builds(OrderModified, QUANTITIES, PRICES),
    st.builds(OrderRejected, st.sampled_from(RequestKind), st.just("no")),
)


@given(
    start=st.sampled_from([*(in_status(s) for s in OrderStatus), order_of_unknown_quantity()]),
    events=st.lists(ANY_EVENT),
)
def test_whatever_comes_the_sums_hold(start: OrderState, events: list[OrderEvent]) -> None:
    state, filled, amount = start, start.cum_qty, start.cum_amount
    for event in events:
        try:
            state = apply(state, event)
        except IllegalTransition:
            assert not isinstance(event, OrderFilled)
            continue
        if isinstance(event, OrderFilled):
            filled, amount = filled + event.last_qty, amount + event.last_qty * event.last_px
        assert (state.cum_qty, state.cum_amount) == (filled, amount)
        assert state.leaves_qty >= 0
        assert state.canceled_qty >= 0
        if state.is_open and state.quantity_known and not state.overfilled:
            assert state.order_qty == state.cum_qty + state.leaves_qty
        if state.status is S.FILLED:
            assert state.cum_qty == state.order_qty


@pytest.mark.parametrize(
    ("quantity", "status", "order_qty", "canceled"),
    [
        (10, OrderStatus.CANCELED, 10, 8),
        (9, OrderStatus.CANCELED, 9, 7),
        (12, OrderStatus.PARTIALLY_FILLED, 4, 8),
    ],
)
def test_what_was_canceled_before_the_quantity_was_known_comes_out_of_it(
    quantity: int, status: OrderStatus, order_qty: int, canceled: int
) -> None:
    unknown = replace(
        order_of_unknown_quantity(),
        cum_qty=D(2),
        order_qty=D(2),
        canceled_qty=D(8),
        status=OrderStatus.PARTIALLY_FILLED,
    )
    known = learn_quantity(unknown, D(quantity), D(100))
    assert (known.status, known.order_qty, known.canceled_qty) == (status, D(order_qty), D(canceled))
    assert known.leaves_qty == (order_qty - 2 if known.is_open else 0)


@pytest.mark.parametrize(("cum_qty", "status"), [(0, OrderStatus.WORKING), (4, OrderStatus.PARTIALLY_FILLED)])
def test_what_a_cancel_left_is_open_again(cum_qty: int, status: OrderStatus) -> None:
    closed = OrderState(OrderStatus.CANCELED, Decimal(10), Decimal(0), Decimal(cum_qty), canceled_qty=Decimal(6))
    opened = reopen(closed, Decimal(2))
    assert (opened.status, opened.canceled_qty) == (status, Decimal(4))
    assert opened.order_qty == opened.cum_qty + opened.leaves_qty == Decimal(cum_qty + 2)


def test_a_late_cancel_of_an_order_that_is_more_than_full_takes_nothing() -> None:
    over = OrderState(OrderStatus.EXPIRED, Decimal(4), Decimal(0), Decimal(5))
    after = apply(over, OrderCanceled(Decimal(4), remainder=True))
    assert (after.status, after.canceled_qty) == (OrderStatus.CANCELED, Decimal(0))
