"""The one way an order's row changes: a new state with its evidence, its event row and its version, in one transaction.

Callers hold the order's lock (`lock`) and are inside `atomic`. What a page shows decides whether the version grows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import ClientAccount
from orders.domain.events import Family, RequestKind
from orders.domain.order_state import OrderState, OrderStatus, with_fills
from orders.models import Fill, Order, OrderEventRecord, OrderNumber

ZERO = Decimal(0)
_STATE_FIELDS = (
    "order_qty",
    "cum_qty",
    "leaves_qty",
    "canceled_qty",
    "cum_amount",
    "price",
    "reason",
    "quantity_known",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows a change: a notice, an inquiry or a command, by id. `epoch` where the notice stream is the writer."""

    kind: str
    id: str
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
    epoch: int | None = None


def lock(order_id: int) -> Order:
    """The order, held until the caller commits. On SQLite the IMMEDIATE transaction holds the whole database."""
    return Order.objects.select_for_update(of=("self",)).select_related("account__firm").get(pk=order_id)


def find(account_ids: list[int], family: Family, number: int, order_date: date | None = None) -> Order | None:
    """The order that owns a broker number: of that date, or the newest where no date is known."""
    numbers = OrderNumber.objects.filter(account_id__in=account_ids, family=family.value, number=number)
    if order_date is not None:
        numbers = numbers.filter(order_date=order_date)
    newest = numbers.order_by("-order_date", "-id").select_related("order").first()
    return newest.order if newest else None


REQUESTED = "request"  # a modify that the broker took; it names no order until it is in force


def add_number(
    order: Order,
    number: int,
    kind: RequestKind | None,
    order_date: date | None = None,
    family: Family | None = None,
) -> bool:
    """Let the order own one more broker number; `kind` None is a modify not yet in force.

    True when the number was not known, or not known to be in force. A number that another order owns stays there.
    """
    wanted = REQUESTED if kind is None else kind.value
    known = {
        "account": order.account,
        "family": (family or Family(order.family)).value,
        "order_date": order_date or order.order_date,
        "number": number,
    }
    row = OrderNumber.objects.filter(**known).first()
    if row is None:
        new = {"order": order, "text": f"{number:010d}", "kind": wanted, "position": _last_position(order) + 1}
        row, created = OrderNumber.objects.get_or_create(**known, defaults=new)
        if created:
            return True
    if row.order_id != order.pk or row.kind != REQUESTED or wanted == REQUESTED:
        return False
    row.kind = wanted
    row.save(update_fields=["kind"])
    return True


def _last_position(order: Order) -> int:
    """Of the numbers that the order still has (some may have gone to parts); -1 for none."""
    last = order.numbers.aggregate(last=Max("position"))["last"]
    return -1 if last is None else int(last)


def hand_over(source: Order, target: Order, numbers: list[int]) -> Order | None:
    """Numbers that turn out to be another order's go there with their fills. The source if any did, else None.

    The caller saves the target; the source is saved here.
    """
    source = lock(source.pk)
    moved = OrderNumber.objects.filter(order=source, family=target.family, number__in=numbers)
    if not moved.update(order=target, kind=RequestKind.NEW.value):
        return None
    Fill.objects.filter(order=source, number__in=numbers).update(order=target)
    for order in (source, target):
        put(order, with_fills(state_of(order), *fill_sums(order)))
    source.broker_qty = source.broker_amount = source.differs_since = None
    save_visible(source, source.transact_time)
    return source


def state_of(order: Order) -> OrderState:
    return OrderState(
        status=OrderStatus(order.status),
        order_qty=order.order_qty,
        leaves_qty=order.leaves_qty,
        cum_qty=order.cum_qty,
        cum_amount=order.cum_amount,
        price=order.price,
        canceled_qty=order.canceled_qty,
        reason=order.reason,
        raw_status=order.status_text if order.needs_person else "",
        quantity_known=order.quantity_known,
    )


def put(order: Order, state: OrderState) -> bool:
    """Write the state on the row in memory. True when something that a page shows differs."""
    before = state_of(order)
    order.status = state.status.value
    for name in _STATE_FIELDS:
        setattr(order, name, getattr(state, name))
    if state.raw_status:
        order.status_text, order.needs_person = state.raw_status[:80], True
    elif before.raw_status:
        order.status_text, order.needs_person = "", False
    return before != state


def save_visible(order: Order, at: datetime) -> None:
    """Save a change that pages show: the version grows, so that dialogs opened before it are refused."""
    order.version += 1
    order.transact_time = max(order.transact_time, at)
    order.save()


def note(order: Order, kind: str, evidence: Evidence, status_before: str = "") -> OrderEventRecord:
    """One line of the order's timeline."""
    return OrderEventRecord.objects.create(
        order=order,
        at=evidence.at,
        recorded_at=timezone.now(),
        type=kind,
        status_before=status_before,
        status_after=order.status,
        evidence_kind=evidence.kind,
        evidence_id=evidence.id,
        epoch=evidence.epoch,
        detail=evidence.detail,
    )


def fill_sums(order: Order) -> tuple[Decimal, Decimal]:
    """Quantity and amount of the order's standing fills; reversals count as what they take back."""
    sums = Fill.objects.filter(order=order).aggregate(quantity=Sum("last_qty"), amount=Sum("amount"))
    return sums["quantity"] or ZERO, sums["amount"] or ZERO


def filled_under(order: Order, number: int) -> Decimal:
    """Quantity filled under one number of the chain."""
    return Fill.objects.filter(order=order, number=number).aggregate(quantity=Sum("last_qty"))["quantity"] or ZERO


def filled_beside(order: Order, numbers: list[int]) -> tuple[Decimal, Decimal]:
    """Quantity and amount filled under other numbers of the chain: an older day's, which a read does not show."""
    unseen = Fill.objects.filter(order=order).exclude(number__in=numbers)
    sums = unseen.aggregate(quantity=Sum("last_qty"), amount=Sum("amount"))
    return sums["quantity"] or ZERO, sums["amount"] or ZERO


def accounts_of(cano: str, product: str | None, family: Family, connection_id: int) -> list[ClientAccount]:
    """The accounts that a notice may be about, likeliest first: the named product, else one whose product fits."""
    candidates = list(
        ClientAccount.objects.filter(kis__connection_id=connection_id).select_related("firm", "kis").order_by("id")
    )
    mine = [account for account in candidates if account.kis.cano == cano]
    if product is not None:
        return [account for account in mine if account.kis.product == product]
    fitting = [account for account in mine if (account.kis.product == "03") == (family is Family.FO)]
    return fitting + [account for account in mine if account not in fitting]
