"""Notices become fills and statuses; whatever cannot be understood stays, with the reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database

from accounts.models import StreamEvent, User
from orders import executions, outcomes
from orders.executions import Journal, LeaseLost
from orders.kis.crypto import NoticeCipher
from orders.kis.frames import parse
from orders.kis.protocol import NoticeReceived
from orders.models import Fill, Notice, NoticeFrame, NoticeState, Order, StreamLease
from tests.factories import OrderCommandFactory
from tests.orders.conftest import DATA, NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def only_order() -> Order:
    return Order.objects.get()


def test_the_vendors_fill_frame_becomes_a_fill_of_its_account(desk: Desk) -> None:
    raw = (DATA / "frame_H0IFCNI0_fill_derived.txt").read_bytes().strip()
    notice = desk.receive(raw)[0]
    assert (notice.state, notice.reason) == (NoticeState.APPLIED, "")
    fill = Fill.objects.get()
    assert (fill.last_qty, fill.last_px) == (Decimal(2), Decimal(78400))
    assert fill.order.account == desk.derivatives
    assert (fill.order.symbol, fill.order.market, fill.order.side) == ("111V06", "FO_DAY", "buy")


def test_the_raw_frame_is_kept_before_it_is_understood(desk: Desk) -> None:
    raw = b"1|H0GSCNI0|001|not base64"
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]
    frame = executions.keep(Journal(desk.connection.pk, 1), 1, received, NIGHT)
    assert bytes(NoticeFrame.objects.get().raw) == raw
    assert not Notice.objects.exists()
    assert executions.understand(frame, received, Journal(desk.connection.pk, 1))[0].state == NoticeState.QUARANTINED


def test_the_stored_frame_is_not_readable_in_the_database(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    with database.cursor() as cursor:
        cursor.execute("SELECT raw, key FROM orders_noticeframe")
        raw, key = cursor.fetchone()
    assert b"H0GSCNI0" not in bytes(raw)
    assert desk.cipher.key not in key


def test_acceptance_confirmation_and_fills_make_one_order(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    assert only_order().status == "NEW"
    desk.notice("H0GSCNI0", overseas(ACPT_YN="2"))
    assert only_order().status == "WORKING"
    desk.notice("H0GSCNI0", filled(4))
    order = only_order()
    assert (order.status, order.cum_qty, order.leaves_qty) == ("PARTIALLY_FILLED", 4, 6)
    desk.notice("H0GSCNI0", filled(6, "018280000", STCK_CNTG_HOUR="202501"))
    order = only_order()
    assert (order.status, order.cum_qty, order.cum_amount) == ("FILLED", 10, Decimal("18276.0"))


def test_two_equal_fills_both_count(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    for _ in range(2):
        desk.notice("H0GSCNI0", filled(3))
    assert only_order().cum_qty == 6
    assert Fill.objects.count() == 2


def test_replaying_the_journal_doubles_nothing(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(3))
    assert executions.replay(Journal(desk.connection.pk, desk.epoch)) == 0
    assert only_order().cum_qty == 3


def test_a_frame_kept_before_a_crash_is_read_after_the_restart(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    raw = desk.raw("H0GSCNI0", filled(3))
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]
    executions.keep(Journal(desk.connection.pk, 1), 99, received, NIGHT)
    assert only_order().cum_qty == 0
    assert executions.replay(Journal(desk.connection.pk, desk.epoch)) == 1
    assert only_order().cum_qty == 3


def test_a_fill_after_a_cancel_raises_cum_qty(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(ODER_NO="3568", OODER_NO="3567", RCTF_CLS="2", ACPT_YN="2"))
    assert only_order().status == "CANCELED"
    desk.notice("H0GSCNI0", filled(2))
    order = only_order()
    assert (order.status, order.cum_qty, order.canceled_qty) == ("CANCELED", 2, 8)


def test_a_modify_of_all_that_is_left_goes_on_in_the_same_row(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", ACPT_YN="2", CNTG_UNPR="018000000"))
    desk.notice("H0GSCNI0", filled(10, "018000000", ODER_NO="3570", OODER_NO="3567"))
    order = only_order()
    assert (order.status, order.price, order.cum_qty) == ("FILLED", Decimal(1800), 10)
    assert [row.number for row in order.numbers.all()] == [3567, 3570]


def test_a_modify_of_a_part_makes_a_second_row(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    modified = overseas(
        ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", ACPT_YN="2", CNTG_QTY="0000000004", CNTG_UNPR="018000000"
    )
    desk.notice("H0GSCNI0", modified)
    first, second = Order.objects.order_by("id")
    assert (first.order_qty, first.leaves_qty) == (6, 6)
    assert (second.order_qty, second.price, second.parent) == (4, Decimal(1800), first)
    desk.notice("H0GSCNI0", filled(4, "018000000", ODER_NO="3570", OODER_NO="3567"))
    second.refresh_from_db()
    assert second.status == "FILLED"


def test_several_records_in_one_frame_are_applied_one_by_one(desk: Desk) -> None:
    rows = desk.receive(desk.raw("H0GSCNI0", overseas(), filled(1), filled(2)))
    assert [row.state for row in rows] == [NoticeState.APPLIED] * 3
    assert only_order().cum_qty == 3


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"hello", "neither a data frame nor JSON"),
        (b"1|H0GSCNI0|x|abc", "the record count is not a number"),
        (b"0|H0GSCNI0|001|" + overseas().encode(), "a plain notice frame"),
        (b"1|H0GSCNI0|001|AAAA", "not whole AES blocks"),
    ],
)
def test_a_frame_that_cannot_be_read_is_quarantined_whole(desk: Desk, raw: bytes, reason: str) -> None:
    notice = desk.receive(raw)[0]
    assert notice.state == NoticeState.QUARANTINED
    assert reason in notice.reason
    assert bytes(notice.frame.raw) == raw


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"CNTG_QTY": "ten"}, "CNTG_QTY"),
        ({"ACNT_NO": "87654321"}, "not connected"),
        ({"RFUS_YN": "Y"}, "RFUS_YN"),
    ],
)
def test_a_bad_record_is_quarantined_and_the_next_one_applied(desk: Desk, changes: dict[str, str], reason: str) -> None:
    bad, good = desk.receive(desk.raw("H0GSCNI0", overseas(**changes), overseas()))
    assert (bad.state, good.state) == (NoticeState.QUARANTINED, NoticeState.APPLIED)
    assert reason in bad.reason


def test_a_fact_that_contradicts_the_books_is_quarantined(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(10))
    late = desk.notice("H0GSCNI0", overseas(ODER_NO="3568", OODER_NO="3567", RCTF_CLS="2", ACPT_YN="2"))
    assert late.state == NoticeState.QUARANTINED
    assert only_order().status == "FILLED"


def test_another_key_ends_in_quarantine(desk: Desk) -> None:
    raw = desk.raw("H0GSCNI0", overseas())
    other = NoticeCipher("x" * 32, "y" * 16)
    assert desk.receive(raw, cipher=other)[0].state == NoticeState.QUARANTINED


def test_a_notice_without_a_market_takes_the_orders_own(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    notice = desk.notice("H0GSCNI0", "^".join(filled(2).split("^")[:18]))
    assert notice.state == NoticeState.APPLIED
    assert Fill.objects.get().last_px == Decimal(1827)


def test_a_number_given_out_anew_on_a_later_day_is_another_order(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(10))
    desk.notice("H0GSCNI0", overseas(), at=NIGHT + timedelta(days=3))
    assert [order.status for order in Order.objects.order_by("id")] == ["FILLED", "NEW"]


def test_an_older_epoch_writes_nothing(desk: Desk) -> None:
    StreamLease.objects.update(epoch=2)
    with pytest.raises(LeaseLost):
        desk.notice("H0GSCNI0", overseas())
    assert not NoticeFrame.objects.exists()


def test_the_manager_is_told_of_each_change_without_a_hole(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(4))
    events = list(StreamEvent.objects.filter(user=desk.manager).order_by("seq"))
    assert [event.seq for event in events] == [1, 2]
    assert events[-1].row["cum_qty"] == "4"
    assert events[-1].version > events[0].version


def test_nobody_else_is_told(desk: Desk) -> None:
    other = User.objects.create_user("lee", password="another password", role="manager")
    desk.notice("H0GSCNI0", overseas())
    assert not StreamEvent.objects.filter(user=other).exists()


def test_frames_of_an_older_epoch_are_applied_by_the_next_owner(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    raw = desk.raw("H0GSCNI0", filled(3), filled(2))
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]
    frame = executions.keep(Journal(desk.connection.pk, 1), 99, received, NIGHT)
    executions.understand(frame, received, Journal(desk.connection.pk, 1))
    Fill.objects.filter(last_qty=2).delete()  # as if the process had ended after the first record
    Notice.objects.filter(frame=frame, position=1).delete()
    StreamLease.objects.update(epoch=2)
    executions.replay(Journal(desk.connection.pk, 2))
    assert [fill.last_qty for fill in Fill.objects.order_by("id")] == [3, 2]
    assert Notice.objects.filter(frame=frame).count() == 2


def test_a_request_is_about_the_order_it_names_and_not_about_yesterdays_number(desk: Desk) -> None:
    yesterday = NIGHT - timedelta(days=1)
    desk.notice("H0GSCNI0", overseas(ODER_NO="1700"), at=yesterday)
    Order.objects.update(status="EXPIRED", leaves_qty=0)
    desk.notice("H0GSCNI0", overseas(ODER_NO="1666"))
    desk.notice("H0GSCNI0", overseas(ODER_NO="1700", OODER_NO="1666", RCTF_CLS="2", ACPT_YN="2"))
    assert [order.status for order in Order.objects.order_by("id")] == ["EXPIRED", "CANCELED"]


def test_a_refused_modify_leaves_the_orders_number(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    asked = overseas(ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1")
    desk.notice("H0GSCNI0", asked)
    desk.notice("H0GSCNI0", overseas(ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", RFUS_YN="1"))
    assert only_order().status == "NEW"
    assert outcomes.number_of(only_order()) == (3567, "0000003567")


def test_a_fill_under_the_new_number_puts_the_modify_in_force(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", CNTG_UNPR="018000000"))
    desk.notice("H0GSCNI0", filled(10, "018000000", ODER_NO="3570", OODER_NO="3567"))
    assert outcomes.number_of(only_order())[0] == 3570
    late = overseas(ODER_NO="3570", OODER_NO="3567", RCTF_CLS="1", ACPT_YN="2", CNTG_UNPR="018000000")
    assert desk.notice("H0GSCNI0", late).state == NoticeState.APPLIED
    assert only_order().status == "FILLED"


def test_a_frame_quarantined_whole_before_a_crash_does_not_stop_the_replay(desk: Desk) -> None:
    desk.receive(b"not a frame")
    raw = desk.raw("H0GSCNI0", overseas())
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]
    executions.keep(Journal(desk.connection.pk, 1), 99, received, NIGHT)
    assert executions.replay(Journal(desk.connection.pk, desk.epoch)) == 1
    assert only_order().status == "NEW"
    assert Notice.objects.filter(state=NoticeState.QUARANTINED).count() == 1


def test_a_modify_of_a_part_that_was_announced_first_makes_a_second_row(desk: Desk) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": "0000000004", "CNTG_UNPR": "018000000"}
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", **part))
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", **part))
    first, second = Order.objects.order_by("id")
    assert (first.leaves_qty, second.leaves_qty, second.parent) == (6, 4, first)
    assert [row.number for row in second.numbers.all()] == [3570]


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"state": "ACKED", "broker_order_id": "0000003571"}, 2),
        ({"state": "UNKNOWN", "price": Decimal(1790)}, 2),
        ({"state": "READY"}, 2),
        ({"state": "UNKNOWN", "price": Decimal(1800)}, 1),
        ({"state": "ACKED", "broker_order_id": "0000003570"}, 1),
    ],
)
def test_somebody_elses_modify_of_a_part_is_not_taken_for_ours_of_all(
    desk: Desk, asked: dict[str, Any], rows: int
) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": "0000000004", "CNTG_UNPR": "018000000"}
    desk.notice("H0GSCNI0", overseas())
    OrderCommandFactory.create(
        order=only_order(), type="modify", quantity=None, pre_image={"leaves_qty": "10"}, **asked
    )
    desk.notice("H0GSCNI0", overseas(RCTF_CLS="1", ACPT_YN="2", **part))
    assert [row.leaves_qty for row in Order.objects.order_by("id")] == ([6, 4] if rows == 2 else [4])


@pytest.mark.parametrize("request_kind", ["1", "2"])
def test_a_confirmation_told_twice_takes_its_quantity_once(desk: Desk, request_kind: str) -> None:
    part = {"ODER_NO": "3570", "OODER_NO": "3567", "CNTG_QTY": "0000000004", "CNTG_UNPR": "018000000"}
    desk.notice("H0GSCNI0", overseas())
    confirmed = overseas(RCTF_CLS=request_kind, ACPT_YN="2", **part)
    states = [desk.notice("H0GSCNI0", confirmed).state for _ in range(2)]
    assert states == [NoticeState.APPLIED, NoticeState.REPEATED]
    assert Order.objects.order_by("id")[0].leaves_qty == 6
    assert Order.objects.count() == (2 if request_kind == "1" else 1)


def test_a_number_that_comes_into_force_is_a_new_version(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    same_price = {"ODER_NO": "3570", "OODER_NO": "3567", "RCTF_CLS": "1"}
    desk.notice("H0GSCNI0", overseas(**same_price))
    before = only_order().version
    desk.notice("H0GSCNI0", overseas(**same_price, ACPT_YN="2"))
    assert only_order().version == before + 1
    event = StreamEvent.objects.filter(user=desk.manager).latest("seq")
    assert (event.row["order_id"], event.version) == ("0000003570", before + 1)


def test_a_record_of_too_many_columns_is_quarantined_and_stops_nothing(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas(CNTG_QTY="x") + "^" * 40_000)
    notice = Notice.objects.get()
    assert (notice.state, notice.width) == (NoticeState.QUARANTINED, 32_767)


def test_a_number_after_those_that_went_to_parts_is_the_newest(desk: Desk) -> None:
    desk.notice("H0GSCNI0", overseas())
    requests = [{"ODER_NO": number, "OODER_NO": "3567", "RCTF_CLS": "1"} for number in ("3570", "3571", "3572")]
    for columns in requests:
        desk.notice("H0GSCNI0", overseas(CNTG_QTY="0000000002", **columns))
    for columns in requests[:2]:
        desk.notice("H0GSCNI0", overseas(CNTG_QTY="0000000002", ACPT_YN="2", **columns))
    desk.notice("H0GSCNI0", overseas(CNTG_QTY="0000000006", ACPT_YN="2", **requests[2]))
    desk.notice("H0GSCNI0", overseas(CNTG_QTY="0000000006", ACPT_YN="2", ODER_NO="3573", OODER_NO="3572", RCTF_CLS="1"))
    assert outcomes.number_of(Order.objects.get(parent=None))[0] == 3573
