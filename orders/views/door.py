"""What every order page does first: who asks, and for which order of theirs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts import clock
from accounts.models import User
from orders import queries, serializers
from orders.models import Order


def person(request: HttpRequest) -> User:
    """Whoever is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def order_of(user: User, pk: int) -> Order:
    """The order if the person may see its account; otherwise it does not exist."""
    found = queries.order(user, pk)
    if found is None:
        raise Http404
    return found


def doubt(order: Order, user: User) -> dict[str, Any]:
    """A request whose outcome is not known, as its panel shows it: the row, and whether one may ask once more."""
    again = user.may_trade and queries.supersedable(order, clock.now()) is not None
    return {"row": serializers.order_row(order, user), "may_supersede": again}


def one_of(request: HttpRequest, name: str, known: set[str]) -> str | None:
    """A filter of a page's address; one that means nothing filters nothing."""
    text = request.GET.get(name, "")
    return text if text in known else None
