"""orderdetail: 주문체결 조회."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from accounts.koscom.answers import Tree
from accounts.koscom.codes import FLAG, SELL_BUY_TYPE
from accounts.koscom.schemas.envelope import (
    Asked,
    InstrumentRowWire,
    block_of,
    own_rows,
    read_choice,
    read_currency,
    read_info,
    read_wire,
    row_warnings,
    to_instrument,
)
from accounts.koscom.schemas.fields import CodeText, Identifier, Number, Rows, Text, WireModel
from accounts.koscom.schemas.times import read_time
from accounts.koscom.schemas.values import Execution, ForeignRow, OrderDetail, OrderPage

_BLOCK = "orderDetailList"
_PATH = f"{_BLOCK}.orderDetail"


class ExecutionWire(WireModel):
    number: CodeText = Field(default=None, alias="execNo")
    quantity: Number = Field(default=None, alias="execQty")
    price: Number = Field(default=None, alias="execPrice")
    time: CodeText = Field(default=None, alias="execTime")


class OrderWire(InstrumentRowWire):
    modified: CodeText = Field(default=None, alias="modifyType")
    canceled: CodeText = Field(default=None, alias="cancelType")
    order_number: Identifier = Field(default=None, alias="orderNo")
    original_order_number: Identifier = Field(default=None, alias="orgOrderNo")
    side: CodeText = Field(default=None, alias="sellBuyType")
    order_type: Text = Field(default=None, alias="orderType")
    quantity: Number = Field(default=None, alias="orderQty")
    price: Number = Field(default=None, alias="orderPrice")
    executed_quantity: Number = Field(default=None, alias="execSumQty")
    exec_type: Text = Field(default=None, alias="orderExecType")
    fee_type: Text = Field(default=None, alias="cmsnType")
    settle_days: Number = Field(default=None, alias="settDays")
    buy_unit: Number = Field(default=None, alias="buyQtyUnit")
    sell_unit: Number = Field(default=None, alias="sellQtyUnit")
    time: CodeText = Field(default=None, alias="orderTime")
    reject_reason: Text = Field(default=None, alias="orderRejectReason")
    executions: Rows[ExecutionWire] = Field(default=(), alias="execList")


class OrderListWire(WireModel):
    rows: Rows[OrderWire] = Field(default=(), alias="orderDetail")


def parse_orders(tree: Tree, asked: Asked, order_date: date) -> OrderPage:
    """Read a page of the orders of one account and day; rows of any other account are in `foreign`.

    `order_date` completes times that come without a date.
    """
    info = read_info(tree, "orderDetailListResponseBody", _BLOCK)
    wire = read_wire(OrderListWire, block_of(tree, _BLOCK), _BLOCK)
    foreign: list[ForeignRow] = []
    rows = list(own_rows(wire.rows, asked, _PATH, foreign))
    orders = tuple(_order(row, order_date) for row in rows if not _is_empty(row))
    return OrderPage(info, orders, len(rows) - len(orders), tuple(foreign))


def _is_empty(row: OrderWire) -> bool:
    """Say whether a row is the all-zero filler that stands for "no orders"."""
    said = row.order_number or row.quantity or row.price or row.executed_quantity or row.reject_reason
    return not said and not any(_is_execution(execution) for execution in row.executions)


def _order(row: OrderWire, order_date: date) -> OrderDetail:
    instrument = to_instrument(row.codes)
    currency = read_currency(row.currency, f"{_PATH}[].crcyCode")
    return OrderDetail(
        holder_name=row.holder_name,
        instrument=instrument,
        order_number=row.order_number,
        original_order_number=row.original_order_number,
        side=read_choice(SELL_BUY_TYPE, row.side, f"{_PATH}[].sellBuyType"),
        modified=read_choice(FLAG, row.modified, f"{_PATH}[].modifyType"),
        canceled=read_choice(FLAG, row.canceled, f"{_PATH}[].cancelType"),
        order_type=row.order_type,
        exec_type=row.exec_type,
        exchange=row.exchange,
        currency=currency,
        quantity=row.quantity,
        price=row.price,
        executed_quantity=row.executed_quantity,
        fee_type=row.fee_type,
        settle_days=row.settle_days,
        buy_unit=row.buy_unit,
        sell_unit=row.sell_unit,
        ordered_at=read_time(row.time, order_date),
        ordered_at_text=row.time,
        reject_reason=row.reject_reason,
        executions=tuple(_execution(line, order_date) for line in row.executions if _is_execution(line)),
        warnings=tuple(row_warnings(row, instrument, currency)),
    )


def _is_execution(row: ExecutionWire) -> bool:
    """An all-zero line without a time is filler."""
    zero = not (row.quantity or row.price or (row.number or "").strip("0"))
    return not zero or bool((row.time or "").strip("0"))


def _execution(row: ExecutionWire, order_date: date) -> Execution:
    return Execution(row.number, row.quantity, row.price, read_time(row.time, order_date), row.time)
