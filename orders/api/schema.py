"""The shapes of requests and rows. Requests are read through them; rows are made by `orders.serializers`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.schema import SIDES, Figure, Freshness, Moment, Text
from orders.domain.command_state import CommandState
from orders.domain.events import Market
from orders.domain.order_state import OrderStatus
from orders.models import CommandType, NoticeState, Origin

DIGITS, PLACES = 18, 8


class Amount(serializers.DecimalField):
    """A positive decimal, as a string or a number; null is as good as absent."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(DIGITS, PLACES, required=required, allow_null=not required)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if value <= 0:
            self.fail("min_value", min_value=0)
        return value


class CommandBody(serializers.Serializer[Any]):
    expected_version = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = Amount(required=False)


class CancelBody(CommandBody):
    supersedes = serializers.UUIDField(required=False, allow_null=True)


class ModifyBody(CommandBody):
    price = Amount(required=True)


class Command(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order = serializers.IntegerField()
    type = serializers.ChoiceField(CommandType.choices)
    state = serializers.ChoiceField([state.value for state in CommandState])
    reason = serializers.CharField(allow_blank=True)
    reason_code = Text()
    quantity = Figure()
    price = Figure()
    broker_order_id = Text()
    created_at = Moment()
    sent_at = Moment()
    resolved_at = Moment()
    evidence = serializers.ListField(child=serializers.CharField())
    reads = serializers.IntegerField(help_text="how often the broker's lists were read for it")
    equal_since = Moment()
    last_read_at = Moment()
    next_read_at = Moment()
    age_since = Moment()


class Asked(serializers.Serializer[Any]):
    """One inquiry out of turn: `error` is null where KIS answered in full."""

    asked_at = Moment()
    error = Text()
    order = serializers.DictField(help_text="the order's row, read after it")


class AllowedAction(serializers.Serializer[Any]):
    action = serializers.ChoiceField(CommandType.choices)
    allowed = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class Order(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    account = serializers.IntegerField()
    account_number = serializers.CharField(help_text="masked")
    account_alias = serializers.CharField(allow_blank=True)
    market = serializers.ChoiceField([market.value for market in Market])
    order_id = Text()
    orig_order_id = Text()
    merged_into = serializers.IntegerField(allow_null=True, help_text="the row that this one went on in")
    order_ids = serializers.ListField(child=serializers.CharField())
    reserved_id = Text()
    symbol = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    side = serializers.ChoiceField(SIDES)
    order_qty = Figure()
    cum_qty = Figure()
    leaves_qty = Figure()
    price = Figure()
    avg_px = Figure()
    currency = serializers.CharField()
    status = serializers.ChoiceField([status.value for status in OrderStatus])
    status_text = Text()
    needs_person = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    origin = serializers.ChoiceField(Origin.choices)
    command = Command(allow_null=True)
    allowed_actions = AllowedAction(many=True)
    version = serializers.IntegerField()
    transmit_at = Moment()
    ordered_at = Moment()
    transact_time = Moment()
    freshness = Freshness()


class Evidence(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(("notice", "inquiry", "command"))
    id = serializers.CharField()


class OrderEvent(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = Moment()
    recorded_at = Moment()
    type = serializers.CharField()
    status_before = Text()
    status_after = Text()
    evidence = Evidence()
    detail = serializers.DictField()


class Notice(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    connection = serializers.CharField()
    received_at = Moment()
    tr_id = Text()
    state = serializers.ChoiceField(NoticeState.choices)
    reason = Text()
    order = serializers.IntegerField(allow_null=True)
