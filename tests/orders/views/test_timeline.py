"""An order's page: every event with its evidence, and the evidence as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from orders.models import Order, OrderCommand
from tests import factories as make
from tests.markup import elements
from tests.orders.conftest import filled

pytestmark = pytest.mark.django_db

ANSWER = {"rt_cd": "1", "msg_cd": "APBK0927", "msg1": "취소 가능 수량이 없습니다.", "output": {"CANO": "12345678"}}


@pytest.fixture
def proven(order: Order) -> Order:
    """An order with one event of each kind of evidence."""
    notice = make.NoticeFactory.create(
        plaintext=filled(120, ACNT_NO="1234567801", ACNT_NAME="홍길동", CUST_ID="desk01"), order=order, state="applied"
    )
    command = make.OrderCommandFactory.create(
        order=order, state="REJECTED", http_status=200, rt_cd="1", raw_answer=json.dumps(ANSWER).encode()
    )
    event = make.OrderEventFactory.create
    event(order=order, type="OrderFilled", evidence_id=str(notice.pk), detail={"last_qty": "120", "last_px": "181.2"})
    asked = {"number": "1666", "cum_qty": "120", "leaves_qty": "380", "status": "OPEN", "text": "=정상"}
    when = "2026-11-20T02:00:00+00:00"
    event(order=order, type="OrderInquired", evidence_kind="inquiry", evidence_id=when, detail=asked)
    event(order=order, type="CommandRejected", evidence_kind="command", evidence_id=str(command.pk))
    return order


def document(page: Client, order: Order) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(page.get(f"/orders/{order.pk}/evidence.json").content)
    return loaded


def test_the_timeline_shows_each_event_with_its_evidence_and_is_audited(page: Client, order: Order) -> None:
    make.OrderEventFactory.create(order=order, type="OrderFilled", detail={"last_qty": "120", "last_px": "181.2"})
    html = page.get(f"/orders/{order.pk}/").content.decode()
    assert "체결 · 120 @ 181.2" in html
    assert "체결통보" in html
    assert AuditEvent.objects.filter(action="account.viewed", subject=f"order {order.pk}").exists()


def test_a_notice_is_shown_with_where_it_came_in_and_its_columns(page: Client, proven: Order) -> None:
    html = page.get(f"/orders/{proven.pk}/").content.decode()
    for text in ("H0GSCNI0", "2026-11-20 11:00:00", "CNTG_QTY", "0000000120", "STCK_SHRN_ISCD"):
        assert text in html
    for personal in ("홍길동", "1234567801", "desk01", "CUST_ID", "ACNT_NO"):
        assert personal not in html


def test_an_inquiry_is_shown_with_its_time_and_row_and_a_command_with_its_answer(page: Client, proven: Order) -> None:
    html = page.get(f"/orders/{proven.pk}/").content.decode()
    for text in ("증권사 조회", "380", "rt_cd", "APBK0927", "취소 가능 수량이 없습니다.", "HTTP"):
        assert text in html


def test_a_request_without_an_answer_says_so(page: Client, order: Order) -> None:
    sent = make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    OrderCommand.objects.filter(pk=sent.pk).update(sent_at=sent.created_at)
    make.OrderEventFactory.create(
        order=order, type="CommandUnknown", evidence_kind="command", evidence_id=str(sent.pk), detail={}
    )
    assert "응답 없음" in page.get(f"/orders/{order.pk}/").content.decode()


def test_the_page_offers_the_evidence_as_files(page: Client, order: Order) -> None:
    html = page.get(f"/orders/{order.pk}/").content.decode()
    files = [link.attributes["href"] for link in elements(html, "download")]
    assert files == [f"/orders/{order.pk}/evidence.csv", f"/orders/{order.pk}/evidence.json"]


def test_the_document_holds_everything_but_personal_data_and_secrets(page: Client, proven: Order) -> None:
    response = page.get(f"/orders/{proven.pk}/evidence.json")
    text, found = response.content.decode(), json.loads(response.content)
    kinds = [event["evidence"]["kind"] for event in found["events"]]
    assert kinds == ["notice", "inquiry", "command"]
    assert found["order"]["account_number"] == proven.account.masked_number
    assert found["events"][2]["evidence"]["msg_cd"] == "APBK0927"
    assert found["notices"][0]["columns"]["CNTG_QTY"] == "0000000120"
    assert len(found["commands"]) == 1
    for personal in (proven.account.number, "홍길동", "1234567801", "desk01", "app_secret", "12345678"):
        assert personal not in text
    assert response.headers["Content-Disposition"] == f'attachment; filename="order-{proven.pk}-evidence.json"'


def test_the_document_has_the_fills_with_what_they_rest_on(page: Client, order: Order) -> None:
    make.FillFactory.create(order=order)
    fill = document(page, order)["fills"][0]
    assert (fill["last_qty"], fill["source"], fill["notice"]) == ("120", "notice", None)


def test_the_table_opens_in_korean_excel_and_starts_no_formula(page: Client, proven: Order) -> None:
    proven.events.filter(evidence_kind="inquiry").update(type="=cmd|calc", detail={"text": "x"})
    raw = page.get(f"/orders/{proven.pk}/evidence.csv").content
    assert raw.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0][:3] == ["시각", "기록", "내용"]
    assert len(rows) == 4
    assert rows[2][2].startswith("'=cmd|calc")
    assert "TR=H0GSCNI0" in rows[1][6]
    assert "CNTG_QTY=0000000120" in rows[1][7]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_download_is_audited(page: Client, order: Order, form: str) -> None:
    assert page.get(f"/orders/{order.pk}/evidence.{form}").status_code == 200
    kept = AuditEvent.objects.get(action="order.evidence_exported")
    assert (kept.subject, kept.detail, kept.account) == (f"order {order.pk}", {"format": form}, order.account)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_evidence_of_another_managers_order_is_not_there(page: Client, form: str) -> None:
    other = make.OrderFactory.create()
    assert page.get(f"/orders/{other.pk}/evidence.{form}").status_code == 404
    assert not AuditEvent.objects.filter(action="order.evidence_exported").exists()


def test_a_notice_that_cannot_be_read_any_more_shows_where_it_came_in(page: Client, order: Order) -> None:
    notice = make.NoticeFactory.create(plaintext="a^b", order=order)
    make.OrderEventFactory.create(order=order, evidence_id=str(notice.pk))
    evidence = document(page, order)["events"][0]["evidence"]
    assert (evidence["tr_id"], evidence["columns"]) == ("H0GSCNI0", {})
