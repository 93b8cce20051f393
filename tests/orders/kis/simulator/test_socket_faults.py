"""What may go wrong with notices: joined, out of order, garbled, on a line that ends without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from orders.kis.notices import ExecutionNotice, parse_notices
from tests.orders.kis.simulator.conftest import Desk, Stream, eventually, streaming

TRS = ("H0GSCNI0", "H0IFCNI0")


@dataclass
class Seconds:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def stream(desk: Desk) -> Iterator[Stream]:
    with streaming(desk, *TRS) as started:
        yield started


def placed(desk: Desk, symbol: str = "AAPL", market: str = "US_DAYTIME") -> int:
    """An order that is at the exchange; its two notices are on their way."""
    return int(desk.order(market=market, symbol=symbol, qty=100)["number"])


def fills(desk: Desk, number: int, *quantities: int) -> None:
    for qty in quantities:
        desk.press(event="fill", order=number, qty=qty)


def received(stream: Stream) -> list[ExecutionNotice]:
    _, tr_id, count, payload = stream.text().split("|", 3)
    return parse_notices(tr_id, int(count), stream.ciphers[tr_id].decrypt(payload))


def quantities(notices: list[ExecutionNotice]) -> list[int]:
    return [int(notice.cntg_qty) for notice in notices]


@pytest.fixture
def number(desk: Desk, stream: Stream) -> int:
    found = placed(desk)
    received(stream), received(stream)
    return found


def test_notices_of_one_tr_may_share_a_frame(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="batch_frames", count=3, seconds=60)
    fills(desk, number, 1, 2, 3, 4)
    assert quantities(received(stream)) == [1, 2, 3]
    assert quantities(received(stream)) == [4]


def test_twenty_notices_are_the_most_of_a_frame(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="batch_frames", count=99, seconds=60)
    fills(desk, number, *[1] * 20)
    assert quantities(received(stream)) == [1] * 20


def test_a_notice_of_another_tr_ends_the_frame(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="batch_frames", count=9, seconds=60)
    fills(desk, number, 1, 2)
    placed(desk, "A01612", "FO_DAY")
    assert quantities(received(stream)) == [1, 2]
    assert received(stream)[0].tr_id == "H0IFCNI0"


def test_a_frame_that_does_not_fill_up_goes_after_its_seconds(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="batch_frames", count=5)
    fills(desk, number, 1, 2)
    assert quantities(received(stream)) == [1, 2]


def test_frames_may_come_in_the_reverse_order(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="reorder_frames", count=3, seconds=60)
    fills(desk, number, 1, 2, 3, 4)
    assert [quantities(received(stream))[0] for _ in range(4)] == [3, 2, 1, 4]


def test_frames_that_wait_for_more_go_after_their_seconds(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="reorder_frames", count=9, seconds=0.1)
    fills(desk, number, 1, 2)
    assert [quantities(received(stream))[0] for _ in range(2)] == [2, 1]


def test_what_waited_for_a_connection_that_is_gone_is_lost(desk: Desk, number: int, stream: Stream) -> None:
    desk.press(fault="batch_frames", count=9, seconds=60)
    fills(desk, number, 1)
    stream.socket.close()
    eventually(lambda: desk.shown()["connections"] == 0)
    sent = desk.shown()["notices_sent"]
    desk.simulator.desk.timer = desk.simulator.hub.timer = desk.simulator.hub.outbox.timer = lambda: 1e9
    desk.simulator.work()
    assert desk.shown()["notices_sent"] == sent


def test_columns_may_be_added_to_every_record_of_a_frame(desk: Desk, stream: Stream, number: int) -> None:
    desk.press(fault="added_columns", count=2)
    desk.press(fault="batch_frames", count=2, seconds=60)
    fills(desk, number, 5, 6)
    notices = received(stream)
    assert quantities(notices) == [5, 6]
    assert [notice.known_layout for notice in notices] == [False, False]
    assert len(notices[0].extra) > 0


@pytest.mark.parametrize("symbol", ["AAPL", "QQQ"])
def test_a_name_in_a_notice_may_be_cut_in_a_character(desk: Desk, stream: Stream, symbol: str) -> None:
    desk.press(fault="invalid_utf8_notice")
    placed(desk, symbol)
    (notice,) = received(stream)
    assert "\N{REPLACEMENT CHARACTER}" in notice.cntg_isnm
    assert notice.stck_shrn_iscd == symbol


def test_a_text_frame_may_be_no_utf_8(desk: Desk, stream: Stream) -> None:
    desk.press(fault="invalid_utf8_frame")
    raw = stream.socket.recv(timeout=10, decode=False)
    assert isinstance(raw, bytes)
    with pytest.raises(UnicodeDecodeError):
        raw.decode()


def test_a_socket_may_be_cut_without_a_close_frame(desk: Desk, stream: Stream) -> None:
    desk.press(fault="drop_ws")
    with pytest.raises(ConnectionClosedError):
        stream.text()
    eventually(lambda: desk.shown()["connections"] == 0)
    with streaming(desk, *TRS):
        assert desk.shown()["registered"] == list(TRS)


def test_after_an_unclean_end_the_slot_stays_held_for_its_seconds(desk: Desk, stream: Stream) -> None:
    seconds = Seconds()
    desk.simulator.hub.timer = seconds
    desk.press(fault="slot_held", seconds=40)
    desk.press(fault="drop_ws")
    eventually(lambda: desk.shown()["connections"] == 0)
    assert refusal(desk) == refusal(desk) == "OPSP8996"
    seconds.at += 40
    with streaming(desk, *TRS):
        assert desk.shown()["faults"] == {"slot_held": None}


def test_a_clean_end_frees_the_slot_at_once(desk: Desk, stream: Stream) -> None:
    desk.press(fault="slot_held", seconds=40)
    stream.socket.close()
    eventually(lambda: desk.shown()["connections"] == 0)
    with streaming(desk, *TRS):
        assert desk.shown()["registered"] == list(TRS)


def test_cutting_a_line_that_is_gone_does_nothing(desk: Desk, stream: Stream) -> None:
    (wire,) = desk.simulator.hub.wires
    stream.socket.close()
    eventually(lambda: desk.shown()["connections"] == 0)
    wire.cut()
    assert desk.shown()["connections"] == 0


def refusal(desk: Desk) -> str:
    with connect(f"ws://127.0.0.1:{desk.server.ws_port}", ping_interval=None, compression=None) as socket:
        return str(Stream(socket, desk.approval()).ask("H0GSCNI0")["body"]["msg_cd"])
