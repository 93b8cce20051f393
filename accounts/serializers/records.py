"""Rows of what a firm said: balances, settlements, the trade book, and the orders of a day. Null: it did not say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import CashBalance, Holding, OrderDetail, OrderExecution, Settlement, Snapshot, Trade
from accounts.models.records import InstrumentRow
from accounts.serializers.values import day, moment, plain


def balance_body(snapshot: Snapshot | None) -> dict[str, Any]:
    """One balance in full; nulls and empty lists where there is none."""
    if snapshot is None:
        return {"business_date": None, "fetched_at": None, "cash": [], "holdings": []}
    return {
        "business_date": day(snapshot.business_date),
        "fetched_at": moment(snapshot.verified_at),
        "cash": [cash_row(row) for row in snapshot.cash_rows.all()],
        "holdings": [holding_row(row) for row in snapshot.holding_rows.all()],
    }


def cash_row(row: CashBalance) -> dict[str, Any]:
    return {
        "currency": row.currency,
        "settlement_basis": row.settlement_basis,
        "cash_balance": plain(row.cash_balance),
        "margin": plain(row.margin),
        "substitute": plain(row.substitute),
        "receivable": plain(row.receivable),
        "loan_total": plain(row.loan_total),
        "credit_total": plain(row.credit_total),
        "valuation": plain(row.valuation),
        "withdrawable": plain(row.withdrawable),
    }


def holding_row(row: Holding) -> dict[str, Any]:
    return {
        **_instrument(row),
        "codes": row.codes,
        "asset_type": row.asset_type,
        "exchange": row.exchange,
        "currency": row.currency,
        "quantity": plain(row.quantity),
        "cost": plain(row.cost),
        "market_value": plain(row.market_value),
        "profit_loss": plain(row.profit_loss),
        "return_rate": plain(row.return_rate),
        "reported_return_rate": plain(row.reported_return_rate),
        "credit_type": row.credit_type,
        "credit_amount": plain(row.credit_amount),
        "last_buy_date": day(row.last_buy_date),
        "maturity_date": day(row.maturity_date),
        "fx_rate": plain(row.fx_rate),
    }


def settlement_row(row: Settlement) -> dict[str, Any]:
    return {
        "order_date": day(row.order_date),
        "settle_date": day(row.settle_date),
        "side": row.side,
        **_instrument(row),
        "currency": row.currency,
        "quantity": plain(row.quantity),
        "amount": plain(row.amount),
        "trade_type": row.trade_type,
        "credit_date": day(row.credit_date),
        "credit_amount": plain(row.credit_amount),
        "cost_total": plain(row.cost_total),
        "costs": [_cost(cost) for cost in row.costs],
    }


def trade_row(row: Trade) -> dict[str, Any]:
    return {
        "date": day(row.date),
        "type": row.type,
        **_instrument(row),
        "currency": row.currency,
        "amount_change": plain(row.amount_change),
        "quantity_change": plain(row.quantity_change),
        "quantity_after": plain(row.quantity_after),
        "cash_after": plain(row.cash_after),
        "subject": row.subject,
        "summary": row.summary,
        "costs": [_cost(cost) for cost in row.costs],
        "warnings": row.warnings,
    }


def order_detail_row(row: OrderDetail) -> dict[str, Any]:
    """One order of a day as the firm reported it; its executions are prefetched."""
    return {
        "order_number": row.order_number,
        "original_order_number": row.original_order_number,
        "side": row.side,
        "modified": row.modified,
        "canceled": row.canceled,
        "order_type": row.order_type,
        "exec_type": row.exec_type,
        **_instrument(row),
        "currency": row.currency,
        "quantity": plain(row.quantity),
        "price": plain(row.price),
        "executed_quantity": plain(row.executed_quantity),
        "ordered_at": moment(row.ordered_at),
        "reject_reason": row.reject_reason,
        "executions": [execution_row(execution) for execution in row.execution_rows.all()],
    }


def execution_row(row: OrderExecution) -> dict[str, Any]:
    return {
        "number": row.number,
        "quantity": plain(row.quantity),
        "price": plain(row.price),
        "executed_at": moment(row.executed_at),
    }


def _instrument(row: InstrumentRow) -> dict[str, Any]:
    return {"isin": row.isin, "short_code": row.short_code, "name": row.name}


def _cost(cost: dict[str, Any]) -> dict[str, Any]:
    amount = cost["amount"]
    return {"name": cost["name"], "amount": plain(Decimal(amount)) if amount is not None else None}
