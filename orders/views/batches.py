"""Canceling a selection: the dialog with its list, and the page and the part that show one outcome a row."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock, sign_in
from accounts.models import User
from orders import batches, cancel_lists, commands, switches
from orders.domain.command_state import LIVE, UNSENT
from orders.models import CommandBatch, RowState, SwitchKind
from orders.switch_rows import batch_lines, batch_row, list_row
from orders.switches import Target
from orders.views.door import person
from orders.views.second_factor import to_second_factor


@login_required
@require_http_methods(["GET", "POST"])
def cancel_selected(request: HttpRequest) -> HttpResponse:
    """The dialog over the orders that were picked, or the outcomes of the batch that it has started."""
    user = person(request)
    if not user.may_trade:
        raise PermissionDenied
    if not sign_in.has_fresh_factor(request.session):
        return to_second_factor(request, user, reverse("blotter"))
    if request.method == "GET":
        return _shown(request, user, _numbers(request.GET.getlist("order")), uuid4())
    return _submitted(request, user)


@login_required
@require_GET
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One batch on a page of its own: a link to it stays good."""
    return render(request, "orders/batches/page.html", _context(person(request), pk))


@login_required
@require_GET
def batch_outcomes(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the dialog and the page that asks for itself until every outcome is known."""
    return render(request, "orders/batches/_outcomes.html", _context(person(request), pk))


def outcomes(made: CommandBatch, user: User) -> dict[str, Any]:
    """What the part shows. Until all is known it follows the events of its orders; since one may be lost, it also asks
    by itself, each second while rows wait, each five while commands are under way.
    """
    summary, lines = batch_row(made), batch_lines(made, user)
    live = sum(line["command"] is not None and line["command"]["state"] in LIVE for line in lines)
    every = "1s" if summary["state"] == "working" else "5s" if live or summary["state"] == "abandoned" else ""
    left = [line["order"]["id"] for line in lines if _never_left(line)]
    follows = " ".join([f"batch:{made.pk}", *(f"order:{line['order']['id']}" for line in lines)])
    shown = {"batch": summary, "lines": lines, "live": live, "every": every, "follows": follows}
    return shown | {"unsent": len(left), "again": _again(made, user, left)}


def _never_left(line: dict[str, Any]) -> bool:
    """Nothing was sent for the row: it has no command, or one that ended before its first byte left."""
    if line["command"] is not None:
        return line["command"]["state"] in UNSENT
    return bool(line["state"] == RowState.EXPIRED)


def _again(made: CommandBatch, user: User, left: list[int]) -> str:
    """Where a person may ask anew for what was not sent; nothing of it goes out by itself."""
    if not left:
        return ""
    if made.switch is not None:
        may = made.switch.is_engaged and switches.may_engage(user, SwitchKind.KILL, Target.of(made.switch))
        return reverse("switch-rest", args=[made.switch.pk]) if may else ""
    query = urlencode({"order": left}, doseq=True)
    return f"{reverse('cancel-selected')}?{query}" if user == made.actor and user.may_trade else ""


def _context(user: User, pk: UUID) -> dict[str, Any]:
    found = batches.visible(user, pk)
    if found is None:
        raise Http404
    return outcomes(found, user)


def _shown(
    request: HttpRequest, user: User, numbers: list[int], intent: UUID, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The list as it is now. The form carries each order's version, so that a row that moves on is not canceled."""
    if len(numbers) > batches.most_rows():
        error = _("한 번에 %(n)s건까지 취소할 수 있습니다.") % {"n": batches.most_rows()}
        numbers = numbers[: batches.most_rows()]
    try:
        found = cancel_lists.read(batches.selected(user, numbers), clock.now())
    except commands.NotVisible:
        raise Http404 from None
    context = {"list": list_row(found, ""), "intent": intent, "error": error}
    return render(request, "orders/batches/_dialog.html", context, status=status)


def _submitted(request: HttpRequest, user: User) -> HttpResponse:
    picked = _picked(request.POST.getlist("order"))
    asked = batches.Selection(
        user=user,
        address=request.META.get("REMOTE_ADDR") or None,
        intent=_intent(request),
        orders=picked,
        fresh_factor=True,
    )
    try:
        made = batches.cancel_selected(asked)
    except commands.NotVisible:
        raise Http404 from None
    except (commands.Conflict, commands.Refused) as refused:
        status = 409 if isinstance(refused, commands.Conflict) else 422
        numbers = list(dict.fromkeys(pk for pk, _version in picked))
        return _shown(request, user, numbers, uuid4(), error=refused.detail, status=status)
    return render(request, "orders/batches/_result.html", outcomes(made, user))


def _numbers(texts: list[str]) -> list[int]:
    """Order numbers of an address, each once. Raises Http404 for what is no number."""
    found = list(dict.fromkeys(_number(text) for text in texts))
    if not found:
        raise Http404
    return found


def _picked(texts: list[str]) -> tuple[tuple[int, int], ...]:
    """`12:3` is order 12 as version 3 showed it."""
    pairs = [text.partition(":") for text in texts]
    return tuple((_number(pk), _number(version)) for pk, _colon, version in pairs)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)


def _intent(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("intent", ""))
    except ValueError:
        raise Http404 from None
