"""The account and sync pages. Each shows the rows that the REST API gives."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import access, audit, clock, records, serializers, tasks
from accounts.domain.sync_window import ClosedBecause, SyncWindow
from accounts.models import ClientAccount, ContractStatus, FirmKind, Role, Snapshot, SyncRun, User

FIRST_ROWS = 100
MOST_RECORDS = 300
MOST_COVERED = 200
LATEST_RUNS = 20
TABS = ("holdings", "settlements", "trades", "orders")
MAY_SYNC = {Role.MANAGER, Role.OPERATIONS}
SUMMED = ("total_value", "securities_value", "cash_value", "profit_loss")


@login_required
@require_GET
def account_list(request: HttpRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    asked = records.AccountQuery(
        search=request.GET.get("search", "").strip(),
        broker=request.GET.get("broker", "").strip(),
        status=status if status in ContractStatus.values else "",
    )
    accounts = records.accounts(_person(request), asked)
    context = {
        "rows": serializers.account_rows(accounts.order_by(F("total_value").desc(nulls_last=True), "id")[:FIRST_ROWS]),
        "total": accounts.count(),
        "totals": _totals(accounts),
    }
    return render(request, "accounts/list.html", context)


def _totals(accounts: Any) -> dict[str, str | None]:
    """Sums over the list. An account that stands at two feeds counts once: its KIS side has no balance of its own."""
    sums = accounts.filter(twin=None).aggregate(**{name: Sum(name) for name in SUMMED})
    totals = {name: serializers.plain(sums[name]) for name in SUMMED}
    cost = (sums["securities_value"] or 0) - (sums["profit_loss"] or 0)
    rate = sums["profit_loss"] / cost if sums["profit_loss"] is not None and cost else None
    return {**totals, "return_rate": serializers.plain(rate)}


@login_required
@require_GET
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    tab = request.GET.get("tab", TABS[0])
    if tab not in TABS:
        tab = TABS[0]
    with transaction.atomic():
        act = audit.Act("account.viewed", account=account, subject=f"page {tab}")
        audit.record(audit.By.request(request), act)
    balance = records.balance(account, None)
    context = {
        "account": serializers.account_detail(account),
        "at_kis": account.firm.kind == FirmKind.KIS,
        "balance": serializers.balance_body(balance),
        "twin": _twin(request, account, balance) if tab == "holdings" else None,
        "tab": tab,
        **_tab_rows(account, tab),
    }
    return render(request, "accounts/detail.html", context)


def _twin(request: HttpRequest, account: ClientAccount, balance: Snapshot | None) -> dict[str, Any] | None:
    """The same account as the other source sees it; None where there is none."""
    other = records.twin_of(account, _person(request))
    return serializers.twin_body(balance, other, records.balance(other, None)) if other is not None else None


def _tab_rows(account: ClientAccount, tab: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of the open tab; the others are read when they are opened."""
    rows: dict[str, list[dict[str, Any]]] = {"settlements": [], "trades": [], "order_details": []}
    if tab == "settlements":
        due = records.settlements(account, clock.today().date())[:MOST_RECORDS]
        rows["settlements"] = [serializers.settlement_row(row) for row in due]
    elif tab == "trades":
        trades = records.trades(account, None, None)[:MOST_RECORDS]
        rows["trades"] = [serializers.trade_row(row) for row in trades]
    elif tab == "orders":
        details = records.order_details(account, None)[:MOST_RECORDS]
        rows["order_details"] = [serializers.order_detail_row(row) for row in details]
    return rows


@login_required
@require_POST
def sync_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch one account again now, whatever is complete already."""
    account = _account(request, pk)
    _start_sync(request, account)
    return HttpResponseRedirect(reverse("account-detail", args=[account.pk]))


@login_required
@require_GET
def sync_overview(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    accounts = records.synced_accounts(user).order_by("id")[:MOST_COVERED]
    runs = serializers.run_rows(records.runs()[:LATEST_RUNS], records.visible_steps(user))
    coverage = {"rows": serializers.coverage_rows(accounts)}
    return render(request, "accounts/sync.html", {"coverage": coverage, "runs": runs, "window": _window()})


@login_required
@require_POST
def sync_now(request: HttpRequest) -> HttpResponse:
    """Fetch all that is due for the present slot."""
    _start_sync(request, None)
    return HttpResponseRedirect(reverse("sync"))


@login_required
@require_GET
def sync_run(request: HttpRequest, pk: int) -> HttpResponse:
    run = SyncRun.objects.filter(pk=pk).first()
    if run is None:
        raise Http404
    user = _person(request)
    row = serializers.run_rows([run], records.visible_steps(user))[0]
    steps = [serializers.step_row(step) for step in records.steps(run, user)]
    return render(request, "accounts/sync_run.html", {"run": row, "steps": steps})


def _start_sync(request: HttpRequest, account: ClientAccount | None) -> None:
    """Wake a worker, unless nothing may be asked now. The worker keeps to the window whatever is said here."""
    user = _person(request)
    if user.role not in MAY_SYNC:
        raise PermissionDenied
    window = _window()
    if not window["open"]:
        messages.warning(request, window["reason"])
        return
    with transaction.atomic():
        audit.record(audit.By.request(request), audit.Act("sync.asked", account=account))
    tasks.sync_accounts.delay(account_id=account.pk if account else None, username=user.get_username())
    messages.info(request, _("동기화를 시작했습니다."))


def _window() -> dict[str, Any]:
    """Whether the gateway may be asked now, and if not, why and from when."""
    window, now = SyncWindow(), clock.now()
    closed = window.why_closed(now)
    return {
        "open": closed is None,
        "reason": _closed_sentence(closed),
        "closes_at": window.closes_at(now) if closed is None else None,
        "opens_at": window.opens_at(now) if closed is not None else None,
    }


def _closed_sentence(closed: ClosedBecause | None) -> str:
    if closed is None:
        return ""
    if closed is ClosedBecause.HOURS:
        return _("08:30부터 16:00까지는 받지 않습니다.")
    return _("곧 08:30이어서 새로 시작하지 않습니다.")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _account(request: HttpRequest, pk: int) -> ClientAccount:
    found = access.visible_accounts(_person(request)).select_related("firm", "balance").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
