"""Our fills of one order against the broker's totals: what the rule of `domain.balance` says is written here."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from orders import ledger
from orders.domain import balance as rules
from orders.domain import order_state
from orders.domain.events import Family, OrderReport
from orders.models import Fill, FillSource, Order

log = logging.getLogger(__name__)

ZERO = Decimal(0)
PRICE_UNIT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Fills:
    """All fills of one order, oldest first, as they stand while its lock is held."""

    rows: tuple[Fill, ...]

    @classmethod
    def of(cls, order: Order) -> Fills:
        return cls(tuple(Fill.objects.filter(order=order).order_by("id")))

    def beside(self, numbers: Collection[int]) -> tuple[Decimal, Decimal]:
        """Quantity and amount under other numbers of the chain: an older day's, which a read does not show."""
        unseen = [fill for fill in self.rows if fill.number not in numbers]
        return sum((fill.last_qty for fill in unseen), ZERO), sum((fill.amount for fill in unseen), ZERO)

    def gaps(self, whole: rules.GapFill, own: Sequence[OrderReport]) -> list[tuple[int, rules.GapFill]]:
        """The gap fill by number: what is asked for next is judged by what was filled under the number it names.

        Where the numbers do not make up the whole, all of it stands under the one that lacks most, the newer of equals.
        """
        missed = {row.key.number: self._missed(row) for row in reversed(own)}
        lacking = [(number, *lack) for number, lack in missed.items() if lack[0]]
        exact = sum((amount for _, _, amount in lacking), ZERO) == whole.amount
        if not exact or any(quantity < ZERO or amount <= ZERO for _, quantity, amount in lacking):
            return [(max(missed, key=lambda number: missed[number][0]), whole)]
        return [
            (number, rules.GapFill(quantity, amount, f"{whole.key}:{number}")) for number, quantity, amount in lacking
        ]

    def _missed(self, row: OrderReport) -> tuple[Decimal, Decimal]:
        """Quantity and amount that the broker counts under this row's number beyond these fills."""
        known = [fill for fill in self.rows if fill.number == row.key.number]
        quantity = row.cum_qty - sum((fill.last_qty for fill in known), ZERO)
        return quantity, (_amount(row) or ZERO) - sum((fill.amount for fill in known), ZERO)

    def standing(self, source: FillSource) -> list[Fill]:
        """Those of one source that no reversal has taken back."""
        taken_back = {fill.reverses_id for fill in self.rows}
        return [fill for fill in self.rows if fill.source == source and fill.pk not in taken_back]

    @property
    def reversals(self) -> int:
        return sum(fill.source == FillSource.REVERSAL for fill in self.rows)


def square(order: Order, own: Sequence[OrderReport], fills: Fills, asked_at: datetime) -> bool:
    """Compare, and write a gap fill or a reversal where the rule says so. True when a page shows something else.

    `own` are the order's rows of one read, made at `asked_at`. The caller holds the order's lock and saves it.
    """
    books = _books(order, own, fills, asked_at)
    verdict = rules.balance(books)
    cleared = False
    match verdict:
        case rules.StaleRead():
            return False
        case rules.Wait():
            order.differs_since = order.differs_since or asked_at
            return False
        case rules.Clean():
            cleared = bool(order.alarm)
            order.differs_since, order.alarm = None, ""
        case rules.GapFill():
            for number, gap in fills.gaps(verdict, own):
                _write_gap(order, gap, number, asked_at)
        case rules.ReverseGap():
            _replace(order, Fill.objects.get(key=verdict.key), verdict.instead, asked_at)
        case rules.ReverseTwin():
            _replace(order, Fill.objects.get(pk=int(verdict.fill_id)), verdict.instead, asked_at)
        case rules.Alarm():
            return _alarm(order, verdict)
    order.broker_qty, order.broker_amount = books.broker_qty, books.broker_amount
    order.unlisted_qty, _ = fills.beside([row.key.number for row in own])
    return ledger.put(order, order_state.with_fills(ledger.state_of(order), *ledger.fill_sums(order))) or cleared


def make_way(order: Order, fill: rules.LateFill, now: datetime) -> bool:
    """Take back the gap fills that a notice of this fill turns out to stand for. True when there were any.

    The caller holds the order's lock, and writes the notice's own fill.
    """
    fills = Fills.of(order)
    late = rules.late_notice(_standing_gaps(fills), fill)
    if late is None:
        return False
    gaps = [gap for gap in fills.rows if gap.key in late.keys]
    for gap in gaps:
        _reverse(order, gap, now)
    if late.quantity:
        first = next(gap for gap in gaps if gap.key == late.keys[0])
        left = rules.GapFill(late.quantity, late.amount, f"gap:{order.pk}:left:{fills.reversals + len(gaps)}")
        _write_gap(order, left, first.number, first.recorded_at)
    return True


def _books(order: Order, own: Sequence[OrderReport], fills: Fills, asked_at: datetime) -> rules.Books:
    beside_qty, beside_amount = fills.beside([row.key.number for row in own])
    broker_qty = sum((row.cum_qty for row in own), beside_qty)
    amounts = [_amount(row) for row in own]
    notices = fills.standing(FillSource.NOTICE)
    return rules.Books(
        order=str(order.pk),
        our_qty=order.cum_qty,
        our_amount=order.cum_amount,
        broker_qty=broker_qty,
        broker_amount=None
        if None in amounts
        else sum((amount for amount in amounts if amount is not None), beside_amount),
        highest_broker_qty=_told_before(order, beside_qty),
        now=asked_at,
        differs_since=order.differs_since or asked_at,
        newest_notice_at=order.noticed_at,
        newest_trade_at=max((fill.transact_time for fill in notices), default=None),
        gaps=tuple(_standing_gaps(fills)),
        twins=tuple(_twins(notices[::-1])),
        reversals=fills.reversals,
        amount_unit=_unit(order.cum_amount, own) if None not in amounts else ZERO,
    )


def _told_before(order: Order, beside_qty: Decimal) -> Decimal:
    """The least that the total must be: what the broker itself told, and what is still under numbers that it lacked."""
    if order.broker_qty is None:
        return ZERO
    gone = max(order.unlisted_qty - beside_qty, ZERO)  # taken back since, or listed now
    told: Decimal = order.broker_qty - gone
    return told


def _unit(our_amount: Decimal, own: Sequence[OrderReport]) -> Decimal:
    """How far the broker's rounding may move its amount: its last digit, where ours cannot be said in its digits."""
    if not all(_exact(row) for row in own):
        return max(sum((row.cum_qty for row in own), ZERO), Decimal(1)) * PRICE_UNIT
    last_digit = max((_last_digit(row.cum_amount) for row in own if row.cum_amount), default=ZERO)
    return ZERO if not last_digit or our_amount % last_digit == ZERO else last_digit * len(own)


def _last_digit(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    return Decimal(1).scaleb(min(int(exponent), 0))


def _standing_gaps(fills: Fills) -> Iterable[rules.StandingGap]:
    for gap in fills.standing(FillSource.GAP):
        yield rules.StandingGap(gap.key, gap.last_qty, gap.amount, gap.recorded_at)


def _amount(row: OrderReport) -> Decimal | None:
    """The broker's filled amount; derivatives tell an average index only."""
    if not row.cum_qty:
        return ZERO
    if _exact(row):
        return row.cum_amount
    return None if row.avg_px is None else row.avg_px * row.cum_qty


def _exact(row: OrderReport) -> bool:
    """The broker tells the amount itself; an average price times the quantity is off by its rounding."""
    return not row.cum_qty or (row.key.family is not Family.FO and bool(row.cum_amount))


def _twins(fills: list[Fill]) -> Iterable[rules.Twin]:
    """Fills, newest first, whose content came before: in another epoch first, since a session seldom repeats itself."""
    twins = []
    for place, fill in enumerate(fills):
        epochs = {other.epoch for other in fills[place + 1 :] if other.canonical == fill.canonical}
        if epochs:
            twins.append((epochs == {fill.epoch}, place, fill))
    for _, _, fill in sorted(twins, key=lambda twin: twin[:2]):
        yield rules.Twin(str(fill.pk), fill.last_qty, fill.amount)


def _write_gap(order: Order, gap: rules.GapFill, number: int, asked_at: datetime) -> None:
    _write_once(
        Fill(
            order=order,
            number=number,
            source=FillSource.GAP,
            last_qty=gap.quantity,
            last_px=gap.amount / gap.quantity,
            amount=gap.amount,
            transact_time=asked_at,
            recorded_at=asked_at,
            key=gap.key,
        )
    )


def _replace(order: Order, fill: Fill, instead: rules.GapFill | None, asked_at: datetime) -> None:
    _reverse(order, fill, asked_at)
    if instead is not None:
        _write_gap(order, instead, fill.number, asked_at)


def _reverse(order: Order, fill: Fill, asked_at: datetime) -> None:
    _write_once(
        Fill(
            order=order,
            number=fill.number,
            source=FillSource.REVERSAL,
            last_qty=-fill.last_qty,
            last_px=fill.last_px,
            amount=-fill.amount,
            transact_time=asked_at,
            recorded_at=timezone.now(),
            key=f"reversal:{fill.pk}",
            reverses=fill,
        )
    )


def _write_once(fill: Fill) -> None:
    """Nothing happens where the same finding was written before: whoever writes holds the order's lock."""
    if not Fill.objects.filter(key=fill.key).exists():
        fill.save(force_insert=True)


def _alarm(order: Order, alarm: rules.Alarm) -> bool:
    log.error("books differ", extra={"order": order.pk, "reason": alarm.reason, "quantity": str(alarm.quantity)})
    changed = order.alarm != alarm.reason
    order.alarm = alarm.reason
    return changed
