"""The inquiries: their operation, their rows, their parameters."""

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
    """A paged GET. `key_width` is the 100 or 200 of CTX_AREA_FK and _NK."""

    operation: Operation
    key_width: int = 200


@dataclass(frozen=True, slots=True)
class OrderList:
    """An inquiry that makes orders known. `rows` is the body's field with the rows."""

    inquiry: Inquiry
    read: ReadRow
    rows: str = "output"


US_RESERVATIONS = OrderList(Inquiry(Operation.US_RESERVATIONS), reservation)
ASIA_RESERVATIONS = OrderList(Inquiry(Operation.ASIA_RESERVATIONS), reservation)
OPEN_OVERSEAS = OrderList(Inquiry(Operation.OVERSEAS_OPEN), open_order)
OVERSEAS_ORDERS = OrderList(Inquiry(Operation.OVERSEAS_ORDERS), overseas_order)
FO_DAY_ORDERS = OrderList(Inquiry(Operation.FO_DAY_ORDERS), day_order, rows="output1")
FO_NIGHT_ORDERS = OrderList(Inquiry(Operation.FO_NIGHT_ORDERS), night_order, rows="output1")
KRX_ORDERS = OrderList(Inquiry(Operation.KRX_ORDERS, key_width=100), stock_order, rows="output1")

KRX_REVISABLE = Inquiry(Operation.KRX_REVISABLE, key_width=100)
OVERSEAS_BALANCE = Inquiry(Operation.OVERSEAS_BALANCE)
FO_DAY_BALANCE = Inquiry(Operation.FO_DAY_BALANCE)
FO_NIGHT_BALANCE = Inquiry(Operation.FO_NIGHT_BALANCE)

_AMERICAN_BALANCES: tuple[tuple[str, str], ...] = (("NASD", "USD"), ("NYSE", "USD"), ("AMEX", "USD"))
_ASIAN_BALANCES = (
    ("SEHK", "HKD"),
    ("SHAA", "CNY"),
    ("SZAA", "CNY"),
    ("TKSE", "JPY"),
    ("HASE", "VND"),
    ("VNSE", "VND"),
)


def balance_questions(environment: Environment) -> tuple[tuple[str, str], ...]:
    """Exchange and currency of every overseas balance. Live answers for all of the US at NASD, paper does not."""
    american = _AMERICAN_BALANCES if environment is Environment.PAPER else _AMERICAN_BALANCES[:1]
    return american + _ASIAN_BALANCES


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


def krx_revisable_params(account: Account) -> Params:
    """By order number; both sides."""
    return _account(account) | {"INQR_DVSN_1": "0", "INQR_DVSN_2": "0"}


def overseas_balance_params(account: Account, exchange: str, currency: str) -> Params:
    return _account(account) | {"OVRS_EXCG_CD": exchange, "TR_CRCY_CD": currency}


def fo_balance_params(account: Account) -> Params:
    """Initial margins (01), and positions at the price that was paid (2) instead of the last settlement's (1)."""
    return _account(account) | {"MGNA_DVSN": "01", "EXCC_STAT_CD": "2"}


def fo_night_balance_params(account: Account) -> Params:
    """The same; the password is asked for and stays blank."""
    return fo_balance_params(account) | {"ACNT_PWD": ""}


def _account(account: Account) -> Params:
    return {"CANO": account.number, "ACNT_PRDT_CD": account.product}


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")
