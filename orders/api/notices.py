"""`notices/`: the journal of the notice stream, for operations and compliance."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import schema as shapes
from accounts.api.door import ReadView, choice_of, user_of
from accounts.pagination import paged
from orders import serializers
from orders.api import schema
from orders.models import Notice, NoticeState


class NoticeList(ReadView):
    """A row a record, newest first; a frame that could not be split is one row."""

    @extend_schema(
        operation_id="notices_list",
        responses=shapes.page_of(schema.Notice),
        parameters=[shapes.one_of("state", NoticeState.values)],
    )
    def get(self, request: Request) -> Response:
        if not user_of(request).sees_everything:
            raise NotFound
        notices = Notice.objects.select_related("frame__connection").defer("plaintext", "frame__raw")
        if state := choice_of(request, "state", NoticeState.values):
            notices = notices.filter(state=state)
        return paged(self, notices, ("-id",), _rows)


def _rows(notices: list[Notice]) -> list[dict[str, Any]]:
    return [serializers.notice_row(notice) for notice in notices]
