"""A read is applied a few orders at a time, in one transaction; where that fails, each of them in one of its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import DatabaseError, transaction

from accounts.fields import AmountOutOfRange
from orders import chains, ledger
from orders.books import unchanged
from orders.books.following import follow, is_overtaken
from orders.books.merging import has_live_command, strays, take_in
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
    *("noticed_at", "inquired_at", "differs_since", "broker_qty", "broker_amount", "unlisted_qty", "read_mark"),
    *("exchange", "order_type", "forward_org"),
)
TOGETHER = 10  # while they are applied, a notice of any of them waits
NOTICES_HAVE_COME = timedelta(seconds=60)  # an order this old, first seen in a list, has no notice on its way


def apply_read(read: Read) -> int:
    """Bring our orders in line with one read. Number of orders changed.

    A row that cannot be stored is logged and leaves the other orders alone. Raises LeaseLost where the read was made
    by a notice stream that another process has taken over.
    """
    found = chains.of(read.reports, chains.apart(read.account, read.reports))
    said = unchanged.digests(read.reports, found)
    rest = unchanged.note_repeated(read, found, said)
    return sum(_apply_or_skip(read, rest[at : at + TOGETHER], said) for at in range(0, len(rest), TOGETHER))


def _apply_or_skip(read: Read, some: Sequence[Chain], said: unchanged.Digests) -> int:
    try:
        with transaction.atomic():
            return _apply(read, some, said)
    except (DatabaseError, AmountOutOfRange, ArithmeticError):
        if len(some) > 1:
            return sum(_apply_or_skip(read, [chain], said) for chain in some)
        number = some[0].first.key.number
        log.exception("inquiry row not applied", extra={"account": read.account.pk, "number": number})
        return 0


def _apply(read: Read, some: Sequence[Chain], said: unchanged.Digests) -> int:
    if read.fence is not None:
        read.fence.check()
    # Two readers, or a reader and a notice, must not both find an order missing and both make it.
    KisAccount.objects.select_for_update().get(account=read.account)
    told: list[Order] = []
    changed = sum(_apply_chain(read, chain, said[chains.number_of(chain.first)], told) for chain in some)
    if told:
        # At the end: it locks the people's heads, for which a notice that holds the next order may be waiting.
        orders_changed({order.pk: order for order in told}.values())
    reach(CrashPoint.BOOKS_APPLYING)
    return changed


def _apply_chain(read: Read, chain: Chain, digest: str, told: list[Order]) -> bool:
    """True when a page shows something else by it; `told` gets each order of which it does."""
    known = chains.known(read.account, chain)
    if known is None and not chain.own:
        return False  # a cancel of an order that no list shows any more
    order = ledger.lock(known.pk) if known is not None else _create(read, chain, told)
    order.account = read.account  # the same, with its connection at hand
    found = strays(order, chain)
    merged = [stray for stray in found if not has_live_command(stray)]
    for stray in merged:
        take_in(stray, order, evidence(read, chain.newest))
    placed = _stands_beside(read, order, chain)
    overtaken = is_overtaken(order, read.asked_at)
    changed = follow(read, order, chain, told, created=known is None)
    if known is None or merged or placed or changed:
        ledger.save_visible(order, chain.newest.ordered_at or read.asked_at)
        told += [*merged, order]
        return True
    if found or not overtaken:  # one that waits is looked at again though the rows say the same
        order.read_mark = "" if found else unchanged.mark(order, digest)
    order.save(update_fields=[*_UNSHOWN])
    return False


def _stands_beside(read: Read, order: Order, chain: Chain) -> bool:
    """Let a part that only its fills had told of know the order that it was taken out of. True when it did not."""
    if not chain.beside or order.parent_id is not None:
        return False
    order.parent = chains.parent_of(read.account, chain)
    return order.parent is not None


def _create(read: Read, chain: Chain, told: list[Order]) -> Order:
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
        _take_over(read, order, order.parent, chain, told)
    ledger.add_number(order, row.key.number, RequestKind.NEW)
    return order


def _take_over(read: Read, part: Order, parent: Order, chain: Chain, told: list[Order]) -> None:
    before = parent.status
    source = ledger.hand_over(parent, part, [each.key.number for each in chain.own])
    if source is not None:
        ledger.note(source, "OrderInquired", evidence(read, chain.first), before)
        told.append(source)


def _day(row: OrderReport) -> date:
    assert row.key.order_date is not None  # noqa: S101 - the key of a report is complete
    return row.key.order_date
