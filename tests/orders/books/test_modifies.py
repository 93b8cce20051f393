"""A modify goes on in its order's row, or stands beside it when it is of a part, whoever tells it first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.domain.events import Family, OrderKey, ReportStatus, RequestKind
from orders.models import Fill, Order
from tests.factories import OrderCommandFactory
from tests.orders.books.reads import TODAY, modified, new_session, order, read, report, sold
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def test_a_modify_seen_in_the_list_goes_on_in_the_same_row(desk: Desk) -> None:
    read(desk, report())
    child = report(3570, kind=RequestKind.MODIFY, orig_number=3567, price=Decimal(1800))
    read(desk, report(leaves_qty=Decimal(0), status=ReportStatus.DONE), child, after=20)
    row = order()
    assert (row.price, row.leaves_qty) == (Decimal(1800), 10)
    assert [number.number for number in row.numbers.all()] == [3567, 3570]


@pytest.mark.parametrize("status", [ReportStatus.REJECTED, ReportStatus.OPEN])
def test_a_modify_refused_or_not_in_force_changes_nothing(desk: Desk, status: ReportStatus) -> None:
    read(desk, report())
    read(desk, report(), modified(10, status=status), after=20)
    row = order()
    assert (row.status, row.leaves_qty, row.price) == ("WORKING", 10, Decimal(1827))
    assert [number.number for number in row.numbers.all()] == [3567]


def test_a_modify_told_after_its_first_fill_leaves_the_rest(desk: Desk) -> None:
    child = {"ODER_NO": "3570", "OODER_NO": "3567"}
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2, **child))
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", CNTG_UNPR="018000000", **child))
    assert (order().order_qty, order().cum_qty, order().leaves_qty, order().price) == (10, 2, 8, Decimal(1800))


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


def test_a_modify_of_the_rest_beside_a_part_is_not_in_force_before_it_takes_the_rest(desk: Desk) -> None:
    read(desk, report())
    rest = replace(modified(2, leaves_qty=Decimal(0)), key=replace(report().key, number=3571))
    read(desk, report(leaves_qty=Decimal(2)), modified(8), rest, after=20)
    assert [row.leaves_qty for row in Order.objects.order_by("id")] == [2, 8]
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.DONE)
    read(desk, gone, modified(8), replace(rest, leaves_qty=Decimal(2)), after=30)
    first, part = Order.objects.order_by("id")
    assert (first.leaves_qty, first.price, part.leaves_qty) == (2, Decimal(1800), 8)


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


def test_fills_under_a_modify_that_nothing_had_told_of_go_on_in_its_orders_row(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4, ODER_NO="3570"), at=NIGHT + timedelta(seconds=5))
    assert Order.objects.shown().count() == 2, "its fill names no other order"
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.DONE)
    read(desk, gone, modified(10, **sold(4, 1827)), after=20)
    row = order()
    assert (row.status, row.order_qty, row.cum_qty, row.leaves_qty) == ("PARTIALLY_FILLED", 10, 4, 6)
    assert [(number.number, number.kind) for number in row.numbers.all()] == [(3567, "new"), (3570, "modify")]
    assert [(fill.source, fill.last_qty) for fill in row.fills.all()] == [("notice", 4)]
    assert "OrderFilled" in set(row.events.values_list("type", flat=True)), "the evidence goes on with the fills"
    stray = Order.objects.exclude(merged_into=None).get()
    assert (stray.merged_into, stray.fills.count()) == (row, 0)
    desk.notice("H0GSCNI0", filled(6, ODER_NO="3570"), at=NIGHT + timedelta(seconds=25))
    assert (order().status, order().cum_qty) == ("FILLED", 10)


def test_fills_under_a_part_that_nothing_had_told_of_stay_apart_when_its_original_is_done(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(1, ODER_NO="3570"), at=NIGHT + timedelta(seconds=5))
    read(desk, report(leaves_qty=Decimal(6)), modified(4, **{**sold(1), "leaves_qty": Decimal(3)}), after=20)
    first, part = Order.objects.order_by("id")
    assert (part.parent, first.leaves_qty, part.leaves_qty) == (first, 6, 3)
    done = report(**{**sold(6), "leaves_qty": Decimal(0)}, status=ReportStatus.DONE)
    for after in (30, 40):
        read(desk, done, modified(4, **{**sold(1), "leaves_qty": Decimal(3)}), after=after)
    assert [(row.cum_qty, row.leaves_qty) for row in Order.objects.order_by("id")] == [(6, 0), (1, 3)]


@pytest.mark.parametrize("state", ["ACKED", "UNKNOWN"])
def test_a_row_that_somebodys_request_is_about_is_taken_in_once_that_has_its_outcome(desk: Desk, state: str) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4, ODER_NO="3570"), at=NIGHT + timedelta(seconds=5))
    stray = Order.objects.get(numbers__number=3570)
    command = OrderCommandFactory.create(order=stray, state=state, pre_image={"leaves_qty": "6"})
    rows = (report(leaves_qty=Decimal(0), status=ReportStatus.DONE), modified(10, **sold(4, 1827)))
    for after in (20, 30, 31, 32, 33):
        read(desk, *rows, after=after)
    assert Order.objects.shown().count() == 2
    type(command).objects.filter(pk=command.pk).update(state="TOO_LATE")
    read(desk, *rows, after=40)
    row = order()
    assert (row.cum_qty, row.leaves_qty) == (4, 6), "what was filled in for it meanwhile is taken back"
    assert [one.state for one in row.commands.all()] == ["TOO_LATE"]


@pytest.mark.parametrize(("old", "new"), [(4, 0), (1, 3), (0, 4)])
def test_missed_fills_are_filled_in_under_the_numbers_that_lack_them(desk: Desk, old: int, new: int) -> None:
    gone = report(**{**sold(old), "leaves_qty": Decimal(0)}, status=ReportStatus.DONE)
    rest = modified(10 - old, **{**sold(new), "leaves_qty": Decimal(10 - old - new)})
    for after in (10, 14, 20):
        read(desk, gone, rest, after=after)
    found = {fill.number: (fill.last_qty, fill.amount) for fill in Fill.objects.all()}
    assert found == {n: (qty, qty * 1827) for n, qty in ((3567, old), (3570, new)) if qty}
    assert order().cum_qty == 4


def test_where_the_numbers_do_not_make_up_what_is_missing_it_stands_under_the_one_that_lacks_most(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(2))  # of which the list counts one under the next number
    gone = report(**{**sold(1), "leaves_qty": Decimal(0)}, status=ReportStatus.DONE)
    rest = modified(9, **{**sold(4), "leaves_qty": Decimal(5)})
    for after in (70, 74, 80):
        read(desk, gone, rest, after=after)
    gap = Fill.objects.get(source="gap")
    assert (gap.number, gap.last_qty, gap.amount, order().cum_qty) == (3570, 3, 3 * 1827, 5)


def test_a_row_of_another_security_is_never_taken_in(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4, ODER_NO="3570", STCK_SHRN_ISCD="AAPL"), at=NIGHT + timedelta(seconds=5))
    read(desk, report(leaves_qty=Decimal(0), status=ReportStatus.DONE), modified(10, **sold(4, 1827)), after=20)
    assert sorted(Order.objects.shown().values_list("symbol", flat=True)) == ["AAPL", "SNDK"]


def test_what_modifies_of_parts_took_over_is_no_rest_of_a_full_order(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for epoch in (1, 2):
        new_session(desk, epoch)
        desk.notice("H0GSCNI0", filled(4))
    part = modified(2)
    read(desk, report(**{**sold(4), "leaves_qty": Decimal(4)}), part, part, after=20)
    done = report(**{**sold(8), "leaves_qty": Decimal(0)}, status=ReportStatus.DONE)
    for after in (70, 80, 90):
        read(desk, done, part, part, after=after)
    first, second = Order.objects.order_by("id")
    assert (first.status, first.order_qty, first.cum_qty, first.leaves_qty) == ("FILLED", 8, 8, 0)
    assert (second.parent, second.leaves_qty) == (first, 2)


def test_what_we_hold_under_a_number_that_a_list_lacks_is_not_the_brokers_word(desk: Desk) -> None:
    child = {"ODER_NO": "3570", "OODER_NO": "3567"}
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", CNTG_UNPR="018000000", **child))
    for epoch in (1, 2):
        new_session(desk, epoch)
        desk.notice("H0GSCNI0", filled(4, **child))
    read(desk, report(), after=20)
    gone = report(leaves_qty=Decimal(0), status=ReportStatus.DONE)
    for after in (70, 80):
        read(desk, gone, modified(10, **sold(4)), after=after)
    assert (order().cum_qty, order().leaves_qty, order().alarm) == (4, 6, "")
