"""The blotter: its rows, the marks that scripts read, its filters."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts import clock
from accounts.models import Role, UpstreamState
from orders.domain.order_state import OrderStatus
from orders.models import Order
from tests import factories as make
from tests.markup import elements
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db


def boot(html: str) -> dict[str, Any]:
    block = next(element for element in elements(html, "id") if element.attributes["id"] == "boot")
    loaded: dict[str, Any] = json.loads(block.text)
    return loaded


def test_the_blotter_shows_its_first_rows_with_the_marks_that_scripts_read(page: Client, order: Order) -> None:
    make.OrderCommandFactory.create(order=order)
    html = page.get("/orders/").content.decode()
    row = elements(html, "data-order-id")[0].attributes
    marks = (row["data-order-id"], row["data-status"], row["data-command-state"])
    assert marks == (str(order.pk), "WORKING", "ACKED")
    assert f"/orders/{order.pk}/" in [link.attributes["href"] for link in elements(html, "href")]
    assert order.account.masked_number in html
    assert order.account.number not in html


def test_the_blotter_carries_the_rows_of_the_api_and_where_its_stream_goes_on(page: Client, order: Order) -> None:
    data = boot(page.get("/orders/").content.decode())
    assert data["rows"] == page.get("/api/v1/orders/").json()["results"]
    assert data["seq"] == 0
    assert UUID(data["epoch"])


def test_the_blotter_shows_what_is_open_under_way_or_of_the_last_day(page: Client, order: Order) -> None:
    long_ago = clock.now() - timedelta(days=5)
    old = {"account": order.account, "ordered_at": long_ago, "status": OrderStatus.FILLED.value}
    make.OrderFactory.create(**old)
    uncertain = make.OrderFactory.create(**old)
    make.OrderCommandFactory.create(order=uncertain, state="UNKNOWN")
    still_open = make.OrderFactory.create(**{**old, "status": OrderStatus.WORKING.value})
    shown = {row["id"] for row in boot(page.get("/orders/").content.decode())["rows"]}
    assert shown == {order.pk, uncertain.pk, still_open.pk}


def test_the_blotter_filters_by_the_address(page: Client, order: Order) -> None:
    assert boot(page.get("/orders/?status=FILLED").content.decode())["rows"] == []
    assert len(boot(page.get("/orders/?status=WORKING&market=US_DAYTIME").content.decode())["rows"]) == 1
    assert len(boot(page.get("/orders/?status=nonsense").content.decode())["rows"]) == 1


def test_the_blotter_says_which_markets_are_open_and_until_when(page: Client, order: Order) -> None:
    html = page.get("/orders/").content.decode()
    phases = {one.attributes["data-market"]: one.attributes["data-phase"] for one in elements(html, "data-phase")}
    assert phases == {"US_DAYTIME": "open", "US": "closed", "US_RESERVED": "open"}
    assert "18:00까지" in html
    assert "04:00 ET" in html


def test_the_strip_of_market_hours_is_read_alone(page: Client, order: Order) -> None:
    html = page.get("/orders/sessions/").content.decode()
    assert elements(html, "data-refresh-at")[0].attributes["data-refresh-at"] == "2026-11-20T16:30:00+09:00"
    assert "<html" not in html


def test_a_request_of_unknown_outcome_stands_over_the_list_with_the_fixed_sentence(page: Client, order: Order) -> None:
    make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    html = page.get("/orders/").content.decode()
    assert elements(html, "data-doubt")[0].attributes["data-command-state"] == "UNKNOWN"
    assert "결과를 확인하지 못했습니다. 같은 요청을 다시 보내지 마십시오. 시스템이 조회 중입니다." in html
    asked = elements(html, "data-inquire")[0].attributes["data-inquire"]
    assert asked == f"/api/v1/orders/{order.pk}/inquire/"


def test_an_escalated_request_says_to_call_the_broker_with_the_number(page: Client, order: Order) -> None:
    make.OrderCommandFactory.create(order=order, state="ESCALATED")
    number = order.numbers.get().text
    html = page.get("/orders/unresolved/").content.decode()
    assert f"증권사에 전화하여 주문번호 {number}의 처리 결과를 확인하십시오." in html
    assert [one.text.strip() for one in elements(html, "data-dialog-url")] == ["다시 취소"]


def test_the_panel_is_read_again_only_while_there_is_a_doubt(page: Client, order: Order) -> None:
    empty = page.get("/orders/unresolved/").content.decode()
    make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    assert not elements(empty, "data-refresh-each")
    assert elements(page.get("/orders/unresolved/").content.decode(), "data-refresh-each")


def test_the_doubt_that_waits_longest_comes_first_and_others_are_not_told(page: Client, order: Order) -> None:
    second = make.OrderFactory.create(account=order.account)
    make.OrderCommandFactory.create(order=order, state="UNKNOWN", created_at=clock.now() - timedelta(seconds=5))
    make.OrderCommandFactory.create(order=second, state="ESCALATED", created_at=clock.now() - timedelta(minutes=9))
    make.OrderCommandFactory.create(state="UNKNOWN")
    found = elements(page.get("/orders/unresolved/").content.decode(), "data-doubt")
    assert [one.attributes["data-doubt"] for one in found] == [str(second.pk), str(order.pk)]


def test_the_page_of_an_order_shows_its_doubt_too(page: Client, order: Order) -> None:
    make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    html = page.get(f"/orders/{order.pk}/").content.decode()
    assert len(elements(html, "data-doubt")) == 1


def away(name: str, state: str, detail: str) -> None:
    now = timezone.now()
    UpstreamState.objects.create(name=name, state=state, detail=detail, changed_at=now, heard_at=now)


def test_the_banner_of_the_kis_line_says_which_and_why(page: Client, order: Order) -> None:
    connection = order.account.kis.connection
    away(connection.name, "polling", "다른 접속이 앱키를 쓰고 있습니다 · 다음 시도 11:10:31")
    html = page.get("/orders/feed/").content.decode()
    banner = next(one.attributes for one in elements(html, "data-state") if one.attributes["id"] == "kis-down")
    assert (banner["data-state"], "hidden" in banner) == ("polling", False)
    assert "다음 시도 11:10:31" in html
    assert connection.name in html


@pytest.mark.parametrize("state", ["live", "syncing"])
def test_a_kis_line_that_works_has_no_banner(page: Client, order: Order, state: str) -> None:
    away(order.account.kis.connection.name, state, "")
    html = page.get("/orders/feed/").content.decode()
    assert all("hidden" in one.attributes for one in elements(html, "data-state"))
    assert next(one.attributes["data-state"] for one in elements(html, "data-state")) == state
    assert not elements(html, "data-refresh-each")


def test_only_who_may_trade_can_pick_orders(page: Client, order: Order) -> None:
    watcher = make.UserFactory.create(role=Role.COMPLIANCE)
    assert 'id="selection-bar"' in page.get("/orders/").content.decode()
    assert 'id="selection-bar"' not in signed_in(watcher).get("/orders/").content.decode()


def test_a_row_of_unknown_outcome_is_drawn_first(page: Client, order: Order) -> None:
    make.OrderFactory.create(account=order.account)
    make.OrderCommandFactory.create(order=order, state="UNKNOWN")
    rows = elements(page.get("/orders/").content.decode(), "data-order-id")
    assert rows[0].attributes["data-order-id"] == str(order.pk)
