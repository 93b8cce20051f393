from __future__ import annotations

import json

import pytest

from orders.kis.errors import CryptoError, CryptoFault
from orders.kis.frames import BadFrame, FrameFault, NoticeFrame, Subscription, subscribe, unsubscribe
from orders.kis.protocol import (
    NoticeConnection,
    NoticeReceived,
    Pinged,
    Refused,
    SlotHeld,
    Subscribed,
    Unsubscribed,
)
from tests.orders.kis import samples

FUTURES = Subscription("H0IFCNI0", "HTS ID")
NIGHT = Subscription("H0EUCNI0", "HTS_ID")
FILL_FRAME = samples.raw("frame_H0IFCNI0_fill_derived.txt").strip()
ACK = samples.raw("ws_ack_ok_H0IFCNI0.json")


@pytest.fixture
def connection() -> NoticeConnection:
    return NoticeConnection([FUTURES, NIGHT], "approval-0", "P")


def answer(tr_id: str, rt_cd: str, msg_cd: str, output: dict[str, str] | None = None) -> bytes:
    body: dict[str, object] = {"rt_cd": rt_cd, "msg_cd": msg_cd, "msg1": "words"}
    if output is not None:
        body["output"] = output
    return json.dumps({"header": {"tr_id": tr_id}, "body": body}).encode()


def test_a_new_connection_asks_for_each_registration_once(connection: NoticeConnection) -> None:
    assert connection.data_to_send() == [subscribe("approval-0", "P", FUTURES), subscribe("approval-0", "P", NIGHT)]
    assert connection.data_to_send() == []


def test_an_accepted_registration_makes_its_notices_readable(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(FILL_FRAME, 1)
    subscribed, notice = connection.events()
    assert subscribed == Subscribed("H0IFCNI0", readable=True)
    assert isinstance(notice, NoticeReceived)
    assert notice.raw == FILL_FRAME
    assert not notice.forged
    assert notice.plaintext() == samples.read("notice_H0IFCNI0_fill.json")["plaintext"]
    assert connection.events() == []


def test_the_key_of_one_tr_id_does_not_open_another(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    frame = NoticeFrame(True, "H0EUCNI0", 1, FILL_FRAME.decode().split("|", 3)[3])
    with pytest.raises(CryptoError) as caught:
        connection.decrypt(frame)
    assert caught.value.fault is CryptoFault.NO_KEY


def test_a_notice_before_its_answer_cannot_be_read(connection: NoticeConnection) -> None:
    connection.receive_data(FILL_FRAME, 0)
    (notice,) = connection.events()
    assert isinstance(notice, NoticeReceived)
    with pytest.raises(CryptoError) as caught:
        notice.plaintext()
    assert caught.value.fault is CryptoFault.NO_KEY


def test_already_subscribed_keeps_the_old_key(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(answer("H0IFCNI0", "1", "OPSP0002"), 1)
    assert connection.events() == [Subscribed("H0IFCNI0", readable=True)] * 2


def test_already_subscribed_without_any_key_is_not_readable(connection: NoticeConnection) -> None:
    connection.receive_data(answer("H0IFCNI0", "1", "OPSP0002"), 0)
    assert connection.events() == [Subscribed("H0IFCNI0", readable=False)]


@pytest.mark.parametrize("output", [{"key": samples.DUMMY_KEY}, {"iv": samples.DUMMY_IV}])
def test_half_an_output_changes_no_key(connection: NoticeConnection, output: dict[str, str]) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(answer("H0IFCNI0", "0", "OPSP0000", output), 1)
    assert connection.events()[-1] == Subscribed("H0IFCNI0", readable=True)


def test_a_key_of_the_wrong_length_makes_the_notices_unreadable(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(answer("H0IFCNI0", "0", "OPSP0000", {"key": "short", "iv": "x"}), 1)
    assert connection.events()[-1] == Subscribed("H0IFCNI0", readable=False)


def test_a_released_registration_loses_its_key(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(answer("H0IFCNI0", "0", "OPSP0001"), 1)
    assert connection.events()[-1] == Unsubscribed("H0IFCNI0")
    with pytest.raises(CryptoError):
        connection.decrypt(NoticeFrame(True, "H0IFCNI0", 1, "AAAA"))


def test_an_answer_nobody_asked_for_plants_no_key(connection: NoticeConnection) -> None:
    raw = samples.raw("ws_ack_ok_H0STASP0_realistic_keyiv.json")
    connection.receive_data(raw, 0)
    assert connection.events() == [NoticeReceived(raw, BadFrame(FrameFault.UNEXPECTED, "H0STASP0"))]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("OPSP0003_unsubscribe_not_found", Refused("", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)", fatal=False)),
        ("OPSP0008_max_subscribe", Refused("H0STCNT0", "OPSP0008", "MAX SUBSCRIBE OVER", fatal=False)),
        (
            "OPSP0011_invalid_approval",
            Refused("", "OPSP0011", "invalid approval : 062f61cb-c756-4b8f-9fab-92113c6fbea4", fatal=True),
        ),
        ("OPSP8996_already_in_use", SlotHeld("ALREADY IN USE appkey")),
    ],
)
def test_refusals_of_the_samples(connection: NoticeConnection, name: str, event: Refused | SlotHeld) -> None:
    connection.receive_data(samples.raw(f"ws_err_{name}.json"), 0)
    assert connection.events() == [event]


def test_a_refusal_does_not_repeat_our_approval_key() -> None:
    key = "062f61cb-c756-4b8f-9fab-92113c6fbea4"
    connection = NoticeConnection([FUTURES], key, "P")
    connection.receive_data(samples.raw("ws_err_OPSP0011_invalid_approval.json"), 0)
    assert connection.events() == [Refused("", "OPSP0011", "invalid approval : ***", fatal=True)]


@pytest.mark.parametrize("code", ["OPSP0011", "OPSP8994", "OPSP8995", "OPSP8998", "OPSP9994", "OPSP9996", "OPSP9997"])
def test_a_wrong_credential_is_fatal(connection: NoticeConnection, code: str) -> None:
    connection.receive_data(answer("H0IFCNI0", "1", code), 0)
    assert connection.events() == [Refused("H0IFCNI0", code, "words", fatal=True)]


def test_a_ping_is_echoed_byte_for_byte(connection: NoticeConnection) -> None:
    connection.data_to_send()
    raw = b'{ "header": {"tr_id":"PINGPONG","datetime":"20260601143000"}, "x": "\xff" }'
    connection.receive_data(raw, 0)
    assert connection.data_to_send() == [raw]
    assert connection.events() == [Pinged()]


def test_a_plain_notice_is_forged_and_never_opened(connection: NoticeConnection) -> None:
    connection.receive_data(ACK, 0)
    connection.receive_data(b"0|H0IFCNI0|001|a^b", 1)
    notice = connection.events()[-1]
    assert isinstance(notice, NoticeReceived)
    assert notice.forged
    with pytest.raises(CryptoError) as caught:
        notice.plaintext()
    assert caught.value.fault is CryptoFault.PLAIN


def test_an_unreadable_message_is_kept_with_its_reason(connection: NoticeConnection) -> None:
    connection.receive_data(b"<html>", 0)
    (notice,) = connection.events()
    assert notice == NoticeReceived(b"<html>", BadFrame(FrameFault.NOT_JSON, "<html>"))
    assert isinstance(notice, NoticeReceived)
    assert not notice.forged
    with pytest.raises(CryptoError) as caught:
        notice.plaintext()
    assert caught.value.fault is CryptoFault.NO_FRAME


def test_closing_releases_what_was_registered(connection: NoticeConnection) -> None:
    connection.data_to_send()
    connection.receive_data(ACK, 0)
    connection.close()
    assert connection.data_to_send() == [unsubscribe("approval-0", "P", FUTURES)]
    connection.close()
    assert connection.data_to_send() == []


def test_the_silence_limit_is_thirty_seconds_until_the_link_is_known(connection: NoticeConnection) -> None:
    assert connection.silence_limit() == 30
    connection.receive_data(samples.raw("ws_pingpong.json"), 100)
    assert connection.silence_limit() == 30


@pytest.mark.parametrize(("gap", "limit"), [(10, 30), (12, 30), (20, 50)])
def test_the_silence_limit_grows_with_the_usual_gap(connection: NoticeConnection, gap: int, limit: int) -> None:
    for count in range(5):
        connection.receive_data(samples.raw("ws_pingpong.json"), count * gap)
    connection.receive_data(samples.raw("ws_pingpong.json"), 4 * gap + 500)  # one suspended laptop changes nothing
    assert connection.silence_limit() == limit
