"""Our own checks before a send: what stands against it, and whether what we know of the order is fresh enough."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from accounts import broadcast as stream
from accounts import clock
from accounts.models.stream import Feed
from orders import inquiries, permissions
from orders.domain.events import Family, Market
from orders.domain.sessions import Action
from orders.models import Order, OrderCommand
from orders.permissions import Doubt

FRESH_INQUIRY = timedelta(seconds=3)
RESERVED = frozenset({Market.US_RESERVED, Market.ASIA_RESERVED})
# KIS "선물옵션 정정취소주문": the night takes the exact remaining quantity alone, so no notice is recent enough.
EXACT = frozenset({Market.FO_NIGHT})


def doubt(command: OrderCommand, order: Order) -> Doubt | None:
    """What stands against carrying the command out now."""
    part = command.quantity is not None and command.quantity < order.leaves_qty
    found = permissions.obstacle(order, Action(command.type), clock.now(), part=part)
    if found is not None:
        return found
    if command.quantity is not None and command.quantity > order.leaves_qty:
        return Doubt("less_left", _("그 사이 체결되어 남은 수량이 더 적습니다."))
    if order.alarm:
        return Doubt("books", _("장부가 증권사와 맞지 않아 보내지 않았습니다."))
    return None


def stale_books(order: Order) -> Doubt | None:
    """Nothing is sent on old knowledge: the feed is live and the books are clean, or the lists were just read.

    Reads them where neither is so.
    """
    if is_known(order):
        return None
    if inquiries.inquire(order.account, [Family(order.family)]) is None:
        return Doubt("not_known", _("주문 상태를 확인할 수 없어 보내지 않았습니다."))
    return None


def is_known(order: Order) -> bool:
    """What we hold of the order may be acted on."""
    if has_no_list(order) or _just_read(order):
        return True
    return order.market not in EXACT and order.differs_since is None and _feed_is_live(order)


def has_no_list(order: Order) -> bool:
    """A paper reservation is entered by hand: KIS lists none."""
    connection = permissions.connection_of(order)
    return order.market in RESERVED and connection is not None and connection.is_paper


def _just_read(order: Order) -> bool:
    return order.inquired_at is not None and clock.now() - order.inquired_at <= FRESH_INQUIRY


def _feed_is_live(order: Order) -> bool:
    connection = permissions.connection_of(order)
    return connection is not None and any(
        row["name"] == connection.name and row["state"] == Feed.LIVE for row in stream.upstreams()
    )
