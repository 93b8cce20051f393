"""The pages of the switches: what is engaged, the list that is confirmed before one is, and its release by two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, clock, sign_in
from accounts.models import Role, User
from orders import cancel_lists, commands, switches, switching
from orders.cancel_lists import EMPTY, CancelList
from orders.models import BatchRow, MarketGroup, Rehearsal, Switch, SwitchKind, SwitchScope
from orders.switch_rows import PEOPLE, list_row, rehearsal_row, switch_row
from orders.switches import Target
from orders.views.batches import outcomes
from orders.views.door import person
from orders.views.second_factor import to_second_factor

REHEARSALS_SHOWN = 5
RELEASED_SHOWN = 10
Choices = list[tuple[str, list[tuple[str, str]]]]


@login_required
@require_GET
def switch_list(request: HttpRequest) -> HttpResponse:
    """What is engaged, what was, the rehearsals, and the choice of a new one."""
    user = person(request)
    seen = switches.visible(user).select_related(*PEOPLE)
    context = {
        "engaged": [switch_row(item, user) for item in seen.filter(released_at=None)],
        "released": [switch_row(item, user) for item in seen.exclude(released_at=None)[:RELEASED_SHOWN]],
        "rehearsals": [rehearsal_row(row) for row in Rehearsal.objects.all()[:REHEARSALS_SHOWN]],
        "choices": _choices(user),
        "kinds": _kinds(user),
    }
    return render(request, "orders/switches/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def switch_new(request: HttpRequest) -> HttpResponse:
    """The dry-run list with the words to type; confirmed, the switch that it has engaged."""
    user = person(request)
    kind, target = _asked(request)
    try:
        found = switching.preview(user, kind, target)
    except commands.NotVisible:
        raise Http404 from None
    except commands.NotPermitted:
        raise PermissionDenied from None
    if not sign_in.has_fresh_factor(request.session):
        return to_second_factor(request, user, request.get_full_path())
    page = _Confirming(request, kind, _subject(user, kind, target), "orders/switches/new.html")
    if request.method == "GET":
        return page.shown(found)
    return page.answer(lambda confirmed: _engage(request, kind, target, confirmed))


@login_required
@require_GET
def switch_page(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    switch = _switch(user, pk)
    now = clock.now()
    asked = switch.release_is_asked(now)
    context = {
        "switch": switch_row(switch, user, now),
        "rest": _still_open(user, switch),
        "batches": [outcomes(made, user) for made in switch.batches.order_by("-created_at")],
        "may_cancel": switches.may_engage(user, SwitchKind(switch.kind), Target.of(switch)),
        "may_ask": not asked and switches.may_ask_release(user, switch),
        "may_confirm": asked and user != switch.release_asked_by and switches.may_release(user, switch),
        "asked_by_me": asked and user == switch.release_asked_by,
    }
    return render(request, "orders/switches/page.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def switch_rest(request: HttpRequest, pk: int) -> HttpResponse:
    """The open orders that an engaged kill switch still covers, to be confirmed anew."""
    user = person(request)
    switch = _switch(user, pk)
    try:
        found = switching.rest(user, switch)
    except (commands.NotPermitted, commands.NotVisible):
        raise PermissionDenied from None
    if not sign_in.has_fresh_factor(request.session):
        return to_second_factor(request, user, request.get_full_path())
    subject = {**switch_row(switch, user), "target": Target.of(switch)}
    page = _Confirming(request, SwitchKind(switch.kind), subject, "orders/switches/rest.html")
    if request.method == "GET":
        return page.shown(found)
    return page.answer(lambda confirmed: _cancel_rest(request, switch, confirmed))


@login_required
@require_POST
def switch_ask_release(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    told = _("해제를 요청했습니다. 10분 안에 다른 사람이 승인해야 합니다.")
    return _stepped(request, pk, lambda who, switch: switching.ask_release(who, switch, reason), told)


@login_required
@require_POST
def switch_release(request: HttpRequest, pk: int) -> HttpResponse:
    return _stepped(request, pk, switching.release, _("스위치를 해제했습니다."))


class _Confirming:
    """A list, the words to type, and what the typing of them starts. A list that has changed is shown anew."""

    def __init__(self, request: HttpRequest, kind: SwitchKind, subject: dict[str, Any], template: str) -> None:
        self.request, self.kind, self.subject, self.template = request, kind, subject, template

    def shown(self, found: CancelList, *, status: int = 200, errors: dict[str, str] | None = None) -> HttpResponse:
        posted = self.request.POST
        context = {
            "switch": self.subject,
            "list": list_row(found, switching.confirmation(self.kind, found.count)),
            "numbers": ",".join(str(line.order.pk) for line in found.lines),
            "intent": uuid4(),
            "reason": posted.get("reason", ""),
            "errors": errors or {},
        }
        return render(self.request, self.template, context, status=status)

    def answer(self, act: Callable[[switching.Confirmed], str]) -> HttpResponse:
        """Where the act leads to, or the list again with what was wrong."""
        try:
            return HttpResponseRedirect(act(self._confirmed()))
        except switching.ListChanged as changed:
            return self.shown(changed.found, status=409, errors={"list": changed.detail})
        except commands.Refused as refused:
            return self.shown(self._again(), status=422, errors={refused.field: refused.detail})
        except commands.Conflict as conflict:
            return self.shown(self._again(), status=409, errors={"list": conflict.detail})

    def _confirmed(self) -> switching.Confirmed:
        posted = self.request.POST
        try:
            intent = UUID(posted.get("intent", ""))
        except ValueError:
            raise Http404 from None
        orders = _numbers(posted["orders"]) if "orders" in posted else None
        return switching.Confirmed(intent, posted.get("digest", ""), posted.get("confirmation", ""), orders)

    def _again(self) -> CancelList:
        target = self.subject["target"]
        return EMPTY if self.kind != SwitchKind.KILL else cancel_lists.read(switches.open_orders(target), clock.now())


def _numbers(text: str) -> frozenset[int]:
    """The orders of the list that was shown. Raises Http404 for what is no list of numbers."""
    numbers = text.split(",") if text else []
    if not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
        raise Http404
    return frozenset(map(int, numbers))


def _engage(request: HttpRequest, kind: SwitchKind, target: Target, confirmed: switching.Confirmed) -> str:
    switch, _batch = switching.engage(_who(request), kind, target, request.POST.get("reason", ""), confirmed)
    return reverse("switch", args=[switch.pk])


def _cancel_rest(request: HttpRequest, switch: Switch, confirmed: switching.Confirmed) -> str:
    switching.cancel_rest(_who(request), switch, confirmed)
    return reverse("switch", args=[switch.pk])


def _stepped(
    request: HttpRequest, pk: int, step: Callable[[switching.Person, Switch], Switch], told: str
) -> HttpResponse:
    """One step of a release, and back to the switch with what came of it."""
    user = person(request)
    switch, back = _switch(user, pk), reverse("switch", args=[pk])
    if not sign_in.has_fresh_factor(request.session):
        return to_second_factor(request, user, back)
    try:
        step(_who(request), switch)
    except commands.CommandError as refused:
        messages.warning(request, refused.detail)
    else:
        messages.success(request, told)
    return HttpResponseRedirect(back)


def _who(request: HttpRequest) -> switching.Person:
    fresh = sign_in.has_fresh_factor(request.session)
    return switching.Person(person(request), request.META.get("REMOTE_ADDR") or None, fresh)


def _switch(user: User, pk: int) -> Switch:
    found = switches.visible(user).filter(pk=pk).select_related(*PEOPLE).first()
    if found is None:
        raise Http404
    return found


def _still_open(user: User, switch: Switch) -> dict[str, Any] | None:
    """What an engaged kill switch still covers of this person's accounts, the orders that came after it marked."""
    if switch.kind != SwitchKind.KILL or not switch.is_engaged:
        return None
    mine = switches.open_orders(Target.of(switch)).filter(account__in=access.visible_accounts(user))
    found = list_row(cancel_lists.read(mine, clock.now()), "")
    asked = set(BatchRow.objects.filter(batch__switch=switch).values_list("order_id", flat=True))
    for row in found["orders"]:
        row["new"] = row["id"] not in asked
    return {**found, "new": sum(row["new"] for row in found["orders"])}


def _asked(request: HttpRequest) -> tuple[SwitchKind, Target]:
    kind = request.GET.get("kind", "")
    scope, _colon, key = request.GET.get("over", "").partition(":")
    if kind not in SwitchKind.values:
        raise Http404
    try:
        return SwitchKind(kind), switching.target_of(scope, key)
    except commands.Refused:
        raise Http404 from None


def _subject(user: User, kind: SwitchKind, target: Target) -> dict[str, Any]:
    """A switch that is not engaged yet, as far as its page needs it."""
    probe = Switch(kind=kind, scope=target.scope, account_id=target.account_id, market=target.market)
    probe.manager = User.objects.filter(pk=target.manager_id or 0).first()
    return {
        "kind": kind.value,
        "kind_label": kind.label,
        "scope_label": switches.label(probe, user),
        "target": target,
    }


def _kinds(user: User) -> list[tuple[str, str]]:
    kinds = [SwitchKind.SENDING_OFF] if user.role == Role.ADMINISTRATOR else list(SwitchKind)
    return [(kind.value, str(kind.label)) for kind in kinds]


def _choices(user: User) -> Choices:
    """The scopes that this person may engage a switch for, by kind of scope."""
    groups: Choices = []
    if user.role in {Role.OPERATIONS, Role.ADMINISTRATOR}:
        groups.append((str(SwitchScope.ALL.label), [("all:", _("전체 주문"))]))
        groups.append(
            (str(SwitchScope.MARKET.label), [(f"market:{item.value}", str(item.label)) for item in MarketGroup])
        )
    managers = User.objects.none()
    if user.role == Role.OPERATIONS:
        managers = User.objects.filter(role=Role.MANAGER, is_active=True).order_by("username")
    elif user.role == Role.MANAGER:
        managers = User.objects.filter(pk=user.pk)
    groups.append((str(SwitchScope.MANAGER.label), [(f"manager:{item.pk}", item.get_username()) for item in managers]))
    accounts = [(f"account:{item.pk}", switches.account_label(item)) for item in switches.account_choices(user)]
    groups.append((str(SwitchScope.ACCOUNT.label), accounts))
    return [(name, items) for name, items in groups if items]
