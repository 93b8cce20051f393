"""Cursor pages: `{"next", "previous", "results"}`, up to 500 rows each, stable while rows come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

Row = TypeVar("Row", bound=Model)


class CursorPages(CursorPagination):
    """The ordering's last field must be unique; ties on its first one are counted off, however many they are."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering: tuple[str, ...] = ("id",)
    offset_cutoff = None  # type: ignore[assignment]  # how the parent says that there is no limit

    def get_page_size(self, request: Request) -> int | None:
        """A size above 500 is cut to 500; one that is no positive number is refused."""
        asked = request.query_params.get(self.page_size_query_param)
        if asked is not None and not (asked.isascii() and asked.isdigit() and int(asked[:9]) > 0):
            raise ValidationError({"page_size": _("1 이상의 정수여야 합니다.")})
        return super().get_page_size(request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, InvalidValue, ValueError, OverflowError):
            raise ValidationError({"cursor": _("이 목록의 커서가 아닙니다.")}) from None


def paged(
    view: APIView,
    rows: QuerySet[Row],
    ordering: tuple[str, ...],
    to_dicts: Callable[[list[Row]], list[dict[str, Any]]],
) -> Response:
    """One page of `rows` as the asker's cursor says; `to_dicts` gets a whole page, so that it can read in bulk."""
    pages = CursorPages()
    pages.ordering = ordering
    found = pages.paginate_queryset(rows, view.request, view)
    return pages.get_paginated_response(to_dicts(found or []))
