"""Typed values of the gateway -> rows of the database; and the digest by which two answers are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from accounts.koscom import schemas
from accounts.models import CashBalance, Holding, OrderDetail, OrderExecution, Settlement, Snapshot, Trade
from accounts.sync.datasets import Balance, Row

_CASH = (
    *("currency", "settlement_basis", "cash_balance", "margin", "substitute", "receivable"),
    *("loan_total", "credit_total", "valuation", "withdrawable"),
)
_HOLDING = (
    *("asset_type", "exchange", "currency", "quantity", "cost", "market_value", "profit_loss", "return_rate"),
    *("reported_return_rate", "credit_type", "credit_amount", "last_buy_date", "maturity_date", "fx_rate"),
    *("foreign_deposit", "won_deposit"),
)
_SETTLEMENT = (
    *("settle_date", "side", "exchange", "currency", "quantity", "amount", "trade_type", "credit_date"),
    *("credit_amount", "cost_total"),
)
_TRADE = (
    *("date", "type", "exchange", "currency", "amount_change", "quantity_change", "quantity_after", "cash_after"),
    *("subject", "summary"),
)
_ORDER = (
    *("order_number", "original_order_number", "side", "modified", "canceled", "order_type", "exec_type", "exchange"),
    *("currency", "quantity", "price", "executed_quantity", "ordered_at", "ordered_at_text", "reject_reason"),
)
_EXECUTION = ("number", "quantity", "price", "executed_at")


def digest_of(rows: Iterable[schemas.CashRow | schemas.Holding | Row]) -> str:
    """The same for the same rows in whatever order: a firm does not promise one."""
    lines = sorted(json.dumps(asdict(row), default=str, ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_balance(snapshot: Snapshot, balance: Balance) -> None:
    CashBalance.objects.bulk_create(
        CashBalance(snapshot=snapshot, position=position, **_columns(row, _CASH))
        for position, row in enumerate(balance.cash)
    )
    Holding.objects.bulk_create(
        Holding(snapshot=snapshot, position=position, **_instrument(row.instrument), **_columns(row, _HOLDING))
        for position, row in enumerate(balance.holdings)
    )


def copy_balance(source: Snapshot, target: Snapshot) -> None:
    """Give a second snapshot the rows of the first."""
    cash, holdings = list(source.cash_rows.all()), list(source.holding_rows.all())
    for row in cash:
        row.pk, row.snapshot = None, target
    for lot in holdings:
        lot.pk, lot.snapshot = None, target
    CashBalance.objects.bulk_create(cash)
    Holding.objects.bulk_create(holdings)


def write_day(snapshot: Snapshot, rows: Sequence[Row]) -> None:
    """Write the rows of one day, each with its place in the answer."""
    Settlement.objects.bulk_create(
        _settlement(snapshot, position, row) for position, row in enumerate(rows) if isinstance(row, schemas.Settlement)
    )
    Trade.objects.bulk_create(
        _trade(snapshot, position, row) for position, row in enumerate(rows) if isinstance(row, schemas.Trade)
    )
    for position, row in enumerate(rows):
        if isinstance(row, schemas.OrderDetail):
            _write_order(snapshot, position, row)


def _settlement(snapshot: Snapshot, position: int, row: schemas.Settlement) -> Settlement:
    return Settlement(
        snapshot=snapshot,
        position=position,
        order_date=snapshot.business_date,
        costs=_costs(row.costs),
        **_instrument(row.instrument),
        **_columns(row, _SETTLEMENT),
    )


def _trade(snapshot: Snapshot, position: int, row: schemas.Trade) -> Trade:
    return Trade(
        snapshot=snapshot,
        position=position,
        costs=_costs(row.costs),
        warnings=[str(warning) for warning in row.warnings],
        **_instrument(row.instrument),
        **_columns(row, _TRADE),
    )


def _write_order(snapshot: Snapshot, position: int, row: schemas.OrderDetail) -> None:
    order = OrderDetail.objects.create(
        snapshot=snapshot, position=position, **_instrument(row.instrument), **_columns(row, _ORDER)
    )
    OrderExecution.objects.bulk_create(
        OrderExecution(order=order, position=place, **_columns(execution, _EXECUTION))
        for place, execution in enumerate(row.executions)
    )


def _columns(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _instrument(row: schemas.Instrument) -> dict[str, Any]:
    codes = [{"type": code.type, "code": code.code, "name": code.name} for code in row.codes]
    return {"isin": row.isin, "short_code": row.short_code, "name": row.name, "codes": codes}


def _costs(lines: Iterable[schemas.CostLine]) -> list[dict[str, str | None]]:
    return [{"name": line.name, "amount": None if line.amount is None else f"{line.amount:f}"} for line in lines]
