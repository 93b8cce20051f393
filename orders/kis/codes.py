"""KIS code tables, as data. What a code does not tell stays in the broker's own words.

Sources: the portal's pages of each operation, and the error table of the vendor's help ("kis-help").
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from orders.domain.events import Family, ReportStatus, RequestKind, Side


@dataclass(frozen=True, slots=True)
class Exchange:
    """An overseas exchange: its order code, its currency, and the implied decimals of its notice prices."""

    code: str
    currency: str
    decimals: int


# Implied decimals (KIS 해외주식 실시간체결통보): US 4, Japan 1, China and Hong Kong 3, Vietnam 0.
EXCHANGES = MappingProxyType(
    {
        "NASD": Exchange("NASD", "USD", 4),
        "NYSE": Exchange("NYSE", "USD", 4),
        "AMEX": Exchange("AMEX", "USD", 4),
        "SEHK": Exchange("SEHK", "HKD", 3),
        "SHAA": Exchange("SHAA", "CNY", 3),
        "SZAA": Exchange("SZAA", "CNY", 3),
        "TKSE": Exchange("TKSE", "JPY", 1),
        "HASE": Exchange("HASE", "VND", 0),
        "VNSE": Exchange("VNSE", "VND", 0),
    }
)
# OTCB is told by notices alone; no operation of KIS's takes it.
US_EXCHANGES = frozenset({"NASD", "NYSE", "AMEX", "OTCB"})

# PRDT_TYPE_CD of KIS "해외주식 예약주문접수", by exchange and currency: Hong Kong has one for each board.
PRODUCT_TYPES = MappingProxyType(
    {
        ("SEHK", "HKD"): "501",
        ("SEHK", "CNY"): "543",
        ("SEHK", "USD"): "558",
        ("TKSE", "JPY"): "515",
        ("HASE", "VND"): "507",
        ("VNSE", "VND"): "508",
        ("SHAA", "CNY"): "551",
        ("SZAA", "CNY"): "552",
    }
)

# ODER_COND of an overseas notice. B shares and the CNY board of Hong Kong keep their exchange with another currency.
OVERSEAS_MARKETS = MappingProxyType(
    {
        "4": EXCHANGES["SEHK"],
        "5": Exchange("SHAA", "USD", 3),
        "6": EXCHANGES["NASD"],
        "7": EXCHANGES["NYSE"],
        "8": EXCHANGES["AMEX"],
        "9": Exchange("OTCB", "USD", 4),
        "A": EXCHANGES["SHAA"],
        "B": EXCHANGES["SZAA"],
        "C": Exchange("SEHK", "CNY", 3),
        "D": EXCHANGES["TKSE"],
        "E": EXCHANGES["HASE"],
        "F": EXCHANGES["VNSE"],
    }
)

FUTURES_SCALE = Decimal("0.01")  # two implied decimals, in both examples of the vendor (실시간-012, 실시간-067)

SIDES = MappingProxyType({"01": Side.SELL, "02": Side.BUY})
# 03 전매도 and 04 환매수 exist overseas only (KIS 해외주식 실시간체결통보).
OVERSEAS_SIDES = MappingProxyType({**SIDES, "03": Side.SELL, "04": Side.BUY})

REQUESTS = MappingProxyType({"0": RequestKind.NEW, "1": RequestKind.MODIFY, "2": RequestKind.CANCEL})
ROW_REQUESTS = MappingProxyType(
    {"": RequestKind.NEW, "00": RequestKind.NEW, "01": RequestKind.MODIFY, "02": RequestKind.CANCEL}
)

KRX_EXCHANGES = MappingProxyType({"1": "KRX", "2": "NXT", "3": "SOR", "4": "SOR"})  # ORD_EXG_GB of H0STCNI0


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """What a notice TR id says by itself: whose numbers it carries, and for derivatives whether at night."""

    family: Family
    night: bool | None = None


# H0EUCNI0 is the night options' id and H0MFCNI0 the night futures': the table of KIS 실시간-067 copied the latter,
# its own example sends the former. Neither tells the product: the symbol does.
NOTICES = MappingProxyType(
    {
        "H0STCNI0": NoticeKind(Family.KRX),
        "H0STCNI9": NoticeKind(Family.KRX),
        "H0GSCNI0": NoticeKind(Family.OVERSEAS),
        "H0GSCNI9": NoticeKind(Family.OVERSEAS),
        "H0IFCNI0": NoticeKind(Family.FO, night=False),
        "H0IFCNI9": NoticeKind(Family.FO, night=False),
        "H0MFCNI0": NoticeKind(Family.FO, night=True),
        "H0EUCNI0": NoticeKind(Family.FO, night=True),
    }
)

# prcs_stat_name of overseas inquire-ccnl; blank is decided by the row's quantities.
OVERSEAS_STATUS = MappingProxyType(
    {
        "접수": ReportStatus.OPEN,
        "전송": ReportStatus.OPEN,
        "완료": ReportStatus.DONE,
        "거부": ReportStatus.REJECTED,
        "접수거부": ReportStatus.REJECTED,
        "취소완료": ReportStatus.CANCELED,
    }
)

# ovrs_rsvn_ord_stat_cd_name of order-resv-list; the row's own fields (cncl_yn, odno, nprc_rson_text) come first.
RESERVED_STATUS = MappingProxyType(
    {
        "": ReportStatus.RESERVED,
        "접수": ReportStatus.RESERVED,
        "예약접수": ReportStatus.RESERVED,
        "전송": ReportStatus.TRANSMITTED,
        "취소": ReportStatus.CANCELED,
        "미처리": ReportStatus.NOT_SENT,
    }
)

# Refusals that prove that the order engine read the request and did nothing. Everything else is unknown.
BUSINESS_REFUSALS = frozenset(
    {
        "APBK0344",  # the original order does not exist: filled, canceled, or routed elsewhere
        "APBK0656",  # no such instrument, or beyond the orderable amount
        "APBK0918",  # closed, not enough, or not on paper: the message tells
        "APBK0919",  # the market is not open
        "APBK0927",  # nothing left to modify or cancel
        "APBK0963",  # wrong order type
        "APBK1664",  # the market is not open
        "APBK3009",  # not tradable by SOR
        "KIER3672",  # outside the hours of reservations
    }
)
REFUSED_RESULTS = frozenset({"1", "7"})

TOKEN_REJECTED = frozenset({"EGW00121", "EGW00123"})
TOKEN_TOO_SOON = "EGW00133"  # noqa: S105  a code, not a secret
RATE_LIMITED = "EGW00201"

SUBSCRIBED = "OPSP0000"
UNSUBSCRIBED = "OPSP0001"
ALREADY_SUBSCRIBED = "OPSP0002"
APPROVAL_REJECTED = "OPSP0011"
SLOT_HELD = "OPSP8996"
TOO_MANY_SUBSCRIPTIONS = "OPSP0008"  # 41 for an app key, of all kinds together
# Answers after which this connection is of no use: the approval, the app key or the customer's own data are wrong.
FATAL_ANSWERS = frozenset({APPROVAL_REJECTED, "OPSP8994", "OPSP8995", "OPSP8998", "OPSP9994", "OPSP9996", "OPSP9997"})
