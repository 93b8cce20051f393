"""What machines ask: is the process alive, can it serve, and its figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from accounts import broadcast, clock
from accounts.models import SyncRun, SyncStep
from accounts.models.stream import Feed
from orders.domain.command_state import LIVE
from orders.models import Notice, OrderCommand
from portal.celery import app as queue

log = logging.getLogger(__name__)

IN_PROCESS = "memory:"
LIVE_STATES = [state.value for state in LIVE]


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """503 only where the portal itself cannot serve: its database, its migrations, its queue.

    A broker that is down makes no portal unready: its state is reported beside, and so are the latest runs.
    """
    del request
    checks = {"database": _holds(_database), "migrations": _holds(_migrations), "queue": _holds(_queue)}
    ready = all(checks.values())
    body: dict[str, Any] = {"ready": ready, "checks": checks, "upstreams": [], "syncs": []}
    if checks["database"] and checks["migrations"]:
        body |= {"upstreams": broadcast.upstreams(), "syncs": _latest_syncs()}
    return JsonResponse(body, status=200 if ready else 503)


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, OSError, OperationalError) as error:
        log.warning("not ready", extra={"check": check.__name__, "error": str(error)})
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _queue() -> bool:
    """The broker takes a connection; the queue of the embedded portal is in the process itself."""
    if settings.CELERY_BROKER_URL.startswith(IN_PROCESS):
        return True
    with queue.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return True


def _latest_syncs() -> list[dict[str, Any]]:
    newest = SyncRun.objects.order_by("-started_at", "-id")[:2]
    return [{"slot": run.slot, "date": run.calendar_date.isoformat(), "state": run.state} for run in newest]


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus. Read from the database at each scrape, so that every web process gives the same figures."""
    del request
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PortalFigures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class PortalFigures(Collector):
    """What the desk would be woken for, and what says that it works."""

    def collect(self) -> list[Metric]:
        commands = OrderCommand.objects.filter(state__in=LIVE_STATES)
        return [
            _gauge("portal_upstream_live", "1 where the notice stream is live", "name", _live()),
            _gauge("portal_commands", "commands under way, by state", "state", _counted(commands)),
            _gauge("portal_notices", "notice records, by state", "state", _counted(Notice.objects.all())),
            _gauge("portal_sync_steps", "sync steps of today's runs, by state", "state", _steps()),
        ]


def _gauge(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _live() -> dict[str, float]:
    return {row["name"]: float(row["state"] == Feed.LIVE) for row in broadcast.upstreams()}


def _steps() -> dict[str, float]:
    return _counted(SyncStep.objects.filter(run__calendar_date=clock.today().date()))


def _counted(rows: QuerySet[Any]) -> dict[str, float]:
    counts = rows.order_by().values_list("state").annotate(number=Count("pk"))
    return {state: float(number) for state, number in counts}
