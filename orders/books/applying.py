"""A read is applied order by order, each in a transaction of its own."""

from __future__ import annotations

import logging
from datetime import date, timedelta

from django.db import DatabaseError, transaction

from accounts.fields import AmountOutOfRange
from orders import chains, ledger
from orders.books import unchanged
from orders.books.following import follow, is_overtaken
from orders.books.read import Read, evidence
from orders.broadcast import orders_changed
from orders.chains import Chain
from orders.crash_points import CrashPoint, reach
from orders.domain import order_state
from orders.domain.events import Family, OrderReport, RequestKind
from orders.models import KisAccount, Order, Origin

log = logging.getLogger(__name__)

# What a read leaves on a row without a new version: no page shows it, and the next request may need it.
_UNSHOWN = (
    *("noticed_at", "inquired_at", "differs_since", "broker_qty", "broker_amount", "read_mark"),
    *("exchange", "order_type", "forward_org"),
)
NOTICES_HAVE_COME = timedelta(seconds=60)  # an order this old, first seen in a list, has no notice on its way


def apply_read(read: Read) -> int:
    """Bring our orders in line with one read, each order in a transaction of its own. Number of orders changed.

    A row that cannot be stored is logged and leaves the other orders alone. Raises LeaseLost where the read was made
    by a notice stream that another process has taken over.
    """
    found = chains.of(read.reports, chains.apart(read.account, read.reports))
    said = unchanged.digests(read.reports, found)
    return sum(_apply_or_skip(read, chain, said) for chain in unchanged.note_repeated(read, found, said))


def _apply_or_skip(read: Read, chain: Chain, said: unchanged.Digests) -> bool:
    try:
        with transaction.atomic():
            if read.fence is not None:
                read.fence.check()
            return _apply(read, chain, said[chains.number_of(chain.first)])
    except (DatabaseError, AmountOutOfRange, ArithmeticError):
        log.exception("inquiry row not applied", extra={"account": read.account.pk, "number": chain.first.key.number})
        return False


def _apply(read: Read, chain: Chain, digest: str) -> bool:
    # Two readers, or a reader and a notice, must not both find an order missing and both make it.
    KisAccount.objects.select_for_update().get(account=read.account)
    known = chains.known(read.account, chain)
    if known is None and not chain.own:
        return False  # a cancel of an order that no list shows any more
    order = ledger.lock(known.pk) if known is not None else _create(read, chain)
    overtaken = is_overtaken(order, read.asked_at)
    changed = follow(read, order, chain, created=known is None)
    if known is None or changed:
        ledger.save_visible(order, chain.newest.ordered_at or read.asked_at)
        orders_changed([order])
    else:
        order.read_mark = order.read_mark if overtaken else unchanged.mark(order, digest)
        order.save(update_fields=[*_UNSHOWN])
    reach(CrashPoint.BOOKS_APPLYING)
    return known is None or changed


def _create(read: Read, chain: Chain) -> Order:
    row = chain.first
    status = order_state.OrderStatus.RESERVED if row.key.family is Family.RESERVED else order_state.OrderStatus.NEW
    state = order_state.new_order(row.order_qty, row.price, status)
    order = Order(
        account=read.account,
        market=row.market.value,
        family=row.key.family.value,
        order_date=_day(row),
        symbol=row.instrument.symbol,
        name=row.instrument.name[:80],
        exchange=row.instrument.exchange,
        currency=row.instrument.currency,
        side=row.side.value,
        order_type=row.order_type[:8],
        forward_org=row.forward_org[:8],
        status=status.value,
        origin=Origin.EXTERNAL,
        parent=chains.parent_of(read.account, chain),
        ordered_at=row.ordered_at or read.asked_at,
        transact_time=row.ordered_at or read.asked_at,
        transmits_at=row.transmits_at,
        version=0,
    )
    if row.ordered_at is None or read.asked_at - row.ordered_at > NOTICES_HAVE_COME:
        order.differs_since = row.ordered_at or read.asked_at - NOTICES_HAVE_COME
    ledger.put(order, state)
    order.save()
    if order.parent is not None:
        _take_over(read, order, order.parent, chain)
    ledger.add_number(order, row.key.number, RequestKind.NEW)
    return order


def _take_over(read: Read, part: Order, parent: Order, chain: Chain) -> None:
    before = parent.status
    source = ledger.hand_over(parent, part, [each.key.number for each in chain.own])
    if source is not None:
        ledger.note(source, "OrderInquired", evidence(read, chain.first), before)
        orders_changed([source])


def _day(row: OrderReport) -> date:
    assert row.key.order_date is not None  # noqa: S101 - the key of a report is complete
    return row.key.order_date
