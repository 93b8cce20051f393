"""One order's page: what happened, each with its evidence, and the evidence as a file to keep."""

from __future__ import annotations

import csv
import io
import json

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from orders import evidence, wording
from orders.models import Order
from orders.views.door import doubt, order_of, person

BYTE_ORDER_MARK = "\ufeff"  # else Excel reads the Korean of a CSV in the machine's own code page


@login_required
@require_GET
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    order = order_of(user, pk)
    _audited(request, order, "account.viewed")
    sources = evidence.sources(order)
    events = [wording.event(event, sources.of(event)) for event in order.events.all()]
    shown = doubt(order, user)
    row = shown["row"]
    return render(request, "orders/timeline.html", {**shown, "order": row, "events": events, "race": wording.race(row)})


@login_required
@require_GET
def evidence_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that is known of the order, for machines and archives."""
    user = person(request)
    order = order_of(user, pk)
    _audited(request, order, "order.evidence_exported", "json")
    text = json.dumps(evidence.document(order, user), ensure_ascii=False, indent=2)
    return _file(text, "application/json; charset=utf-8", f"order-{order.pk}-evidence.json")


@login_required
@require_GET
def evidence_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The timeline as a table, a line an event."""
    order = order_of(person(request), pk)
    _audited(request, order, "order.evidence_exported", "csv")
    sheet = io.StringIO()
    csv.writer(sheet).writerows(wording.sheet(order, evidence.sources(order)))
    return _file(BYTE_ORDER_MARK + sheet.getvalue(), "text/csv; charset=utf-8", f"order-{order.pk}-evidence.csv")


def _audited(request: HttpRequest, order: Order, action: str, form: str = "") -> None:
    detail = {"format": form} if form else {}
    with transaction.atomic():
        act = audit.Act(action, account=order.account, subject=f"order {order.pk}", detail=detail)
        audit.record(audit.By.request(request), act)


def _file(text: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
