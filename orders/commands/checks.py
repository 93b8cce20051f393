"""Our own checks before a send: what stands against it, and whether what we know of the order is fresh enough."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext as _

from accounts import broadcast as stream
from accounts import clock
from accounts.models.stream import Feed
from orders import chains, inquiries, outcomes, permissions
from orders.books import Read
from orders.commands.request import plain
from orders.domain.events import Family, Market
from orders.domain.pace import Turn
from orders.domain.sessions import Action
from orders.kis.errors import KisError
from orders.kis.schemas import Revisable
from orders.models import CommandType, Order, OrderCommand
from orders.permissions import Doubt

log = logging.getLogger(__name__)

NOW, FRESH_INQUIRY = timedelta(0), timedelta(seconds=3)
RESERVED = frozenset({Market.US_RESERVED, Market.ASIA_RESERVED})
# KIS "선물옵션 정정취소주문": the night takes the exact remaining quantity alone, so no notice is recent enough.
EXACT = frozenset({Market.FO_NIGHT})


class Doubted(Exception):
    """Our own checks are against the command; nothing was sent."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.key)
        self.doubt = doubt


def check(command: OrderCommand, order: Order) -> None:
    """Raises Doubted where something stands against carrying the command out now."""
    part = command.quantity is not None and command.quantity < order.leaves_qty
    found = permissions.obstacle(order, Action(command.type), clock.now(), part=part)
    if found is not None:
        raise Doubted(found)
    if command.quantity is not None and command.quantity > order.leaves_qty:
        raise Doubted(_less_left())


def _less_left() -> Doubt:
    return Doubt("less_left", _("그 사이 체결되어 남은 수량이 더 적습니다."))


def read_stale_books(order: Order) -> None:
    """Nothing is sent on old knowledge: the feed is live and the books are clean, or the lists were just read.

    Reads them where neither is so. Raises Doubted when that fails, and where they do not show the order: a list that is
    silent about it says nothing of what is left.
    """
    if _is_known(order):
        return
    read = inquiries.inquire(order.account, [Family(order.family)], turn=Turn.ORDER)
    if read is None:
        raise Doubted(_not_known())
    if not _is_listed(order, read):
        raise Doubted(Doubt("not_listed", _("증권사의 주문 목록에 이 주문이 없어 보내지 않았습니다.")))


def _is_listed(order: Order, read: Read) -> bool:
    """Any number of the chain will do; that of a cancel, or of a modify not in force, only points at the order."""
    chain = order.numbers.filter(kind__in=("new", "modify")).values_list("family", "order_date", "number")
    return not {chains.number_of(row) for row in read.reports}.isdisjoint(chain)


def _not_known() -> Doubt:
    return Doubt("not_known", _("주문 상태를 확인할 수 없어 보내지 않았습니다."))


def ask_revisable(order: Order) -> Mapping[int, Revisable] | None:
    """What KIS would let us modify or cancel, by number, where it wants to be asked first: domestic stock, live.

    None elsewhere. Raises Doubted when KIS does not say.
    """
    connection = permissions.connection_of(order)
    if order.market != Market.KRX or connection is None or connection.is_paper:
        return None
    try:
        return inquiries.revisable(order.account)
    except (KisError, ValueError, ArithmeticError) as error:
        log.warning("not told what may be revised", extra={"order": order.pk, "error": str(error)})
        raise Doubted(_not_known()) from error


def bounded(command: OrderCommand, revisable: Mapping[int, Revisable] | None, number: int) -> Revisable | None:
    """What KIS said of the order's number. Raises Doubted where it would take nothing of it, or less than is asked."""
    if revisable is None:
        return None
    found = revisable.get(number)
    if found is None or found.psbl_qty <= 0:
        raise Doubted(Doubt("nothing_revisable", _("증권사가 정정·취소할 수 있는 수량이 없다고 답했습니다.")))
    if command.quantity is not None and command.quantity > found.psbl_qty:
        raise Doubted(_less_left())
    return found


def check_exact(order: Order) -> None:
    """Raises Doubted where the exact remaining quantity has to be named and no list told it within the last 3 s."""
    if order.market in EXACT and not _just_read(order):
        raise Doubted(_not_known())


def check_seen(command: OrderCommand, order: Order) -> None:
    """Raises Doubted where what a person chose figures for has another number or price by now: they never saw that.

    A cancel of all that is left is about the order, whatever it is by now.
    """
    price = "" if order.price is None else plain(order.price)
    seen = command.pre_image.get("number"), command.pre_image.get("price")
    whole = command.type == CommandType.CANCEL and command.quantity is None
    if not whole and seen != (outcomes.number_of(order)[0], price):
        raise Doubted(Doubt("stale_version", _("그 사이 주문이 바뀌었습니다. 다시 확인하십시오.")))


def _is_known(order: Order) -> bool:
    """What we hold of the order may be acted on."""
    if has_no_list(order) or _just_read(order):
        return True
    return order.market not in EXACT and order.differs_since is None and _feed_is_live(order)


def has_no_list(order: Order) -> bool:
    """A paper reservation is entered by hand: KIS lists none."""
    connection = permissions.connection_of(order)
    return order.market in RESERVED and connection is not None and connection.is_paper


def _just_read(order: Order) -> bool:
    # A clock that was set back makes an old read look as if it were still to come.
    return order.inquired_at is not None and NOW <= clock.now() - order.inquired_at <= FRESH_INQUIRY


def _feed_is_live(order: Order) -> bool:
    connection = permissions.connection_of(order)
    return connection is not None and any(
        row["name"] == connection.name and row["state"] == Feed.LIVE for row in stream.upstreams()
    )
