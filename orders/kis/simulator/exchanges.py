"""The overseas exchanges in the vendor's codes: what a row and a notice print of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimExchange:
    """`notice_code` is ODER_COND, `decimals` the implied ones of notice prices (KIS 해외주식 실시간체결통보).

    `product_type` is PRDT_TYPE_CD (KIS 해외주식 예약주문접수).
    """

    code: str
    name: str
    notice_code: str
    nation: str
    nation_name: str
    currency: str
    decimals: int
    product_type: str


EXCHANGES = {
    exchange.code: exchange
    for exchange in (
        SimExchange("NASD", "나스닥", "6", "840", "미국", "USD", 4, "512"),
        SimExchange("NYSE", "뉴욕거래소", "7", "840", "미국", "USD", 4, "513"),
        SimExchange("AMEX", "아멕스", "8", "840", "미국", "USD", 4, "529"),
        SimExchange("SEHK", "홍콩거래소", "4", "344", "홍콩", "HKD", 3, "501"),
        SimExchange("SHAA", "상해A", "A", "156", "중국", "CNY", 3, "551"),
        SimExchange("SZAA", "심천A", "B", "156", "중국", "CNY", 3, "552"),
        SimExchange("TKSE", "도쿄거래소", "D", "392", "일본", "JPY", 1, "515"),
        SimExchange("HASE", "하노이거래소", "E", "704", "베트남", "VND", 0, "507"),
        SimExchange("VNSE", "호치민거래소", "F", "704", "베트남", "VND", 0, "508"),
    )
}
US_EXCHANGES = frozenset({"NASD", "NYSE", "AMEX"})
# PRDT_TYPE_CD that an Asian reservation may carry (KIS 해외주식 예약주문접수): Hong Kong trades in three currencies.
PRODUCT_TYPES = {
    "TKSE": frozenset({"515"}),
    "SEHK": frozenset({"501", "543", "558"}),
    "SHAA": frozenset({"551", "552"}),
    "SZAA": frozenset({"551", "552"}),
    "HASE": frozenset({"507", "508"}),
    "VNSE": frozenset({"507", "508"}),
}
