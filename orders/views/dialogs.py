"""The cancel and modify dialogs: what would change, one request, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import clock, sign_in
from accounts.models import User
from orders import commands, queries, serializers, wording
from orders.forms import CancelForm, CommandForm, ModifyForm
from orders.models import CommandType, Order
from orders.views.door import order_of, person


@login_required
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _dialog(request, pk, CANCEL)


@login_required
@require_http_methods(["GET", "POST"])
def modify(request: HttpRequest, pk: int) -> HttpResponse:
    return _dialog(request, pk, MODIFY)


@dataclass(frozen=True, slots=True)
class Dialog:
    """One kind of command: its form and its page part."""

    kind: CommandType
    form: type[CommandForm]
    template: str


CANCEL = Dialog(CommandType.CANCEL, CancelForm, "orders/_cancel_dialog.html")
MODIFY = Dialog(CommandType.MODIFY, ModifyForm, "orders/_modify_dialog.html")


def _dialog(request: HttpRequest, pk: int, dialog: Dialog) -> HttpResponse:
    """The dialog with a new intent key, or what became of the one that it was opened with."""
    user = person(request)
    if not user.may_trade:
        raise PermissionDenied
    if not sign_in.has_fresh_factor(request.session):
        return _to_second_factor(request, user)
    order = order_of(user, pk)
    if request.method == "GET":
        return _shown(request, order, dialog, dialog.form(initial=_initial(order, dialog)))
    form = dialog.form(request.POST)
    if not form.is_valid():
        return _shown(request, order, dialog, form, status=422)
    return _submitted(request, order, dialog, form)


def _initial(order: Order, dialog: Dialog) -> dict[str, Any]:
    initial: dict[str, Any] = {"intent": uuid.uuid4(), "expected_version": order.version}
    if dialog is CANCEL:
        old = queries.supersedable(order, clock.now())
        initial["supersedes"] = old and old.pk
    return initial


def _shown(request: HttpRequest, order: Order, dialog: Dialog, form: CommandForm, *, status: int = 200) -> HttpResponse:
    row = serializers.order_row(order, person(request))
    context = {
        "order": row,
        "form": form,
        "action": dialog.kind.value,
        "intent": form["intent"].value(),
        "summary": wording.summary(row, dialog.kind),
    }
    return render(request, dialog.template, context, status=status)


def _submitted(request: HttpRequest, order: Order, dialog: Dialog, form: CommandForm) -> HttpResponse:
    try:
        command = commands.submit(_command_request(request, order, dialog, form.cleaned_data))
    except commands.NotVisible:
        raise Http404 from None
    except commands.NotPermitted:
        raise PermissionDenied from None
    except commands.Refused as error:
        form.add_error(error.field if error.field in form.fields else None, error.detail)
        return _shown(request, order, dialog, form, status=422)
    except commands.Conflict as error:
        return _conflicted(request, order, dialog, error)
    row = serializers.order_row(order_of(person(request), order.pk), person(request))
    told = {"command": serializers.command_row(command), "order": row, "race": wording.race(row)}
    return render(request, "orders/_command_result.html", told)


def _command_request(
    request: HttpRequest, order: Order, dialog: Dialog, values: dict[str, Any]
) -> commands.CommandRequest:
    return commands.CommandRequest(
        user=person(request),
        address=request.META.get("REMOTE_ADDR") or None,
        order_id=order.pk,
        type=dialog.kind.value,
        intent=values["intent"],
        expected_version=values["expected_version"],
        quantity=values.get("quantity"),
        price=values.get("price"),
        supersedes=values.get("supersedes"),
        fresh_factor=sign_in.has_fresh_factor(request.session),
    )


def _conflicted(request: HttpRequest, order: Order, dialog: Dialog, error: commands.Conflict) -> HttpResponse:
    """The dialog anew, over the order as it is now: the person looks again and asks again, with a key of its own."""
    current = order_of(person(request), order.pk)
    fresh = _initial(current, dialog)
    data = {**request.POST.dict(), **{name: "" if value is None else str(value) for name, value in fresh.items()}}
    form = dialog.form(data)
    form.add_error(None, error.detail)
    return _shown(request, current, dialog, form, status=409)


def _to_second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """To the second factor and back to the list; the dialog is opened anew from there."""
    name = "mfa_reauthenticate" if is_mfa_enabled(user) else "mfa_activate_totp"
    target = f"{reverse(name)}?next={reverse('blotter')}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
