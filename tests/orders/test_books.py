"""Inquiries make orders known and square their fills; an older answer never undoes a newer notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders import books, calendars
from orders.domain.events import Family, Instrument, Market, OrderKey, OrderReport, ReportStatus, RequestKind, Side
from orders.models import Fill, MarketHours, NoticeState, Order, OrderNumber, StreamLease
from tests.factories import OrderCommandFactory
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 20)


def report(number: int = 3567, **changes: Any) -> OrderReport:
    fields: dict[str, Any] = {
        "key": OrderKey("12345678", "01", changes.pop("family", Family.OVERSEAS), number, TODAY),
        "market": Market.US,
        "kind": RequestKind.NEW,
        "orig_number": None,
        "side": Side.BUY,
        "instrument": Instrument("SNDK", "SANDISK", "NASD", "USD"),
        "order_qty": Decimal(10),
        "cum_qty": Decimal(0),
        "leaves_qty": Decimal(10),
        "price": Decimal(1827),
        "avg_px": None,
        "cum_amount": None,
        "status": ReportStatus.OPEN,
        "status_text": "",
        "reason": "",
        "ordered_at": datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
    }
    return OrderReport(**{**fields, **changes})


def read(desk: Desk, *reports: OrderReport, after: float = 10) -> int:
    return books.apply_read(books.Read(desk.stock, NIGHT + timedelta(seconds=after), reports))


def sold(quantity: int, price: int = 1827) -> dict[str, Any]:
    amount = Decimal(quantity * price)
    return {"cum_qty": Decimal(quantity), "leaves_qty": Decimal(10 - quantity), "cum_amount": amount}


def order() -> Order:
    return Order.objects.shown().get()


def test_an_order_first_seen_in_a_list_is_external_and_whole(desk: Desk) -> None:
    assert read(desk, report(**sold(4))) == 1
    row = order()
    assert (row.origin, row.status, row.cum_qty, row.leaves_qty) == ("external", "PARTIALLY_FILLED", 4, 6)
    assert (row.symbol, row.exchange, row.currency, row.market) == ("SNDK", "NASD", "USD", "US")
    assert Fill.objects.get().source == "gap"


def test_the_same_answer_again_changes_nothing(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    version = order().version
    assert read(desk, report(**sold(4)), after=20) == 0
    assert order().version == version


def test_a_missed_fill_is_filled_in_once_after_three_seconds(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(**sold(4)), after=10)
    assert order().cum_qty == 0
    read(desk, report(**sold(4)), after=14)
    read(desk, report(**sold(4)), after=18)
    fill = Fill.objects.get()
    assert (fill.source, fill.last_qty, fill.amount, order().cum_qty) == ("gap", 4, Decimal(7308), 4)


def test_a_notice_that_turns_up_late_replaces_the_gap_fill_at_once(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=15))
    assert order().cum_qty == 4
    read(desk, report(**sold(4)), after=20)
    assert order().cum_qty == 4
    assert [fill.source for fill in Fill.objects.order_by("id")] == ["gap", "reversal", "notice"]


def test_a_late_notice_of_a_part_of_what_was_missed_leaves_a_gap_fill_for_the_rest(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    for second in (15, 16):
        desk.notice("H0GSCNI0", filled(1), at=NIGHT + timedelta(seconds=second))
    assert order().cum_qty == 4
    standing = Fill.objects.filter(reversed_by=None).exclude(source="reversal").order_by("id")
    assert sorted((fill.source, int(fill.last_qty)) for fill in standing) == [("gap", 2), ("notice", 1), ("notice", 1)]
    assert order().cum_amount == 4 * 1827


def test_a_fill_after_the_read_that_closed_a_gap_is_another_one(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(4)), after=after)
    desk.notice("H0GSCNI0", filled(4, STCK_CNTG_HOUR="202520"), at=NIGHT + timedelta(seconds=20))
    assert order().cum_qty == 8


def test_a_fill_that_an_order_has_no_room_for_takes_the_gap_fills_place_whatever_its_time(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for after in (10, 14):
        read(desk, report(**sold(10)), after=after)
    desk.notice("H0GSCNI0", filled(10, STCK_CNTG_HOUR="202520"), at=NIGHT + timedelta(seconds=20))
    assert (order().cum_qty, order().status) == (10, "FILLED")


def test_an_answer_older_than_a_later_one_changes_nothing(desk: Desk) -> None:
    read(desk, report(**sold(4)), after=80)
    read(desk, report(status=ReportStatus.CANCELED, leaves_qty=Decimal(0)), after=70)
    assert (order().status, order().cum_qty) == ("PARTIALLY_FILLED", 4)
    assert order().inquired_at == NIGHT + timedelta(seconds=80)


def test_the_same_content_again_of_a_full_order_is_a_repeat_and_no_fill(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(10))
    StreamLease.objects.update(epoch=2)
    desk.epoch = 2
    notice = desk.notice("H0GSCNI0", filled(10))
    assert (notice.state, notice.order) == ("repeated", order())
    assert (order().cum_qty, Fill.objects.count()) == (10, 1)


def test_a_repeat_that_hides_a_missed_fill_at_another_price_is_found_by_the_amount(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2))
    StreamLease.objects.update(epoch=2)
    desk.epoch = 2
    desk.notice("H0GSCNI0", filled(2))
    told = {**sold(4), "cum_amount": Decimal("7307.98")}
    read(desk, report(**told), after=70)
    assert (order().cum_qty, order().cum_amount, order().alarm) == (4, Decimal("7307.98"), "")
    assert [fill.source for fill in Fill.objects.order_by("id")] == ["notice", "notice", "reversal", "gap"]


def test_a_part_first_told_by_its_modify_leaves_the_order_that_swallowed_it(desk: Desk) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": "0000000004", "CNTG_UNPR": "018000000"}
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", **part))
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", **part))
    desk.notice("H0GSCNI0", filled(1, "018000000", ODER_NO="3570", OODER_NO="3567"))
    assert Order.objects.count() == 1
    rest = report(leaves_qty=Decimal(6))
    taken = report(
        3570, kind=RequestKind.MODIFY, orig_number=3567, order_qty=Decimal(4), price=Decimal(1800), **sold(1, 1800)
    )
    taken = replace(taken, leaves_qty=Decimal(3))
    for after in (10, 20):
        changed = read(desk, rest, taken, after=after)
    assert changed == 0, "the second read finds everything in its place"
    first, second = Order.objects.order_by("id")
    assert (first.order_qty, first.leaves_qty, first.cum_qty) == (6, 6, 0)
    assert (second.order_qty, second.leaves_qty, second.cum_qty, second.parent) == (4, 3, 1, first)
    assert [number.number for number in second.numbers.all()] == [3570]


def test_a_part_stays_apart_when_its_original_is_done(desk: Desk) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567"}
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", CNTG_QTY="0000000004", **part))
    desk.notice("H0GSCNI0", filled(4, **part))
    desk.notice("H0GSCNI0", filled(6))
    done = report(**{**sold(6), "leaves_qty": Decimal(0)})
    taken = report(3570, kind=RequestKind.MODIFY, orig_number=3567, order_qty=Decimal(4), **sold(4))
    taken = replace(taken, leaves_qty=Decimal(0))
    for after in (70, 80):
        read(desk, done, taken, after=after)
    assert [(row.cum_qty, row.status) for row in Order.objects.order_by("id")] == [(6, "FILLED"), (4, "FILLED")]
    assert Fill.objects.filter(source="gap").count() == 0


@pytest.mark.parametrize("quantity", [4, 7])
def test_the_late_notice_of_a_part_that_a_list_told_first_changes_nothing(desk: Desk, quantity: int) -> None:
    desk.notice("H0GSCNI0", overseas())
    taken = {"order_qty": Decimal(quantity), "leaves_qty": Decimal(quantity)}
    part = report(3570, kind=RequestKind.MODIFY, orig_number=3567, **taken)
    read(desk, report(leaves_qty=Decimal(10 - quantity)), part)
    columns = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": f"{quantity:010d}"}
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", **columns), at=NIGHT + timedelta(seconds=20))
    assert [row.leaves_qty for row in Order.objects.order_by("id")] == [10 - quantity, quantity]


def test_of_two_modifies_that_share_an_order_each_has_a_row(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.DONE)
    rows = [modified(6), modified(4, key=OrderKey("12345678", "01", Family.OVERSEAS, 3571, TODAY))]
    for after in (10, 20):
        read(desk, gone, *rows, after=after)
    first, part = Order.objects.order_by("id")
    assert (first.leaves_qty, part.leaves_qty, part.parent) == (4, 6, first)
    assert [number.number for number in first.numbers.all()] == [3567, 3571]
    late = overseas(RCTF_CLS="1", ACPT_YN="2", ODER_NO="3570", OODER_NO="3567", CNTG_QTY="0000000006")
    desk.notice("H0GSCNI0", late, at=NIGHT + timedelta(seconds=30))
    assert [row.leaves_qty for row in Order.objects.order_by("id")] == [4, 6]


def test_a_fill_before_a_modify_that_only_a_list_tells_makes_the_order_full(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    ours = {"state": "ACKED", "broker_order_id": "0000003570", "pre_image": {"leaves_qty": "10"}}
    OrderCommandFactory.create(order=order(), type="modify", quantity=None, **ours)
    child = {"ODER_NO": "3570", "OODER_NO": "3567"}
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", CNTG_QTY="0000000007", **child))
    desk.notice("H0GSCNI0", filled(7, **child))
    assert (order().status, order().order_qty) == ("FILLED", 7)
    gone = report(**{**sold(3), "leaves_qty": Decimal(0)}, status=ReportStatus.DONE)
    whole = modified(7, **{**sold(7), "leaves_qty": Decimal(0)}, price=Decimal(1827), status=ReportStatus.DONE)
    for after in (70, 80):
        read(desk, gone, whole, after=after)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.leaves_qty) == ("FILLED", 10, 10, 0)


def test_a_modify_told_after_its_first_fill_leaves_the_rest(desk: Desk) -> None:
    child = {"ODER_NO": "3570", "OODER_NO": "3567"}
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2, **child))
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", CNTG_UNPR="018000000", **child))
    assert (order().order_qty, order().cum_qty, order().leaves_qty, order().price) == (10, 2, 8, Decimal(1800))


def test_a_part_that_an_inquiry_splits_off_has_its_evidence(desk: Desk) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": "0000000004"}
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", **part))
    desk.notice("H0GSCNI0", filled(4, ODER_NO="3570", OODER_NO="3567"))
    taken = report(3570, kind=RequestKind.MODIFY, orig_number=3567, order_qty=Decimal(4), **sold(4))
    read(desk, report(leaves_qty=Decimal(6)), replace(taken, leaves_qty=Decimal(0)), after=70)
    assert Order.objects.count() == 2
    for row in Order.objects.all():
        last = row.events.latest("id")
        assert (last.type, last.evidence_kind, last.status_after) == ("OrderInquired", "inquiry", row.status)


def test_what_was_canceled_before_the_order_was_known_is_counted_once(desk: Desk) -> None:
    canceled = overseas(ODER_NO="3568", OODER_NO="3567", RCTF_CLS="2", ACPT_YN="2", CNTG_QTY="0000000008")
    desk.notice("H0GSCNI0", canceled)
    desk.notice("H0GSCNI0", filled(2, STCK_CNTG_HOUR="202501"))
    done = report(**{**sold(2), "leaves_qty": Decimal(0)}, status=ReportStatus.CANCELED)
    read(desk, done, after=70)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.canceled_qty) == ("CANCELED", 10, 2, 8)


def cancel_of(quantity: int, number: int = 3571, **changes: Any) -> OrderReport:
    fields = {"order_qty": Decimal(quantity), "leaves_qty": Decimal(0), "status": ReportStatus.DONE}
    return report(number, kind=RequestKind.CANCEL, orig_number=3567, **{**fields, **changes})


def canceled_notice(quantity: int, number: int = 3571) -> str:
    columns = {"ODER_NO": str(number), "OODER_NO": "3567", "CNTG_QTY": f"{quantity:010d}"}
    return overseas(RCTF_CLS="2", ACPT_YN="2", **columns)


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


def test_an_answer_older_than_the_newest_notice_never_lowers_cum_qty(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=5))
    read(desk, report(), after=3)
    assert (order().cum_qty, order().status) == (4, "PARTIALLY_FILLED")


def test_a_total_that_shrinks_is_a_stale_read(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    read(desk, report(**sold(2)), after=120)
    assert (order().cum_qty, Fill.objects.count()) == (4, 1)


def test_the_same_content_in_two_epochs_is_reversed_when_the_broker_counts_one(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    StreamLease.objects.update(epoch=2)
    desk.epoch = 2
    desk.notice("H0GSCNI0", filled(4))
    assert order().cum_qty == 8
    read(desk, report(**sold(4)), after=70)
    assert order().cum_qty == 4


def test_an_order_that_a_repeat_made_look_canceled_is_open_again(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    StreamLease.objects.update(epoch=2)
    desk.epoch = 2
    desk.notice("H0GSCNI0", filled(4))
    desk.notice("H0GSCNI0", canceled_notice(3))
    assert order().status == "CANCELED"
    read(desk, report(**{**sold(4), "leaves_qty": Decimal(3)}), cancel_of(3), after=70)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.leaves_qty) == ("PARTIALLY_FILLED", 7, 4, 3)
    assert row.canceled_qty == 3


def test_books_that_cannot_be_explained_raise_an_alarm(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    read(desk, report(), after=70)
    assert order().alarm == "more filled than the broker says"
    read(desk, report(**sold(4)), after=80)
    assert order().alarm == ""


def test_a_modify_seen_in_the_list_goes_on_in_the_same_row(desk: Desk) -> None:
    read(desk, report())
    child = report(3570, kind=RequestKind.MODIFY, orig_number=3567, price=Decimal(1800))
    read(desk, report(leaves_qty=Decimal(0), status=ReportStatus.DONE), child, after=20)
    row = order()
    assert (row.price, row.leaves_qty) == (Decimal(1800), 10)
    assert [number.number for number in row.numbers.all()] == [3567, 3570]


def test_a_confirmed_cancel_in_the_list_closes_the_order(desk: Desk) -> None:
    read(desk, report())
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.CANCELED)
    child = report(3571, kind=RequestKind.CANCEL, orig_number=3567, status=ReportStatus.DONE)
    read(desk, gone, child, after=20)
    assert (order().status, order().canceled_qty) == ("CANCELED", 10)


def test_a_status_never_seen_before_is_shown_raw_and_left_to_a_person(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(status=ReportStatus.UNRECOGNISED, status_text="심사중"), after=20)
    assert (order().status_text, order().needs_person, order().status) == ("심사중", True, "WORKING")


def reservation(**changes: Any) -> OrderReport:
    fields = {"family": Family.RESERVED, "market": Market.US_RESERVED, "status": ReportStatus.RESERVED}
    return report(30135682, **{**fields, **changes})


def test_a_reservation_that_was_sent_goes_on_in_the_same_row(desk: Desk) -> None:
    read(desk, reservation())
    read(desk, reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    row = order()
    assert (row.status, row.market) == ("NEW", "US")
    desk.notice("H0GSCNI0", filled(4), at=NIGHT + timedelta(seconds=30))
    assert order().cum_qty == 4


def test_an_order_seen_before_the_list_named_its_reservation_is_taken_over(desk: Desk) -> None:
    read(desk, reservation())
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    assert Order.objects.count() == 2
    read(desk, reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    row = order()
    assert (row.status, row.cum_qty, row.fills.count()) == ("PARTIALLY_FILLED", 4, 1)
    assert {(number.family, number.number) for number in row.numbers.all()} == {
        ("RESERVED", 30135682),
        ("OVERSEAS", 3567),
    }


def test_a_reservation_not_sent_keeps_the_brokers_reason(desk: Desk) -> None:
    read(desk, reservation())
    read(desk, reservation(status=ReportStatus.NOT_SENT, reason="주문가능금액 부족"), after=20)
    assert (order().status, order().reason) == ("NOT_SENT", "주문가능금액 부족")


def test_an_open_order_is_expired_by_a_read_made_after_its_session(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(status=ReportStatus.DONE), after=24 * 3600)
    assert order().status == "EXPIRED"


def test_an_order_that_ended_with_its_session_and_stays_listed_as_open_is_told_once(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    assert read(desk, report(**sold(4)), after=24 * 3600) == 1
    ended = order()
    assert [read(desk, report(**sold(4)), after=24 * 3600 + later) for later in (10, 20, 30)] == [0, 0, 0]
    assert (order().status, order().leaves_qty, order().version) == ("EXPIRED", 0, ended.version)
    assert order().events.count() == ended.events.count()


@pytest.fixture
def fresh_table() -> Iterator[None]:
    """What a test makes of the hours is gone with it."""
    yield
    calendars.forget()


@pytest.mark.usefixtures("fresh_table")
def test_hours_that_turn_out_to_be_longer_open_what_they_had_ended(desk: Desk) -> None:
    read(desk, report(**sold(4)))
    read(desk, report(**sold(4)), after=12 * 3600)  # 08:25 of the next morning in Korea: the after-market ends at 07:00
    assert order().status == "EXPIRED"
    MarketHours.objects.filter(market="US", closes=time(7)).update(closes=time(9), edited=True)
    calendars.forget()
    read(desk, report(**sold(4)), after=12 * 3600 + 60)
    assert (order().status, order().leaves_qty) == ("PARTIALLY_FILLED", 6)


def test_the_brokers_date_replaces_the_one_that_a_notice_was_given(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas(), at=NIGHT + timedelta(days=1))
    read(desk, report(), after=90_000)
    assert OrderNumber.objects.get().order_date == TODAY


def modified(quantity: int, **changes: Any) -> OrderReport:
    fields = {"kind": RequestKind.MODIFY, "orig_number": 3567, "price": Decimal(1800)}
    return report(3570, **{**fields, "order_qty": Decimal(quantity), "leaves_qty": Decimal(quantity), **changes})


def test_a_modify_of_a_part_stands_beside_its_order(desk: Desk) -> None:
    read(desk, report())
    read(desk, report(leaves_qty=Decimal(6)), modified(4), after=20)
    first, part = Order.objects.order_by("id")
    assert (first.order_qty, first.leaves_qty, first.price) == (6, 6, Decimal(1827))
    assert (part.order_qty, part.leaves_qty, part.price, part.parent) == (4, 4, Decimal(1800), first)
    whole = {"cum_qty": Decimal(4), "leaves_qty": Decimal(0), "cum_amount": Decimal(7200)}
    for after in (100, 110):
        read(desk, report(leaves_qty=Decimal(6)), modified(4, **whole, status=ReportStatus.DONE), after=after)
    first.refresh_from_db()
    part.refresh_from_db()
    assert (first.status, first.cum_qty, first.leaves_qty) == ("WORKING", 0, 6)
    assert (part.status, part.cum_qty) == ("FILLED", 4)


def test_a_part_that_its_notice_told_first_keeps_its_own_row(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice(
        "H0GSCNI0",
        overseas(
            ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", ACPT_YN="2", CNTG_QTY="0000000004", CNTG_UNPR="018000000"
        ),
    )
    read(desk, report(leaves_qty=Decimal(6)), modified(4), after=20)
    first, part = Order.objects.order_by("id")
    assert (first.leaves_qty, first.price) == (6, Decimal(1827))
    assert (part.leaves_qty, part.price) == (4, Decimal(1800))


@pytest.mark.parametrize("status", [ReportStatus.REJECTED, ReportStatus.OPEN])
def test_a_modify_refused_or_not_in_force_changes_nothing(desk: Desk, status: ReportStatus) -> None:
    read(desk, report())
    read(desk, report(), modified(10, status=status), after=20)
    row = order()
    assert (row.status, row.leaves_qty, row.price) == ("WORKING", 10, Decimal(1827))
    assert [number.number for number in row.numbers.all()] == [3567]


def test_a_reservation_taken_over_after_its_order_was_inquired_leaves_one_row(desk: Desk) -> None:
    read(desk, reservation())
    desk.notice("H0GSCNI0", overseas())
    read(desk, report(**sold(4)), after=15)
    read(desk, report(**sold(4)), reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=20)
    assert order().status == "PARTIALLY_FILLED"
    read(desk, report(**sold(4)), reservation(status=ReportStatus.TRANSMITTED, transmitted_number=3567), after=40)
    numbers = {(number.family, number.number) for number in order().numbers.all()}
    assert numbers == {("RESERVED", 30135682), ("OVERSEAS", 3567)}


def test_a_cancel_of_an_order_in_no_list_makes_no_order(desk: Desk) -> None:
    assert read(desk, report(3571, kind=RequestKind.CANCEL, orig_number=3567, status=ReportStatus.DONE)) == 0
    assert not Order.objects.exists()


def test_a_row_that_cannot_be_stored_leaves_the_others_alone(desk: Desk) -> None:
    huge = report(1, order_qty=Decimal(10) ** 17, leaves_qty=Decimal(10) ** 17)
    assert read(desk, huge, report()) == 1
    assert order().numbers.get().number == 3567


def night_row(**changes: Any) -> OrderReport:
    """A night order of Friday evening: of Monday's date, in the night table, then in the day table."""
    monday = OrderKey("12345678", "03", Family.FO, 5605, date(2026, 11, 23))
    fields = {"market": Market.FO_NIGHT, "instrument": Instrument("101W12", "F 202612", "KRX"), "avg_px": Decimal(1827)}
    return replace(report(), **{"key": monday, "ordered_at": NIGHT, **fields, **changes})


def test_a_night_order_that_moves_to_the_day_table_goes_on_in_its_row(desk: Desk) -> None:
    def read_at(at: datetime, *rows: OrderReport) -> int:
        return books.apply_read(books.Read(desk.derivatives, at, rows))

    read_at(NIGHT + timedelta(seconds=70), night_row(cum_qty=Decimal(4), leaves_qty=Decimal(6)))
    assert (order().market, order().order_date, order().status) == ("FO_NIGHT", date(2026, 11, 23), "PARTIALLY_FILLED")
    moving = datetime(2026, 11, 20, 21, 10, tzinfo=UTC)  # 06:10 of Saturday: for a moment it stands in both
    both = [night_row(cum_qty=Decimal(4), leaves_qty=Decimal(6))] * 2
    for later in range(2):
        read_at(moving + timedelta(minutes=later), *both)
    assert (order().status, order().cum_qty, order().leaves_qty) == ("EXPIRED", 4, 0)
    assert OrderNumber.objects.count() == Fill.objects.count() == 1


def test_a_session_with_a_holiday_after_it_ends_on_its_own_day(desk: Desk) -> None:
    eve = datetime(2026, 12, 24, 11, 0, tzinfo=UTC)  # Christmas is a holiday of KRX; the night before belongs to Monday
    before = replace(night_row(), key=OrderKey("12345678", "03", Family.FO, 5606, date(2026, 12, 28)), ordered_at=eve)
    for at in (eve + timedelta(hours=9), eve + timedelta(hours=11)):
        books.apply_read(books.Read(desk.derivatives, at, (before,)))
    assert (order().status, order().order_date) == ("EXPIRED", date(2026, 12, 28))
