"""What may be asked of the broker about an order, and why not. What the vendor offers is data, passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.domain.events import Market


class Action(StrEnum):
    CANCEL = "cancel"
    MODIFY = "modify"


class Reason(StrEnum):
    """Stable keys for the translation catalogue."""

    MARKET_CLOSED = "market_closed"
    RESERVATION_BREAK = "reservation_break"
    DAYTIME_SUSPENDED = "daytime_suspended"
    PAPER_UNSUPPORTED = "paper_unsupported"
    ALGORITHM_NOT_MODIFIABLE = "algorithm_not_modifiable"
    MODIFY_NOT_OFFERED = "modify_not_offered"
    PART_NOT_OFFERED = "part_not_offered"
    EXCHANGE_UNKNOWN = "exchange_unknown"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True, slots=True)
class Offer:
    """The vendor takes this action. `paper`: in its mock too; `part`: for a part of what is left."""

    paper: bool
    part: bool


# (market, exchange, action); the exchange is "" where it makes no difference.
Offered = Mapping[tuple[Market, str, Action], Offer]

# Order divisions that keep their price: KIS "해외주식 주문" (35 TWAP, 36 VWAP), and the stop order (22) of "주식주문
# (정정취소)", whose new price would need its condition price too, which no order list tells.
_UNMODIFIABLE: Mapping[str, Reason] = {
    "35": Reason.ALGORITHM_NOT_MODIFIABLE,
    "36": Reason.ALGORITHM_NOT_MODIFIABLE,
    "22": Reason.MODIFY_NOT_OFFERED,
}


@dataclass(frozen=True, slots=True)
class Act:
    """What is asked of the broker, at whatever hour. `part`: for less than all that is left.

    `order_type` is the vendor's order-division code as the order's report carries it, "" where not said.
    """

    market: Market
    action: Action
    exchange: str = ""
    paper: bool = False
    part: bool = False
    order_type: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """An `Act` at an hour."""

    market: Market
    action: Action
    at: datetime
    paper: bool = False
    order_type: str = ""
    exchange: str = ""
    part: bool = False

    @property
    def act(self) -> Act:
        return Act(self.market, self.action, self.exchange, self.paper, self.part, self.order_type)


@dataclass(frozen=True, slots=True)
class Allowed:
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """`reason` is a stable key for the translation catalogue; `opens_at` None where waiting does not help."""

    reason: Reason
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def refusal(offered: Offered, act: Act) -> Reason | None:
    """Why the vendor never takes this, at any hour; None when it does."""
    offer = _find(offered, act, act.action)
    if offer is None:
        return _why_none(offered, act)
    if act.paper and not offer.paper:
        return Reason.PAPER_UNSUPPORTED
    if act.part and not offer.part:
        return Reason.PART_NOT_OFFERED
    return _UNMODIFIABLE.get(act.order_type) if act.action is Action.MODIFY else None


def _find(offered: Offered, act: Act, action: Action) -> Offer | None:
    return offered.get((act.market, act.exchange, action)) or offered.get((act.market, "", action))


def _why_none(offered: Offered, act: Act) -> Reason:
    if any(_find(offered, act, action) for action in Action):
        return Reason.MODIFY_NOT_OFFERED if act.action is Action.MODIFY else Reason.NOT_OFFERED
    return Reason.EXCHANGE_UNKNOWN if any(market is act.market for market, _, _ in offered) else Reason.NOT_OFFERED
