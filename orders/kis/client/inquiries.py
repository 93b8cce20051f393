"""The inquiries that make orders known: their operation, their rows, their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from orders.kis.schemas import (
    Account,
    ReadRow,
    day_order,
    night_order,
    open_order,
    overseas_order,
    reservation,
    stock_order,
)
from orders.kis.tr_ids import Environment, Operation

Params = dict[str, str]
_ALL = "00"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A paged GET. `rows` is the body's field with the rows, `key_width` the 100 or 200 of CTX_AREA_FK and _NK."""

    operation: Operation
    read: ReadRow
    rows: str = "output"
    key_width: int = 200


US_RESERVATIONS = Inquiry(Operation.US_RESERVATIONS, reservation)
ASIA_RESERVATIONS = Inquiry(Operation.ASIA_RESERVATIONS, reservation)
OPEN_OVERSEAS = Inquiry(Operation.OVERSEAS_OPEN, open_order)
OVERSEAS_ORDERS = Inquiry(Operation.OVERSEAS_ORDERS, overseas_order)
FO_DAY_ORDERS = Inquiry(Operation.FO_DAY_ORDERS, day_order, rows="output1")
FO_NIGHT_ORDERS = Inquiry(Operation.FO_NIGHT_ORDERS, night_order, rows="output1")
KRX_ORDERS = Inquiry(Operation.KRX_ORDERS, stock_order, rows="output1", key_width=100)


def reservation_params(account: Account, start: date, end: date) -> Params:
    return _account(account) | {
        "INQR_STRT_DT": _day(start),
        "INQR_END_DT": _day(end),
        "INQR_DVSN_CD": _ALL,
        "PRDT_TYPE_CD": "",
        "OVRS_EXCG_CD": "",
    }


def open_overseas_params(account: Account, exchange: str) -> Params:
    """`exchange` NASD asks for all of the US; a blank one breaks KIS's paging."""
    return _account(account) | {"OVRS_EXCG_CD": exchange, "SORT_SQN": "DS"}


def overseas_orders_params(account: Account, start: date, end: date, environment: Environment) -> Params:
    """`start` and `end` are dates of the exchange. Live asks for everything with "%", paper with a blank."""
    everything = "%" if environment is Environment.LIVE else ""
    return _account(account) | {
        "PDNO": everything,
        "ORD_STRT_DT": _day(start),
        "ORD_END_DT": _day(end),
        "SLL_BUY_DVSN": _ALL,
        "CCLD_NCCS_DVSN": _ALL,
        "OVRS_EXCG_CD": everything,
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
    }


def fo_day_params(account: Account, start: date, end: date) -> Params:
    # AS is ascending here, while overseas it is DS.
    return _account(account) | {
        "STRT_ORD_DT": _day(start),
        "END_ORD_DT": _day(end),
        "SLL_BUY_DVSN_CD": _ALL,
        "CCLD_NCCS_DVSN": _ALL,
        "SORT_SQN": "AS",
        "STRT_ODNO": "",
        "PDNO": "",
        "MKET_ID_CD": "",
    }


def fo_night_params(account: Account, start: date, end: date) -> Params:
    """`end` is included, as everywhere: KIS itself excludes it here."""
    return fo_day_params(account, start, end + timedelta(days=1)) | {"FUOP_DVSN_CD": "", "SCRN_DVSN": "02"}


def krx_params(account: Account, start: date, end: date, environment: Environment) -> Params:
    """At most three months back. Paper knows KRX alone."""
    return _account(account) | {
        "INQR_STRT_DT": _day(start),
        "INQR_END_DT": _day(end),
        "SLL_BUY_DVSN_CD": _ALL,
        "PDNO": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "CCLD_DVSN": _ALL,
        "INQR_DVSN": "01",
        "INQR_DVSN_1": "",
        "INQR_DVSN_3": _ALL,
        "EXCG_ID_DVSN_CD": "ALL" if environment is Environment.LIVE else "KRX",
    }


def _account(account: Account) -> Params:
    return {"CANO": account.number, "ACNT_PRDT_CD": account.product}


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")
