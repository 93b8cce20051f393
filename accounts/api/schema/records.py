"""What a firm said: balances, settlements, trades and the orders of a day."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.schema.parts import SIDES, Day, Figure, Moment, Text

BASES = ("D0", "D1", "D2")


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
