"""balancelist: 일임 계좌잔고 조회."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal

from pydantic import Field

from accounts.koscom.answers import Tree
from accounts.koscom.codes import RowWarning, SettlementBasis
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas.envelope import (
    KRW,
    Asked,
    CodeWire,
    read_currency,
    read_info,
    read_wire,
    to_instrument,
)
from accounts.koscom.schemas.fields import Day, Identifier, Number, Rows, Text, WireModel, read_rows
from accounts.koscom.schemas.values import BalancePage, CashRow, ForeignRow, Holding

_BLOCK = "balanceList"
# Koscom's manual prints the suffix of D+0 with the letter O in one place.
_CASH_CURRENCY = re.compile(r"([A-Z]{3})(?:-D([0O12]))?", re.ASCII)
_BASIS = {"0": SettlementBasis.D0, "O": SettlementBasis.D0, "1": SettlementBasis.D1, "2": SettlementBasis.D2}
_RATE = Context(prec=12)


class CashWire(WireModel):
    currency: Text = Field(default=None, alias="crcyCode")
    cash_balance: Number = Field(default=None, alias="cashBalance")
    margin: Number = None
    substitute: Number = None
    receivable: Number = None
    # Labels and English names are crossed: totCreditAmt is 총대출금, totLoanAmt is 총신용금액.
    loan_total: Number = Field(default=None, alias="totCreditAmt")
    credit_total: Number = Field(default=None, alias="totLoanAmt")
    valuation: Number = Field(default=None, alias="valAtCur")
    withdrawable: Number = Field(default=None, alias="cashAvWithdraw")


class HoldingWire(WireModel):
    codes: Rows[CodeWire] = Field(default=(), alias="isinInfo")
    asset_type: Text = Field(default=None, alias="assetType")
    exchange: Text = None
    currency: Text = Field(default=None, alias="crcyCode")
    quantity: Number = Field(default=None, alias="qty")
    cost: Number = Field(default=None, alias="valAtTrade")
    market_value: Number = Field(default=None, alias="valAtCur")
    profit_loss: Number = Field(default=None, alias="proLoss")
    reported_return_rate: Number = Field(default=None, alias="earningRate")
    credit_type: Text = Field(default=None, alias="loanCreditType")
    credit_amount: Number = Field(default=None, alias="loanCreditAmt")
    last_buy_date: Day = Field(default=None, alias="lastBuyDate")
    maturity_date: Day = Field(default=None, alias="maturity")
    foreign_deposit: Number = Field(default=None, alias="foreignDeposit")
    won_deposit: Number = Field(default=None, alias="wonDeposit")
    fx_rate: Number = Field(default=None, alias="currencyRate")


class AccountInfoWire(WireModel):
    number: Identifier = Field(default=None, alias="accNo")
    holder_name: Text = Field(default=None, alias="accName")
    # One published table puts both lists inside accInfo, which it calls an array.
    cash: Rows[CashWire] = Field(default=(), alias="cashBalInfo")
    holdings: Rows[HoldingWire] = Field(default=(), alias="securitiesBalInfo")


class BalanceWire(WireModel):
    owners: Rows[AccountInfoWire] = Field(default=(), alias="accInfo")
    cash: Rows[CashWire] = Field(default=(), alias="cashBalInfo")
    holdings: Rows[HoldingWire] = Field(default=(), alias="securitiesBalInfo")


class _Balance:
    """Gathers what belongs to the asked account."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.names: dict[str, None] = {}
        self.cash: list[CashWire] = []
        self.holdings: list[HoldingWire] = []
        self.foreign: list[ForeignRow] = []
        self.warnings: list[RowWarning] = []

    def add(self, balance: BalanceWire, path: str) -> None:
        strangers = [self._owner(owner, f"{path}.accInfo[{index}]") for index, owner in enumerate(balance.owners)]
        if not any(strangers):
            self.cash += balance.cash
            self.holdings += balance.holdings
        elif not all(strangers) and (balance.cash or balance.holdings):
            raise SchemaError(path, "rows of several accounts that cannot be told apart")
        if all(owner.number is None for owner in balance.owners):
            self.warnings.append(RowWarning.NO_ACCOUNT_NUMBER)

    def _owner(self, owner: AccountInfoWire, path: str) -> bool:
        stranger = self.asked.foreign(path, owner.number)
        if stranger:
            self.foreign.append(stranger)
            return True
        if owner.holder_name:
            self.names[owner.holder_name] = None
        self.cash += owner.cash
        self.holdings += owner.holdings
        return False


def parse_balances(tree: Tree, asked: Asked) -> BalancePage:
    """Read a page of cash and holdings of one account; rows of any other account are in `foreign`."""
    info = read_info(tree, "balanceListResponseBody", _BLOCK)
    balance = _Balance(asked)
    for wire, path in _balances(tree.get(_BLOCK)):
        balance.add(wire, path)
    return BalancePage(
        info=info,
        holder_names=tuple(balance.names),
        cash=_cash_rows([row for row in balance.cash if row != CashWire()]),
        holdings=tuple(_holding(row, index) for index, row in enumerate(balance.holdings) if not _is_empty(row)),
        foreign=tuple(balance.foreign),
        warnings=tuple(balance.warnings),
    )


def _balances(block: object) -> Iterable[tuple[BalanceWire, str]]:
    """Accept both published nestings: balanceList.balance[] and (guide 1.05) balanceList itself."""
    if isinstance(block, dict) and "balance" in block:
        rows, path = block["balance"], f"{_BLOCK}.balance"
    elif isinstance(block, dict | list):
        rows, path = block, _BLOCK
    else:
        return
    if not isinstance(rows, dict | list | None) and rows not in ("", "null"):
        raise SchemaError(path, "a list was expected")
    for index, row in enumerate(read_rows(rows)):
        place = f"{path}[{index}]"
        yield read_wire(BalanceWire, row, place), place


def _cash_rows(rows: list[CashWire]) -> tuple[CashRow, ...]:
    split = [_split_currency(row.currency, index) for index, row in enumerate(rows)]
    suffixed = {currency for currency, basis in split if basis}
    return tuple(
        _cash(row, currency, basis or _plain_basis(row.currency, currency, suffixed))
        for row, (currency, basis) in zip(rows, split, strict=True)
    )


def _split_currency(code: str | None, index: int) -> tuple[str, SettlementBasis | None]:
    if code is None:
        return KRW, None
    match = _CASH_CURRENCY.fullmatch(code.strip().upper())
    if match is None:
        raise SchemaError(f"cashBalInfo[{index}].crcyCode", f"not a currency: {code[:20]!r}")
    return match[1], _BASIS.get(match[2])


def _plain_basis(code: str | None, currency: str, suffixed: set[str]) -> SettlementBasis | None:
    """Without a suffix KRW is 체결기준 D+2; where no row says so (code null, or dollars), the basis is not known."""
    return SettlementBasis.D2 if currency in suffixed or (code and currency == KRW) else None


def _cash(row: CashWire, currency: str, basis: SettlementBasis | None) -> CashRow:
    return CashRow(
        currency=currency,
        settlement_basis=basis,
        cash_balance=row.cash_balance,
        margin=row.margin,
        substitute=row.substitute,
        receivable=row.receivable,
        loan_total=row.loan_total,
        credit_total=row.credit_total,
        valuation=row.valuation,
        withdrawable=row.withdrawable,
    )


def _is_empty(row: HoldingWire) -> bool:
    """Say whether a row is filler: no instrument, and nothing held of it."""
    return not (row.quantity or row.cost or row.market_value or any(code.code or code.name for code in row.codes))


def _holding(row: HoldingWire, index: int) -> Holding:
    return Holding(
        instrument=to_instrument(row.codes),
        asset_type=row.asset_type,
        exchange=row.exchange,
        currency=read_currency(row.currency, f"securitiesBalInfo[{index}].crcyCode"),
        quantity=row.quantity,
        cost=row.cost,
        market_value=row.market_value,
        profit_loss=row.profit_loss,
        return_rate=_return_rate(row.profit_loss, row.cost),
        reported_return_rate=row.reported_return_rate,
        credit_type=row.credit_type,
        credit_amount=row.credit_amount,
        last_buy_date=row.last_buy_date,
        maturity_date=row.maturity_date,
        foreign_deposit=row.foreign_deposit,
        won_deposit=row.won_deposit,
        # 0 means "none", and it is a divisor.
        fx_rate=row.fx_rate or None,
        warnings=_profit_warnings(row),
    )


def _return_rate(profit_loss: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """Give the ratio to 12 significant digits; the firm's own figure is ratio or percent, nobody says which."""
    return None if profit_loss is None or not cost else _RATE.divide(profit_loss, cost)


def _profit_warnings(row: HoldingWire) -> tuple[RowWarning, ...]:
    if row.profit_loss is None or row.market_value is None or row.cost is None:
        return ()
    return () if row.profit_loss == row.market_value - row.cost else (RowWarning.PROFIT_LOSS,)
