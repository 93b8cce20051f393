from __future__ import annotations

import base64

import pytest

from orders.kis.crypto import NoticeCipher
from orders.kis.errors import CryptoError, CryptoFault, NoticeError
from orders.kis.notices import parse_notices
from tests.orders.kis import samples


@pytest.fixture
def cipher() -> NoticeCipher:
    return NoticeCipher(samples.DUMMY_KEY, samples.DUMMY_IV)


@pytest.mark.parametrize(
    ("frame", "notice"),
    [
        ("frame_H0IFCNI0_fill_derived.txt", "notice_H0IFCNI0_fill.json"),
        ("frame_H0EUCNI0_order_accept_derived.txt", "notice_H0EUCNI0_order_accept.json"),
    ],
)
def test_the_sample_frames_decrypt_to_the_sample_notices(cipher: NoticeCipher, frame: str, notice: str) -> None:
    payload = samples.text(frame).split("|", 3)[3]
    assert cipher.decrypt(payload) == samples.read(notice)["plaintext"]


def test_encryption_gives_the_sample_frame_back(cipher: NoticeCipher) -> None:
    plaintext = samples.read("notice_H0IFCNI0_fill.json")["plaintext"]
    assert cipher.encrypt(plaintext) == samples.text("frame_H0IFCNI0_fill_derived.txt").split("|", 3)[3]


def test_one_cipher_serves_many_frames(cipher: NoticeCipher) -> None:
    for plaintext in ("", "김한국^삼성전자", "x" * 1000):
        assert cipher.decrypt(cipher.encrypt(plaintext)) == plaintext


def test_the_portals_own_ciphertext_is_refused_with_the_printed_key(cipher: NoticeCipher) -> None:
    payload = samples.text("ws_frame_H0EUCNI0_portal_real_ciphertext.txt").split("|", 3)[3]
    with pytest.raises((CryptoError, NoticeError)):
        parse_notices("H0EUCNI0", 1, cipher.decrypt(payload))


def test_a_plaintext_cut_inside_a_letter_is_read_with_a_mark(cipher: NoticeCipher) -> None:
    encryptor = cipher._cipher.encryptor()
    cut = b"\xec\x82^ok" + bytes([11]) * 11
    assert cipher.decrypt(base64.b64encode(encryptor.update(cut)).decode()) == "�^ok"


@pytest.mark.parametrize(
    ("key", "iv", "fault"),
    [
        ("short", samples.DUMMY_IV, CryptoFault.KEY),
        ("가" * 32, samples.DUMMY_IV, CryptoFault.KEY),
        (samples.DUMMY_KEY, "0123", CryptoFault.IV),
    ],
)
def test_keys_of_the_wrong_length_are_refused(key: str, iv: str, fault: CryptoFault) -> None:
    with pytest.raises(CryptoError) as caught:
        NoticeCipher(key, iv)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ("", CryptoFault.BLOCKS),
        ("AAAA", CryptoFault.BLOCKS),
        ("not base64!", CryptoFault.BASE64),
        ("가나다", CryptoFault.BASE64),
        ("AAA", CryptoFault.BASE64),
        (base64.b64encode(bytes(32)).decode(), CryptoFault.PADDING),
    ],
)
def test_a_damaged_payload_is_refused_with_its_reason(cipher: NoticeCipher, payload: str, fault: CryptoFault) -> None:
    with pytest.raises(CryptoError) as caught:
        cipher.decrypt(payload)
    assert caught.value.fault is fault
