"""Bend one field of a sample, and read the page that comes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.koscom.codes import SettlementBasis
from accounts.koscom.schemas import (
    Asked,
    BalancePage,
    OrderPage,
    SettlementPage,
    TradePage,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from tests.accounts.koscom.samples import ASKED, bent

DAY = date(2016, 6, 22)
BLANKS = [None, "null", ""]


def balance(bend: Any) -> BalancePage:
    return parse_balances(bent("balancelist", bend), Asked(ASKED))


def cash(**fields: object) -> Any:
    def bend(document: Any) -> None:
        document["balanceList"]["balance"][0]["cashBalInfo"][0].update(fields)

    return balance(bend).cash[0]


def cash_codes(*codes: object) -> list[tuple[str, SettlementBasis | None]]:
    def bend(document: Any) -> None:
        rows = document["balanceList"]["balance"][0]["cashBalInfo"]
        rows[:] = [{**rows[0], "crcyCode": code} for code in codes]

    return [(row.currency, row.settlement_basis) for row in balance(bend).cash]


def holding(**fields: object) -> Any:
    def bend(document: Any) -> None:
        document["balanceList"]["balance"][0]["securitiesBalInfo"][0].update(fields)

    return balance(bend).holdings[0]


def settlements(**fields: object) -> SettlementPage:
    def bend(document: Any) -> None:
        document["settleList"]["settleInfo"][0].update(fields)

    return parse_settlements(bent("settlelist", bend), Asked(ASKED))


def trades(**fields: object) -> TradePage:
    def bend(document: Any) -> None:
        document["tradeBookList"]["tradeBook"][0].update(fields)

    return parse_trades(bent("tradebook", bend), Asked(ASKED))


def orders(**fields: object) -> OrderPage:
    def bend(document: Any) -> None:
        document["orderDetailList"]["orderDetail"][0].update({"accNo": ASKED, **fields})

    return parse_orders(bent("orderdetail", bend), Asked(ASKED), DAY)
