"""Runs, steps, coverage, and the asker's own stream."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.schema.accounts import LastSyncs
from accounts.api.schema.parts import Day, Moment, Text
from accounts.models import RunState, Slot


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
