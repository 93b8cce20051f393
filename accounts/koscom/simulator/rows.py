"""What the simulated world looks like on the wire: rows with the vendor's field names."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from accounts.koscom.simulator.instruments import USD_KRW, SimInstrument
from accounts.koscom.simulator.ledger import DayBook, Entry, Lot, SimOrder
from accounts.koscom.simulator.world import SimAccount, World

Row = dict[str, object]
_ZERO = Decimal(0)
_STANDARD_KIND = {"EQTY": "표준코드", "FUND": "펀드코드", "ETC": "상품코드"}


def account_row(account: SimAccount) -> Row:
    """Write a contract."""
    return {
        "accNo": account.number,
        "accName": account.holder,
        "virtualAccNo": account.virtual_number,
        "contractStatus": account.status,
    }


def cash_rows(world: World, account: SimAccount, index: int) -> list[Row]:
    """Write the cash: a row for each settlement basis that the firm gives, and one for dollars."""
    book, today = account.book.at(index), world.days.day(index)
    after = {"KRW-D0": today, "KRW-D1": world.days.day(index + 1)}
    rows = [
        _cash_row(world, account, index, basis, book.won - _owed(account, today, after.get(basis or "")))
        for basis in account.firm.dialect.bases
    ]
    if book.dollars:
        rows.append({**_cash_row(world, account, index, "USD", book.dollars), "totLoanAmt": 0, "valAtCur": 0})
    return rows


def _owed(account: SimAccount, today: date, after: date | None) -> Decimal:
    return account.book.unsettled(today, after) if after else _ZERO


def _cash_row(world: World, account: SimAccount, index: int, code: str | None, balance: Decimal) -> Row:
    book = account.book.at(index)
    held = _margin(book) if code != "USD" else _ZERO
    return {
        "cashBalance": balance,
        "margin": held,
        "substitute": 0,
        "receivable": max(-balance, _ZERO),
        "totCreditAmt": 0,
        "totLoanAmt": sum((lot.loan for lot in book.lots), _ZERO),
        "valAtCur": sum((_value(world, lot, index) for lot in book.lots if lot.instrument.currency == "KRW"), _ZERO),
        "crcyCode": code,
        "cashAvWithdraw": max(balance - held, _ZERO),
    }


def _margin(book: DayBook) -> Decimal:
    """Hold back what today's purchases will cost."""
    bought = (row.amount for row in book.entries if row.type == "ASK" and row.currency == "KRW")
    return -sum(bought, _ZERO)


def holding_rows(world: World, account: SimAccount, index: int, kinds: tuple[str, ...]) -> list[Row]:
    """Write the positions of the asked asset types."""
    lots = (lot for lot in account.book.at(index).lots if lot.instrument.kind in kinds)
    return [_holding_row(world, account, lot, index) for lot in lots]


def _value(world: World, lot: Lot, index: int) -> Decimal:
    unit = Decimal("0.01") if lot.instrument.currency == "USD" else Decimal(1)
    return (lot.quantity * world.market.close(lot.instrument, index)).quantize(unit, ROUND_HALF_UP)


def _holding_row(world: World, account: SimAccount, lot: Lot, index: int) -> Row:
    value, is_foreign = _value(world, lot, index), lot.instrument.currency == "USD"
    rate = (value - lot.cost) / lot.cost * (100 if account.firm.dialect.percent_rates else 1)
    return {
        "assetType": lot.instrument.asset_type,
        "exchange": lot.instrument.exchange,
        "crcyCode": lot.instrument.currency if is_foreign else None,
        "loanCreditType": lot.credit_type,
        "loanCreditAmt": lot.loan,
        "qty": lot.quantity,
        "valAtTrade": lot.cost,
        "valAtCur": value,
        "proLoss": value - lot.cost,
        "earningRate": rate.quantize(Decimal("0.01"), ROUND_HALF_UP),
        "lastBuyDate": f"{lot.last_buy:%Y%m%d}",
        "maturity": f"{lot.maturity:%Y%m%d}" if lot.maturity else None,
        "foreignDeposit": 0,
        "wonDeposit": 0,
        "currencyRate": world.market.close(USD_KRW, index) if is_foreign else 0,
        "isinInfo": codes(lot.instrument),
    }


def codes(instrument: SimInstrument) -> list[Row]:
    """Write an instrument's codes: an ISIN where it has one, and its short code."""
    if instrument.isin is None:
        return [{"isinType": _STANDARD_KIND[instrument.kind], "isinCode": instrument.code, "isinName": instrument.name}]
    return [
        {"isinType": "표준코드", "isinCode": instrument.isin, "isinName": instrument.name},
        {"isinType": "단축코드", "isinCode": instrument.code, "isinName": instrument.name},
    ]


def settlement_row(account: SimAccount, entry: Entry) -> Row:
    """Write what a trade will settle: gross, positive for both sides."""
    instrument, settles = entry.instrument, entry.settles
    return {
        "accNo": account.number,
        "accName": account.holder,
        "sellBuyType": "1" if entry.type == "BID" else "2",
        "exchange": instrument.exchange if instrument else None,
        "crcyCode": entry.currency if entry.currency != "KRW" else None,
        "settQty": abs(entry.quantity),
        "settAmt": entry.gross,
        "tradeType": entry.summary,
        "loanCreditDate": f"{entry.day:%Y%m%d}" if entry.credit else None,
        "loanCreditAmt": 0,
        "settDate": f"{settles:%Y%m%d}" if settles else None,
        "costTotal": sum((cost for _, cost in entry.costs), _ZERO),
        "isinInfo": codes(instrument) if instrument else [],
        "costInfo": _costs(entry),
    }


def trade_row(account: SimAccount, entry: Entry) -> Row:
    """Write a line of the trade book."""
    return {
        "isinInfo": codes(entry.instrument) if entry.instrument else [],
        "costInfo": _costs(entry),
        "accNo": account.number,
        "accName": account.holder,
        "transDate": f"{entry.day:%Y%m%d}",
        "transType": entry.type,
        "changeAmt": entry.amount,
        "changeQty": entry.quantity,
        "qty": entry.quantity_after,
        "amt": entry.cash_after,
        "exchange": entry.instrument.exchange if entry.instrument else None,
        "crcyCode": entry.currency if entry.currency != "KRW" else None,
        "subject": "위탁자",
        "summary": entry.summary,
    }


def _costs(entry: Entry) -> list[Row]:
    return [{"costName": name, "cost": cost} for name, cost in entry.costs]


def order_row(account: SimAccount, order: SimOrder) -> Row:
    """Write an order with its executions."""
    filled = sum((row.quantity for row in order.executions), _ZERO)
    return {
        "accNo": account.number,
        "accName": account.holder,
        "modifyType": "0",
        "cancelType": "1" if order.state == "취소확인" else "0",
        "orderNo": order.number,
        "orgOrderNo": None,
        "sellBuyType": "1" if order.sell else "2",
        "orderType": "지정가",
        "exchange": order.instrument.exchange,
        "crcyCode": order.instrument.currency if order.instrument.currency != "KRW" else None,
        "orderQty": order.quantity,
        "orderPrice": order.price,
        "execSumQty": filled,
        "orderExecType": order.state,
        "cmsnType": "온라인",
        "settDays": 2,
        "buyQtyUnit": 1,
        "sellQtyUnit": 1,
        "orderTime": order.time,
        "orderRejectReason": order.reason,
        "isinInfo": codes(order.instrument),
        "execList": [
            {"execQty": row.quantity, "execPrice": row.price, "execNo": row.number, "execTime": row.time}
            for row in order.executions
        ],
    }


def dummy_order_row(account: SimAccount) -> Row:
    """Write the all-zero row that some firms send for "no orders" (as in Koscom's orderdetail sample)."""
    texts = ("orderNo", "orgOrderNo", "orderType", "exchange", "crcyCode", "orderExecType", "cmsnType", "orderTime")
    numbers = ("orderQty", "orderPrice", "execSumQty", "settDays", "buyQtyUnit", "sellQtyUnit")
    return {
        "accNo": account.number,
        "accName": account.holder,
        "modifyType": "0",
        "cancelType": "0",
        "sellBuyType": "1",
        **dict.fromkeys(texts),
        **dict.fromkeys(numbers, 0),
        "isinInfo": [],
        "execList": [{"execQty": 0, "execPrice": 0, "execNo": 0, "execTime": None}],
    }
