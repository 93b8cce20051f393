"""Code tables of the b2baccount service (일임매매), as data.

Sources: Koscom developer manual, `api/b2baccount.md` (field codes) and `error-code.md` (error codes).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ContractStatus(StrEnum):
    ACTIVE = "active"
    TERMINATED = "terminated"
    EXPIRED = "expired"


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class TradeType(StrEnum):
    BUY = "buy"
    SELL = "sell"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    OTHER = "other"


class SettlementBasis(StrEnum):
    D0 = "D0"
    D1 = "D1"
    D2 = "D2"


class RowWarning(StrEnum):
    """What a row says twice, and differently. The row is kept as it came."""

    AMOUNT_SIGN = "amount_sign"
    QUANTITY_SIGN = "quantity_sign"
    SUMMARY = "summary"
    COST_SUM = "cost_sum"
    PROFIT_LOSS = "profit_loss"
    CURRENCY_IN_EXCHANGE = "currency_in_exchange"
    CURRENCY_ON_KOREAN_ISIN = "currency_on_korean_isin"
    NO_ACCOUNT_NUMBER = "no_account_number"


class Reaction(StrEnum):
    """What a caller does about an error; the table below gives each vendor code its own."""

    BACK_OFF = "back_off"
    ONCE = "once"
    RESTART_QUERY = "restart_query"
    NARROW = "narrow"
    STOP_FIRM = "stop_firm"
    ACCOUNT_ONLY = "account_only"
    SINGLE_TYPES = "single_types"
    SPLIT_RANGE = "split_range"
    QUOTA = "quota"
    NO_RETRY = "no_retry"
    QUARANTINE = "quarantine"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class VendorCode:
    code: str
    reaction: Reaction
    meaning: str


CONTRACT_STATUS = {
    "0": ContractStatus.ACTIVE,  # 계약
    "1": ContractStatus.TERMINATED,  # 해지
    "2": ContractStatus.EXPIRED,  # 만기
}
SELL_BUY_TYPE = {"1": Side.SELL, "2": Side.BUY}
# The service's BID is 매도 and its ASK 매수: the opposite of the English reading.
TRANS_TYPE = {
    "BID": TradeType.SELL,
    "ASK": TradeType.BUY,
    "DEP": TradeType.DEPOSIT,
    "WID": TradeType.WITHDRAWAL,
}
FLAG = {"0": False, "1": True}
STANDARD_CODE = "표준코드"
SHORT_CODES = frozenset({"단축코드", "축약코드"})
SUCCESS = "200"

_ROWS = (
    VendorCode("200", Reaction.NO_RETRY, "OK 정상, sent as an error: it carries no rows"),
    VendorCode("400", Reaction.NO_RETRY, "bad request"),
    VendorCode("401", Reaction.STOP_FIRM, "unauthorized"),
    VendorCode("403", Reaction.STOP_FIRM, "forbidden"),
    VendorCode("404", Reaction.NO_RETRY, "no such host, path or firm"),
    VendorCode("405", Reaction.NO_RETRY, "method not allowed"),
    VendorCode("406", Reaction.NO_RETRY, "not acceptable"),
    VendorCode("408", Reaction.BACK_OFF, "request timeout"),
    VendorCode("415", Reaction.NO_RETRY, "unsupported media type"),
    VendorCode("429", Reaction.QUOTA, "API rate limit exceeded"),
    VendorCode("500", Reaction.NO_RETRY, "internal server error"),
    VendorCode("503", Reaction.BACK_OFF, "service unavailable"),
    VendorCode("505", Reaction.NO_RETRY, "HTTP version not supported"),
    VendorCode("2001", Reaction.STOP_FIRM, "authentication failed"),
    VendorCode("2002", Reaction.STOP_FIRM, "OTP failed"),
    VendorCode("2003", Reaction.STOP_FIRM, "locked after too many failed authentications"),
    VendorCode("2100", Reaction.STOP_FIRM, "no permission for the API"),
    VendorCode("3001", Reaction.ONCE, "bad TRCODE from the firm"),
    VendorCode("3002", Reaction.NO_RETRY, "unknown API url of the firm"),
    VendorCode("3003", Reaction.NO_RETRY, "a required item is missing"),
    VendorCode("3004", Reaction.BACK_OFF, "network error on the way to the firm"),
    VendorCode("3005", Reaction.BACK_OFF, "time-out on the way to the firm"),
    VendorCode("3006", Reaction.NO_RETRY, "DN not found"),
    VendorCode("3007", Reaction.NO_RETRY, "user not found"),
    VendorCode("3008", Reaction.NO_RETRY, "company not found"),
    VendorCode("3009", Reaction.ACCOUNT_ONLY, "real account not found"),
    VendorCode("3010", Reaction.ACCOUNT_ONLY, "expired account"),
    VendorCode("3011", Reaction.ACCOUNT_ONLY, "JSON parsing error at the firm"),
    VendorCode("3012", Reaction.ACCOUNT_ONLY, "unknown account"),
    VendorCode("3013", Reaction.ACCOUNT_ONLY, "unknown account type"),
    VendorCode("3600", Reaction.BACK_OFF, "the firm's server is unavailable"),
    VendorCode("3999", Reaction.BACK_OFF, "unknown error"),
    VendorCode("4000", Reaction.ACCOUNT_ONLY, "account, CI or DN mismatch"),
    VendorCode("4001", Reaction.ACCOUNT_ONLY, "account, CI or DN mismatch"),
    VendorCode("4002", Reaction.ACCOUNT_ONLY, "account, CI or DN mismatch"),
    VendorCode("4003", Reaction.ACCOUNT_ONLY, "account, CI or DN not found"),
    VendorCode("4004", Reaction.ACCOUNT_ONLY, "account, CI or DN not found"),
    VendorCode("4005", Reaction.ACCOUNT_ONLY, "account, CI or DN not found"),
    VendorCode("4006", Reaction.ACCOUNT_ONLY, "consent missing"),
    VendorCode("6001", Reaction.SINGLE_TYPES, "unsupported asset type"),
    VendorCode("6003", Reaction.RESTART_QUERY, "invalid page value"),
    VendorCode("6005", Reaction.NARROW, "too many results"),
    VendorCode("6006", Reaction.SPLIT_RANGE, "date range exceeded"),
    VendorCode("6007", Reaction.NO_RETRY, "bad ISIN code"),
    VendorCode("6008", Reaction.NO_RETRY, "bad side (BID, ASK, DEP, WID, ALL)"),
    VendorCode("7000", Reaction.NO_RETRY, "bad request"),
)
VENDOR_CODES = {row.code: row for row in _ROWS}


def reaction_to(code: str) -> Reaction:
    """Give the reaction to a vendor code; one that the table does not know is never retried."""
    row = VENDOR_CODES.get(code)
    return row.reaction if row else Reaction.NO_RETRY
