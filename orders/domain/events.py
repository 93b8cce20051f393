"""Facts about an order, in the field's words (FIX). Frozen; no vendor code reaches this far.

Quantities are shares or contracts, prices in the order's currency, both `Decimal`; times are aware. An order number is
the integer value of the broker's digits, since one number arrives padded ("0000001666") and unpadded ("1666").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class Family(StrEnum):
    """What gives out order numbers: two numbers are one order only inside one family, account and order date."""

    KRX = "KRX"
    OVERSEAS = "OVERSEAS"
    RESERVED = "RESERVED"
    FO = "FO"


class Market(StrEnum):
    KRX = "KRX"
    US = "US"
    US_DAYTIME = "US_DAYTIME"
    US_RESERVED = "US_RESERVED"
    ASIA = "ASIA"
    ASIA_RESERVED = "ASIA_RESERVED"
    FO_DAY = "FO_DAY"
    FO_NIGHT = "FO_NIGHT"


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Names one broker order number, as far as a notice can: `product` and `order_date` may be unknown (None)."""

    account_number: str  # CANO, 8 digits
    product: str | None  # ACNT_PRDT_CD, 2 digits
    family: Family
    number: int
    order_date: date | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    symbol: str
    name: str
    exchange: str = ""  # the vendor-neutral code kept for sending: NASD, NYSE, AMEX, SEHK, ..., KRX, NXT, SOR
    currency: str = "KRW"


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """The broker took a new order; quantity and price are the order's."""

    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """The exchange has the order."""

    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution: the quantity and price of this fill alone (last_qty, last_px)."""

    last_qty: Decimal
    last_px: Decimal


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The broker took a cancel request; the order is unchanged."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    """The exchange confirmed that `quantity` was taken out of the market (a request, or an IOC/FOK remainder)."""

    quantity: Decimal
    remainder: bool = False


@dataclass(frozen=True, slots=True)
class ModifyRequested:
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderModified:
    """The exchange confirmed a modify: `quantity` of the original goes on under a new number at `price`."""

    quantity: Decimal
    price: Decimal | None


class RequestKind(StrEnum):
    """What a number was given out for."""

    NEW = "new"
    MODIFY = "modify"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The broker or the exchange refused. `request` tells whether the order itself or a modify/cancel was refused."""

    request: RequestKind
    reason: str


OrderEvent = (
    OrderAccepted
    | OrderConfirmed
    | OrderFilled
    | CancelRequested
    | OrderCanceled
    | ModifyRequested
    | OrderModified
    | OrderRejected
)


@dataclass(frozen=True, slots=True)
class OrderNews:
    """One notice record, understood: whose order, which number, what happened.

    `orig_number` is the number that a modify or cancel was aimed at, None on a new order. `at` is the vendor's
    wall-clock time (KST, one second, no date) combined with the receipt's date, or the receipt itself where the
    vendor sends none. `canonical` is the text that identifies equal notices (all core fields, stripped of padding).
    """

    key: OrderKey
    orig_number: int | None
    side: Side
    instrument: Instrument
    event: OrderEvent
    at: datetime
    canonical: str
    night: bool | None = None  # FO only: True for a night TR id, None where the family has no night


class ReportStatus(StrEnum):
    """What an inquiry row says of its number, as far as a known code or text says it."""

    RESERVED = "reserved"  # a reservation waiting for its time
    TRANSMITTED = "transmitted"  # a reservation that became an order (`transmitted_number`)
    NOT_SENT = "not_sent"  # a reservation the broker did not send, with its reason
    OPEN = "open"
    DONE = "done"
    CANCELED = "canceled"
    REJECTED = "rejected"
    UNRECOGNISED = "unrecognised"  # a status text never seen before: shown raw, left to a person


@dataclass(frozen=True, slots=True)
class OrderReport:
    """One row of a broker inquiry: totals as of the moment of asking. None = the row did not say."""

    key: OrderKey  # order_date and product always known here
    market: Market
    kind: RequestKind
    orig_number: int | None
    side: Side
    instrument: Instrument
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal | None
    price: Decimal | None
    avg_px: Decimal | None
    cum_amount: Decimal | None
    status: ReportStatus
    status_text: str  # the broker's words, unchanged
    reason: str
    ordered_at: datetime | None  # KST
    placed_by: str = ""  # the broker's medium text ("OpenAPI", "모바일"), "" where not said
    forward_org: str = ""  # KRX_FWDG_ORD_ORGNO / ord_gno_brno, needed to send a KRX stock cancel
    order_type: str = ""  # the vendor's order-division code, needed to send a modify
    transmitted_number: int | None = None  # RESERVED family: the real order's number once it was sent
    transmits_at: datetime | None = None
