"""The figures of an account's line: which cash counts, what foreign rows are worth, and when they are incomplete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.koscom.codes import SettlementBasis
from accounts.koscom.schemas import CashRow, Holding, Instrument
from accounts.sync.datasets import Balance
from accounts.sync.totals import totals_of

D0, D1, D2 = SettlementBasis.D0, SettlementBasis.D1, SettlementBasis.D2


def cash(currency: str = "KRW", basis: SettlementBasis | None = None, **amounts: str) -> CashRow:
    names = ("cash_balance", "margin", "substitute", "receivable", "loan_total", "credit_total", "valuation")
    values = {name: Decimal(amounts[name]) if name in amounts else None for name in (*names, "withdrawable")}
    return CashRow(currency=currency, settlement_basis=basis, **values)


def holding(value: str | None, currency: str = "KRW", cost: str = "100", **columns: Any) -> Holding:
    market = None if value is None else Decimal(value)
    base: dict[str, Any] = dict.fromkeys(Holding.__slots__) | {
        "instrument": Instrument(None, None, None, ()),
        "currency": currency,
        "quantity": Decimal(1),
        "cost": Decimal(cost),
        "market_value": market,
        "profit_loss": None if market is None else market - Decimal(cost),
        "warnings": (),
    }
    return Holding(**(base | columns))


def balance(*rows: CashRow | Holding) -> Balance:
    return Balance(
        tuple(row for row in rows if isinstance(row, CashRow)), tuple(row for row in rows if isinstance(row, Holding))
    )


def test_settlement_days_of_one_money_are_never_added_up() -> None:
    rows = (cash(basis=D0, cash_balance="1"), cash(basis=D1, cash_balance="2"), cash(basis=D2, cash_balance="4"))
    assert totals_of(balance(*rows), "").cash_value == 4


@pytest.mark.parametrize(("basis", "expected"), [((D0, D1), 1), ((None,), 0), ((D0,), 0), ((D0, None), 1)])
def test_without_a_trade_date_row_the_best_of_the_others_counts(
    basis: tuple[SettlementBasis | None, ...], expected: int
) -> None:
    rows = [cash(basis=name, cash_balance=str(place)) for place, name in enumerate(basis)]
    assert totals_of(balance(*rows), "").cash_value == expected


def test_net_assets_are_without_credit_loans_and_receivables() -> None:
    found = totals_of(
        balance(cash(cash_balance="1000", credit_total="100", loan_total="20", receivable="3"), holding("500")), ""
    )
    assert (found.total_value, found.net_assets) == (Decimal(1500), Decimal(1377))
    assert (found.profit_loss, found.return_rate, found.incomplete) == (Decimal(400), Decimal(4), False)


@pytest.mark.parametrize(
    ("unit", "securities", "cash_value", "incomplete"),
    [("", 10, 1, True), ("krw", 210, 6, False), ("row", 260010, 6501, False)],
)
def test_foreign_rows_count_as_the_firms_setting_says(
    unit: str, securities: int, cash_value: int, incomplete: bool
) -> None:
    rows = (
        holding("10"),
        holding("200", "USD", fx_rate=Decimal(1300)),
        cash(cash_balance="1"),
        cash("USD", cash_balance="5"),
    )
    found = totals_of(balance(*rows), unit)
    assert (found.securities_value, found.cash_value) == (Decimal(securities), Decimal(cash_value))
    assert found.incomplete is incomplete


def test_a_foreign_row_without_a_rate_makes_the_totals_incomplete() -> None:
    assert totals_of(balance(cash("USD", cash_balance="5")), "row").incomplete


def test_an_empty_foreign_row_leaves_nothing_out() -> None:
    assert not totals_of(balance(cash("USD", cash_balance="0")), "").incomplete


def test_a_holding_without_a_value_makes_the_totals_incomplete() -> None:
    assert totals_of(balance(holding(None)), "").incomplete


def test_nothing_held_has_no_return_rate() -> None:
    assert totals_of(balance(), "").return_rate is None
