"""Requests and answers of the REST side, and the vendor's refusals as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SimRequest:
    """Header names in lower case; `query` decoded; `body` as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True, slots=True)
class SimAnswer:
    """`hang`: never answer; `reset`, `drop`: break or close the connection; `delay`: seconds before the answer;
    `drip`: seconds between two bytes of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    hang: bool = False
    reset: bool = False
    drop: bool = False
    delay: float = 0.0
    drip: float = 0.0


def answer(body: Mapping[str, Any], status: int = 200, **headers: str) -> SimAnswer:
    raw = json.dumps(body, ensure_ascii=False).encode()
    return SimAnswer(status, raw, headers)


def _padded(message: str) -> str:
    return message.ljust(80)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way KIS says no: gateway refusals come as HTTP 500, those of the order engine as 200."""

    rt_cd: str
    msg_cd: str
    msg1: str
    status: int = 200

    def answer(self) -> SimAnswer:
        return answer({"rt_cd": self.rt_cd, "msg_cd": self.msg_cd, "msg1": self.msg1}, self.status)


# What the gateway says of itself and of a request that it does not pass on (KIS 오류코드).
GATEWAY_CODES = {
    "EGW00001": "일시적 오류가 발생했습니다.",
    "EGW00002": "서버 에러가 발생했습니다.",
    "EGW00003": "접근이 거부되었습니다.",
    "EGW00101": "유효하지 않은 요청입니다.",
    "EGW00103": "유효하지 않은 AppKey입니다.",
    "EGW00105": "유효하지 않은 AppSecret입니다.",
    "EGW00121": "유효하지 않은 token 입니다.",
    "EGW00123": "기간이 만료된 token 입니다.",
    "EGW00132": "Content Type이 올바르지 않습니다.",
    "EGW00201": "초당 거래건수를 초과하였습니다.",
    "EGW00202": "GW라우팅 중 오류가 발생했습니다.",
    "EGW00203": "OPS라우팅 중 오류가 발생했습니다.",
    "EGW00204": "Internal Gateway 인스턴스를 잘못 입력했습니다.",
    "EGW00205": "credentials_type이 유효하지 않습니다.(Bearer)",
    "EGW00208": "고객유형(custtype)이 유효하지 않습니다.",
    "EGW00209": "일련번호(seq_no)가 유효하지 않습니다.",
    "EGW00213": "모의투자 TR 이 아닙니다.",
    "EGW00300": "Gateway 라우팅 오류가 발생했습니다.",
}


def gateway_refusal(code: str) -> Refusal:
    return Refusal("1", code, GATEWAY_CODES[code], 500)


APPKEY_WRONG = gateway_refusal("EGW00103")
APPSECRET_WRONG = gateway_refusal("EGW00105")
INVALID_REQUEST = gateway_refusal("EGW00101")
TOKEN_INVALID = gateway_refusal("EGW00121")
TOKEN_EXPIRED = gateway_refusal("EGW00123")
CONTENT_TYPE_WRONG = gateway_refusal("EGW00132")
TOO_MANY = gateway_refusal("EGW00201")
NO_BEARER = gateway_refusal("EGW00205")
CUSTTYPE_WRONG = gateway_refusal("EGW00208")
SEQ_NO_WRONG = gateway_refusal("EGW00209")
ENVIRONMENT_WRONG = gateway_refusal("EGW00213")
BLANK_500 = Refusal("1", "", "", 500)
ACCOUNT_WRONG = Refusal("1", "OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO")
EXCHANGE_WRONG = Refusal("1", "OPSQ2001", "ERROR : INPUT INVALID_CHECK_MKET")
FIELD_MISSING = Refusal("1", "OPSQ2002", "ERROR : INPUT_FIELD_SIZE")
TR_ID_MISSING = Refusal("1", "OPSQ9999", "ERROR : TR_ID NOT FOUND")
US_CLOSED = Refusal("7", "APBK0918", "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능, 주문시간 외 불가)")
MARKET_CLOSED = Refusal("7", "APBK0918", "장운영시간이 아닙니다.")
SOR_IMPOSSIBLE = Refusal("1", "APBK3009", "SOR 시장에서 거래가 불가능한 종목입니다.")
RESERVATION_CLOSED = Refusal("1", "KIER3672", "예약주문 은 16:40분 이후부터 익영업일 08:30분까지만 가능합니다.")
NO_ORIGINAL = Refusal("7", "APBK0344", "원주문정보가 존재하지 않습니다.")
NOTHING_LEFT = Refusal("7", "APBK0927", "정정취소 가능수량이 없습니다.")
ORDER_TYPE_WRONG = Refusal("7", "APBK0963", "주문구분코드 오류 입니다.")
SYMBOL_WRONG = Refusal("7", "APBK0656", "해당종목정보가 없습니다.")


def ordered(
    output: Mapping[str, str], code: str = "APBK0013", message: str = "주문 전송 완료 되었습니다."
) -> SimAnswer:
    """An order request that the broker took."""
    return answer({"rt_cd": "0", "msg_cd": code, "msg1": message, "output": dict(output)})


def number_in(taken: SimAnswer) -> str:
    """The number that an order request was given."""
    output = json.loads(taken.body)["output"]
    return str(output.get("ODNO") or output["OVRS_RSVN_ODNO"])


def listed(rows: Mapping[str, Any], more: str, keys: Mapping[str, str], *, empty: bool) -> SimAnswer:
    """One page of an inquiry; `more` is the tr_cont header, `keys` the paging keys of the body."""
    code, message = ("KIOK0560", "조회할 내용이 없습니다") if empty else ("KIOK0510", "조회가 완료되었습니다")
    body = {**keys, **rows, "rt_cd": "0", "msg_cd": code, "msg1": _padded(message)}
    return answer(body, tr_cont=more)
