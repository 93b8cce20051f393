"""What the rest of the house sees of Koscom: frozen, typed, in our own words.

Amounts are `Decimal` in won, or in the row's currency where the firm sends it so (the service does not say which);
quantities are shares, fund units, or face value for bonds. None means that the firm did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.koscom.codes import ContractStatus, RowWarning, SettlementBasis, Side, TradeType


@dataclass(frozen=True, slots=True)
class InstrumentCode:
    """One of an instrument's codes, as sent."""

    type: str | None
    code: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Instrument:
    """`isin` only where a code is one (form and check digit); `short_code` and `codes` as sent."""

    isin: str | None
    short_code: str | None
    name: str | None
    codes: tuple[InstrumentCode, ...]


@dataclass(frozen=True, slots=True)
class CostLine:
    name: str | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    holder_name: str | None
    virtual_number: str | None
    contract_status: ContractStatus | None


@dataclass(frozen=True, slots=True)
class CashRow:
    """`loan_total` is 총대출금, `credit_total` 총신용금액; `receivable` is 미수."""

    currency: str
    settlement_basis: SettlementBasis | None
    cash_balance: Decimal | None
    margin: Decimal | None
    substitute: Decimal | None
    receivable: Decimal | None
    loan_total: Decimal | None
    credit_total: Decimal | None
    valuation: Decimal | None
    withdrawable: Decimal | None


@dataclass(frozen=True, slots=True)
class Holding:
    """`return_rate` is ours (profit_loss / cost, a ratio); `reported_return_rate` is the firm's, ratio or percent."""

    instrument: Instrument
    asset_type: str | None
    exchange: str | None
    currency: str
    quantity: Decimal | None
    cost: Decimal | None
    market_value: Decimal | None
    profit_loss: Decimal | None
    return_rate: Decimal | None
    reported_return_rate: Decimal | None
    credit_type: str | None
    credit_amount: Decimal | None
    last_buy_date: date | None
    maturity_date: date | None
    foreign_deposit: Decimal | None
    won_deposit: Decimal | None
    fx_rate: Decimal | None
    warnings: tuple[RowWarning, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    holder_name: str | None
    instrument: Instrument
    side: Side | None
    exchange: str | None
    currency: str
    quantity: Decimal | None
    amount: Decimal | None
    trade_type: str | None
    credit_date: date | None
    credit_amount: Decimal | None
    settle_date: date | None
    cost_total: Decimal | None
    costs: tuple[CostLine, ...]
    warnings: tuple[RowWarning, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """A line of the trade book. It has no id, no time: two equal lines can be two trades."""

    holder_name: str | None
    instrument: Instrument
    date: date | None
    type: TradeType
    type_code: str | None
    amount_change: Decimal | None
    quantity_change: Decimal | None
    quantity_after: Decimal | None
    cash_after: Decimal | None
    exchange: str | None
    currency: str
    subject: str | None
    summary: str | None
    costs: tuple[CostLine, ...]
    warnings: tuple[RowWarning, ...]


@dataclass(frozen=True, slots=True)
class Execution:
    number: str | None
    quantity: Decimal | None
    price: Decimal | None
    executed_at: datetime | None
    executed_at_text: str | None


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """One order of one day; times are KST, `*_text` is what the firm sent."""

    holder_name: str | None
    instrument: Instrument
    order_number: str | None
    original_order_number: str | None
    side: Side | None
    modified: bool | None
    canceled: bool | None
    order_type: str | None
    exec_type: str | None
    exchange: str | None
    currency: str
    quantity: Decimal | None
    price: Decimal | None
    executed_quantity: Decimal | None
    fee_type: str | None
    settle_days: Decimal | None
    buy_unit: Decimal | None
    sell_unit: Decimal | None
    ordered_at: datetime | None
    ordered_at_text: str | None
    reject_reason: str | None
    executions: tuple[Execution, ...]
    warnings: tuple[RowWarning, ...]


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """A row that names another account than the one asked for: to be quarantined, never booked.

    `path` finds it in the raw page, `number` is the account number as sent.
    """

    path: str
    number: str
    asked: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """`next_key` is opaque; None is the last page. The counts are the firm's and only good for a warning."""

    platform_request_id: str | None
    next_key: str | None
    total_count: Decimal | None
    count: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountPage:
    info: PageInfo
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class BalancePage:
    info: PageInfo
    holder_names: tuple[str, ...]
    cash: tuple[CashRow, ...]
    holdings: tuple[Holding, ...]
    foreign: tuple[ForeignRow, ...]
    warnings: tuple[RowWarning, ...]


@dataclass(frozen=True, slots=True)
class SettlementPage:
    info: PageInfo
    settlements: tuple[Settlement, ...]
    foreign: tuple[ForeignRow, ...]


@dataclass(frozen=True, slots=True)
class TradePage:
    info: PageInfo
    trades: tuple[Trade, ...]
    foreign: tuple[ForeignRow, ...]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`empty_rows` counts the all-zero rows that firms send for "no orders"."""

    info: PageInfo
    orders: tuple[OrderDetail, ...]
    empty_rows: int
    foreign: tuple[ForeignRow, ...]
