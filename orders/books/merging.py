"""Two rows that turn out to be one order: what was seen of it goes on in one of them."""

from __future__ import annotations

from collections.abc import Collection

from orders import chains, ledger
from orders.chains import Chain
from orders.domain.events import RequestKind
from orders.domain.order_state import with_fills
from orders.models import Fill, Notice, Order, OrderCommand, OrderEventRecord, OrderNumber, Origin
from orders.models.commands import LIVE_STATES

IN_FORCE = {RequestKind.NEW.value, RequestKind.MODIFY.value}


def merge(other: Order, into: Order) -> None:
    """Numbers, fills and evidence of `other` go on in `into`. Callers hold both locks, and save `into`."""
    OrderNumber.objects.filter(order=other).update(order=into)
    Fill.objects.filter(order=other).update(order=into)
    Notice.objects.filter(order=other).update(order=into)
    OrderEventRecord.objects.filter(order=other).update(order=into)
    other.merged_into = into
    ledger.save_visible(other, into.transact_time)


def strays(order: Order, chain: Chain) -> list[Order]:
    """Rows of their own, locked, that this chain shows to be parts of the order's history.

    A modify whose own notices were lost is told of by its fills alone, which make an order under its number. The list
    names the order that it was aimed at: they are one. The caller holds the order's lock and the account's.
    """
    numbers = {row.key.number for row in chain.own}
    owners = (chains.owner(order.account, row, row.key.number) for row in chain.own[1:])
    found = [ledger.lock(pk) for pk in sorted({one.pk for one in owners if one is not None} - {order.pk})]
    return [stray for stray in found if _is_stray(stray, order, numbers)]


def _is_stray(stray: Order, order: Order, numbers: Collection[int]) -> bool:
    own = {row.number for row in stray.numbers.all() if row.kind in IN_FORCE}
    alike = (stray.symbol, stray.side, stray.family) == (order.symbol, order.side, order.family)
    unplaced = stray.parent_id is None and stray.merged_into_id is None and stray.origin == Origin.EXTERNAL
    return alike and unplaced and own <= set(numbers)


def has_live_command(order: Order) -> bool:
    """Somebody's request is about it: nothing of it moves until that has its outcome."""
    return order.commands.filter(state__in=LIVE_STATES).exists()


def take_in(stray: Order, order: Order, shown_by: ledger.Evidence) -> None:
    """Let a stray row go on in its order's row, which the caller saves."""
    before = order.status
    last = order.numbers.count()
    OrderNumber.objects.filter(order=stray, kind__in=IN_FORCE).update(kind=RequestKind.MODIFY.value, position=last)
    OrderCommand.objects.filter(order=stray).update(order=order)
    merge(stray, order)
    ledger.put(order, with_fills(ledger.state_of(order), *ledger.fill_sums(order)))
    ledger.note(order, "OrderInquired", shown_by, before)
    order.noticed_at = max((at for at in (order.noticed_at, stray.noticed_at) if at is not None), default=None)
