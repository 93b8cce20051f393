"""What users of KIS clients suffer from, one test a pain, in the order of a list that we keep of them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from websockets.asyncio.server import ServerConnection

from accounts.models.stream import Feed
from orders import books, gateway, lease, pace, reconciliation
from orders.commands import submit
from orders.domain.events import Market, RequestKind
from orders.kis import auth
from orders.kis.client import new_session
from orders.kis.errors import TokenWaitError, UnsupportedError
from orders.kis.frames import Subscription
from orders.kis.protocol import NoticeConnection, Pinged, Refused, Subscribed
from orders.kis.stream import HELD_BACK_OFF, Connecting, Live, Waiting, WaitReason
from orders.kis.tr_ids import Environment, Operation, notice_tr_ids, required_tr_id
from orders.models import Fill, KisConnection, Order, OrderCommand, StreamLease
from orders.notice_stream import feed
from orders.notice_stream.feed import Link, Sweeps
from orders.permissions import sessions
from orders.token_store import DatabaseTokenStore
from tests.factories import KisConnectionFactory
from tests.orders.books.reads import order as the_order
from tests.orders.books.reads import read, report, sold
from tests.orders.broker import TOKEN, Answer, Broker, body, running_broker
from tests.orders.commands.samples import DAYTIME_OK, EVENING, MORNING, asked, make_order
from tests.orders.conftest import IV, KEY, NIGHT, Desk, filled, overseas
from tests.orders.kis.stream_bench import ACK, Bench, saying

pytestmark = pytest.mark.django_db
PING = b'{"header":{"tr_id":"PINGPONG","datetime":"20261120202500"}}'


@pytest.fixture
def broker(desk: Desk) -> Iterator[Broker]:
    with running_broker() as running:
        desk.connection.rest_url = running.url
        desk.connection.save()
        yield running


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def reserved(desk: Desk, broker: Broker, clock: object) -> Order:
    return make_order(desk)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.finish()


@pytest.mark.parametrize("width", [21, 24, 25, 27, 40])
def test_pain_01_notice_layout_changes_do_not_stop_fills(desk: Desk, width: int) -> None:
    """KIS adds or drops columns without a word, and strict clients go blind."""
    columns = filled(3).split("^")
    row = desk.notice("H0GSCNI0", "^".join([*columns, *("later",) * 20][:width]))
    assert (row.state, row.width) == ("applied", width)
    assert the_order().cum_qty == 3


async def test_pain_02_a_dropped_socket_is_opened_anew_with_its_reason_said(bench: Bench) -> None:
    """Connections end without a close frame, and nobody is told why."""

    async def drop(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(ACK)
        await asyncio.sleep(0.01)
        websocket.transport.abort()

    await bench.serve(drop)
    await bench.until(Live)
    waiting = await bench.until(Waiting)
    assert (waiting.reason, waiting.seconds) == (WaitReason.CLOSED, 2.0)
    assert feed.detail(Link(reason=waiting.reason), Sweeps(None, None, answered=True))
    bench.time.advance(2)
    assert await bench.until(Connecting) == Connecting(1)


def test_pain_03_a_held_app_key_is_not_hammered(desk: Desk) -> None:
    """The slot of an app key stays taken for minutes, and each quick retry keeps it so."""
    assert min(HELD_BACK_OFF) >= 30
    StreamLease.objects.filter(pk=desk.connection.pk).update(holder="one", expires_at=datetime.now(UTC) + lease.LASTS)
    assert lease.take(desk.connection.pk, "two") is None
    until = datetime.now(UTC) + timedelta(seconds=30)
    lease.hold_off(lease.Fence(desk.connection.pk), until)
    left, refused = lease.slot_wait(desk.connection.pk, until - timedelta(seconds=29))
    assert (left, refused) == (timedelta(seconds=29), 1)


def test_pain_04_a_name_cut_in_the_middle_of_a_letter_costs_no_fill(desk: Desk) -> None:
    """Names are cut at a fixed byte width, and the broken letter kills strict sockets."""
    head, tail = filled(3, CNTG_ISNM="CUT").split("CUT")
    whole = PKCS7(128).padder()
    text = whole.update(head.encode() + "샌디스크".encode()[:-1] + tail.encode()) + whole.finalize()
    aes = Cipher(AES(KEY.encode()), CBC(IV.encode())).encryptor()
    sealed = base64.b64encode(aes.update(text) + aes.finalize()).decode()
    assert desk.receive(f"1|H0GSCNI0|001|{sealed}".encode())[0].state == "applied"
    broken = b"1|H0GSCNI0|001|\xec\x83"
    (row,) = desk.receive(broken)
    assert (row.state, bytes(row.frame.raw)) == ("quarantined", broken)
    assert the_order().cum_qty == 3


def test_pain_05_a_keep_alive_is_echoed_byte_for_byte() -> None:
    """Whoever answers the keep-alive in words of his own is thrown out, and blocked in the end."""
    connection = NoticeConnection([], "approval", "P")
    connection.receive_data(PING, 0)
    assert (connection.data_to_send(), connection.events()) == ([PING], [Pinged()])


async def test_pain_06_a_socket_that_says_nothing_is_dead(bench: Bench) -> None:
    """A connection stays open and carries nothing more; no error ever comes."""
    await bench.serve(saying(ACK))
    await bench.until(Live)
    await asyncio.sleep(0.01)
    bench.time.advance(30)
    assert (await bench.until(Waiting)).reason is WaitReason.SILENT


def test_pain_07_one_token_is_shared_and_too_soon_is_a_wait(desk: Desk, broker: Broker) -> None:
    """A second token within a minute is refused, and programs that ask for one each end there."""
    given: list[int] = []

    def issue() -> Answer:
        given.append(1)
        return body(**TOKEN)

    broker.answers["tokenP"] = issue

    store, settings = DatabaseTokenStore(desk.connection.pk), gateway.config(desk.connection)

    def source() -> auth.TokenSource:
        return auth.TokenSource(settings, new_session(), store, lambda: NIGHT, lambda _seconds: None)

    assert ([source()(), source()()], len(given)) == (["token", "token"], 1)
    store.discard("token")
    with pytest.raises(TokenWaitError):
        source()()


def test_pain_08_the_limit_a_second_keeps_places_for_orders_and_repeats_no_order(
    desk: Desk, broker: Broker, reserved: Order
) -> None:
    """Too many requests a second are refused, and a poll may take the place of a cancel."""
    connection = KisConnectionFactory.create(name="busy", requests_per_second=18)
    with time_machine.travel(EVENING, tick=False):
        for _ in range(14):
            pace.wait_turn(connection)
        assert pace.reserve(connection) == EVENING
    broker.reply("order-resv-ccnl", (500, json.dumps({"rt_cd": "1", "msg_cd": "EGW00201", "msg1": ""}).encode()))
    assert submit(asked(desk, reserved)).state == "UNKNOWN"
    assert len(broker.orders) == 1


def test_pain_09_a_full_list_of_registrations_is_said_by_its_name() -> None:
    """The forty-second registration is refused, and that symbol is silent for good."""
    assert len(notice_tr_ids(Environment.LIVE)) == 5
    connection = NoticeConnection([Subscription("H0STCNI0", "desk01")], "approval", "P")
    full = {"rt_cd": "1", "msg_cd": "OPSP0008", "msg1": "MAX SUBSCRIBE OVER"}
    connection.receive_data(json.dumps({"header": {"tr_id": "H0STCNI0"}, "body": full}).encode(), 0)
    assert connection.events() == [Refused("H0STCNI0", "OPSP0008", "MAX SUBSCRIBE OVER", fatal=False)]
    link, sweeps = Link(live=True, recovered=True, unread={"H0STCNI0": "OPSP0008"}), Sweeps(NIGHT, NIGHT, answered=True)
    assert (feed.state(link, sweeps), "H0STCNI0" in feed.detail(link, sweeps)) == (Feed.POLLING, True)


def test_pain_10_registered_is_not_readable_and_paper_is_polled(desk: Desk) -> None:
    """On paper the registration succeeds, and no notice ever comes that could be read."""
    assert set(notice_tr_ids(Environment.PAPER)) == {"H0IFCNI9", "H0STCNI9", "H0GSCNI9"}
    connection = NoticeConnection([Subscription("H0GSCNI9", "desk01")], "approval", "P")
    already = {"rt_cd": "1", "msg_cd": "OPSP0002", "msg1": "ALREADY IN SUBSCRIBE"}
    connection.receive_data(json.dumps({"header": {"tr_id": "H0GSCNI9"}, "body": already}).encode(), 0)
    assert connection.events() == [Subscribed("H0GSCNI9", readable=False)]
    KisConnection.objects.update(environment="paper")
    read(desk, report(**sold(4)))
    assert the_order().cum_qty == 4


def test_pain_11_what_no_notice_told_is_taken_from_the_totals(desk: Desk) -> None:
    """Real-time records are thinned out or lost, and a position is wrong from then on."""
    desk.notice("H0GSCNI0", overseas())
    desk.notice("H0GSCNI0", filled(1))
    for seconds in (61, 66):
        read(desk, report(**sold(4)), after=seconds)
    assert the_order().cum_qty == 4
    assert sorted(Fill.objects.values_list("source", "last_qty")) == [("gap", Decimal(3)), ("notice", Decimal(1))]


def test_pain_12_an_unknown_result_is_looked_up_and_never_sent_again(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    """The answer does not come, and whoever sends again cancels or buys twice."""
    broker.reply("order-resv-ccnl", None)
    request = asked(desk, reserved)
    first = submit(request)
    clock.shift(timedelta(seconds=20))
    assert (first.state, submit(request).pk) == ("UNKNOWN", first.pk)
    reconciliation.resolve_due(datetime.now(UTC))
    assert len(broker.orders) == 1
    assert any("order-resv-list" in path for path in broker.inquiries)


def test_pain_13_a_refusal_is_never_shown_as_success(desk: Desk, broker: Broker, reserved: Order) -> None:
    """HTTP 200 carries refusals too, and a program reports "sold" that never sold."""
    broker.reply("order-resv-ccnl", body(rt_cd="1", msg_cd="KIER3672", msg1="예약주문 시간이 아닙니다."))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason) == ("REJECTED", "예약주문 시간이 아닙니다.")
    assert the_order().status == "RESERVED"


def test_pain_14_a_cancel_that_a_fill_overtook_is_looked_up(
    desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    """The order is filled while its cancel is on the way, and the refusal says neither."""
    clock.move_to(MORNING)
    order = make_order(desk, **_daytime())
    broker.reply("daytime-order-rvsecncl", body(rt_cd="7", msg_cd="APBK0927", msg1="정정취소 가능수량이 없습니다."))
    command = submit(asked(desk, order))
    assert (command.state, command.next_ask_at is not None, the_order().status) == ("REJECTED", True, "WORKING")
    clock.shift(timedelta(seconds=2))
    reconciliation.resolve_due(datetime.now(UTC))
    assert any("inquire-ccnl" in path for path in broker.inquiries)
    assert len(broker.orders) == 1


def _daytime() -> dict[str, Any]:
    where = {"market": "US_DAYTIME", "family": "OVERSEAS", "status": "WORKING"}
    return {**where, "ordered_at": MORNING, "transact_time": MORNING, "inquired_at": MORNING}


@pytest.mark.parametrize("said", ["장운영시간이 아닙니다.", "주문가능수량이 부족합니다.", "모의투자 매매불가"])
def test_pain_15_a_code_with_many_meanings_is_shown_in_the_brokers_words(
    desk: Desk, broker: Broker, reserved: Order, said: str
) -> None:
    """One code stands for closed markets, missing money and paper accounts alike."""
    broker.reply("order-resv-ccnl", body(rt_cd="7", msg_cd="APBK0918", msg1=said.ljust(80)))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason.strip(), command.reason_code) == ("REJECTED", said, "APBK0918")
    assert json.loads(bytes(OrderCommand.objects.get().raw_answer or b""))["msg1"].strip() == said


def test_pain_16_paper_is_refused_what_it_lacks_before_anything_is_sent(
    desk: Desk, broker: Broker, clock: time_machine.Traveller
) -> None:
    """Ids of the real environment go to the paper one, or the other way round."""
    clock.move_to(MORNING)
    KisConnection.objects.update(environment="paper")
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    command = submit(asked(desk, make_order(desk, **_daytime())))
    assert (command.state, len(broker.orders)) == ("DENIED", 0)
    with pytest.raises(UnsupportedError):
        required_tr_id(Operation.DAYTIME_REVISE, Environment.PAPER)


def test_pain_17_padded_unpadded_and_new_numbers_are_one_order(desk: Desk) -> None:
    """One order comes as 3567, as 0000003567, and after a modify under another number."""
    desk.notice("H0GSCNI0", overseas(ODER_NO="0000003567"))
    desk.notice("H0GSCNI0", filled(1, ODER_NO="3567"))
    changed = {"ODER_NO": "3580", "OODER_NO": "0000003567", "RCTF_CLS": "1", "CNTG_QTY": "9", "CNTG_UNPR": "018000000"}
    desk.notice("H0GSCNI0", overseas(ACPT_YN="2", **changed))
    desk.notice("H0GSCNI0", filled(2, ODER_NO="0000003580", OODER_NO=""))
    order = the_order()
    assert (order.cum_qty, order.leaves_qty, order.price) == (3, 7, Decimal(1800))
    assert list(order.numbers.values_list("number", flat=True)) == [3567, 3580]
    row = replace(report(3580, **sold(3)), kind=RequestKind.MODIFY, orig_number=3567)
    books.apply_read(books.Read(desk.stock, NIGHT + timedelta(seconds=70), (row,)))
    assert Order.objects.shown().count() == 1


def test_pain_18_nights_next_days_and_summer_time_have_their_own_dates() -> None:
    """A Friday night's order is dated Monday, and half the year a market closes an hour earlier."""
    friday_night = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
    assert sessions().trading_date(Market.FO_NIGHT, friday_night) == date(2026, 11, 23)
    half_past_five = datetime(2026, 7, 22, 8, 30, tzinfo=UTC)
    assert not sessions().daytime_session_contains(half_past_five)
    assert sessions().daytime_session_contains(half_past_five.replace(month=12))
    assert sessions().trading_date(Market.US, friday_night + timedelta(hours=10)) == date(2026, 11, 20)
