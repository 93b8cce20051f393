"""TR ids and paths by operation and environment, as data (KIS portal pages, verdicts where they contradict each other).

Never derived: paper is not "V for the first letter" (US sell is TTTT1006U live and VTTT1001U on paper), and the day and
night ids of one operation have nothing in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from orders.domain.sessions import Reason
from orders.kis.errors import UnsupportedError


class Environment(StrEnum):
    LIVE = "live"
    PAPER = "paper"


class Operation(StrEnum):
    US_BUY = "us_buy"
    US_SELL = "us_sell"
    HK_BUY = "hk_buy"
    HK_SELL = "hk_sell"
    SHANGHAI_BUY = "shanghai_buy"
    SHANGHAI_SELL = "shanghai_sell"
    SHENZHEN_BUY = "shenzhen_buy"
    SHENZHEN_SELL = "shenzhen_sell"
    JP_BUY = "jp_buy"
    JP_SELL = "jp_sell"
    VN_BUY = "vn_buy"
    VN_SELL = "vn_sell"
    US_REVISE = "us_revise"
    HK_REVISE = "hk_revise"
    JP_REVISE = "jp_revise"
    SHANGHAI_CANCEL = "shanghai_cancel"
    SHENZHEN_CANCEL = "shenzhen_cancel"
    VN_CANCEL = "vn_cancel"
    US_RESERVE_BUY = "us_reserve_buy"
    US_RESERVE_SELL = "us_reserve_sell"
    ASIA_RESERVE = "asia_reserve"
    US_RESERVE_CANCEL = "us_reserve_cancel"
    US_RESERVATIONS = "us_reservations"
    ASIA_RESERVATIONS = "asia_reservations"
    DAYTIME_BUY = "daytime_buy"
    DAYTIME_SELL = "daytime_sell"
    DAYTIME_REVISE = "daytime_revise"
    OVERSEAS_OPEN = "overseas_open"
    OVERSEAS_ORDERS = "overseas_orders"
    OVERSEAS_BALANCE = "overseas_balance"
    FO_DAY_ORDER = "fo_day_order"
    FO_NIGHT_ORDER = "fo_night_order"
    FO_DAY_REVISE = "fo_day_revise"
    FO_NIGHT_REVISE = "fo_night_revise"
    FO_DAY_ORDERS = "fo_day_orders"
    FO_NIGHT_ORDERS = "fo_night_orders"
    FO_DAY_BALANCE = "fo_day_balance"
    FO_NIGHT_BALANCE = "fo_night_balance"
    KRX_REVISE = "krx_revise"
    KRX_REVISABLE = "krx_revisable"
    KRX_ORDERS = "krx_orders"
    KRX_ORDERS_OLD = "krx_orders_old"
    NOTICE_FO_DAY = "notice_fo_day"
    NOTICE_FO_NIGHT_FUTURES = "notice_fo_night_futures"
    NOTICE_FO_NIGHT_OPTIONS = "notice_fo_night_options"
    NOTICE_OVERSEAS = "notice_overseas"
    NOTICE_KRX = "notice_krx"


@dataclass(frozen=True, slots=True)
class Tr:
    """Where an operation lives; `paper` is None where KIS has no mock of it. Notices have no path."""

    path: str
    live: str
    paper: str | None


_OVERSEAS = "/uapi/overseas-stock/v1/trading"
_FUTURES = "/uapi/domestic-futureoption/v1/trading"
_STOCK = "/uapi/domestic-stock/v1/trading"

_OVERSEAS_ORDERS = {
    Operation.US_BUY: Tr(f"{_OVERSEAS}/order", "TTTT1002U", "VTTT1002U"),
    Operation.US_SELL: Tr(f"{_OVERSEAS}/order", "TTTT1006U", "VTTT1001U"),
    Operation.HK_BUY: Tr(f"{_OVERSEAS}/order", "TTTS1002U", "VTTS1002U"),
    Operation.HK_SELL: Tr(f"{_OVERSEAS}/order", "TTTS1001U", "VTTS1001U"),
    Operation.SHANGHAI_BUY: Tr(f"{_OVERSEAS}/order", "TTTS0202U", "VTTS0202U"),
    Operation.SHANGHAI_SELL: Tr(f"{_OVERSEAS}/order", "TTTS1005U", "VTTS1005U"),
    Operation.SHENZHEN_BUY: Tr(f"{_OVERSEAS}/order", "TTTS0305U", "VTTS0305U"),
    Operation.SHENZHEN_SELL: Tr(f"{_OVERSEAS}/order", "TTTS0304U", "VTTS0304U"),
    Operation.JP_BUY: Tr(f"{_OVERSEAS}/order", "TTTS0308U", "VTTS0308U"),
    Operation.JP_SELL: Tr(f"{_OVERSEAS}/order", "TTTS0307U", "VTTS0307U"),
    Operation.VN_BUY: Tr(f"{_OVERSEAS}/order", "TTTS0311U", "VTTS0311U"),
    Operation.VN_SELL: Tr(f"{_OVERSEAS}/order", "TTTS0310U", "VTTS0310U"),
    Operation.US_REVISE: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    Operation.HK_REVISE: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTS1003U", "VTTS1003U"),
    Operation.JP_REVISE: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTS0309U", "VTTS0309U"),
    # KIS takes no modify in Shanghai, Shenzhen and Vietnam.
    Operation.SHANGHAI_CANCEL: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTS0302U", "VTTS0302U"),
    Operation.SHENZHEN_CANCEL: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTS0306U", "VTTS0306U"),
    Operation.VN_CANCEL: Tr(f"{_OVERSEAS}/order-rvsecncl", "TTTS0312U", "VTTS0312U"),
    Operation.US_RESERVE_BUY: Tr(f"{_OVERSEAS}/order-resv", "TTTT3014U", "VTTT3014U"),
    Operation.US_RESERVE_SELL: Tr(f"{_OVERSEAS}/order-resv", "TTTT3016U", "VTTT3016U"),
    Operation.ASIA_RESERVE: Tr(f"{_OVERSEAS}/order-resv", "TTTS3013U", "VTTS3013U"),
    Operation.US_RESERVE_CANCEL: Tr(f"{_OVERSEAS}/order-resv-ccnl", "TTTT3017U", "VTTT3017U"),
    Operation.DAYTIME_BUY: Tr(f"{_OVERSEAS}/daytime-order", "TTTS6036U", None),
    Operation.DAYTIME_SELL: Tr(f"{_OVERSEAS}/daytime-order", "TTTS6037U", None),
    Operation.DAYTIME_REVISE: Tr(f"{_OVERSEAS}/daytime-order-rvsecncl", "TTTS6038U", None),
}
_OVERSEAS_INQUIRIES = {
    Operation.US_RESERVATIONS: Tr(f"{_OVERSEAS}/order-resv-list", "TTTT3039R", None),
    Operation.ASIA_RESERVATIONS: Tr(f"{_OVERSEAS}/order-resv-list", "TTTS3014R", None),
    Operation.OVERSEAS_OPEN: Tr(f"{_OVERSEAS}/inquire-nccs", "TTTS3018R", None),
    Operation.OVERSEAS_ORDERS: Tr(f"{_OVERSEAS}/inquire-ccnl", "TTTS3035R", "VTTS3035R"),
    Operation.OVERSEAS_BALANCE: Tr(f"{_OVERSEAS}/inquire-balance", "TTTS3012R", "VTTS3012R"),
}
_DOMESTIC = {
    Operation.FO_DAY_ORDER: Tr(f"{_FUTURES}/order", "TTTO1101U", "VTTO1101U"),
    Operation.FO_NIGHT_ORDER: Tr(f"{_FUTURES}/order", "STTN1101U", None),
    Operation.FO_DAY_REVISE: Tr(f"{_FUTURES}/order-rvsecncl", "TTTO1103U", "VTTO1103U"),
    # The portal's STTN1103U; the vendor's sample says TTTN1103U, alone among the night ids.
    Operation.FO_NIGHT_REVISE: Tr(f"{_FUTURES}/order-rvsecncl", "STTN1103U", None),
    Operation.FO_DAY_ORDERS: Tr(f"{_FUTURES}/inquire-ccnl", "TTTO5201R", "VTTO5201R"),
    Operation.FO_NIGHT_ORDERS: Tr(f"{_FUTURES}/inquire-ngt-ccnl", "STTN5201R", None),
    Operation.FO_DAY_BALANCE: Tr(f"{_FUTURES}/inquire-balance", "CTFO6118R", "VTFO6118R"),
    Operation.FO_NIGHT_BALANCE: Tr(f"{_FUTURES}/inquire-ngt-balance", "CTFN6118R", None),
    Operation.KRX_REVISE: Tr(f"{_STOCK}/order-rvsecncl", "TTTC0013U", "VTTC0013U"),
    Operation.KRX_REVISABLE: Tr(f"{_STOCK}/inquire-psbl-rvsecncl", "TTTC0084R", None),
    Operation.KRX_ORDERS: Tr(f"{_STOCK}/inquire-daily-ccld", "TTTC0081R", "VTTC0081R"),
    Operation.KRX_ORDERS_OLD: Tr(f"{_STOCK}/inquire-daily-ccld", "CTSC9215R", "VTSC9215R"),
}
_NOTICES = {
    Operation.NOTICE_FO_DAY: Tr("", "H0IFCNI0", "H0IFCNI9"),
    Operation.NOTICE_FO_NIGHT_FUTURES: Tr("", "H0MFCNI0", None),
    Operation.NOTICE_FO_NIGHT_OPTIONS: Tr("", "H0EUCNI0", None),
    Operation.NOTICE_OVERSEAS: Tr("", "H0GSCNI0", "H0GSCNI9"),
    Operation.NOTICE_KRX: Tr("", "H0STCNI0", "H0STCNI9"),
}
TRS = MappingProxyType({**_OVERSEAS_ORDERS, **_OVERSEAS_INQUIRIES, **_DOMESTIC, **_NOTICES})


def tr_id(operation: Operation, environment: Environment) -> str | None:
    """The TR id, None where this environment has no such operation."""
    tr = TRS[operation]
    return tr.live if environment is Environment.LIVE else tr.paper


def required_tr_id(operation: Operation, environment: Environment) -> str:
    """The TR id. Raises UnsupportedError, before anything is sent, where this environment has none."""
    found = tr_id(operation, environment)
    if found is None:
        text = f"KIS has no {operation.value} in the {environment.value} environment"
        raise UnsupportedError(text, Reason.PAPER_UNSUPPORTED)
    return found


def notice_tr_ids(environment: Environment) -> tuple[str, ...]:
    """All notice TR ids that this environment has, to be registered together."""
    return tuple(found for operation in _NOTICES if (found := tr_id(operation, environment)) is not None)
