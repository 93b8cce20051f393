"""What the simulated desk trades: real symbols and names, believable prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from orders.domain.events import Market


@dataclass(frozen=True, slots=True)
class SimInstrument:
    """`tick` is the smallest price step; `lot` the usual order size; `exchange` the vendor's code."""

    symbol: str
    name: str
    exchange: str
    price: Decimal
    tick: Decimal
    lot: int


def _us(symbol: str, name: str, exchange: str, price: str, lot: int) -> SimInstrument:
    return SimInstrument(symbol, name, exchange, Decimal(price), Decimal("0.01"), lot)


def _asia(symbol: str, name: str, exchange: str, price: str, tick: str, lot: int) -> SimInstrument:
    return SimInstrument(symbol, name, exchange, Decimal(price), Decimal(tick), lot)


def _fo(symbol: str, name: str, price: str, tick: str, lot: int) -> SimInstrument:
    return SimInstrument(symbol, name, "KRX", Decimal(price), Decimal(tick), lot)


def _krx(symbol: str, name: str, price: int, tick: int, lot: int) -> SimInstrument:
    return SimInstrument(symbol, name, "KRX", Decimal(price), Decimal(tick), lot)


US = (
    _us("AAPL", "애플", "NASD", "271.49", 40),
    _us("NVDA", "엔비디아", "NASD", "178.88", 60),
    _us("MSFT", "마이크로소프트", "NASD", "472.12", 20),
    _us("TSLA", "테슬라", "NASD", "391.09", 25),
    _us("AMZN", "아마존닷컴", "NASD", "220.69", 40),
    _us("GOOGL", "알파벳 A", "NASD", "299.66", 30),
    _us("PLTR", "팔란티어 테크", "NASD", "154.85", 80),
    _us("QQQ", "INVESCO QQQ TRUST", "NASD", "590.07", 15),
    _us("BA", "보잉", "NYSE", "179.12", 30),
    _us("JPM", "제이피모간 체이스", "NYSE", "298.02", 25),
    _us("KO", "코카콜라", "NYSE", "73.08", 120),
    _us("ORCL", "오라클", "NYSE", "198.76", 30),
    _us("SPY", "SPDR S&P 500", "AMEX", "659.03", 12),
    _us("SCHD", "SCHWAB US DIVIDEND EQUITY", "AMEX", "27.14", 300),
)
ASIA = (
    _asia("00700", "텐센트 홀딩스", "SEHK", "612.5", "0.5", 200),
    _asia("09988", "알리바바 그룹", "SEHK", "152.3", "0.1", 500),
    _asia("600519", "귀주모태주", "SHAA", "1467.90", "0.01", 100),
    _asia("601318", "중국평안보험", "SHAA", "58.96", "0.01", 800),
    _asia("300750", "CATL", "SZAA", "382.50", "0.01", 200),
    _asia("000858", "오량액", "SZAA", "118.64", "0.01", 400),
    _asia("7203", "토요타자동차", "TKSE", "3120.0", "1.0", 100),
    _asia("6758", "소니 그룹", "TKSE", "4487.0", "1.0", 100),
    _asia("PVS", "페트로베트남 기술", "HASE", "33100", "100", 500),
    _asia("VCB", "비엣콤은행", "VNSE", "60200", "100", 300),
    _asia("FPT", "FPT", "VNSE", "98700", "100", 200),
)
FUTURES = (
    _fo("A01612", "F 202612", "548.30", "0.05", 6),
    _fo("A05612", "미니 F 202612", "548.32", "0.02", 12),
    _fo("A75612", "미국달러 F 202612", "1471.30", "0.10", 20),
    _fo("A06612", "코스닥150 F 202612", "1563.40", "0.10", 4),
)
OPTIONS = (
    _fo("B01612555", "C 202612 555.0", "9.12", "0.01", 15),
    _fo("B01612565", "C 202612 565.0", "5.64", "0.01", 20),
    _fo("C01612540", "P 202612 540.0", "10.05", "0.01", 15),
    _fo("C01612530", "P 202612 530.0", "6.88", "0.01", 20),
)
KRX = (
    _krx("005930", "삼성전자", 94_800, 100, 200),
    _krx("000660", "SK하이닉스", 521_000, 1_000, 30),
    _krx("035420", "NAVER", 258_500, 500, 40),
    _krx("005380", "현대차", 261_500, 500, 40),
    _krx("105560", "KB금융", 121_700, 100, 100),
    _krx("068270", "셀트리온", 186_300, 100, 60),
    _krx("012450", "한화에어로스페이스", 871_000, 1_000, 10),
    _krx("055550", "신한지주", 77_900, 100, 150),
)

BY_MARKET: dict[Market, tuple[SimInstrument, ...]] = {
    Market.US: US,
    Market.US_DAYTIME: US,
    Market.US_RESERVED: US,
    Market.ASIA: ASIA,
    Market.ASIA_RESERVED: ASIA,
    Market.FO_DAY: FUTURES + OPTIONS,
    Market.FO_NIGHT: FUTURES + OPTIONS,
    Market.KRX: KRX,
}
BY_SYMBOL = {instrument.symbol: instrument for instrument in (*US, *ASIA, *FUTURES, *OPTIONS, *KRX)}
_USUAL_EXCHANGES = {
    **dict.fromkeys((Market.US, Market.US_DAYTIME, Market.US_RESERVED), "NASD"),
    **dict.fromkeys((Market.ASIA, Market.ASIA_RESERVED), "SEHK"),
}


def instrument(symbol: str, market: Market, exchange: str = "") -> SimInstrument:
    """The instrument of that symbol, at `exchange` where one is named; an unknown one is made up at 100."""
    usual = _USUAL_EXCHANGES.get(market, "KRX")
    known = BY_SYMBOL.get(symbol) or SimInstrument(symbol, symbol, usual, Decimal(100), Decimal("0.01"), 10)
    return replace(known, exchange=exchange) if exchange else known
