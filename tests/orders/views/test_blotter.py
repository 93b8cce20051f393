"""The blotter: its rows, the marks that scripts read, its filters."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts import clock
from orders.domain.order_state import OrderStatus
from orders.models import Order
from tests import factories as make
from tests.markup import elements

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
