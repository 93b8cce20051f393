"""Every market that the desk holds orders in: ten of something, three of them filled, and what to ask for.

Paths and TR ids stand here as the vendor's pages print them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from orders.domain.events import Market
from tests.flows.markets.pages import (
    FUTURES,
    OVERSEAS,
    STOCK,
    UNPADDED,
    Body,
    asian_reservation,
    derivatives,
    overseas,
    stock,
)


@dataclass(frozen=True)
class MarketCase:
    """`at`: Korean time of the order; `over`: when its session ended. `cancel`, `modify`, `some`: the bodies for all
    that is left, for all at a new price, and for four at a new price; None where the market takes no such thing.
    `paper`: the mock's TR id, "" where the mock has none."""

    name: str
    market: Market
    exchange: str
    symbol: str
    at: str
    over: str
    price: str
    new_price: str
    path: str
    live: str
    paper: str
    cancel: Body
    modify: Body | None = None
    some: Body | None = None
    cancel_some: Body | None = None
    currency: str = "USD"
    product: str = "01"

    @property
    def reserved(self) -> bool:
        return self.market in {Market.US_RESERVED, Market.ASIA_RESERVED}

    def on(self, at: str) -> MarketCase:
        """The same at another time."""
        return replace(self, at=at)

    def __str__(self) -> str:
        return self.name


def _us(name: str, exchange: str, symbol: str, at: str) -> MarketCase:
    return MarketCase(
        name,
        Market.US,
        exchange,
        symbol,
        at,
        "2026-11-21 07:00",
        "190.5",
        "191.25",
        f"{OVERSEAS}/order-rvsecncl",
        "TTTT1004U",
        "VTTT1004U",
        cancel=overseas(exchange, symbol, "02", "7", "0"),
        cancel_some=overseas(exchange, symbol, "02", "4", "0"),
        modify=overseas(exchange, symbol, "01", "7", "191.25"),
        some=overseas(exchange, symbol, "01", "4", "191.25"),
    )


def _daytime() -> MarketCase:
    key = {"CTAC_TLNO": ""}
    return MarketCase(
        "US daytime",
        Market.US_DAYTIME,
        "NASD",
        "NVDA",
        "2026-11-20 10:30",
        "2026-11-20 18:00",
        "190.5",
        "191.25",
        f"{OVERSEAS}/daytime-order-rvsecncl",
        "TTTS6038U",
        "",
        cancel=overseas("NASD", "NVDA", "02", "7", "0") | key,
        cancel_some=overseas("NASD", "NVDA", "02", "4", "0") | key,
        modify=overseas("NASD", "NVDA", "01", "7", "191.25") | key,
        some=overseas("NASD", "NVDA", "01", "4", "191.25") | key,
    )


_CURRENCIES = {"SEHK": "HKD", "TKSE": "JPY", "SHAA": "CNY", "SZAA": "CNY", "HASE": "VND", "VNSE": "VND"}


def _asia(exchange: str, symbol: str, over: str, tr: str, prices: tuple[str, str]) -> MarketCase:
    """Hong Kong and Tokyo take both; Shanghai, Shenzhen and Vietnam cancels alone."""
    both = exchange in {"SEHK", "TKSE"}
    price, new_price = prices
    return MarketCase(
        f"Asia {exchange}",
        Market.ASIA,
        exchange,
        symbol,
        "2026-11-20 11:05",
        over,
        price,
        new_price,
        f"{OVERSEAS}/order-rvsecncl",
        f"T{tr}",
        f"V{tr}",
        cancel=overseas(exchange, symbol, "02", "7", "0"),
        cancel_some=overseas(exchange, symbol, "02", "4", "0"),
        modify=overseas(exchange, symbol, "01", "7", new_price) if both else None,
        some=overseas(exchange, symbol, "01", "4", new_price) if both else None,
        currency=_CURRENCIES[exchange],
    )


def _asian_reservation(exchange: str, symbol: str, product_type: str, over: str, price: str) -> MarketCase:
    return MarketCase(
        f"Asia reserved {exchange}",
        Market.ASIA_RESERVED,
        exchange,
        symbol,
        "2026-11-20 11:25",
        over,
        price,
        price,
        f"{OVERSEAS}/order-resv",
        "TTTS3013U",
        "VTTS3013U",
        cancel=asian_reservation(exchange, symbol, product_type, price),
        currency=_CURRENCIES[exchange],
    )


def _day(kind: str, symbol: str) -> MarketCase:
    return MarketCase(
        f"FO day {kind}",
        Market.FO_DAY,
        "KRX",
        symbol,
        "2026-11-20 11:00",
        "2026-11-20 15:45",
        "9.12",
        "9.15",
        f"{FUTURES}/order-rvsecncl",
        "TTTO1103U",
        "VTTO1103U",
        cancel=derivatives("02", "0", "0", "Y", ""),
        cancel_some=derivatives("02", "4", "0", "N", ""),
        modify=derivatives("01", "0", "9.15", "Y", ""),
        some=derivatives("01", "4", "9.15", "N", ""),
        currency="KRW",
        product="03",
    )


def _night(kind: str, symbol: str, code: str) -> MarketCase:
    return MarketCase(
        f"FO night {kind}",
        Market.FO_NIGHT,
        "KRX",
        symbol,
        "2026-11-20 20:25",
        "2026-11-21 06:00",
        "9.12",
        "9.15",
        f"{FUTURES}/order-rvsecncl",
        "STTN1103U",
        "",
        cancel=derivatives("02", "7", "0", "Y", code),
        modify=derivatives("01", "7", "9.15", "Y", code),
        currency="KRW",
        product="03",
    )


def _krx(route: str) -> MarketCase:
    return MarketCase(
        f"KRX {route}",
        Market.KRX,
        route,
        "005930",
        "2026-11-20 11:00",
        "2026-11-20 20:00",
        "94800",
        "94900",
        f"{STOCK}/order-rvsecncl",
        "TTTC0013U",
        "VTTC0013U" if route == "KRX" else "",
        cancel=stock(route, "02", "7", "0", "Y"),
        cancel_some=stock(route, "02", "4", "0", "N"),
        modify=stock(route, "01", "7", "94900", "Y"),
        some=stock(route, "01", "4", "94900", "N"),
        currency="KRW",
    )


US_RESERVED = MarketCase(
    "US reserved",
    Market.US_RESERVED,
    "NASD",
    "AAPL",
    "2026-11-20 11:00",
    "2026-11-20 23:20",
    "190.5",
    "190.5",
    f"{OVERSEAS}/order-resv-ccnl",
    "TTTT3017U",
    "VTTT3017U",
    cancel={
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "RSVN_ORD_RCIT_DT": "20261120",
        "OVRS_RSVN_ODNO": UNPADDED,
    },
)
KRX_CASES = (_krx("KRX"), _krx("NXT"), _krx("SOR"))
US_CASES = (
    _us("US pre-market", "NASD", "AAPL", "2026-11-20 20:25"),
    _us("US regular", "NYSE", "KO", "2026-11-20 23:45"),
    _us("US after-market", "AMEX", "SPY", "2026-11-21 06:30"),
)
DAYTIME = _daytime()
ASIA_CASES = (
    _asia("SEHK", "00700", "2026-11-20 17:00", "TTS1003U", ("612.5", "613")),
    _asia("TKSE", "7203", "2026-11-20 15:00", "TTS0309U", ("3120", "3121")),
    _asia("SHAA", "600519", "2026-11-20 16:00", "TTS0302U", ("1467.9", "1468")),
    _asia("SZAA", "300750", "2026-11-20 16:00", "TTS0306U", ("382.5", "383")),
    _asia("HASE", "PVS", "2026-11-20 16:45", "TTS0312U", ("33100", "33200")),
    _asia("VNSE", "VCB", "2026-11-20 16:45", "TTS0312U", ("60200", "60300")),
)
ASIAN_RESERVATIONS = (
    _asian_reservation("SEHK", "00700", "501", "2026-11-20 13:50", "612.5"),
    _asian_reservation("TKSE", "7203", "515", "2026-11-20 12:20", "3120"),
    _asian_reservation("SHAA", "600519", "551", "2026-11-20 13:50", "1467.9"),
    _asian_reservation("SZAA", "300750", "552", "2026-11-20 13:50", "382.5"),
    _asian_reservation("HASE", "PVS", "507", "2026-11-20 14:50", "33100"),
    _asian_reservation("VNSE", "VCB", "508", "2026-11-20 14:50", "60200"),
)
DAY_CASES = (_day("future", "A01612"), _day("call", "B01612555"), _day("put", "C01612540"))
NIGHT_CASES = (
    _night("future", "A01612", "01"),
    _night("call", "B01612555", "02"),
    _night("put", "C01612540", "03"),
)
RESERVATIONS = (US_RESERVED, *ASIAN_RESERVATIONS)
ORDERS = (*KRX_CASES, *US_CASES, DAYTIME, *ASIA_CASES, *DAY_CASES, *NIGHT_CASES)
EVERY = (*ORDERS, *RESERVATIONS)
# One of each row of the vendor's tables, where the others differ by a code alone.
ONE_EACH = (KRX_CASES[2], US_CASES[1], DAYTIME, ASIA_CASES[0], ASIA_CASES[2], DAY_CASES[0], NIGHT_CASES[1])
