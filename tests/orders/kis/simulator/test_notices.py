"""The notice socket: registrations, one session an app key, columns, and its faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from orders.kis.simulator.wire import _key_and_iv
from orders.kis.tr_ids import Environment, notice_tr_ids
from tests.orders.kis.simulator.conftest import Clock, Desk, Stream, eventually, running, streaming

LIVE_TRS = notice_tr_ids(Environment.LIVE)


def test_a_registration_is_answered_with_a_key_and_an_iv(desk: Desk) -> None:
    with streaming(desk) as stream:
        answer = stream.ask("H0GSCNI0")
    assert answer["header"] == {"tr_id": "H0GSCNI0", "tr_key": "desk01", "encrypt": "N"}
    output = answer["body"].pop("output")
    assert answer["body"] == {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS"}
    assert output["key"].isalpha()
    assert (len(output["key"]), len(output["iv"])) == (32, 16)


def test_every_tr_and_every_connection_has_keys_of_its_own(desk: Desk) -> None:
    pairs = set()
    for _ in range(2):
        with streaming(desk) as stream:
            for tr_id in LIVE_TRS:
                output = stream.ask(tr_id)["body"]["output"]
                pairs.add((output["key"], output["iv"]))
        eventually(lambda: desk.shown()["connections"] == 0)
    assert len(pairs) == 2 * len(LIVE_TRS)


def code(answer: Any) -> str:
    return str(answer["body"]["msg_cd"])


def test_registering_twice_keeps_the_key_and_gives_none(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        again = stream.ask("H0GSCNI0")
    assert (code(again), again["body"]["rt_cd"]) == ("OPSP0002", "1")
    assert "output" not in again["body"]


def test_a_release_ends_the_notices_and_a_second_one_is_refused(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        assert code(stream.ask("H0GSCNI0", "2")) == "OPSP0001"
        desk.order(market="US_DAYTIME")
        assert stream.silent()
        assert code(stream.ask("H0GSCNI0", "2")) == "OPSP0003"


def test_the_key_of_a_registration_is_the_hts_id(desk: Desk) -> None:
    with streaming(desk) as stream:
        assert code(stream.ask("H0GSCNI0", tr_key="005930")) == "OPSP8992"
        assert code(stream.ask("H0STASP0")) == "OPSP9990"


def test_the_forty_second_registration_is_one_too_many(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        (wire,) = desk.simulator.hub.wires
        wire.keys.update({f"other-{number}": wire.keys["H0GSCNI0"] for number in range(40)})
        assert code(stream.ask("H0STCNI0")) == "OPSP0008"


def test_a_second_session_of_the_app_key_is_refused_and_closed(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0"), streaming(desk) as second:
        answer = second.ask("H0GSCNI0")
        assert answer == {
            "header": {"tr_id": "(null)", "tr_key": "", "encrypt": "N"},
            "body": {"rt_cd": "9", "msg_cd": "OPSP8996", "msg1": "ALREADY IN USE appkey"},
        }
        with pytest.raises(ConnectionClosed):
            second.text()


def test_an_approval_that_was_never_given_is_refused_and_closed(desk: Desk) -> None:
    with streaming(desk) as stream:
        stream.approval = "made-up"
        assert stream.ask("H0GSCNI0") == {
            "body": {"rt_cd": "1", "msg_cd": "OPSP0011", "msg1": "invalid approval : made-up"}
        }
        with pytest.raises(ConnectionClosed):
            stream.text()


@pytest.mark.parametrize("message", ["not json", "[]", '{"header": 1}', '{"header": {}, "body": {"input": 1}}'])
def test_a_message_that_is_none_is_refused_like_a_wrong_approval(desk: Desk, message: str) -> None:
    with streaming(desk) as stream:
        stream.socket.send(message)
        assert code(json.loads(stream.text())) == "OPSP0011"


def test_bytes_that_are_no_text_end_the_connection(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        stream.socket.send(b"\xff\xfe")
        with pytest.raises(ConnectionClosed):
            stream.text()


def test_pingpong_asks_and_its_echo_keeps_the_connection(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        desk.simulator.hub.ping()
        ping = stream.text()
        assert json.loads(ping) == {"header": {"tr_id": "PINGPONG", "datetime": "20261120110000"}}
        before = desk.simulator.hub.wires[0].heard_at
        stream.socket.send(ping)
        eventually(lambda: desk.simulator.hub.wires[0].heard_at > before)


def test_who_never_answers_pingpong_is_closed(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        desk.simulator.hub.timer = lambda: 1e9
        desk.simulator.hub.ping()
        eventually(lambda: desk.shown()["connections"] == 0)
        with pytest.raises(ConnectionClosed):
            stream.text()


COLUMNS = {
    "H0GSCNI0": ({"market": "US_DAYTIME", "symbol": "AAPL"}, 25),
    "H0STCNI0": ({"market": "KRX", "symbol": "005930"}, 26),
    "H0IFCNI0": ({"market": "FO_DAY", "symbol": "A01612"}, 22),
    "H0MFCNI0": ({"market": "FO_NIGHT", "symbol": "A01612"}, 19),
    "H0EUCNI0": ({"market": "FO_NIGHT", "symbol": "B01612555"}, 19),
}


@pytest.mark.parametrize("tr_id", COLUMNS)
def test_each_market_has_its_tr_and_its_width(desk: Desk, clock: Clock, tr_id: str) -> None:
    order, width = COLUMNS[tr_id]
    if order["market"] == "FO_NIGHT":
        clock.move("20:25")
    with streaming(desk, *LIVE_TRS) as stream:
        desk.order(**order)
        told, text = stream.plaintext()
    assert (told, text.count("^") + 1) == (tr_id, width)


def test_the_columns_of_an_overseas_acceptance(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = desk.order(market="US_DAYTIME", symbol="BA", side="sell", qty=7, price="170.5")["number"]
        _, text = stream.plaintext()
    assert text == (
        f"desk01^12345678^{number}^^01^0^2^BA^0000000007^001705000^110000^0^1^1^^^******^보잉^7^10^^^^02^000001705000"
    )


def test_the_columns_of_a_night_acceptance_name_the_order_as_its_own_original(desk: Desk, clock: Clock) -> None:
    clock.move("20:25")
    with streaming(desk, "H0MFCNI0") as stream:
        number = desk.order(market="FO_NIGHT", symbol="A01612", side="buy", qty=2, price="548.30")["number"]
        _, text = stream.plaintext()
    padded = f"{number:010d}"
    assert text == (
        f"desk01^1234567803^{padded}^{padded}^02^0^L^A01612^0000000002^000054830^202500^0^1^1^00000^000000002"
        "^******^F 202612^0"
    )


def test_the_columns_of_a_day_fill(desk: Desk) -> None:
    with streaming(desk, "H0IFCNI0") as stream:
        number = desk.order(market="FO_DAY", symbol="A01612", side="buy", qty=2, price="548.30")["number"]
        desk.press(event="fill", order=number, qty=1, price="548.25")
        texts = [stream.plaintext()[1] for _ in range(3)]
    assert texts[-1] == (
        f"desk01^1234567803^{number:010d}^^02^0^0^A01612^0000000001^000054825^110000^0^2^2^00950^000000000"
        "^******^F 202612^^^^000000000"
    )


def test_the_columns_of_a_stock_cancel(desk: Desk) -> None:
    with streaming(desk, "H0STCNI0") as stream:
        number = desk.order(market="KRX", symbol="005930", side="sell", qty=3, price="95000")["number"]
        child = desk.press(event="cancel", order=number)["order"]["number"]
        texts = [stream.plaintext()[1] for _ in range(3)]
    assert texts[-1] == (
        f"desk01^1234567801^{child:010d}^{number:010d}^01^2^00^0^005930^0000000003^000095000^110000^0^1^1^06010"
        "^000000003^******^000000000^1^Y^^10^^삼성전자^000095000"
    )


def test_a_modified_day_order_names_its_original_padded(desk: Desk) -> None:
    with streaming(desk, "H0IFCNI0") as stream:
        number = desk.order(market="FO_DAY", symbol="A01612", qty=2)["number"]
        desk.press(event="modify", order=number)
        notices = [stream.notice() for _ in range(3)]
    assert (notices[-1].rctf_cls, notices[-1].ooder_no) == ("1", f"{number:010d}")


def test_paper_notices_come_under_the_paper_tr(clock: Clock) -> None:
    with running(clock, environment=Environment.PAPER) as desk, streaming(desk, "H0GSCNI9") as stream:
        assert code(stream.ask("H0GSCNI0")) == "OPSP9990"
        desk.order(market="US_DAYTIME", symbol="AAPL")
        assert stream.plaintext()[0] == "H0GSCNI9"


def ordered(desk: Desk, stream: Stream) -> int:
    """A working order whose notices were read."""
    number = desk.order(market="US_DAYTIME", symbol="AAPL", qty=10)["number"]
    stream.notice(), stream.notice()
    return int(number)


def test_a_dropped_notice_is_never_sent_again(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="drop_notices", times=1)
        desk.press(event="fill", order=number, qty=1)
        desk.press(event="fill", order=number, qty=2)
        assert stream.notice().cntg_qty == "0000000002"
        assert stream.silent()


def test_a_duplicate_notice_is_the_same_twice(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="duplicate_notice")
        desk.press(event="fill", order=number, qty=1)
        assert stream.text() == stream.text()


def test_a_frozen_socket_says_nothing_and_stays_open(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="freeze_ws")
        desk.press(event="fill", order=number, qty=1)
        desk.simulator.hub.ping()
        assert stream.silent()
        desk.press(clear=True)
        desk.press(event="fill", order=number, qty=2)
        assert stream.notice().cntg_qty == "0000000002"


def test_a_new_connection_is_not_frozen(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0"):
        desk.press(fault="freeze_ws")
    eventually(lambda: desk.shown()["connections"] == 0)
    with streaming(desk, "H0GSCNI0") as stream:
        desk.order(market="US_DAYTIME")
        assert stream.notice().acpt_yn == "1"


def test_the_socket_can_be_closed_from_here(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        desk.press(fault="close_ws")
        with pytest.raises(ConnectionClosed):
            stream.text()


def test_a_held_slot_refuses_the_next_session(desk: Desk) -> None:
    desk.press(fault="slot_held")
    with streaming(desk) as stream:
        assert code(stream.ask("H0GSCNI0")) == "OPSP8996"
    with streaming(desk) as stream:
        assert code(stream.ask("H0GSCNI0")) == "OPSP0000"


def test_a_good_approval_can_be_refused(desk: Desk) -> None:
    desk.press(fault="bad_approval")
    with streaming(desk) as stream:
        assert code(stream.ask("H0GSCNI0")) == "OPSP0011"


def test_columns_that_nobody_knows_come_after_the_core(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="unknown_width")
        desk.press(event="fill", order=number, qty=1)
        notice = stream.notice()
    assert not notice.known_layout
    assert notice.extra[-2:] == ("later", "30")


def test_a_forged_frame_comes_in_the_clear(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="plain_frame")
        flag, tr_id, _, text = stream.text().split("|", 3)
        assert (flag, tr_id) == ("0", "H0GSCNI0")
        assert f"^{number}^" in text
        assert desk.plain(number)["filled"] == "0"


def test_a_frame_in_another_key_does_not_decrypt(desk: Desk) -> None:
    with streaming(desk, "H0GSCNI0") as stream:
        number = ordered(desk, stream)
        desk.press(fault="bad_cipher")
        desk.press(event="fill", order=number, qty=1)
        frame = stream.text()
    assert frame.startswith("1|H0GSCNI0|001|")
    assert _key_and_iv(7, 1, "H0GSCNI0") != _key_and_iv(7, -1, "H0GSCNI0")


def test_nobody_hears_of_an_order_before_registering(desk: Desk) -> None:
    desk.order(market="US_DAYTIME")
    with connect(f"ws://127.0.0.1:{desk.server.ws_port}", ping_interval=None) as socket, pytest.raises(TimeoutError):
        socket.recv(timeout=0.1)
    assert desk.shown()["notices_sent"] == 0


def test_the_control_page_shows_who_is_connected(desk: Desk) -> None:
    with streaming(desk, "H0STCNI0", "H0GSCNI0"):
        shown = desk.shown()
        assert (shown["connections"], shown["registered"]) == (1, ["H0GSCNI0", "H0STCNI0"])
    eventually(lambda: desk.shown()["connections"] == 0)
    assert desk.shown()["connected"] == 1
