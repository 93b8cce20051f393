"""What a read says again.

A list goes on naming an order for as long as its day lasts. Rows that say word for word what they said when they last
changed nothing, of an order that nothing has touched since, change nothing now: their orders are only noted as read.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from django.db import DatabaseError, transaction

from orders.books.following import ends_by, is_overtaken
from orders.books.read import Read
from orders.chains import Chain, Number, number_of
from orders.domain.events import OrderReport
from orders.domain.order_state import OrderStatus
from orders.models import KisAccount, Order, OrderNumber

log = logging.getLogger(__name__)

Digests = Mapping[Number, str]


def digests(reports: Iterable[OrderReport], found: Iterable[Chain]) -> Digests:
    """All that a read says of each chain, by the number of its first row: its own rows, and those that name them."""
    aimed: dict[Number, list[OrderReport]] = defaultdict(list)
    for row in reports:
        family, day, _ = number_of(row)
        if row.orig_number:
            aimed[family, day, row.orig_number].append(row)
    return {number_of(chain.first): _digest(chain, aimed) for chain in found}


def _digest(chain: Chain, aimed: Mapping[Number, Sequence[OrderReport]]) -> str:
    others = [row for mine in chain.rows for row in aimed.get(number_of(mine), ())]
    return _hash(repr((chain.beside, chain.rows, sorted(map(repr, others)))))


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def mark(order: Order, digest: str) -> str:
    """What to keep of a read that changed nothing; "" while the books are not clean: time alone may then decide."""
    clean = order.differs_since is None and not order.alarm and order.broker_qty == order.cum_qty
    return _mark(order, digest) if clean else ""


def _mark(order: Order, digest: str) -> str:
    return _hash(f"{digest} {order.version} {order.noticed_at}")


def note_repeated(read: Read, found: Sequence[Chain], said: Digests) -> list[Chain]:
    """Note the orders of the chains that say nothing new as read. The chains that are left to apply.

    Raises LeaseLost like `apply_read`.
    """
    owners = _owners(read, found)
    again, rest = [], []
    for chain in found:
        number = number_of(chain.first)
        order = owners.get(number)
        if order is not None and _says_nothing(read, order, chain, said[number]):
            again.append(order.pk)
        else:
            rest.append(chain)
    if again:
        _note_or_skip(read, again)
    return rest


def _owners(read: Read, found: Iterable[Chain]) -> dict[Number, Order]:
    firsts = {number_of(chain.first): chain.first.key.family for chain in found}
    rows = OrderNumber.objects.filter(
        account=read.account, family__in=set(firsts.values()), order_date__in={day for _, day, _ in firsts}
    ).select_related("order")
    by_number = {(row.family, row.order_date, row.number): row.order for row in rows}
    owned = {number: by_number.get((number[0].value, *number[1:])) for number in firsts}
    return {number: order for number, order in owned.items() if order is not None}


def _says_nothing(read: Read, order: Order, chain: Chain, digest: str) -> bool:
    if not order.read_mark or order.read_mark != _mark(order, digest) or is_overtaken(order, read.asked_at):
        return False
    if order.status != OrderStatus.EXPIRED and not order.is_open:
        return True
    until = ends_by(order, chain.newest)
    return order.is_open == (until is None or read.asked_at <= until)


def _note_or_skip(read: Read, order_ids: Sequence[int]) -> None:
    try:
        _note(read, order_ids)
    except DatabaseError:
        log.exception("orders not noted as read", extra={"account": read.account.pk})


def _note(read: Read, order_ids: Sequence[int]) -> None:
    with transaction.atomic():
        if read.fence is not None:
            read.fence.check()
        # The account first, as by whoever applies a row: two readers that each hold some of the orders wait for ever.
        KisAccount.objects.select_for_update().get(account=read.account)
        Order.objects.filter(pk__in=order_ids, inquired_at__lte=read.asked_at).update(inquired_at=read.asked_at)
