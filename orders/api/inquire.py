"""Asking the broker for one order out of turn."""

from __future__ import annotations

from threading import BoundedSemaphore

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.api.door import ClientDataView, user_of
from accounts.serializers import moment
from orders import reconciliation, serializers
from orders.api import schema
from orders.api.orders import order_of

# Each waits for its turn among the app key's requests, with a thread and a database connection of this process.
AT_ONCE = BoundedSemaphore(4)
BUSY = 1.0  # seconds


class InquireOrder(ClientDataView):
    """Whoever may see the order may have it asked for; nothing is sent that changes it."""

    throttle_scope = "command"

    @extend_schema(request=None, responses=schema.Asked)
    def post(self, request: Request, pk: int) -> Response:
        """Read the broker's lists for this order now.

        429 within three seconds of the last time, whoever asked, and while too many others are asked for.
        """
        user = user_of(request)
        order = order_of(request, pk)
        by = audit.By(user, user.get_username(), request.META.get("REMOTE_ADDR") or None)
        if not AT_ONCE.acquire(blocking=False):
            raise Throttled(wait=BUSY)
        try:
            asked = reconciliation.ask_now(order, by)
        except reconciliation.TooSoon as error:
            raise Throttled(wait=error.wait.total_seconds()) from None
        finally:
            AT_ONCE.release()
        row = serializers.order_row(order_of(request, pk), user)
        return Response({"asked_at": moment(asked.at), "error": asked.error or None, "order": row})
