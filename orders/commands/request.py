"""What a person asked, and why it is not taken: values that cannot be are refused before anything is recorded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.models import User
from orders import permissions
from orders.domain.sessions import Action, Reason
from orders.models import CommandType, Order


class CommandError(Exception):
    """A command that was not taken; nothing was recorded."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Conflict(CommandError):
    """409: the key reused with other parameters, another live command, or a stale version."""


class NotPermitted(CommandError):
    """403: the role, or a second factor that is not fresh."""


class NotVisible(CommandError):
    """404: not there, or not this person's."""


class Refused(CommandError):
    """422: a value that cannot be; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("invalid", detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """What a person asked. `quantity` None is all that is left; `price` is for modifies alone.

    `of_kill_switch`: one of the cancels of a switch that this person has engaged; the right to engage was checked
    there, and takes the place of the right to trade. `valid_until`: nothing is recorded after this instant.
    """

    user: User
    address: str | None
    order_id: int
    type: str
    intent: UUID
    expected_version: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    supersedes: UUID | None = None
    fresh_factor: bool = False
    of_kill_switch: bool = False
    valid_until: datetime | None = None

    def digest(self) -> str:
        """The parameters' hash: one key may stand for one request alone."""
        parameters = [
            self.order_id,
            self.type,
            self.expected_version,
            plain(self.quantity),
            plain(self.price),
            str(self.supersedes or ""),
        ]
        return hashlib.sha256(json.dumps(parameters).encode()).hexdigest()

    @property
    def by(self) -> audit.By:
        return audit.By(self.user, self.user.get_username(), self.address)


def plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def check_values(request: CommandRequest, order: Order) -> None:
    if request.type == CommandType.MODIFY:
        _check_price(request.price)
    elif request.price is not None:
        raise Refused("price", _("취소에는 가격이 없습니다."))
    if request.quantity is None:
        return
    if request.quantity <= 0 or request.quantity != request.quantity.to_integral_value():
        raise Refused("quantity", _("수량은 1 이상의 정수여야 합니다."))
    if order.is_open and request.quantity > order.leaves_qty:
        raise Refused("quantity", _("미체결 수량보다 많습니다."))
    if order.is_open and request.quantity < order.leaves_qty:
        _check_part(request, order)


def _check_part(request: CommandRequest, order: Order) -> None:
    """The night's derivatives and the reservations are taken whole."""
    refused = permissions.session_obstacle(order, Action(request.type), clock.now(), part=True)
    if refused is not None and refused.key == Reason.PART_NOT_OFFERED:
        raise Refused("quantity", refused.text)


def _check_price(price: Decimal | None) -> None:
    if price is None:
        raise Refused("price", _("정정 가격이 필요합니다."))
    if not price.is_finite() or price <= 0:
        raise Refused("price", _("가격은 0보다 커야 합니다."))
    if -int(price.normalize().as_tuple().exponent) > 4:
        raise Refused("price", _("가격은 소수 4자리까지입니다."))
