"""The sentences of the dialogs and of the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orders import wording
from orders.evidence import inquiry_evidence
from orders.models import CommandType, OrderEventRecord


def row(**changes: Any) -> dict[str, Any]:
    return {"market": "KRX", "currency": "KRW", "price": "70000", "leaves_qty": "1500", **changes}


def test_an_amount_in_won_is_given_in_full_and_in_korean_units() -> None:
    assert wording.summary(row(), CommandType.CANCEL)["amount"] == "105,000,000원 (1억 500만 원)"


def test_a_market_order_has_no_amount_yet() -> None:
    summary = wording.summary(row(price=None), CommandType.CANCEL)
    assert (summary["before"], summary["amount"]) == ("1,500주 @ 시장가", "")


def test_a_modify_tells_what_goes_on_at_another_price() -> None:
    summary = wording.summary(row(), CommandType.MODIFY)
    assert (summary["before"], summary["after"]) == ("1,500주 @ 70,000", "1,500주 @ 새 가격")


@pytest.mark.parametrize(
    ("status", "command", "cum", "text"),
    [
        ("CANCELED", "CONFIRMED", "120", "120주 체결된 뒤 나머지 380주 취소"),
        ("CANCELED", "CONFIRMED", "0", ""),
        ("FILLED", "TOO_LATE", "500", "요청이 닿기 전에 500주 모두 체결"),
        ("FILLED", "REJECTED", "500", ""),
        ("WORKING", None, "120", ""),
    ],
)
def test_a_request_that_crossed_a_fill_says_how(status: str, command: str | None, cum: str, text: str) -> None:
    crossed = row(order_qty="500", cum_qty=cum, status=status, command=command and {"state": command})
    assert wording.race(crossed) == text


@pytest.mark.parametrize(
    ("kind", "detail", "text"),
    [
        ("OrderFilled", {"last_qty": "10", "last_px": "70000.0000"}, "체결 · 10 @ 70000"),
        ("OrderFilled", {"last_qty": "ten"}, "체결 · ten"),
        ("OrderRejected", {"reason": "잔고 부족"}, "거부 · 잔고 부족"),
        (
            "CommandRejected",
            {"text": "취소 가능 수량이 없습니다."},
            "요청을 증권사가 거부 · 취소 가능 수량이 없습니다.",
        ),
        ("SomethingNew", {}, "SomethingNew"),
    ],
)
def test_each_event_has_its_sentence(kind: str, detail: dict[str, str], text: str) -> None:
    at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    record = OrderEventRecord(at=at, type=kind, detail=detail, evidence_kind="inquiry", evidence_id="3")
    line = wording.event(record, {"kind": "inquiry", "id": "3", "asked_at": "3", "rows": [detail]})
    assert line["text"] == text
    assert (line["evidence"]["name"], line["evidence"]["facts"][0]) == ("증권사 조회", ("조회 시각", "3"))


def test_an_inquiry_is_named_by_its_time_in_korea() -> None:
    at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    asked = "2026-11-20T02:00:00.123456+00:00"
    record = OrderEventRecord(at=at, type="OrderInquired", detail={}, evidence_kind="inquiry", evidence_id=asked)
    evidence = wording.event(record, inquiry_evidence(record))["evidence"]
    assert (evidence["name"], evidence["line"]) == ("증권사 조회", "2026-11-20 11:00:00")


def test_an_inquiry_says_what_the_row_said_at_a_glance() -> None:
    detail = {"number": "1666", "cum_qty": "5", "leaves_qty": "8", "status": "open", "text": "체결"}
    record = OrderEventRecord(type="OrderInquired", detail=detail, evidence_kind="inquiry", evidence_id="x")
    evidence = wording.event(record, inquiry_evidence(record))["evidence"]
    assert evidence["line"] == "x · 체결수량 5 · 미체결 8"
    assert ("상태", "미체결") in evidence["facts"]
