"""`events/`: the asker's own stream, for a page whose socket is down."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access, broadcast
from accounts.api import schema
from accounts.api.door import ReadView, number_of, user_of


class EventList(ReadView):
    """Everything after a number, or `{"resync": true}` with the place to go on from after reading the lists anew."""

    @extend_schema(
        operation_id="events_list", responses=schema.Events, parameters=[schema.text("epoch"), schema.number("after")]
    )
    def get(self, request: Request) -> Response:
        user, after = user_of(request), number_of(request, "after")
        with transaction.atomic():
            head = broadcast.head_of(user)
            epoch = request.query_params.get("epoch", "")
            events = broadcast.events_after(user, epoch, after) if after is not None else None
            seen = set(access.visible_accounts(user).values_list("pk", flat=True)) if events else set()
        point = {"epoch": str(head.epoch), "seq": head.seq}
        if events is None or any(event.account_id not in seen for event in events if event.account_id is not None):
            return Response({"resync": True, **point})
        return Response({**point, "events": [broadcast.as_message(event) for event in events]})
