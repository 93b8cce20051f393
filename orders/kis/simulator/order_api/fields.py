"""What every order request has: required keys, a kind, an original of the same account, a quantity, a price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.domain.events import Family, Market, RequestKind
from orders.domain.sessions import SEOUL
from orders.kis.simulator.answers import (
    FIELD_MISSING,
    NO_ORIGINAL,
    NOTHING_LEFT,
    ORDER_TYPE_WRONG,
    Refusal,
    SimAnswer,
    ordered,
)
from orders.kis.simulator.book import ZERO, SimAccount, SimOrder
from orders.kis.simulator.desk import Desk

KINDS = {"01": RequestKind.MODIFY, "02": RequestKind.CANCEL}
CANCEL_ONLY = {"02": RequestKind.CANCEL}


class Refused(Exception):
    """The order engine says no; `refusal` is what it answers."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.msg_cd)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Asking:
    """One order request that reached the engine, by one account, in one environment."""

    desk: Desk
    account: SimAccount
    fields: Mapping[str, Any]
    paper: bool

    def text(self, name: str) -> str:
        return str(self.fields.get(name, "")).strip()

    def require(self, filled: tuple[str, ...], present: tuple[str, ...] = ()) -> None:
        """Raises Refused unless `filled` say something and `present` are there, blank or not."""
        if not all(self.text(name) for name in filled) or any(name not in self.fields for name in present):
            raise Refused(FIELD_MISSING)

    def require_code(self, name: str, *codes: str) -> None:
        """Raises Refused unless the field carries one of the codes."""
        if self.text(name) not in codes:
            raise Refused(ORDER_TYPE_WRONG)

    def number(self, name: str) -> int:
        return int(self.text(name)) if self.text(name).isdigit() else 0

    def decimal(self, name: str) -> Decimal:
        try:
            found = Decimal(self.text(name))
        except InvalidOperation:
            return ZERO
        return found if found.is_finite() else ZERO

    def kind(self, kinds: Mapping[str, RequestKind] = KINDS) -> RequestKind:
        """Raises Refused for a kind of request that the exchange does not take."""
        kind = kinds.get(self.text("RVSE_CNCL_DVSN_CD"))
        if kind is None:
            raise Refused(ORDER_TYPE_WRONG)
        return kind

    def original(self, family: Family, market: Market) -> SimOrder:
        """The order that is asked about. Raises Refused for another account's, and for one of another market."""
        found = self.desk.book.find(self.account, family, self.number("ORGN_ODNO"))
        if found is None or found.ticket.market is not market:
            raise Refused(NO_ORIGINAL)
        return found

    def price(self, name: str, kind: RequestKind, *, zero_on_cancel: bool = True) -> Decimal:
        """Raises Refused for a modify without a price, and for a cancel with one where the page wants "0"."""
        price = self.decimal(name)
        missing = kind is RequestKind.MODIFY and price <= ZERO
        needless = kind is RequestKind.CANCEL and zero_on_cancel and (price != ZERO or not self.text(name))
        if missing or needless:
            raise Refused(ORDER_TYPE_WRONG)
        return price

    def quantity(self, original: SimOrder) -> Decimal:
        """A whole quantity of at most what is left. Raises Refused."""
        qty = self.decimal("ORD_QTY")
        if not ZERO < qty <= original.leaves or qty != qty.to_integral_value():
            raise Refused(NOTHING_LEFT)
        return qty

    def all_left(self, original: SimOrder) -> Decimal:
        """Everything that is left. Raises Refused when that is nothing."""
        if original.leaves <= ZERO:
            raise Refused(NOTHING_LEFT)
        return original.leaves


Take = Callable[[Asking], SimAnswer]


def korean_hour(order: SimOrder) -> str:
    return order.at.astimezone(SEOUL).strftime("%H%M%S")


def taken(child: SimOrder, branch: str) -> SimAnswer:
    """The answer of the stock operations."""
    number = str(child.number).zfill(10)
    return ordered({"KRX_FWDG_ORD_ORGNO": branch, "ODNO": number, "ORD_TMD": korean_hour(child)})
