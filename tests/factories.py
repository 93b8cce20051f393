"""Rows for tests, believable by default; a test names only what it is about."""

# factory_boy's declarations carry no types.
# mypy: disable-error-code="no-untyped-call, attr-defined"

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.models import (
    ApiToken,
    Assignment,
    CashBalance,
    ClientAccount,
    ContractStatus,
    Dataset,
    Firm,
    FirmKind,
    Holding,
    OrderDetail,
    OrderExecution,
    Role,
    RunState,
    Settlement,
    Slot,
    Snapshot,
    StepState,
    SyncRun,
    SyncStep,
    Trade,
    User,
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

BUSINESS_DAY = date(2026, 11, 19)
FETCHED = datetime(2026, 11, 19, 11, 31, tzinfo=UTC)  # 20:31 in Korea
PASSWORD = "right-horse-battery-9"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    role = Role.MANAGER
    is_staff = factory.LazyAttribute(lambda user: user.role not in {Role.MANAGER, Role.ASSISTANT})


class FirmFactory(DjangoModelFactory[Firm]):
    class Meta:
        model = Firm
        django_get_or_create = ("short_name",)

    kind = FirmKind.KOSCOM
    name = "신한투자증권"
    short_name = "shinhan"
    base_url = "https://gateway.example/v1"
    com_id = "F9999"
    srv_id = "100"
    api_key = "key"
    api_secret = "secret"


class ClientAccountFactory(DjangoModelFactory[ClientAccount]):
    class Meta:
        model = ClientAccount

    firm = factory.SubFactory(FirmFactory)
    number = factory.Sequence(lambda n: f"00199231{n:05d}")
    holder_name = "홍길동"
    alias = factory.Sequence(lambda n: f"성장 {n}호")
    contract_status = ContractStatus.ACTIVE


class AssignmentFactory(DjangoModelFactory[Assignment]):
    class Meta:
        model = Assignment

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(ClientAccountFactory)
    valid_from = date(2020, 1, 1)


class SyncRunFactory(DjangoModelFactory[SyncRun]):
    class Meta:
        model = SyncRun
        django_get_or_create = ("slot", "calendar_date")

    slot = Slot.EVENING
    calendar_date = BUSINESS_DAY
    state = RunState.DONE
    started_at = FETCHED


class SyncStepFactory(DjangoModelFactory[SyncStep]):
    class Meta:
        model = SyncStep

    run = factory.SubFactory(SyncRunFactory, calendar_date=factory.SelfAttribute("..business_date"))
    account = factory.SubFactory(ClientAccountFactory)
    firm = factory.LazyAttribute(lambda step: step.account.firm)
    dataset = Dataset.BALANCES
    business_date = BUSINESS_DAY
    state = StepState.DONE


class SnapshotFactory(DjangoModelFactory[Snapshot]):
    class Meta:
        model = Snapshot

    account = factory.SubFactory(ClientAccountFactory)
    dataset = Dataset.BALANCES
    business_date = BUSINESS_DAY
    valid_from = factory.SelfAttribute("business_date")
    step = factory.SubFactory(
        SyncStepFactory,
        account=factory.SelfAttribute("..account"),
        dataset=factory.SelfAttribute("..dataset"),
        business_date=factory.SelfAttribute("..business_date"),
    )
    fetched_at = FETCHED
    verified_at = FETCHED
    digest = factory.LazyFunction(lambda: uuid.uuid4().hex)


class CashBalanceFactory(DjangoModelFactory[CashBalance]):
    class Meta:
        model = CashBalance

    snapshot = factory.SubFactory(SnapshotFactory)
    position = factory.Sequence(int)
    currency = "KRW"
    settlement_basis = "D2"
    cash_balance = Decimal(1_500_000)


class HoldingFactory(DjangoModelFactory[Holding]):
    class Meta:
        model = Holding

    snapshot = factory.SubFactory(SnapshotFactory)
    position = factory.Sequence(int)
    isin = "KR7005930003"
    short_code = "A005930"
    name = "삼성전자"
    currency = "KRW"
    quantity = Decimal(10)
    market_value = Decimal(700_000)


class SettlementFactory(DjangoModelFactory[Settlement]):
    class Meta:
        model = Settlement

    snapshot = factory.SubFactory(SnapshotFactory, dataset=Dataset.SETTLEMENTS)
    position = factory.Sequence(int)
    order_date = BUSINESS_DAY
    settle_date = date(2026, 11, 23)
    side = "buy"
    name = "삼성전자"
    currency = "KRW"
    amount = Decimal(700_000)


class TradeFactory(DjangoModelFactory[Trade]):
    class Meta:
        model = Trade

    snapshot = factory.SubFactory(SnapshotFactory, dataset=Dataset.TRADES)
    position = factory.Sequence(int)
    date = BUSINESS_DAY
    type = "buy"
    name = "삼성전자"
    currency = "KRW"


class OrderDetailFactory(DjangoModelFactory[OrderDetail]):
    class Meta:
        model = OrderDetail

    snapshot = factory.SubFactory(SnapshotFactory, dataset=Dataset.ORDERS)
    position = factory.Sequence(int)
    order_number = "17"
    side = "buy"
    name = "삼성전자"
    currency = "KRW"


class OrderExecutionFactory(DjangoModelFactory[OrderExecution]):
    class Meta:
        model = OrderExecution

    order = factory.SubFactory(OrderDetailFactory)
    position = factory.Sequence(int)
    number = "1"
    quantity = Decimal(3)
    price = Decimal(70_000)


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


def assigned(user: User, account: ClientAccount | None = None) -> ClientAccount:
    """An account that the person manages."""
    account = account or ClientAccountFactory.create()
    AssignmentFactory.create(user=user, account=account)
    return account


def token_for(user: User, scope: str = "read", lifetime: timedelta = timedelta(days=1)) -> str:
    """A bearer token of the person, in clear."""
    token, now = uuid.uuid4().hex, datetime.now(UTC)
    ApiToken.objects.create(
        user=user, digest=ApiToken.digest_of(token), scope=scope, created_at=now, expires_at=now + lifetime
    )
    return token
