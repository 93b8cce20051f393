"""The shapes of the rows for the OpenAPI document. `accounts.serializers` makes the rows; a test keeps both in step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from accounts.models import ContractStatus, RunState, Slot

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]
BASES = ("D0", "D1", "D2")
SIDES = ("buy", "sell")


def text(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR)


def day(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.DATE)


def flag(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.BOOL)


def number(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.INT)


def one_of(name: str, words: Sequence[str]) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, enum=list(words))


def page_of(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A cursor page of rows."""
    fields: Fields = {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": row(many=True),
    }
    return inline_serializer(f"{row.__name__}Page", fields)


class BearerScheme(OpenApiAuthenticationExtension):
    """How the document names our tokens."""

    target_class = "accounts.tokens.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        del auto_schema
        return {"type": "http", "scheme": "bearer"}


class Figure(serializers.CharField):
    """A decimal as a string; null where it was not said."""

    def __init__(self) -> None:
        super().__init__(allow_null=True, help_text="decimal string")


class Text(serializers.CharField):
    def __init__(self) -> None:
        super().__init__(allow_null=True)


class Day(serializers.DateField):
    def __init__(self) -> None:
        super().__init__(allow_null=True)


class Moment(serializers.DateTimeField):
    def __init__(self) -> None:
        super().__init__(allow_null=True)


class Freshness(serializers.Serializer[Any]):
    state = serializers.ChoiceField(("fresh", "stale", "never"))
    business_date = Day()
    fetched_at = Moment()
    source_ = serializers.ChoiceField(("koscom", "kis"))

    def get_fields(self) -> Fields:
        """`source` is a word of every DRF field; the attribute carries another name."""
        fields = super().get_fields()
        fields["source"] = fields.pop("source_")
        return fields


class Account(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    broker = serializers.CharField(help_text="the firm's short name")
    broker_name = serializers.CharField()
    number = serializers.CharField(help_text="masked")
    alias = serializers.CharField(allow_blank=True)
    holder_name = Text()
    contract_status = serializers.ChoiceField(ContractStatus.choices, allow_null=True)
    managers = serializers.ListField(child=serializers.CharField())
    total_value = Figure()
    net_assets = Figure()
    securities_value = Figure()
    cash_value = Figure()
    profit_loss = Figure()
    return_rate = Figure()
    incomplete = serializers.BooleanField()
    business_date = Day()
    freshness = Freshness()


class LastSync(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="never, or the state of the newest step")
    as_of = Day()
    business_date = Day()
    fetched_at = Moment()
    rows = serializers.IntegerField()
    error = Text()


class LastSyncs(serializers.Serializer[Any]):
    balances = LastSync()
    settlements = LastSync()
    trades = LastSync()
    orders = LastSync()


class AccountDetail(Account):
    virtual_number = Text()
    last_sync = LastSyncs()


class Cash(serializers.Serializer[Any]):
    currency = serializers.CharField()
    settlement_basis = serializers.ChoiceField(BASES, allow_null=True)
    cash_balance = Figure()
    margin = Figure()
    substitute = Figure()
    receivable = Figure()
    loan_total = Figure()
    credit_total = Figure()
    valuation = Figure()
    withdrawable = Figure()


class Code(serializers.Serializer[Any]):
    type = Text()
    code = Text()
    name = Text()


class Instrument(serializers.Serializer[Any]):
    isin = Text()
    short_code = Text()
    name = Text()


class Holding(Instrument):
    codes = Code(many=True)
    asset_type = Text()
    exchange = Text()
    currency = serializers.CharField()
    quantity = Figure()
    cost = Figure()
    market_value = Figure()
    profit_loss = Figure()
    return_rate = Figure()
    reported_return_rate = Figure()
    credit_type = Text()
    credit_amount = Figure()
    last_buy_date = Day()
    maturity_date = Day()
    fx_rate = Figure()


class Balance(serializers.Serializer[Any]):
    business_date = Day()
    fetched_at = Moment()
    cash = Cash(many=True)
    holdings = Holding(many=True)


class Cost(serializers.Serializer[Any]):
    name = Text()
    amount = Figure()


class Settlement(Instrument):
    order_date = Day()
    settle_date = Day()
    side = serializers.ChoiceField(SIDES, allow_null=True)
    currency = serializers.CharField()
    quantity = Figure()
    amount = Figure()
    trade_type = Text()
    credit_date = Day()
    credit_amount = Figure()
    cost_total = Figure()
    costs = Cost(many=True)


class Trade(Instrument):
    date = Day()
    type = serializers.ChoiceField(("buy", "sell", "deposit", "withdrawal", "other"))
    currency = serializers.CharField()
    amount_change = Figure()
    quantity_change = Figure()
    quantity_after = Figure()
    cash_after = Figure()
    subject = Text()
    summary = Text()
    costs = Cost(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class Execution(serializers.Serializer[Any]):
    number = Text()
    quantity = Figure()
    price = Figure()
    executed_at = Moment()


class OrderDetail(Instrument):
    order_number = Text()
    original_order_number = Text()
    side = serializers.ChoiceField(SIDES, allow_null=True)
    modified = serializers.BooleanField(allow_null=True)
    canceled = serializers.BooleanField(allow_null=True)
    order_type = Text()
    exec_type = Text()
    currency = serializers.CharField()
    quantity = Figure()
    price = Figure()
    executed_quantity = Figure()
    ordered_at = Moment()
    reject_reason = Text()
    executions = Execution(many=True)


class Counts(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    cut_off = serializers.IntegerField()
    rows = serializers.IntegerField()


class Run(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slot = serializers.ChoiceField(Slot.choices)
    calendar_date = Day()
    state = serializers.ChoiceField(RunState.choices)
    started_at = Moment()
    finished_at = Moment()
    counts = Counts()


class CoveredAccount(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    broker = serializers.CharField()
    broker_name = serializers.CharField()
    number = serializers.CharField()
    alias = serializers.CharField()


class Step(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    broker = serializers.CharField()
    broker_name = serializers.CharField()
    account = serializers.IntegerField(allow_null=True)
    account_number = Text()
    account_alias = Text()
    dataset = serializers.CharField()
    business_date = Day()
    state = serializers.CharField()
    attempt = serializers.IntegerField()
    rows = serializers.IntegerField()
    pages = serializers.IntegerField()
    changed = serializers.BooleanField()
    error_code = Text()
    error = Text()
    warnings = serializers.ListField(child=serializers.CharField())
    started_at = Moment()
    finished_at = Moment()


class RunDetail(Run):
    steps = Step(many=True)


class Coverage(serializers.Serializer[Any]):
    account = CoveredAccount()
    cells = LastSyncs()


class Event(serializers.Serializer[Any]):
    type = serializers.CharField()
    seq = serializers.IntegerField()
    entity = serializers.CharField()
    id = serializers.CharField()
    version = serializers.IntegerField()
    row = serializers.DictField()


class Events(serializers.Serializer[Any]):
    epoch = serializers.UUIDField()
    seq = serializers.IntegerField()
    resync = serializers.BooleanField(required=False)
    events = Event(many=True, required=False)
