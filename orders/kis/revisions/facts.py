"""What a modify or cancel is made of, and the request that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orders.domain.events import Market, Side
from orders.domain.sessions import Act, Action
from orders.kis.schemas.rows import Account
from orders.kis.tr_ids import Environment, Operation


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One request that moves money: to be sent once or not at all."""

    operation: Operation
    body: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RevisionFacts:
    """An order as the broker last told of it, and what is to become of it.

    `number` and `order_date` name it (a reservation: its own number and the Korean day it was entered). `quantity`
    None means all of `leaves_qty`, `price` is a modify's new one. `order_type` is the vendor's order division,
    `forward_org` the branch that numbered a KRX order. `side` and `currency` matter for Asian reservations alone.
    `zero_price_on_cancel`: what a cancel sends where KIS documents no price for it; else the order's own.
    """

    account: Account
    environment: Environment
    market: Market
    action: Action
    exchange: str
    symbol: str
    number: int
    order_date: date
    leaves_qty: Decimal
    quantity: Decimal | None = None
    price: Decimal | None = None
    order_type: str = ""
    forward_org: str = ""
    order_price: Decimal | None = None
    zero_price_on_cancel: bool = True
    side: Side | None = None
    currency: str = ""

    @property
    def paper(self) -> bool:
        return self.environment is Environment.PAPER

    @property
    def part(self) -> bool:
        """For less than all that is left. What is no number is no part: `asked_qty` refuses it."""
        if self.quantity is None or not self.quantity.is_finite() or not self.leaves_qty.is_finite():
            return False
        return self.quantity < self.leaves_qty

    @property
    def act(self) -> Act:
        return Act(self.market, self.action, self.exchange, self.paper, self.part, self.order_type)

    def asked_qty(self) -> str:
        """The quantity asked for, all that is left unless a part is. Raises ValueError for an impossible one."""
        asked = self.leaves_qty if self.quantity is None else self.quantity
        if not asked.is_finite() or asked <= 0 or asked != asked.to_integral_value():
            raise ValueError(f"not a whole quantity: {asked}")
        if not self.leaves_qty.is_finite() or asked > self.leaves_qty:
            raise ValueError(f"more than is left: {asked} of {self.leaves_qty}")
        return str(int(asked))

    def new_price(self) -> str:
        """A modify's price, "0" for a cancel. Raises ValueError for an impossible one."""
        if self.action is Action.CANCEL:
            return "0"
        if self.price is None or not self.price.is_finite() or self.price <= 0:
            raise ValueError(f"not a price: {self.price}")
        return plain(self.price)

    def price_or_own(self) -> str:
        """`new_price`, for a cancel of which KIS does not document the price."""
        if self.action is Action.CANCEL and not self.zero_price_on_cancel and self.order_price:
            return plain(self.order_price)
        return self.new_price()


def plain(amount: Decimal) -> str:
    """Without exponent and trailing zeros: 190, 1.9."""
    return format(amount.normalize(), "f")
