"""Where the quantity of one broker number went, as the rows of one read tell.

What a number had is filled under it, still in the market, canceled, or taken over by a modify. Which of two requests
took what, the rows often tell only within bounds: what may have been another's is not ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.domain.events import OrderReport, ReportStatus, RequestKind

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """What some requests took out of a number: surely, and at most."""

    least: Decimal
    most: Decimal

    @property
    def sure(self) -> Decimal:
        return max(min(self.least, self.most), ZERO)

    @property
    def is_exact(self) -> bool:
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Before:
    """What was known of the number before the send: what was canceled of it, and the numbers that named it."""

    canceled: Decimal
    children: frozenset[int]


NOTHING_BEFORE = Before(ZERO, frozenset())


def left(report: OrderReport) -> Decimal:
    """What the row says is still in the market."""
    if report.status in {ReportStatus.CANCELED, ReportStatus.REJECTED}:
        return ZERO
    return report.order_qty - report.cum_qty if report.leaves_qty is None else report.leaves_qty


def gone(own: OrderReport) -> Decimal:
    """What left the market unfilled, ever: canceled, or gone on under another number."""
    return own.order_qty - own.cum_qty - left(own)


def share(own: OrderReport, reports: Iterable[OrderReport], mine: Collection[int], before: Before) -> Share:
    """What the requests under these numbers took out of `own` since; every other one that may have, did."""
    aimed = _standing(own, reports)
    others = [row for row in aimed if row.key.number not in mine and _may_have_taken(row, own)]
    known = [row for row in others if row.kind is RequestKind.CANCEL and row.key.number in before.children]
    # A cancel that was known is in what was canceled before, unless it was done since.
    told = max(before.canceled, _asked(known, own))
    least = gone(own) - told - _asked([row for row in others if row not in known], own)
    own_rows = [row for row in aimed if row.key.number in mine]
    return Share(least, min(gone(own) - before.canceled, _asked(own_rows, own)))


def cancels(own: OrderReport, reports: Iterable[OrderReport]) -> set[int]:
    """The numbers of the cancels of `own` that are not refused."""
    return {row.key.number for row in _standing(own, reports) if row.kind is RequestKind.CANCEL}


def is_filled_through(own: OrderReport, reports: Sequence[OrderReport], canceled: Decimal = ZERO) -> bool:
    """Every unit of it was filled, under its own number or under those that took the rest over, and so on.

    `canceled` is what was known to be canceled of it. A cancel that names any of these numbers leaves it open.
    """
    rows = [row for row in reports if row.key.number != own.key.number]
    named = [row for row in rows if row.orig_number == own.key.number]
    over = _standing(own, named)
    if left(own) or own.status is ReportStatus.CANCELED or any(row.kind is RequestKind.CANCEL for row in named):
        return False
    is_whole = sum((row.order_qty for row in over), ZERO) == own.order_qty - own.cum_qty - canceled
    return is_whole and all(is_filled_through(row, rows) for row in over)


def _standing(own: OrderReport, reports: Iterable[OrderReport]) -> list[OrderReport]:
    """The requests that name `own` and are not refused. Of two rows of one number the one that may have taken more."""
    named = [row for row in reports if row.orig_number == own.key.number and row.status is not ReportStatus.REJECTED]
    return list({row.key.number: row for row in sorted(named, key=lambda row: _size(row, own))}.values())


def _size(row: OrderReport, own: OrderReport) -> Decimal:
    return row.order_qty or own.order_qty  # a request for "all" may be listed with the quantity 0


def _asked(rows: Iterable[OrderReport], own: OrderReport) -> Decimal:
    return sum((_size(row, own) for row in rows), ZERO)


def _may_have_taken(row: OrderReport, own: OrderReport) -> bool:
    """A request takes all that it names or all that is left: while some is left, what does not fit is not done."""
    return not left(own) or left(own) + _size(row, own) <= own.order_qty - own.cum_qty
