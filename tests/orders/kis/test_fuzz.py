"""Mutated frames: nothing crashes, and whatever is refused says why. FUZZ_FRAMES sets how many."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import datetime

from orders.domain.sessions import SEOUL
from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, NeedsMarketError, NoticeError
from orders.kis.frames import BadFrame, Subscription
from orders.kis.notices import parse_record, split_records
from orders.kis.protocol import NoticeConnection, NoticeReceived
from orders.kis.translate import translate
from tests.orders.kis import samples
from tests.orders.kis.test_notices import FUTURES_CORE, OVERSEAS_CORE, STOCK_CORE

FRAMES = int(os.environ.get("FUZZ_FRAMES", "20000"))
RECEIVED = datetime(2026, 6, 1, 10, 0, tzinfo=SEOUL)
TR_IDS = ("H0IFCNI0", "H0MFCNI0", "H0EUCNI0", "H0GSCNI0", "H0STCNI0")
PLAIN = (FUTURES_CORE, f"{OVERSEAS_CORE}^6^^^^^^", f"{STOCK_CORE}^^1^^^^^^")
SPICE = ("^", "|", "", "\x00", "{", "9" * 40, "-", ".", "NaN", "１", "가", " ", "1e9", "\ud7ff", "0" * 12)
CIPHER = NoticeCipher(samples.DUMMY_KEY, samples.DUMMY_IV)
CONTROL = [samples.raw("ws_pingpong.json"), samples.raw("ws_ack_ok_H0IFCNI0.json")]
CONTROL += [samples.raw(path.name) for path in sorted(samples.FOLDER.glob("ws_err_*.json"))]


def mutated_text(rng: random.Random) -> str:
    columns = rng.choice(PLAIN).split("^")
    for _ in range(rng.randint(0, 3)):
        columns[rng.randrange(len(columns))] = rng.choice(SPICE)
    if rng.random() < 0.1:
        columns = columns[: rng.randrange(len(columns))] * rng.randint(1, 3)
    return "^".join(columns)


def mutated_frame(rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        frame = bytearray(rng.choice(CONTROL))
    else:
        count = rng.choice(("001", "001", "002", "011", "x"))
        frame = bytearray(f"1|{rng.choice(TR_IDS)}|{count}|{CIPHER.encrypt(mutated_text(rng))}".encode())
    for _ in range(rng.choice((0, 0, 0, 1, 5))):
        frame[rng.randrange(len(frame))] = rng.randrange(256)
    return bytes(frame[: rng.randrange(len(frame))] if rng.random() < 0.05 else frame)


def connected() -> NoticeConnection:
    connection = NoticeConnection([Subscription(tr_id, "desk01") for tr_id in TR_IDS], "approval", "P")
    for tr_id in TR_IDS:
        connection.receive_data(samples.raw("ws_ack_ok_H0IFCNI0.json").replace(b"H0IFCNI0", tr_id.encode()), 0)
    connection.events()
    return connection


def outcome(notice: NoticeReceived) -> str:
    """What became of one message: applied, or the reason of its quarantine. Any other exception is the bug."""
    if isinstance(notice.frame, BadFrame):
        return notice.frame.fault.name
    try:
        records = split_records(notice.frame.tr_id, notice.frame.count, notice.plaintext())
        for record in records:
            translate(parse_record(record), RECEIVED)
    except (CryptoError, NoticeError) as error:
        return error.fault.name
    except NeedsMarketError:
        return "NEEDS_MARKET"
    return "APPLIED"


def test_mutated_frames_never_crash_and_always_have_a_reason() -> None:
    rng = random.Random(20260601)  # noqa: S311  repeatable on purpose
    seen: Counter[str] = Counter()
    connection = connected()
    for number in range(FRAMES):
        if number % 500 == 0:  # a mutated answer may have replaced a key
            connection = connected()
        connection.receive_data(mutated_frame(rng), number)
        connection.data_to_send()
        seen.update(outcome(event) for event in connection.events() if isinstance(event, NoticeReceived))
    assert seen["APPLIED"] > FRAMES / 50
    assert len(seen) > 10
