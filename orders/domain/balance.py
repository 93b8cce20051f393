"""Our fills against the broker's totals, for one order: which of the two wins, and what has to be written.

A notice is a trigger, the inquiry is the truth, but an inquiry may also be the older of the two. Nothing here is
deleted: a gap fill or a repeated notice is taken back by a reversal row. Quantities and amounts are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

GAP_AFTER = timedelta(seconds=3)  # a notice is usually on its way; after this it counts as missed
EXCESS_AFTER = timedelta(seconds=60)  # the inquiry may lag behind the newest notice by this much

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Clean:
    """Both agree."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Too early to tell: judge again after `for_`."""

    for_: timedelta


@dataclass(frozen=True, slots=True)
class GapFill:
    """Write one synthetic fill of exactly this quantity and amount. The key is the same for the same finding."""

    quantity: Decimal
    amount: Decimal
    key: str


@dataclass(frozen=True, slots=True)
class ReverseGap:
    """The missed notice turned up: take back the gap fill `key`, and write `instead` for what is still missing."""

    key: str
    instead: GapFill | None = None


@dataclass(frozen=True, slots=True)
class ReverseTwin:
    """The same content came in two epochs and was one fill: take back the later one.

    Where another fill was missed at the same time, `instead` is written for it.
    """

    fill_id: str
    instead: GapFill | None = None


@dataclass(frozen=True, slots=True)
class StaleRead:
    """The broker's total is below one that it gave before: forget this read."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The books cannot be explained. Lock the order and call a person."""

    reason: str
    quantity: Decimal = ZERO
    amount: Decimal = ZERO


Verdict = Clean | Wait | GapFill | ReverseGap | ReverseTwin | StaleRead | Alarm

TOO_MANY_FILLS = "more filled than the broker says"
AMOUNTS_DIFFER = "same quantity, different amount"
NO_AMOUNT = "the broker gave no amount for the missing fills"
BACKWARD_AMOUNT = "the broker's amount is too small for the missing fills"


@dataclass(frozen=True, slots=True)
class StandingGap:
    """A gap fill not reversed yet; `read_at` is when the inquiry that it came from was asked."""

    key: str
    quantity: Decimal
    amount: Decimal
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Twin:
    """A fill whose content had come before. In `Books.twins` those that another epoch had brought, then those of one
    session, newest first: within a session two equal fills are two, until the broker counts one less.
    """

    fill_id: str
    quantity: Decimal
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Books:
    """All that the verdict rests on. Times are aware.

    `our_qty` and `our_amount` sum the fills that stand. `broker_amount` is None when the inquiry does not tell it.
    `highest_broker_qty` is the largest total the broker ever gave for the order. `differs_since` is when this
    difference was first seen. `newest_notice_at` is the receipt of the order's newest notice, `newest_trade_at` the
    vendor's own time on it. `reversals` counts the order's reversal rows, so that a gap found again after one gets a
    key of its own. `amount_unit` is the broker's rounding: amounts no further apart than it are equal.
    """

    order: str
    our_qty: Decimal
    our_amount: Decimal
    broker_qty: Decimal
    broker_amount: Decimal | None
    highest_broker_qty: Decimal
    now: datetime
    differs_since: datetime
    newest_notice_at: datetime | None = None
    newest_trade_at: datetime | None = None
    gaps: tuple[StandingGap, ...] = ()
    twins: tuple[Twin, ...] = ()
    reversals: int = 0
    amount_unit: Decimal = ZERO


def balance(books: Books) -> Verdict:
    """What to do about one order's books. Deterministic: the same books always give the same verdict and key."""
    if books.broker_qty < books.highest_broker_qty:
        return StaleRead()
    if books.our_qty < books.broker_qty:
        return _missing(books)
    if books.our_qty > books.broker_qty:
        return _excess(books)
    return _compare_amounts(books)


def gap_key(order: str, our_qty: Decimal, broker_qty: Decimal, reversals: int) -> str:
    """The identity of a gap fill: two workers that find the same gap write the same row, and one of them loses."""
    return f"gap:{order}:{our_qty.normalize():f}:{broker_qty.normalize():f}:{reversals}"


@dataclass(frozen=True, slots=True)
class LateNotice:
    """A fill that was made good before its notice came: the gap fills to take back, and what of them is still missing.

    `quantity` and `amount` are what has to stand as a gap fill again; both 0 where the notice explains all of it.
    """

    keys: tuple[str, ...]
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LateFill:
    """A fill as its notice tells it. `room`: what the order can still take, None where that is not known."""

    quantity: Decimal
    amount: Decimal
    traded_at: datetime
    room: Decimal | None


def late_notice(gaps: Iterable[StandingGap], fill: LateFill) -> LateNotice | None:
    """Which gap fills a notice of this fill stands for; None for a fill that no inquiry had told of.

    A trade from before the inquiry was in its total already, and so was one that the order has no room for any more.
    """
    full = fill.room is not None and fill.quantity > fill.room
    taken: list[StandingGap] = []
    for gap in sorted(gaps, key=lambda gap: (gap.read_at, gap.key), reverse=True):
        if (full or fill.traded_at <= gap.read_at) and _sum(taken) < fill.quantity:
            taken.append(gap)
    left = _sum(taken) - fill.quantity
    amount_left = sum((gap.amount for gap in taken), ZERO) - fill.amount
    if not taken or (left > ZERO and amount_left <= ZERO):
        return None  # of another price than what was missing: the next inquiry decides
    keys = tuple(gap.key for gap in taken)
    return LateNotice(keys, left, amount_left) if left > ZERO else LateNotice(keys, ZERO, ZERO)


def _sum(gaps: Iterable[StandingGap]) -> Decimal:
    return sum((gap.quantity for gap in gaps), ZERO)


def _compare_amounts(books: Books) -> Verdict:
    if books.broker_amount is None:
        return Clean()
    difference = books.our_amount - books.broker_amount
    if abs(difference) <= books.amount_unit:
        return Clean()
    return _same_quantity(books, books.broker_amount) or Alarm(AMOUNTS_DIFFER, ZERO, difference)


def _same_quantity(books: Books, broker_amount: Decimal) -> Verdict | None:
    """A fill told twice hides one that was missed, or a gap fill stood for another one than it was made for."""
    for gap in books.gaps:
        amount = broker_amount - (books.our_amount - gap.amount)
        if amount > ZERO:
            return ReverseGap(gap.key, _again(books, gap.quantity, amount))
    if not books.twins:
        return None
    waiting = _fresh_notice(books)
    if waiting is not None:
        return waiting
    for twin in books.twins:
        amount = broker_amount - (books.our_amount - twin.amount)
        if amount > ZERO:
            return ReverseTwin(twin.fill_id, _again(books, twin.quantity, amount))
    return None


def _again(books: Books, quantity: Decimal, amount: Decimal) -> GapFill:
    key = gap_key(books.order, books.our_qty - quantity, books.broker_qty, books.reversals + 1)
    return GapFill(quantity, amount, key)


def _missing(books: Books) -> Verdict:
    age = books.now - books.differs_since
    if age <= GAP_AFTER:
        return Wait(GAP_AFTER - age)
    return _gap_fill(books, books.our_qty, books.our_amount, books.reversals)


def _gap_fill(books: Books, our_qty: Decimal, our_amount: Decimal, reversals: int) -> GapFill | Alarm:
    quantity = books.broker_qty - our_qty
    if books.broker_amount is None:
        return Alarm(NO_AMOUNT, quantity)
    amount = books.broker_amount - our_amount
    if amount <= ZERO:
        return Alarm(BACKWARD_AMOUNT, quantity, amount)
    return GapFill(quantity, amount, gap_key(books.order, our_qty, books.broker_qty, reversals))


def _excess(books: Books) -> Verdict:
    late = _newest(gap for gap in books.gaps if _covers(gap, books.newest_trade_at))
    if late is not None:
        return _reverse(books, late)
    waiting = _fresh_notice(books)
    if waiting is not None:
        return waiting
    gap = _newest(books.gaps)
    if gap is not None:
        return _reverse(books, gap)
    return _reverse_twin(books)


def _covers(gap: StandingGap, trade_at: datetime | None) -> bool:
    """A trade from before the inquiry was in its total already: the gap fill stood for it."""
    return trade_at is not None and trade_at <= gap.read_at


def _newest(gaps: Iterable[StandingGap]) -> StandingGap | None:
    return max(gaps, key=lambda gap: (gap.read_at, gap.key), default=None)


def _fresh_notice(books: Books) -> Wait | None:
    if books.newest_notice_at is None:
        return None
    age = books.now - books.newest_notice_at
    return Wait(EXCESS_AFTER - age) if age < EXCESS_AFTER else None


def _reverse(books: Books, gap: StandingGap) -> Verdict:
    our_qty = books.our_qty - gap.quantity
    if our_qty >= books.broker_qty:
        return ReverseGap(gap.key)
    instead = _gap_fill(books, our_qty, books.our_amount - gap.amount, books.reversals + 1)
    return instead if isinstance(instead, Alarm) else ReverseGap(gap.key, instead)


def _reverse_twin(books: Books) -> Verdict:
    excess = books.our_qty - books.broker_qty
    fitting = [twin for twin in books.twins if twin.quantity <= excess]
    exact = [twin for twin in fitting if twin.quantity == excess]
    for twin in exact or fitting:
        return ReverseTwin(twin.fill_id)
    if not books.twins:
        return Alarm(TOO_MANY_FILLS, excess)
    # Told twice, while another one was missed: less is too many than was told again.
    twin = min(books.twins, key=lambda twin: twin.quantity)
    instead = _gap_fill(books, books.our_qty - twin.quantity, books.our_amount - twin.amount, books.reversals + 1)
    return instead if isinstance(instead, Alarm) else ReverseTwin(twin.fill_id, instead)
