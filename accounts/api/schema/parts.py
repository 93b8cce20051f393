"""What every shape is made of: parameters, pages, figures, times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]
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
