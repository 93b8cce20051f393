from __future__ import annotations

import json

import pytest

from orders.kis.frames import (
    MAX_FRAME_BYTES,
    BadFrame,
    ControlFrame,
    FrameFault,
    NoticeFrame,
    PingPong,
    Subscription,
    parse,
    subscribe,
    unsubscribe,
)
from tests.orders.kis import samples

APPROVAL = "35xxxxxa-bxxa-4xxb-87xxx-f56xxxxxxxxxx"


def test_a_data_frame_is_split_at_its_first_three_bars_only() -> None:
    assert parse(b"1|H0IFCNI0|011|a|b^c") == NoticeFrame(True, "H0IFCNI0", 11, "a|b^c")


def test_a_plain_data_frame_is_told_apart() -> None:
    assert parse(b"0|H0STCNI0|001|a^b") == NoticeFrame(False, "H0STCNI0", 1, "a^b")


def test_the_derived_frame_of_the_samples_is_read() -> None:
    raw = samples.raw("frame_H0IFCNI0_fill_derived.txt")
    assert parse(raw) == NoticeFrame(True, "H0IFCNI0", 1, raw.decode().split("|", 3)[3])


def test_broken_utf8_is_replaced_and_never_refused() -> None:
    assert parse(b"0|H0STCNI0|001|\xec\x82^x") == NoticeFrame(False, "H0STCNI0", 1, "�^x")


def test_the_payload_stays_out_of_the_repr() -> None:
    assert "secret" not in repr(parse(b"1|H0IFCNI0|001|secret"))


@pytest.mark.parametrize("tr_id", ["H0EUCNI0", "H0IFCNI0", "H0GSCNI0"])
def test_an_answer_gives_result_and_keys(tr_id: str) -> None:
    frame = parse(samples.raw(f"ws_ack_ok_{tr_id}.json"))
    key = "HTS_ID" if tr_id == "H0EUCNI0" else "HTS ID"
    assert frame == ControlFrame(tr_id, key, "0", "OPSP0000", "SUBSCRIBE SUCCESS", samples.DUMMY_KEY, samples.DUMMY_IV)


def test_an_answer_as_really_sent_gives_its_keys() -> None:
    frame = parse(samples.raw("ws_ack_ok_H0STASP0_realistic_keyiv.json"))
    assert frame == ControlFrame(
        "H0STASP0",
        "066570",
        "0",
        "OPSP0000",
        "SUBSCRIBE SUCCESS",
        "uvbpznjqabrxhowcftgehxghhhsxtwro",
        "ca513e8bf725c575",
    )


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("OPSP0002_already_subscribed", ("H0STASP0", "005930", "1", "OPSP0002", "ALREADY IN SUBSCRIBE")),
        ("OPSP0003_unsubscribe_not_found", ("", "", "1", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)")),
        ("OPSP0008_max_subscribe", ("H0STCNT0", "005930", "1", "OPSP0008", "MAX SUBSCRIBE OVER")),
        (
            "OPSP0011_invalid_approval",
            ("", "", "1", "OPSP0011", "invalid approval : 062f61cb-c756-4b8f-9fab-92113c6fbea4"),
        ),
        ("OPSP8996_already_in_use", ("", "", "9", "OPSP8996", "ALREADY IN USE appkey")),
    ],
)
def test_a_refusal_is_read_with_whatever_it_lacks(name: str, frame: tuple[str, ...]) -> None:
    assert parse(samples.raw(f"ws_err_{name}.json")) == ControlFrame(*frame)


def test_the_keys_stay_out_of_the_repr() -> None:
    assert samples.DUMMY_KEY not in repr(parse(samples.raw("ws_ack_ok_H0IFCNI0.json")))


def test_a_ping_keeps_its_bytes() -> None:
    raw = samples.raw("ws_pingpong.json")
    assert parse(raw) == PingPong(raw)


def test_half_a_surrogate_and_nul_do_not_get_through() -> None:
    frame = parse(b'{"body":{"rt_cd":"1","msg_cd":"X","msg1":"a\\ud800\\u0000b"}}')
    assert frame == ControlFrame("", "", "1", "X", "a?b")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", FrameFault.EMPTY),
        (b" \r\n", FrameFault.EMPTY),
        (b"x" * (MAX_FRAME_BYTES + 1), FrameFault.TOO_LONG),
        (b"hello", FrameFault.NOT_JSON),
        (b'{"header":', FrameFault.NOT_JSON),
        (b'{"a":' + b"[" * 100_000, FrameFault.NOT_JSON),
        (b'{"a":' + b"1" * 5000 + b"}", FrameFault.NOT_JSON),
        (b"{}", FrameFault.NOT_CONTROL),
        (b'{"header":[],"body":"x"}', FrameFault.NOT_CONTROL),
        (b'{"body":{"rt_cd":1}}', FrameFault.NOT_CONTROL),
        (b"1|H0IFCNI0|001", FrameFault.PARTS),
        (b"2|H0IFCNI0|001|a", FrameFault.FLAG),
        (b"1||001|a", FrameFault.TR_ID),
        (b"1|H0 IF|001|a", FrameFault.TR_ID),
        ("1|H0IFCNI영|001|a".encode(), FrameFault.TR_ID),
        (b"1|H0IFCNI0H0IFCNI0H|001|a", FrameFault.TR_ID),
        (b"1|H0IFCNI0|000|a", FrameFault.COUNT),
        (b"1|H0IFCNI0|x|a", FrameFault.COUNT),
        (b"1|H0IFCNI0||a", FrameFault.COUNT),
        ("1|H0IFCNI0|٣|a".encode(), FrameFault.COUNT),
        (b"1|H0IFCNI0|00001|a", FrameFault.COUNT),
        (b"1|H0IFCNI0|001| ", FrameFault.PAYLOAD),
    ],
)
def test_a_message_that_cannot_be_read_gives_its_reason(raw: bytes, fault: FrameFault) -> None:
    frame = parse(raw)
    assert isinstance(frame, BadFrame)
    assert frame.fault is fault


@pytest.mark.parametrize("tr_id", ["H0EUCNI0", "H0IFCNI0", "H0GSCNI0"])
def test_a_registration_is_the_vendors_own_message(tr_id: str) -> None:
    sample = samples.read(f"ws_subscribe_{tr_id}.json")
    message = subscribe(APPROVAL, "P", Subscription(tr_id, sample["body"]["input"]["tr_key"]))
    assert message == json.dumps(sample, separators=(",", ":")).encode()


def test_a_release_is_the_vendors_own_message() -> None:
    sample = samples.read("ws_unsubscribe_H0IFCNI0_derived.json")
    message = unsubscribe(APPROVAL, "P", Subscription("H0IFCNI0", "HTS ID"))
    assert message == json.dumps(sample, separators=(",", ":")).encode()


def test_a_registration_in_literal_bytes() -> None:
    assert subscribe("key", "B", Subscription("H0STCNI0", "desk01")) == (
        b'{"header":{"approval_key":"key","custtype":"B","tr_type":"1","content-type":"utf-8"},'
        b'"body":{"input":{"tr_id":"H0STCNI0","tr_key":"desk01"}}}'
    )
