"""Connections, orders, fills, commands and notices."""

# factory_boy's declarations carry no types.
# mypy: disable-error-code="no-untyped-call, attr-defined"

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.models import (
    FirmKind,
)
from orders.domain.events import Family, Market, Side
from orders.domain.order_state import OrderStatus
from orders.models import (
    CommandType,
    Fill,
    FillSource,
    KisAccount,
    KisConnection,
    Notice,
    NoticeFrame,
    Order,
    OrderCommand,
    OrderEventRecord,
    OrderNumber,
)
from tests.factories.accounts import ClientAccountFactory, FirmFactory, UserFactory


class KisConnectionFactory(DjangoModelFactory[KisConnection]):
    class Meta:
        model = KisConnection
        django_get_or_create = ("name",)

    name = "desk-1"
    rest_url = "https://openapi.example:9443"
    ws_url = "ws://openapi.example:21000"
    app_key = "app-key"
    app_secret = "app-secret"
    hts_id = "desk01"


class KisClientFactory(ClientAccountFactory):
    """A client account at KIS, traded by an app key."""

    firm = factory.SubFactory(FirmFactory, kind=FirmKind.KIS, short_name="kis", name="한국투자증권", base_url="")
    number = factory.Sequence(lambda n: f"{12340000 + n}-01")


class KisAccountFactory(DjangoModelFactory[KisAccount]):
    class Meta:
        model = KisAccount

    connection = factory.SubFactory(KisConnectionFactory)
    account = factory.SubFactory(KisClientFactory)
    product = "01"


class OrderFactory(DjangoModelFactory[Order]):
    class Meta:
        model = Order

    account = factory.SubFactory(KisClientFactory)
    market = Market.US_DAYTIME.value
    family = Family.OVERSEAS.value
    order_date = date(2026, 11, 20)
    symbol = "AAPL"
    name = "애플"
    exchange = "NASD"
    currency = "USD"
    side = Side.BUY.value
    order_qty = Decimal(500)
    leaves_qty = factory.SelfAttribute("order_qty")
    price = Decimal("181.25")
    status = OrderStatus.WORKING.value
    ordered_at = factory.Sequence(lambda n: datetime(2026, 11, 20, 2, 0, tzinfo=UTC) + timedelta(seconds=n))
    transact_time = factory.SelfAttribute("ordered_at")
    noticed_at = factory.SelfAttribute("ordered_at")


class OrderNumberFactory(DjangoModelFactory[OrderNumber]):
    class Meta:
        model = OrderNumber

    order = factory.SubFactory(OrderFactory)
    account = factory.SelfAttribute("order.account")
    family = factory.SelfAttribute("order.family")
    order_date = factory.SelfAttribute("order.order_date")
    number = factory.Sequence(lambda n: 1666 + n)
    text = factory.LazyAttribute(lambda row: f"{row.number:010d}")
    kind = "new"


class FillFactory(DjangoModelFactory[Fill]):
    class Meta:
        model = Fill

    order = factory.SubFactory(OrderFactory)
    number = 1666
    source = FillSource.NOTICE
    last_qty = Decimal(120)
    last_px = Decimal("181.2")
    amount = factory.LazyAttribute(lambda fill: fill.last_qty * fill.last_px)
    transact_time = datetime(2026, 11, 20, 2, 1, tzinfo=UTC)
    recorded_at = factory.SelfAttribute("transact_time")
    key = factory.Sequence(lambda n: f"fill-{n}")


class OrderEventFactory(DjangoModelFactory[OrderEventRecord]):
    class Meta:
        model = OrderEventRecord

    order = factory.SubFactory(OrderFactory)
    at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    recorded_at = factory.SelfAttribute("at")
    type = "OrderAccepted"
    evidence_kind = "notice"
    evidence_id = "1"


class OrderCommandFactory(DjangoModelFactory[OrderCommand]):
    class Meta:
        model = OrderCommand

    actor = factory.SubFactory(UserFactory)
    intent = factory.LazyFunction(uuid.uuid4)
    order = factory.SubFactory(OrderFactory)
    type = CommandType.CANCEL
    expected_version = 1
    parameters_hash = "0" * 64
    state = "ACKED"
    created_at = datetime(2026, 11, 20, 2, 5, tzinfo=UTC)


class NoticeFrameFactory(DjangoModelFactory[NoticeFrame]):
    class Meta:
        model = NoticeFrame

    connection = factory.SubFactory(KisConnectionFactory)
    epoch = 1
    number = factory.Sequence(int)
    received_at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    raw = b"1|H0GSCNI0|001|..."


class NoticeFactory(DjangoModelFactory[Notice]):
    class Meta:
        model = Notice

    frame = factory.SubFactory(NoticeFrameFactory)
    tr_id = "H0GSCNI0"
