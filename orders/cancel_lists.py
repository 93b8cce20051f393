"""The list that is shown before many orders are canceled: each order, and why its cancel is not possible now."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders import permissions, switches
from orders.domain.events import Market
from orders.domain.sessions import Action
from orders.models import Order
from orders.serializers import with_row

DERIVATIVES = frozenset({Market.FO_DAY.value, Market.FO_NIGHT.value})


@dataclass(frozen=True, slots=True)
class Line:
    """One order of the list. `obstacle` is why its cancel is not possible now, empty when it is."""

    order: Order
    obstacle: str


@dataclass(frozen=True, slots=True)
class CancelList:
    """Orders that a person is about to cancel together, as they stood at one moment.

    `digest` names the set of orders: a fill meanwhile leaves it as it is, an order more or less changes it.
    """

    lines: tuple[Line, ...]
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    contracts: Decimal = Decimal(0)
    without_price: int = 0

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def possible(self) -> int:
        return sum(not line.obstacle for line in self.lines)

    @property
    def digest(self) -> str:
        return digest_of(line.order.pk for line in self.lines)


EMPTY = CancelList(())


def digest_of(numbers: Iterable[int]) -> str:
    """What names a set of orders."""
    return hashlib.sha256(json.dumps(sorted(numbers)).encode()).hexdigest()


def read(orders: QuerySet[Order], now: datetime) -> CancelList:
    """The list of these orders, in their order. What is left is summed by currency; contracts have no amount."""
    rows = switches.attach(with_row(orders))
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    contracts, without_price = Decimal(0), 0
    for order in rows:
        if order.market in DERIVATIVES:
            contracts += order.leaves_qty
        elif order.price is None:
            without_price += 1
        else:
            amounts[order.currency] += order.price * order.leaves_qty
    lines = tuple(Line(order, _obstacle(order, now)) for order in rows)
    return CancelList(lines, dict(amounts), contracts, without_price)


def _obstacle(order: Order, now: datetime) -> str:
    doubt = permissions.obstacle(order, Action.CANCEL, now)
    if doubt is not None:
        return doubt.text
    if permissions.live_command(order) is not None:
        return _("앞선 요청의 결과를 확인하는 중입니다.")
    return ""
