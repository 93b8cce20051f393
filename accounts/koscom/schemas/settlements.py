"""settlelist: 결제예정 정산 조회."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from accounts.koscom.answers import Tree
from accounts.koscom.codes import SELL_BUY_TYPE, RowWarning
from accounts.koscom.schemas.envelope import (
    Asked,
    CostWire,
    InstrumentRowWire,
    block_of,
    own_rows,
    read_choice,
    read_currency,
    read_info,
    read_wire,
    row_warnings,
    to_costs,
    to_instrument,
)
from accounts.koscom.schemas.fields import CodeText, Day, Number, Rows, Text, WireModel
from accounts.koscom.schemas.values import ForeignRow, Settlement, SettlementPage

_BLOCK = "settleList"
_PATH = f"{_BLOCK}.settleInfo"


class SettlementWire(InstrumentRowWire):
    side: CodeText = Field(default=None, alias="sellBuyType")
    quantity: Number = Field(default=None, alias="settQty")
    amount: Number = Field(default=None, alias="settAmt")
    trade_type: Text = Field(default=None, alias="tradeType")
    credit_date: Day = Field(default=None, alias="loanCreditDate")
    credit_amount: Number = Field(default=None, alias="loanCreditAmt")
    settle_date: Day = Field(default=None, alias="settDate")
    cost_total: Number = Field(default=None, alias="costTotal")
    costs: Rows[CostWire] = Field(default=(), alias="costInfo")


class SettlementListWire(WireModel):
    rows: Rows[SettlementWire] = Field(default=(), alias="settleInfo")


def parse_settlements(tree: Tree, asked: Asked) -> SettlementPage:
    """Read a page of settlement lines of one account; rows of any other account are in `foreign`."""
    info = read_info(tree, "settleListResponseBody", _BLOCK)
    wire = read_wire(SettlementListWire, block_of(tree, _BLOCK), _BLOCK)
    foreign: list[ForeignRow] = []
    rows = own_rows(wire.rows, asked, _PATH, foreign)
    settlements = tuple(_settlement(row) for row in rows if not _is_empty(row))
    return SettlementPage(info, settlements, tuple(foreign))


def _is_empty(row: SettlementWire) -> bool:
    return not (row.quantity or row.amount or row.settle_date or row.cost_total)


def _settlement(row: SettlementWire) -> Settlement:
    instrument = to_instrument(row.codes)
    currency = read_currency(row.currency, f"{_PATH}[].crcyCode")
    return Settlement(
        holder_name=row.holder_name,
        instrument=instrument,
        side=read_choice(SELL_BUY_TYPE, row.side, f"{_PATH}[].sellBuyType"),
        exchange=row.exchange,
        currency=currency,
        quantity=row.quantity,
        amount=row.amount,
        trade_type=row.trade_type,
        credit_date=row.credit_date,
        credit_amount=row.credit_amount,
        settle_date=row.settle_date,
        cost_total=row.cost_total,
        costs=to_costs(row.costs),
        warnings=(*row_warnings(row, instrument, currency), *_cost_warnings(row)),
    )


def _cost_warnings(row: SettlementWire) -> tuple[RowWarning, ...]:
    if row.cost_total is None or not row.costs:
        return ()
    total = sum((cost.amount or Decimal(0) for cost in row.costs), Decimal(0))
    return () if total == row.cost_total else (RowWarning.COST_SUM,)
