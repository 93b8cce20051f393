"""tradebook: 일임계좌 거래내역 조회."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from accounts.koscom.answers import Tree
from accounts.koscom.codes import TRANS_TYPE, RowWarning, TradeType
from accounts.koscom.schemas.envelope import (
    Asked,
    CostWire,
    InstrumentRowWire,
    block_of,
    own_rows,
    read_currency,
    read_info,
    read_wire,
    row_warnings,
    to_costs,
    to_instrument,
)
from accounts.koscom.schemas.fields import CodeText, Day, Number, Rows, Text, WireModel
from accounts.koscom.schemas.values import ForeignRow, Trade, TradePage

_BLOCK = "tradeBookList"
_PATH = f"{_BLOCK}.tradeBook"
# (amount, quantity): money and shares move against each other in a trade; a transfer of cash moves no shares.
_SIGNS = {
    TradeType.BUY: (-1, 1),
    TradeType.SELL: (1, -1),
    TradeType.DEPOSIT: (1, 1),
    TradeType.WITHDRAWAL: (-1, -1),
}
# What a word in the free text claims; the longer words stand first.
_SUMMARY_WORDS = (
    ("출금", TradeType.WITHDRAWAL),
    ("입금", TradeType.DEPOSIT),
    ("매도", TradeType.SELL),
    ("매수", TradeType.BUY),
)


class TradeWire(InstrumentRowWire):
    date: Day = Field(default=None, alias="transDate")
    type: CodeText = Field(default=None, alias="transType")
    amount_change: Number = Field(default=None, alias="changeAmt")
    quantity_change: Number = Field(default=None, alias="changeQty")
    quantity_after: Number = Field(default=None, alias="qty")
    cash_after: Number = Field(default=None, alias="amt")
    subject: Text = None
    summary: Text = None
    costs: Rows[CostWire] = Field(default=(), alias="costInfo")


class TradeListWire(WireModel):
    rows: Rows[TradeWire] = Field(default=(), alias="tradeBook")


def parse_trades(tree: Tree, asked: Asked) -> TradePage:
    """Read a page of the trade book of one account; rows of any other account are in `foreign`.

    Lines on days without trading are kept: interest and transfers do fall on them.
    """
    info = read_info(tree, "tradeBookListResponseBody", _BLOCK)
    wire = read_wire(TradeListWire, block_of(tree, _BLOCK), _BLOCK)
    foreign: list[ForeignRow] = []
    rows = own_rows(wire.rows, asked, _PATH, foreign)
    return TradePage(info, tuple(_trade(row) for row in rows if not _is_empty(row)), tuple(foreign))


def _is_empty(row: TradeWire) -> bool:
    return row.date is None and row.type is None and not (row.amount_change or row.quantity_change)


def _trade(row: TradeWire) -> Trade:
    instrument = to_instrument(row.codes)
    currency = read_currency(row.currency, f"{_PATH}[].crcyCode")
    kind = TRANS_TYPE.get((row.type or "").upper(), TradeType.OTHER)
    return Trade(
        holder_name=row.holder_name,
        instrument=instrument,
        date=row.date,
        type=kind,
        type_code=row.type,
        amount_change=row.amount_change,
        quantity_change=row.quantity_change,
        quantity_after=row.quantity_after,
        cash_after=row.cash_after,
        exchange=row.exchange,
        currency=currency,
        subject=row.subject,
        summary=row.summary,
        costs=to_costs(row.costs),
        warnings=(*row_warnings(row, instrument, currency), *_story_warnings(row, kind)),
    )


def _story_warnings(row: TradeWire, kind: TradeType) -> list[RowWarning]:
    """Compare the code with what signs and summary tell: the code decides, the rest is flagged."""
    warnings = []
    amount_sign, quantity_sign = _SIGNS.get(kind, (0, 0))
    if _contradicts(row.amount_change, amount_sign):
        warnings.append(RowWarning.AMOUNT_SIGN)
    if _contradicts(row.quantity_change, quantity_sign):
        warnings.append(RowWarning.QUANTITY_SIGN)
    claimed = {meaning for word, meaning in _SUMMARY_WORDS if word in (row.summary or "")}
    if claimed and kind is not TradeType.OTHER and kind not in claimed:
        warnings.append(RowWarning.SUMMARY)
    return warnings


def _contradicts(change: Decimal | None, sign: int) -> bool:
    return change is not None and change * sign < 0
