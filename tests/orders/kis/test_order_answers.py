"""What an order's answer proves: accepted, rejected, or nothing."""

from __future__ import annotations

import json

import pytest

from orders.kis.codes import BUSINESS_REFUSALS
from orders.kis.translate import Accepted, Evidence, Rejected, Unknown, UnknownReason, read_answer
from tests.orders.kis import samples


def test_the_cancel_of_a_reservation_is_accepted_under_a_new_number() -> None:
    sample = samples.read("rest_order_resv_ccnl.json")["response"]
    raw = json.dumps(sample).encode()
    outcome = read_answer(200, raw, "uid")
    assert outcome == Accepted(30138295, Evidence(200, raw, "uid", "0", "APBK1711", "취소주문이 접수되었습니다."))


def test_a_daytime_order_is_accepted_under_its_number() -> None:
    raw = samples.raw("rest_daytime_or_overseas_order_ok.json")
    outcome = read_answer(200, raw)
    assert outcome == Accepted(4336, Evidence(200, raw, "", "0", "APBK0013", "주문 전송 완료 되었습니다."))


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("APBK0918_paper_product", "APBK0918", "모의투자 장내채권/ETF/ETN/ELW 매매불가"),
        (
            "APBK0918_us_closed",
            "APBK0918",
            "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능, 주문시간 외 불가)",
        ),
        ("APBK0927_nothing_to_cancel", "APBK0927", "정정취소 가능수량이 없습니다."),
        ("APBK0963_order_type", "APBK0963", "주문구분코드 오류 입니다."),
        ("APBK3009_sor", "APBK3009", "SOR 시장에서 거래가 불가능한 종목입니다."),
        ("KIER3672_resv_hours", "KIER3672", "예약주문 은 16:40분 이후부터 익영업일 08:30분까지만 가능합니다."),
    ],
)
def test_the_sample_refusals_are_rejections_in_the_brokers_words(name: str, code: str, message: str) -> None:
    outcome = read_answer(200, samples.raw(f"rest_err_{name}.json"))
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.message) == (code, message)


def body(rt_cd: str, msg_cd: str, output: str = "") -> bytes:
    return f'{{"rt_cd":"{rt_cd}","msg_cd":"{msg_cd}","msg1":"말  "{output}}}'.encode()


@pytest.mark.parametrize("rt_cd", ["1", "7"])
@pytest.mark.parametrize(
    "code",
    ["APBK0344", "APBK0656", "APBK0918", "APBK0919", "APBK0927", "APBK0963", "APBK1664", "APBK3009", "KIER3672"],
)
def test_a_listed_refusal_is_a_rejection(rt_cd: str, code: str) -> None:
    outcome = read_answer(200, body(rt_cd, code))
    assert outcome == Rejected(code, "말", Evidence(200, body(rt_cd, code), "", rt_cd, code, "말"))


def test_the_list_of_refusals_has_nine_rows() -> None:
    assert len(BUSINESS_REFUSALS) == 9


@pytest.mark.parametrize(
    ("status", "raw", "reason", "code"),
    [
        (200, samples.raw("rest_err_EGW00121_token_invalid.json"), UnknownReason.UNLISTED, "EGW00121"),
        (200, samples.raw("rest_err_EGW00123_token_expired.json"), UnknownReason.UNLISTED, "EGW00123"),
        (500, samples.raw("rest_err_EGW00123_token_expired.json"), UnknownReason.HTTP_STATUS, "EGW00123"),
        (500, samples.raw("rest_err_EGW00201_http500.json"), UnknownReason.HTTP_STATUS, "EGW00201"),
        (200, samples.raw("rest_err_EGW00201_http500.json"), UnknownReason.UNLISTED, "EGW00201"),
        (500, body("7", "APBK0927"), UnknownReason.HTTP_STATUS, "APBK0927"),
        (503, body("0", "APBK0013", ',"output":{"ODNO":"1"}'), UnknownReason.HTTP_STATUS, "APBK0013"),
        (403, body("1", "EGW00133"), UnknownReason.HTTP_STATUS, "EGW00133"),
        (302, b"{}", UnknownReason.HTTP_STATUS, ""),
        (200, body("1", ""), UnknownReason.UNLISTED, ""),
        (200, body("1", "APBK9999"), UnknownReason.UNLISTED, "APBK9999"),
        (200, body("2", "APBK0927"), UnknownReason.UNLISTED, "APBK0927"),
        (200, b"{}", UnknownReason.UNLISTED, ""),
        (200, body("0", "APBK0013"), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":[]'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":["1"]'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":[{"ODNO":"1"},{"ODNO":"2"}]'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":{"ORGN_ODNO":"1"}'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":{"ODNO":""}'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":{"ODNO":"0000000000"}'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":{"ODNO":"12345678901"}'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, body("0", "APBK0013", ',"output":{"ODNO":1}'), UnknownReason.NO_NUMBER, "APBK0013"),
        (200, b"<html>Bad Gateway</html>", UnknownReason.UNREADABLE, ""),
        (502, b"<html>Bad Gateway</html>", UnknownReason.UNREADABLE, ""),
        (200, b"[]", UnknownReason.UNREADABLE, ""),
        (200, b"", UnknownReason.UNREADABLE, ""),
        (200, b'{"rt_cd":"0","out', UnknownReason.UNREADABLE, ""),
        (200, b'{"a":' + b"[" * 100_000, UnknownReason.UNREADABLE, ""),
    ],
)
def test_everything_else_is_unknown(status: int, raw: bytes, reason: UnknownReason, code: str) -> None:
    outcome = read_answer(status, raw)
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, outcome.code) == (reason, code)
    assert outcome.evidence.raw == raw
    assert outcome.evidence.http_status == status


# The outputs as the pages of each operation print them; those of derivatives and domestic stocks are called an array.
OUTPUTS = {
    "order-resv-ccnl": '{"OVRS_RSVN_ODNO":"0030138295"}',
    "order-resv": '{"ODNO":"","RSVN_ORD_RCIT_DT":"20261120","OVRS_RSVN_ODNO":"0030138295"}',
    "daytime-order-rvsecncl": '{"KRX_FWDG_ORD_ORGNO":"01790","ODNO":"0030138295","ORD_TMD":"110000"}',
    "overseas order-rvsecncl": '{"KRX_FWDG_ORD_ORGNO":"01790","ODNO":"0030138295","ORD_TMD":"110000"}',
    "derivatives order-rvsecncl": (
        '{"ACNT_NAME":"","TRAD_DVSN_NAME":"","ITEM_NAME":"","ORD_TMD":"110000",'
        '"ORD_GNO_BRNO":"06010","ORGN_ODNO":"0000000014","ODNO":"0030138295"}'
    ),
    "stock order-rvsecncl": '{"krx_fwdg_ord_orgno":"06010","odno":"0030138295","ord_tmd":"110000"}',
}


@pytest.mark.parametrize("operation", OUTPUTS)
@pytest.mark.parametrize("form", ["{}", "[{}]"])
def test_the_number_is_found_in_every_markets_answer(operation: str, form: str) -> None:
    output = OUTPUTS[operation] if form == "{}" else f"[{OUTPUTS[operation]}]"
    outcome = read_answer(200, body("0", "APBK0013", f',"output":{output}'))
    assert isinstance(outcome, Accepted)
    assert outcome.number == 30138295
