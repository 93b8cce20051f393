"""Switches over REST: the dry-run list, engaging over a confirmed list, and the release by two people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import schema as shapes
from accounts.api.door import ClientDataView, ReadView, choice_of, flag_of, user_of
from accounts.api.schema import Figure, Moment, Text
from accounts.pagination import paged
from accounts.problems import CONTENT_TYPE
from orders import switches, switching
from orders.api.batches import Batch, OrderFacts, batch_body
from orders.api.door import KEY_PARAMETER, MayAct, answered, has_fresh_factor, intent_of
from orders.models import Switch, SwitchKind, SwitchScope
from orders.switch_rows import PEOPLE, batch_row, list_row, switch_row
from orders.switches import Target

LONGEST_WORDS = 64
MOST_ORDERS = 100_000


class SwitchRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(SwitchKind.choices)
    kind_label = serializers.CharField()
    scope = serializers.ChoiceField(SwitchScope.choices)
    scope_label = serializers.CharField(help_text="accounts are masked")
    reason = serializers.CharField()
    engaged = serializers.BooleanField()
    engaged_by = serializers.CharField()
    engaged_at = Moment()
    release_asked_by = Text()
    release_asked_at = Moment()
    release_reason = serializers.CharField(allow_blank=True)
    release_lapses_at = Moment()
    released_by = Text()
    released_at = Moment()
    version = serializers.IntegerField()


class SwitchDetailRow(SwitchRow):
    batches = Batch(many=True)


class Amount(serializers.Serializer[Any]):
    currency = serializers.CharField()
    amount = Figure()


class ListLine(OrderFacts):
    allowed = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class CancelListRow(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    possible = serializers.IntegerField()
    amounts = Amount(many=True)
    contracts = Figure()
    without_price = serializers.IntegerField()
    digest = serializers.CharField()
    confirmation = serializers.CharField(help_text="what has to be typed")
    orders = ListLine(many=True)


class ConfirmedBody(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64)
    confirmation = serializers.CharField(max_length=LONGEST_WORDS)
    orders = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=MOST_ORDERS,
        help_text="the numbers of the list: what is gone of it by now changes nothing, what came is left to the rest",
    )


class EngageBody(ConfirmedBody):
    kind = serializers.ChoiceField(SwitchKind.choices)
    scope = serializers.ChoiceField(SwitchScope.choices)
    target = serializers.CharField(required=False, allow_blank=True, max_length=20)
    reason = serializers.CharField(max_length=200)


class ReleaseBody(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class EngagedRow(serializers.Serializer[Any]):
    switch = SwitchRow()
    batch = Batch(allow_null=True)


class ActingView(ClientDataView):
    throttle_scope = "command"
    permission_classes = (IsAuthenticated, MayAct)


class ReadOrActView(ClientDataView):
    """Reading is for everybody who is told of switches and counts as reading; the rest is an act."""

    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated()] if self.request.method == "GET" else [IsAuthenticated(), MayAct()]

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "read" if self.request.method == "GET" else "command"
        return super().get_throttles()


class SwitchList(ReadOrActView):
    """The switches that the asker is told of, newest first."""

    @extend_schema(
        operation_id="switches_list", responses=shapes.page_of(SwitchRow), parameters=[shapes.flag("engaged")]
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        found = switches.visible(user).select_related(*PEOPLE)
        if flag_of(request, "engaged"):
            found = found.filter(released_at=None)

        def rows(items: list[Switch]) -> list[dict[str, Any]]:
            return [switch_row(item, user) for item in items]

        return paged(self, found, ("-engaged_at", "-id"), rows)

    @extend_schema(request=EngageBody, responses={202: EngagedRow, 409: CancelListRow}, parameters=[KEY_PARAMETER])
    def post(self, request: Request) -> HttpResponseBase:
        """Engage a switch over the list that was confirmed. A list that has changed is a 409 with the new one."""
        intent = intent_of(request)
        values = _valid(EngageBody(data=request.data))
        kind = SwitchKind(values["kind"])
        target = answered(lambda: switching.target_of(values["scope"], values.get("target", "")))
        confirmed = _confirmed(intent, values)
        try:
            switch, batch = answered(
                lambda: switching.engage(_person(request), kind, target, values["reason"], confirmed)
            )
        except switching.ListChanged as changed:
            return _list_changed(changed, kind)
        body = {
            "switch": switch_row(switch, user_of(request)),
            "batch": batch_row(batch) if batch is not None else None,
        }
        return Response(body, status=status.HTTP_202_ACCEPTED)


class SwitchPreview(ReadView):
    @extend_schema(
        responses=CancelListRow,
        parameters=[
            shapes.one_of("kind", SwitchKind.values),
            shapes.one_of("scope", SwitchScope.values),
            shapes.text("target"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The orders that a switch would cancel now: nothing is engaged, nothing is sent."""
        kind, target = _asked(request)
        found = answered(lambda: switching.preview(user_of(request), kind, target))
        return Response(list_row(found, switching.confirmation(kind, found.count)))


class SwitchDetail(ReadView):
    @extend_schema(operation_id="switches_retrieve", responses=SwitchDetailRow)
    def get(self, request: Request, pk: int) -> Response:
        switch = _switch(request, pk)
        made = [batch_row(batch) for batch in switch.batches.order_by("created_at")]
        return Response({**switch_row(switch, user_of(request)), "batches": made})


class SwitchRest(ReadOrActView):
    @extend_schema(operation_id="switches_rest_retrieve", responses=CancelListRow)
    def get(self, request: Request, pk: int) -> Response:
        """The orders that an engaged kill switch still covers: left over, or new since."""
        switch = _switch(request, pk)
        found = answered(lambda: switching.rest(user_of(request), switch))
        return Response(list_row(found, switching.confirmation(SwitchKind(switch.kind), found.count)))

    @extend_schema(request=ConfirmedBody, responses={202: Batch, 409: CancelListRow}, parameters=[KEY_PARAMETER])
    def post(self, request: Request, pk: int) -> HttpResponseBase:
        """Cancel them, over the list that was confirmed."""
        switch, intent = _switch(request, pk), intent_of(request)
        values = _valid(ConfirmedBody(data=request.data))
        confirmed = _confirmed(intent, values)
        try:
            batch = answered(lambda: switching.cancel_rest(_person(request), switch, confirmed))
        except switching.ListChanged as changed:
            return _list_changed(changed, SwitchKind(switch.kind))
        return Response(batch_body(batch, user_of(request)), status=status.HTTP_202_ACCEPTED)


class ReleaseRequest(ActingView):
    @extend_schema(request=ReleaseBody, responses=SwitchRow)
    def post(self, request: Request, pk: int) -> Response:
        """Ask for the release; another person confirms it within ten minutes."""
        switch, reason = _switch(request, pk), _valid(ReleaseBody(data=request.data))["reason"]
        asked = answered(lambda: switching.ask_release(_person(request), switch, reason))
        return Response(switch_row(asked, user_of(request)))


class Release(ActingView):
    @extend_schema(request=None, responses=SwitchRow)
    def post(self, request: Request, pk: int) -> Response:
        """Confirm another person's request for release."""
        switch = _switch(request, pk)
        released = answered(lambda: switching.release(_person(request), switch))
        return Response(switch_row(released, user_of(request)))


def _confirmed(intent: UUID, values: dict[str, Any]) -> switching.Confirmed:
    orders = frozenset(values["orders"]) if "orders" in values else None
    return switching.Confirmed(intent, values["digest"], values["confirmation"], orders)


def _person(request: Request) -> switching.Person:
    return switching.Person(user_of(request), request.META.get("REMOTE_ADDR") or None, has_fresh_factor(request))


def _switch(request: Request, pk: int) -> Switch:
    """The switch if the asker is told of it; otherwise it does not exist."""
    found = switches.visible(user_of(request)).filter(pk=pk).select_related(*PEOPLE).first()
    if found is None:
        raise NotFound
    return found


def _asked(request: Request) -> tuple[SwitchKind, Target]:
    kind = choice_of(request, "kind", SwitchKind.values)
    if kind is None:
        raise ValidationError({"kind": _("필수 항목입니다.")})
    scope, key = request.query_params.get("scope", ""), request.query_params.get("target", "")
    return SwitchKind(kind), answered(lambda: switching.target_of(scope, key))


def _valid(body: serializers.Serializer[Any]) -> dict[str, Any]:
    if not body.is_valid():
        raise ValidationError(body.errors)
    values: dict[str, Any] = body.validated_data
    return values


def _list_changed(changed: switching.ListChanged, kind: SwitchKind) -> JsonResponse:
    """A problem document that carries the list as it is now."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus.CONFLICT.phrase,
        "status": HTTPStatus.CONFLICT.value,
        "detail": changed.detail,
        "code": changed.code,
        "list": list_row(changed.found, switching.confirmation(kind, changed.found.count)),
    }
    return JsonResponse(body, status=HTTPStatus.CONFLICT, content_type=CONTENT_TYPE)
