"""오늘, the home page: what needs a person, where the orders stand, what the accounts are worth."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import access, broadcast, clock, records, serializers
from accounts.clock import KST
from accounts.domain.business_days import TradingCalendar
from accounts.models import ClientAccount, Dataset, ScheduleEntry, Slot, Snapshot, StepState, User
from orders import queries, session_clock
from orders.models import Order
from portal.views import todo

FILLS = 12


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    user, now = request.user, clock.now()
    if not isinstance(user, User):
        raise TypeError("login_required lets nobody else in")
    context = {
        "feeds": broadcast.upstreams(),
        "sessions": session_clock.read(user, now),
        "needs_action": todo.items(user, now),
        "orders_by_state": _orders_by_state(user, now),
        "latest_fills": _latest_fills(user, now),
        "sync_card": _sync_card(user, now),
        "aum": _aum(user),
    }
    return render(request, "portal/today.html", {"today": context})


def _orders_by_state(user: User, now: datetime) -> dict[str, int]:
    found = queries.blotter(user, queries.OrderQuery(), now).select_related(None).prefetch_related(None)
    ids = found.order_by().values("pk")
    counts = Order.objects.filter(pk__in=ids).order_by().values_list("status").annotate(number=Count("pk"))
    return dict(counts)


def _latest_fills(user: User, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "time": fill.transact_time,
            "account": fill.order.account.alias or fill.order.account.masked_number,
            "name": fill.order.name or fill.order.symbol,
            "side": fill.order.side,
            "qty": fill.last_qty,
            "price": fill.last_px,
            "currency": fill.order.currency,
            "url": f"/orders/{fill.order_id}/",
        }
        for fill in queries.latest_fills(user, now - queries.BLOTTER_SPAN)[:FILLS]
    ]


def _sync_card(user: User, now: datetime) -> dict[str, Any]:
    card: dict[str, Any] = {"run": None, "next_at": _next_start(now)}
    run = records.nightly_runs().first()
    if run is None:
        return card
    row = serializers.run_rows([run], records.visible_steps(user))[0]
    counts = row["counts"]
    failed = sum(counts[state] for state in (StepState.FAILED, StepState.QUARANTINED, StepState.CUT_OFF))
    progress = {"done": counts["done"], "total": counts["total"], "failed": failed}
    return card | {"run": row, "state": run.state, **progress}


def _next_start(now: datetime) -> datetime | None:
    """When the schedule starts a slot next, today or tomorrow in Korea."""
    local = now.astimezone(KST)
    times = ScheduleEntry.objects.filter(enabled=True).exclude(slot=Slot.KIS).values_list("starts_at", flat=True)
    days = (local.date(), local.date() + timedelta(days=1))
    starts = [datetime.combine(day, at, KST) for day in days for at in times]
    return min((start for start in starts if start > local), default=None)


def _aum(user: User) -> dict[str, Any]:
    """All that is managed, and its change since the trading day before, over the accounts that have both days."""
    accounts = access.visible_accounts(user).filter(twin=None)
    facts = accounts.aggregate(total=Sum("total_value"), as_of=Max("business_date"))
    if facts["as_of"] is None:
        return {"total": facts["total"], "change": None, "change_rate": None, "as_of": None}
    day = TradingCalendar().previous(facts["as_of"])
    before = Snapshot.objects.filter(
        Q(valid_from__lte=day, business_date__gte=day),
        account__in=accounts.filter(business_date=facts["as_of"]),
        dataset=Dataset.BALANCES,
        current=True,
        total_value__isnull=False,
    )
    then = before.aggregate(total=Sum("total_value"))["total"]
    of_both = ClientAccount.objects.filter(pk__in=before.values("account_id"))
    since = _difference(of_both.aggregate(total=Sum("total_value"))["total"], then)
    return {"total": facts["total"], "as_of": facts["as_of"], **since}


def _difference(now: Decimal | None, then: Decimal | None) -> dict[str, Decimal | None]:
    if now is None or not then:
        return {"change": None, "change_rate": None}
    return {"change": now - then, "change_rate": (now - then) / then}
