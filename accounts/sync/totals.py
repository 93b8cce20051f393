"""The figures of an account's line in the list, from one balance.

KRW-D0, KRW-D1 and KRW are one money at three settlement days: they are never added up (Koscom b2baccount, crcyCode).
Foreign rows count by what the firm's setting says of their unit; where it says nothing they are left out, and the
totals say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from accounts.koscom.codes import SettlementBasis
from accounts.koscom.schemas import CashRow, Holding
from accounts.models.firms import ForeignUnit
from accounts.sync.datasets import Balance

KRW = "KRW"
ZERO = Decimal(0)
_RATE = Context(prec=12)
# The trade-date basis first; without it the newest that the firm gives.
_PREFERENCE = (SettlementBasis.D2, None, SettlementBasis.D1, SettlementBasis.D0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Amounts in won, None where nobody says; `incomplete` when rows are left out of them."""

    securities_value: Decimal | None
    cash_value: Decimal | None
    total_value: Decimal | None
    net_assets: Decimal | None
    profit_loss: Decimal | None
    return_rate: Decimal | None
    incomplete: bool


@dataclass(slots=True)
class _Sum:
    securities: Decimal = ZERO
    profit: Decimal = ZERO
    cost: Decimal = ZERO
    cash: Decimal = ZERO
    debt: Decimal = ZERO
    incomplete: bool = False


def totals_of(balance: Balance, unit: str) -> Totals:
    """`unit` is `Firm.foreign_unit`."""
    found = _Sum()
    rates = {row.currency: row.fx_rate for row in balance.holdings if row.fx_rate}
    for holding in balance.holdings:
        _add_holding(found, holding, _factor(holding.currency, unit, holding.fx_rate))
    for cash in _one_a_currency(balance.cash):
        _add_cash(found, cash, _factor(cash.currency, unit, rates.get(cash.currency)))
    return Totals(
        securities_value=found.securities,
        cash_value=found.cash,
        total_value=found.securities + found.cash,
        net_assets=found.securities + found.cash - found.debt,
        profit_loss=found.profit,
        return_rate=_RATE.divide(found.profit, found.cost) if found.cost else None,
        incomplete=found.incomplete,
    )


def _add_holding(found: _Sum, row: Holding, factor: Decimal | None) -> None:
    if factor is None or row.market_value is None:
        found.incomplete |= bool(row.quantity or row.market_value)
        return
    found.securities += row.market_value * factor
    if row.profit_loss is not None and row.cost is not None:
        found.profit += row.profit_loss * factor
        found.cost += row.cost * factor


def _add_cash(found: _Sum, row: CashRow, factor: Decimal | None) -> None:
    debts = [amount for amount in (row.credit_total, row.loan_total, row.receivable) if amount]
    if factor is None:
        found.incomplete |= bool(row.cash_balance or debts)
        return
    found.cash += (row.cash_balance or ZERO) * factor
    found.debt += sum(debts, ZERO) * factor


def _factor(currency: str, unit: str, rate: Decimal | None) -> Decimal | None:
    """What one unit of a row's amounts is in won; None when nobody says."""
    if currency == KRW or unit == ForeignUnit.KRW:
        return Decimal(1)
    return rate if unit == ForeignUnit.ROW else None


def _one_a_currency(rows: Iterable[CashRow]) -> list[CashRow]:
    by_currency: dict[str, CashRow] = {}
    rank: Mapping[SettlementBasis | None, int] = {basis: place for place, basis in enumerate(_PREFERENCE)}
    for row in rows:
        best = by_currency.get(row.currency)
        if best is None or rank[row.settlement_basis] < rank[best.settlement_basis]:
            by_currency[row.currency] = row
    return list(by_currency.values())
