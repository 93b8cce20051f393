"""An order to command, the request about it, and the broker's lists that tell what became of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import time_machine

from orders import reconciliation
from orders.commands import CommandRequest
from orders.models import Order, OrderNumber
from tests.orders.broker import Broker, body
from tests.orders.conftest import Desk

EVENING = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25 in Korea: reservations may be canceled
MORNING = datetime(2026, 11, 20, 1, 5, tzinfo=UTC)  # 10:05 in Korea: US daytime trading
ACCEPTED = body(
    rt_cd="0", msg_cd="APBK1711", msg1="취소주문이 접수되었습니다.", output={"OVRS_RSVN_ODNO": "0030138295"}
)
DAYTIME_OK = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})


def make_order(desk: Desk, number: int = 30135682, **changes: Any) -> Order:
    fields = {
        "account": desk.stock,
        "market": "US_RESERVED",
        "family": "RESERVED",
        "order_date": date(2026, 11, 20),
        "symbol": "NVDA",
        "exchange": "NASD",
        "currency": "USD",
        "side": "buy",
        "order_qty": Decimal(10),
        "leaves_qty": Decimal(10),
        "price": Decimal("180.5"),
        "status": "RESERVED",
        "ordered_at": EVENING - timedelta(hours=1),
        "transact_time": EVENING - timedelta(hours=1),
        "inquired_at": EVENING,
    }
    order = Order.objects.create(**{**fields, **changes})
    OrderNumber.objects.create(
        order=order,
        account=order.account,
        family=order.family,
        order_date=order.order_date,
        number=number,
        text=f"{number:010d}",
        kind="new",
    )
    return order


def asked(desk: Desk, order: Order, **changes: object) -> CommandRequest:
    fields: dict[str, object] = {
        "user": desk.manager,
        "address": "127.0.0.1",
        "order_id": order.pk,
        "type": "cancel",
        "intent": uuid4(),
        "expected_version": order.version,
        "fresh_factor": True,
    }
    return CommandRequest(**{**fields, **changes})  # type: ignore[arg-type]  # a builder of keyword arguments


def reservation_row(**changes: str) -> dict[str, str]:
    row = {
        "cncl_yn": "N",
        "rsvn_ord_rcit_dt": "20261120",
        "ovrs_rsvn_odno": "0030135682",
        "ord_dt": "",
        "odno": "",
        "sll_buy_dvsn_cd": "02",
        "ovrs_rsvn_ord_stat_cd_name": "접수",
        "pdno": "NVDA",
        "prdt_name": "NVIDIA",
        "ord_rcit_tmd": "192500",
        "ft_ord_qty": "10",
        "ft_ord_unpr3": "180.50000000",
        "ft_ccld_qty": "0",
        "ovrs_excg_cd": "NASD",
        "tr_crcy_cd": "USD",
        "nprc_rson_text": "",
    }
    return {**row, **changes}


def lists(broker: Broker, *rows: dict[str, str]) -> None:
    broker.reply("order-resv-list", body(rt_cd="0", msg_cd="KIOK0510", msg1="", output=list(rows)))


def resolve(clock: time_machine.Traveller, seconds: float) -> None:
    clock.shift(timedelta(seconds=seconds))
    reconciliation.resolve_due(datetime.now(UTC))
