"""People, firms, accounts and what was synced of them."""

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
