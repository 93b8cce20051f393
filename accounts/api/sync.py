"""`sync/`: runs, their steps, and what is covered. Counts and steps are those of the asker's accounts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import records, serializers
from accounts.api import schema
from accounts.api.door import ReadView, user_of
from accounts.models import SyncRun
from accounts.pagination import paged


class RunList(ReadView):
    @extend_schema(operation_id="sync_runs_list", responses=schema.page_of(schema.Run))
    def get(self, request: Request) -> Response:
        visible = records.visible_steps(user_of(request))

        def rows(runs: list[SyncRun]) -> list[dict[str, Any]]:
            return serializers.run_rows(runs, visible)

        return paged(self, records.runs(), ("-started_at", "-id"), rows)


class RunDetail(ReadView):
    """One run with the steps that the asker may see."""

    @extend_schema(responses=schema.RunDetail)
    def get(self, request: Request, pk: int) -> Response:
        run = SyncRun.objects.filter(pk=pk).first()
        if run is None:
            raise NotFound
        user = user_of(request)
        row = serializers.run_rows([run], records.visible_steps(user))[0]
        return Response(row | {"steps": [serializers.step_row(step) for step in records.steps(run, user)]})


class CoverageList(ReadView):
    """A row an account, a cell a dataset."""

    @extend_schema(operation_id="sync_coverage_list", responses=schema.page_of(schema.Coverage))
    def get(self, request: Request) -> Response:
        return paged(self, records.synced_accounts(user_of(request)), ("id",), serializers.coverage_rows)
