"""Bodies of the order operations. Keys are upper case, values text (KIS: "BODY값의 key값들을 대문자로")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orders.kis.schemas import Account
from orders.kis.tr_ids import Operation

_MODIFY, _CANCEL = "01", "02"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One request that moves money: to be sent once or not at all."""

    operation: Operation
    body: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """The US order that a daytime request is aimed at: NASD, NYSE or AMEX, the symbol, the broker's number."""

    exchange: str
    symbol: str
    number: int


def cancel_reservation(account: Account, receipt_date: date, reserved_number: int) -> OrderRequest:
    """The whole cancel of a US reservation (order-resv-ccnl); `receipt_date` is the Korean day it was entered.

    The field is RSVN_ORD_RCIT_DT, as in the page's own example; its table misprints RSYN.
    """
    return OrderRequest(
        Operation.US_RESERVE_CANCEL,
        _account(account)
        | {"RSVN_ORD_RCIT_DT": receipt_date.strftime("%Y%m%d"), "OVRS_RSVN_ODNO": str(reserved_number)},
    )


def cancel_daytime(account: Account, target: Target, quantity: Decimal, price: str = "0") -> OrderRequest:
    """The cancel of `quantity` shares of a US daytime order.

    KIS documents no price for it; "0" is what order-rvsecncl asks for. Raises ValueError for a quantity not whole.
    """
    return _daytime(account, target, _CANCEL, quantity, price)


def modify_daytime(account: Account, target: Target, quantity: Decimal, price: Decimal) -> OrderRequest:
    """A new price for `quantity` shares of a US daytime order. Raises ValueError for an impossible one."""
    if not price.is_finite() or price <= 0:
        raise ValueError(f"not a price: {price}")
    return _daytime(account, target, _MODIFY, quantity, format(price, "f"))


def _daytime(account: Account, target: Target, request: str, quantity: Decimal, price: str) -> OrderRequest:
    return OrderRequest(
        Operation.DAYTIME_REVISE,
        _account(account)
        | {
            "OVRS_EXCG_CD": target.exchange,
            "PDNO": target.symbol,
            "ORGN_ODNO": str(target.number),
            "RVSE_CNCL_DVSN_CD": request,
            "ORD_QTY": _whole(quantity),
            "OVRS_ORD_UNPR": price,
            "CTAC_TLNO": "",
            "MGCO_APTM_ODNO": "",
            "ORD_SVR_DVSN_CD": "0",
        },
    )


def _account(account: Account) -> dict[str, str]:
    return {"CANO": account.number, "ACNT_PRDT_CD": account.product}


def _whole(quantity: Decimal) -> str:
    if not quantity.is_finite() or quantity <= 0 or quantity != quantity.to_integral_value():
        raise ValueError(f"not a whole quantity: {quantity}")
    return str(int(quantity))
