"""What the client gets instead of an answer, for each REST fault."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from orders.kis.simulator.answers import BLANK_500, GATEWAY_CODES, Refusal, SimAnswer, answer, gateway_refusal
from orders.kis.simulator.faults import Fault

DELAY_SECONDS = 1.0
DRIP_SECONDS = 0.2
_HTML = "text/html"
_LISTS = ("output", "output1")


def spoil(fault: Fault, whole: SimAnswer) -> SimAnswer:
    """`whole` is what the client would have got."""
    broken = _break_off(fault, whole)
    if broken is not None:
        return broken
    if fault.name.upper() in GATEWAY_CODES:
        return gateway_refusal(fault.name.upper()).answer()
    if fault.name.startswith("http_"):
        return _http(fault)
    if fault.name == "unlisted_code":
        return Refusal("1", fault.code or "APBK9999", "처리 중 오류가 발생하였습니다.").answer()
    if fault.name == "html":
        return _page(200)
    return _change_body(fault, whole)


def delay_before(fault: Fault | None) -> float:
    """The seconds that a request waits before the order engine gets it."""
    return _seconds(fault) if fault is not None and fault.name == "delay_before" else 0.0


def _seconds(fault: Fault) -> float:
    return DELAY_SECONDS if fault.seconds is None else fault.seconds


def _break_off(fault: Fault, whole: SimAnswer) -> SimAnswer | None:
    """The faults of the line, None for those of the content."""
    kind = fault.name.partition("_")[0]
    if kind == "timeout":
        return replace(whole, hang=True)
    if kind == "reset":
        return replace(whole, reset=True)
    if kind == "drop":
        return replace(whole, drop=True)
    if fault.name == "delay_after":
        return replace(whole, delay=_seconds(fault))
    return whole if fault.name == "delay_before" else None


def _http(fault: Fault) -> SimAnswer:
    if fault.name == "http_500_blank":
        return BLANK_500.answer()
    _, status, shape = fault.name.split("_")
    if shape == "html":
        return _page(int(status))
    if shape == "empty":
        return SimAnswer(int(status), b"", content_type=_HTML)
    return replace(gateway_refusal("EGW00002").answer(), status=int(status))


def _page(status: int) -> SimAnswer:
    page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return SimAnswer(status, page, content_type=_HTML)


def _change_body(fault: Fault, whole: SimAnswer) -> SimAnswer:
    if fault.name == "not_json":
        return replace(whole, body=whole.body[: len(whole.body) // 2])
    if fault.name == "slow_drip":
        return replace(whole, drip=DRIP_SECONDS)
    if fault.name == "invalid_utf8_row":
        return replace(whole, body=whole.body.replace(b'"prdt_name": "', b'"prdt_name": "\xed\x95', 1))
    body = json.loads(whole.body)
    if fault.name == "missing_page":
        return _as_last_page(whole, body)
    for name in _LISTS:
        for row in body.get(name, ()):
            row.update({f"new_field_{number}": "1" for number in range(fault.count)})
    return answer(body, whole.status, **whole.headers)


def _as_last_page(whole: SimAnswer, body: dict[str, Any]) -> SimAnswer:
    more = whole.headers.get("tr_cont", "")
    last = {"F": "D", "M": "E"}.get(more, more)
    keys = {name: " " * len(value) for name, value in body.items() if name.startswith("ctx_area_nk")}
    return answer(body | keys, whole.status, **{**whole.headers, "tr_cont": last})
