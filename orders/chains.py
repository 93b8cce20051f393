"""Which rows of an inquiry are one order: the chain from a number to the numbers that took over from it.

A modify of all that was left goes on in its order's row; a modify of a part is an order of its own beside it; a modify
that was refused, or is listed but not in force yet, changes nothing. A cancel's number only points at its order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import ClientAccount
from orders.domain import accounting
from orders.domain.accounting import left
from orders.domain.events import Family, OrderReport, ReportStatus, RequestKind
from orders.models import Order, OrderNumber

ZERO = Decimal(0)
SAME_NUMBER_WITHIN = timedelta(days=1)  # the date that we gave to a number first told by a notice may be a day off
Number = tuple[Family, date, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """The rows of one order, in the order they were given out. `own` are those whose quantities are the order's.

    `beside`: a part that a modify took out of an order which stands in the same read, with the rest.
    """

    rows: tuple[OrderReport, ...]
    beside: bool = False

    @property
    def own(self) -> tuple[OrderReport, ...]:
        return tuple(row for row in self.rows if row.kind is not RequestKind.CANCEL)

    @property
    def first(self) -> OrderReport:
        return (self.own or self.rows)[0]

    @property
    def newest(self) -> OrderReport:
        return (self.own or self.rows)[-1]


def of(reports: Iterable[OrderReport], apart: Collection[Number] = frozenset()) -> list[Chain]:
    """The chains of one read; reservations first, since the orders that they became may stand in the same read.

    `apart`: the numbers of parts that have rows of their own already, whatever has become of their originals since.
    """
    rows = {number_of(row): row for row in _latest(reports)}
    parts = {number for number, row in rows.items() if number in apart or _is_beside(row, rows)}
    parts |= {number for number, row in rows.items() if _is_outlived(row, rows, parts)}
    roots: dict[Number, list[OrderReport]] = {}
    for number in sorted(rows, key=lambda item: (item[0] is not Family.RESERVED, item[1], item[2])):
        if number in parts or _in_force(rows[number], rows):
            roots.setdefault(_root(number, rows, parts), []).append(rows[number])
    found = [Chain(tuple(chain), root in parts) for root, chain in roots.items()]
    # A part leaves the order that it was taken out of before that order's own rows are looked at.
    return sorted(found, key=lambda chain: (chain.first.key.family is not Family.RESERVED, not chain.beside))


def number_of(row: OrderReport) -> Number:
    assert row.key.order_date is not None  # noqa: S101 - the key of a report is complete
    return row.key.family, row.key.order_date, row.key.number


def _latest(reports: Iterable[OrderReport]) -> list[OrderReport]:
    """Two lists may show one number a moment apart: the later total is the larger one."""
    best: dict[Number, OrderReport] = {}
    for row in reports:
        number = number_of(row)
        if number not in best or row.cum_qty >= best[number].cum_qty:
            best[number] = row
    return list(best.values())


def _original(row: OrderReport, rows: dict[Number, OrderReport]) -> OrderReport | None:
    family, day, _ = number_of(row)
    return rows.get((family, day, row.orig_number)) if row.orig_number else None


def _in_force(row: OrderReport, rows: dict[Number, OrderReport]) -> bool:
    """A modify that was refused, or that has taken nothing over yet, is a request and not an order."""
    if row.kind is not RequestKind.MODIFY:
        return True
    if row.status is ReportStatus.REJECTED:
        return False
    original = _original(row, rows)
    return original is None or not left(original)


def _is_beside(row: OrderReport, rows: dict[Number, OrderReport]) -> bool:
    original = _original(row, rows)
    if row.kind is not RequestKind.MODIFY or original is None:
        return False
    same_day = [each for each in rows.values() if number_of(each)[:2] == number_of(row)[:2]]
    return is_part(row, original, same_day)


def _is_outlived(row: OrderReport, rows: dict[Number, OrderReport], parts: Collection[Number]) -> bool:
    """Of two modifies in force of one original that has nothing left, only the later one can have taken all of it."""
    original = _original(row, rows)
    if row.kind is not RequestKind.MODIFY or original is None or left(original):
        return False
    named = (row.key.family, row.key.order_date, row.orig_number)
    modifies = [other for other in rows.values() if other.kind is RequestKind.MODIFY and _names(other) == named]
    done = [other for other in modifies if other.status is not ReportStatus.REJECTED]
    fit = sum((other.order_qty for other in done), ZERO) <= original.order_qty - original.cum_qty
    later = [other for other in done if number_of(other) > number_of(row) and number_of(other) not in parts]
    return fit and row in done and bool(later)


def _names(row: OrderReport) -> tuple[Family, date | None, int | None]:
    return row.key.family, row.key.order_date, row.orig_number


def is_part(row: OrderReport, original: OrderReport, reports: Iterable[OrderReport]) -> bool:
    """The original goes on with the rest, and what left it the other requests do not explain without this one."""
    still = left(original)
    if still <= ZERO or still + row.order_qty > original.order_qty - original.cum_qty:
        return False
    return accounting.share(original, reports, {row.key.number}, accounting.NOTHING_BEFORE).least > ZERO


def canceled_under(original: OrderReport, reports: Iterable[OrderReport], told: Collection[int]) -> list[OrderReport]:
    """The cancels of a part of this row that a read shows done, and that nothing had told: neither listed nor refused
    is done, only what left the market unfilled is. `told`: the numbers of cancels that were confirmed before.
    """
    family, day, number = number_of(original)
    named = [row for row in _latest(reports) if (row.key.family, row.key.order_date) == (family, day)]
    aimed = [row for row in named if row.orig_number == number and row.status is not ReportStatus.REJECTED]
    cancels = [row for row in aimed if row.kind is RequestKind.CANCEL]
    gone = accounting.gone(original)
    gone -= sum((row.order_qty for row in aimed if _took_over(row, original, aimed)), ZERO)
    gone -= sum((row.order_qty for row in cancels if row.key.number in told), ZERO)
    done: list[OrderReport] = []
    for row in sorted(cancels, key=number_of):
        if row.key.number not in told and ZERO < row.order_qty <= gone:
            done.append(row)
            gone -= row.order_qty
    return done


def _took_over(row: OrderReport, original: OrderReport, reports: Iterable[OrderReport]) -> bool:
    return row.kind is RequestKind.MODIFY and (not left(original) or is_part(row, original, reports))


def _root(number: Number, rows: dict[Number, OrderReport], parts: Collection[Number]) -> Number:
    seen = {number}
    while number not in parts and (row := rows.get(number)) is not None and row.orig_number:
        number = (number[0], number[1], row.orig_number)
        if number in seen:
            break
        seen.add(number)
    return number


def known(account: ClientAccount, chain: Chain) -> Order | None:
    """The order that owns one of the chain's numbers, or the number that a row was aimed at."""
    for row in chain.rows:
        found = owner(account, row, row.key.number)
        if found is not None and not _swallowed(account, chain, found):
            return found
    if chain.beside:
        return None
    for row in chain.rows:
        found = owner(account, row, row.orig_number) if row.orig_number else None
        if found is not None and not _splits(row, found):
            return found
    return None


def _swallowed(account: ClientAccount, chain: Chain, found: Order) -> bool:
    """The owner has the number of the order that this part was taken out of, too: nothing had told it was a part."""
    if not chain.beside:
        return False
    original = owner(account, chain.first, chain.first.orig_number or 0)
    return original is not None and original.pk == found.pk


def apart(account: ClientAccount, reports: Iterable[OrderReport]) -> set[Number]:
    """The numbers among these rows under which a part of an order was taken out of it, as we know it."""
    modifies = [number_of(row) for row in reports if row.kind is RequestKind.MODIFY]
    if not modifies:
        return set()
    first = OrderNumber.objects.filter(account=account, kind=RequestKind.NEW.value, order__parent__isnull=False)
    known: dict[tuple[str, int], list[date]] = {}
    for family, number, day in first.filter(number__in=[number for _, _, number in modifies]).values_list(
        "family", "number", "order_date"
    ):
        known.setdefault((family, number), []).append(day)
    return {
        item
        for item in modifies
        if any(abs(item[1] - day) <= SAME_NUMBER_WITHIN for day in known.get((item[0].value, item[2]), ()))
    }


def parent_of(account: ClientAccount, chain: Chain) -> Order | None:
    """The order that a part was taken out of."""
    row = chain.first
    return owner(account, row, row.orig_number) if row.orig_number else None


def _splits(row: OrderReport, original: Order) -> bool:
    """The original is in no list to compare with: less than what it had left is a part."""
    return row.kind is RequestKind.MODIFY and original.is_open and row.order_qty < original.leaves_qty


def owner(account: ClientAccount, row: OrderReport, number: int) -> Order | None:
    """The order that has a number of this row's day."""
    numbers = OrderNumber.objects.filter(account=account, family=row.key.family.value, number=number)
    exact = numbers.filter(order_date=number_of(row)[1]).select_related("order").first()
    return exact.order if exact is not None else _near(numbers, row)


def _near(numbers: QuerySet[OrderNumber], row: OrderReport) -> Order | None:
    """A number first told by a notice was given its date by us; the broker's word for the date replaces it."""
    day = number_of(row)[1]
    near = (
        numbers.filter(
            order_date__range=(day - SAME_NUMBER_WITHIN, day + SAME_NUMBER_WITHIN),
            order__symbol=row.instrument.symbol,
            order__side=row.side.value,
            order__inquired_at=None,
        )
        .select_related("order")
        .order_by("-order_date")
        .first()
    )
    if near is None:
        return None
    near.order_date = day
    near.save(update_fields=["order_date"])
    Order.objects.filter(pk=near.order_id).update(order_date=day)
    return near.order
