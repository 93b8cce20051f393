"""What the simulated clients hold: real tickers, and prices that walk around a believable level day by day."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from accounts.domain.business_days import TradingCalendar
from accounts.domain.isin import check_digit

EPOCH = date(2024, 1, 2)
# KRX tick sizes: (price below, tick).
_TICKS = ((2_000, 1), (5_000, 5), (20_000, 10), (50_000, 50), (200_000, 100), (500_000, 500))
_REVERSION = 0.995


@dataclass(frozen=True, slots=True)
class SimInstrument:
    """`kind` is the asset type of a query (EQTY, FUND, ETC), `asset_type` the one of a row."""

    name: str
    code: str
    isin: str | None
    kind: str
    asset_type: str
    currency: str
    exchange: str | None
    level: Decimal
    volatility: float


def _korean(code: str, name: str, level: int, asset_type: str = "KSP") -> SimInstrument:
    stem = f"KR7{code}00"
    isin = stem + check_digit(stem)
    return SimInstrument(name, f"A{code}", isin, "EQTY", asset_type, "KRW", None, Decimal(level), 0.017)


def _american(code: str, isin: str, name: str, level: str, exchange: str = "NASDAQ") -> SimInstrument:
    return SimInstrument(name, code, isin, "EQTY", "ETC", "USD", exchange, Decimal(level), 0.016)


KOREAN = (
    _korean("005930", "삼성전자", 98_000),
    _korean("000660", "SK하이닉스", 560_000),
    _korean("373220", "LG에너지솔루션", 430_000),
    _korean("207940", "삼성바이오로직스", 1_220_000),
    _korean("005380", "현대차", 262_000),
    _korean("000270", "기아", 115_000),
    _korean("068270", "셀트리온", 186_000),
    _korean("105560", "KB금융", 124_000),
    _korean("055550", "신한지주", 78_000),
    _korean("035420", "NAVER", 258_000),
    _korean("035720", "카카오", 61_000),
    _korean("005490", "POSCO홀딩스", 312_000),
    _korean("051910", "LG화학", 385_000),
    _korean("006400", "삼성SDI", 320_000),
    _korean("012330", "현대모비스", 305_000),
    _korean("028260", "삼성물산", 214_000),
    _korean("032830", "삼성생명", 157_000),
    _korean("033780", "KT&G", 141_000),
    _korean("017670", "SK텔레콤", 54_000),
    _korean("015760", "한국전력", 46_000),
    _korean("012450", "한화에어로스페이스", 905_000),
    _korean("329180", "HD현대중공업", 540_000),
    _korean("247540", "에코프로비엠", 152_000, "KDQ"),
    _korean("196170", "알테오젠", 510_000, "KDQ"),
    _korean("069500", "KODEX 200", 57_000, "ETF"),
    _korean("102110", "TIGER 200", 57_200, "ETF"),
    _korean("153130", "KODEX 단기채권", 114_000, "ETF"),
)
AMERICAN = (
    _american("AAPL", "US0378331005", "애플", "268.00"),
    _american("MSFT", "US5949181045", "마이크로소프트", "496.00"),
    _american("NVDA", "US67066G1040", "엔비디아", "188.00"),
    _american("AMZN", "US0231351067", "아마존닷컴", "232.00"),
    _american("GOOGL", "US02079K3059", "알파벳 A", "278.00"),
    _american("META", "US30303M1027", "메타 플랫폼스", "612.00"),
    _american("TSLA", "US88160R1014", "테슬라", "402.00"),
    _american("AVGO", "US11135F1012", "브로드컴", "342.00"),
    _american("COST", "US22160K1051", "코스트코 홀세일", "912.00"),
    _american("JPM", "US46625H1005", "JP모간체이스", "306.00", "NYSE"),
    _american("KO", "US1912161007", "코카콜라", "71.00", "NYSE"),
    _american("XOM", "US30231G1022", "엑슨모빌", "118.00", "NYSE"),
    _american("SPY", "US78462F1030", "SPDR S&P 500 ETF", "672.00", "NYSE Arca"),
)
FUNDS = (
    SimInstrument("한국대표배당증권", "K55105BT4511", None, "FUND", "ETC", "KRW", None, Decimal(1_284), 0.006),
    SimInstrument("글로벌채권혼합증", "K55207CK1932", None, "FUND", "ETC", "KRW", None, Decimal(1_071), 0.002),
)
BONDS = (SimInstrument("국고채권 03250-3306", "KR103502GD66", None, "ETC", "BOND", "KRW", None, Decimal(1), 0.001),)
USD_KRW = SimInstrument("USD/KRW", "USDKRW", None, "FX", "FX", "KRW", None, Decimal(1_420), 0.004)


class Days:
    """The trading days from the epoch on, numbered; made as far as they are asked for."""

    def __init__(self, calendar: TradingCalendar) -> None:
        self.calendar = calendar
        self._days = [EPOCH]

    def index(self, day: date) -> int:
        """Give the number of the latest trading day that is not after `day`; the epoch for what lies before it."""
        while self._days[-1] < day:
            self._days.append(self.calendar.next(self._days[-1]))
        return max(bisect_right(self._days, day) - 1, 0)

    def day(self, index: int) -> date:
        """Give the trading day of a number."""
        while len(self._days) <= index:
            self._days.append(self.calendar.next(self._days[-1]))
        return self._days[index]


class Market:
    """Closing prices by day: a mean-reverting walk an instrument, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._walks: dict[str, tuple[Random, list[float]]] = {}

    def close(self, instrument: SimInstrument, index: int) -> Decimal:
        """Give the closing price of the day with number `index`, rounded to the market's tick."""
        walk = self._walk(instrument, index)
        price = float(instrument.level) * math.exp(walk[index])
        return round_price(Decimal(price), instrument)

    def _walk(self, instrument: SimInstrument, index: int) -> list[float]:
        start = (Random(f"{self._seed}:{instrument.code}"), [0.0])  # noqa: S311 - a market, not a secret
        random, walk = self._walks.setdefault(instrument.code, start)
        while len(walk) <= index:
            walk.append(walk[-1] * _REVERSION + random.gauss(0.0, instrument.volatility))
        return walk


def round_price(price: Decimal, instrument: SimInstrument) -> Decimal:
    """Round to the tick: cents for dollars, hundredths for what is not a share, KRX ticks for the rest."""
    if instrument.currency == "USD" or instrument.kind == "FX":
        return price.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if instrument.kind != "EQTY":
        return price.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    tick = next((tick for below, tick in _TICKS if price < below), 1_000)
    return (price / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick


def months_after(day: date, months: int) -> date:
    """Give the maturity of a credit lot: so many times 30 days and a bit later."""
    return day + timedelta(days=30 * months + 2)
