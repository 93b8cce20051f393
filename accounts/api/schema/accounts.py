"""An account's row, and how each of its datasets was last synced."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.schema.parts import Day, Figure, Freshness, Moment, Text
from accounts.models import ContractStatus


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
