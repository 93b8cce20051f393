"""The hours of every market that KIS trades, as the program knows them; an installation may keep rows of its own.

All hours are Korean wall-clock time. A row of the US market holds in US summer time, in winter, or in both; New York's
own calendar decides which. A session belongs to the date it opens on, the KRX night to the trading day it ends in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from orders.domain.events import Market

SEOUL = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")


class Calendar(StrEnum):
    """Whose holidays close a session; KOREA_WEEKDAYS has none but Saturday and Sunday."""

    KRX = "KRX"
    US = "US"
    HK = "HK"
    CN = "CN"
    JP = "JP"
    VN = "VN"
    KOREA_WEEKDAYS = "KOREA_WEEKDAYS"


@dataclass(frozen=True, slots=True)
class Hours:
    """One row. `closes` at or before `opens` is on the next day; so is all of a row with `next_day`.

    `us_summer`: None in both halves of the year. `pause` = a part of the session in which requests are refused, such
    as a lunch break: orders outlive it. `exchanges`: whose hours these are, empty for all of the market.
    """

    market: Market
    name: str
    opens: time
    closes: time
    calendar: Calendar
    us_summer: bool | None = None
    next_day: bool = False
    pause: tuple[time, time] | None = None
    valid_from: date = date.min
    valid_to: date = date.max
    exchanges: frozenset[str] = frozenset()


_BREAK = (time(16, 30), time(16, 45))
_HONG_KONG = frozenset({"SEHK"})
_CHINA = frozenset({"SHAA", "SZAA"})
_JAPAN = frozenset({"TKSE"})
_VIETNAM = frozenset({"HASE", "VNSE"})

# KIS "미국주간주문" (with the notice "주간거래 재개 안내" for summer time), "해외주식 예약주문접수", "해외주식 주문".
_US = (
    Hours(Market.US_DAYTIME, "daytime", time(10), time(18), Calendar.US, us_summer=False),
    Hours(Market.US_DAYTIME, "daytime", time(10), time(17), Calendar.US, us_summer=True),
    Hours(
        Market.US_RESERVED,
        "reservation",
        time(10),
        time(23, 20),
        Calendar.KOREA_WEEKDAYS,
        us_summer=False,
        pause=_BREAK,
    ),
    Hours(
        Market.US_RESERVED,
        "reservation",
        time(10),
        time(22, 20),
        Calendar.KOREA_WEEKDAYS,
        us_summer=True,
        pause=_BREAK,
    ),
    Hours(Market.US, "pre", time(18), time(23, 30), Calendar.US, us_summer=False),
    Hours(Market.US, "pre", time(17), time(22, 30), Calendar.US, us_summer=True),
    Hours(Market.US, "regular", time(23, 30), time(6), Calendar.US, us_summer=False),
    Hours(Market.US, "regular", time(22, 30), time(5), Calendar.US, us_summer=True),
    Hours(Market.US, "after", time(6), time(7), Calendar.US, us_summer=False, next_day=True),
    Hours(Market.US, "after", time(5), time(7), Calendar.US, us_summer=True, next_day=True),
)

# KIS "해외주식 주문" gives Hong Kong, Shanghai and Tokyo. Tokyo itself closes at 15:30 since 2024-11-05; KIS's page
# still says 15:00, and the page is followed: a row of the installation's own may say otherwise. Shenzhen keeps
# Shanghai's hours. The page has none for Vietnam: those are of its exchanges, 09:00-11:30 and 13:00-14:45 in Hanoi.
_ASIA = (
    Hours(
        Market.ASIA,
        "day",
        time(10, 30),
        time(17),
        Calendar.HK,
        pause=(time(13), time(14)),
        exchanges=_HONG_KONG,
    ),
    Hours(Market.ASIA, "day", time(10, 30), time(16), Calendar.CN, exchanges=_CHINA),
    Hours(
        Market.ASIA,
        "day",
        time(9),
        time(15),
        Calendar.JP,
        pause=(time(11, 30), time(12, 30)),
        exchanges=_JAPAN,
    ),
    Hours(
        Market.ASIA,
        "day",
        time(11),
        time(16, 45),
        Calendar.VN,
        pause=(time(13, 30), time(15)),
        exchanges=_VIETNAM,
    ),
)


def _reservation(name: str, opens: time, closes: time, exchanges: frozenset[str]) -> Hours:
    return Hours(Market.ASIA_RESERVED, name, opens, closes, Calendar.KOREA_WEEKDAYS, exchanges=exchanges)


# KIS "해외주식 예약주문접수": each window is sent to its exchange a few minutes after it closes.
_ASIA_RESERVED = (
    _reservation("morning", time(9), time(10, 20), _HONG_KONG | _CHINA),
    _reservation("afternoon", time(10, 40), time(13, 50), _HONG_KONG | _CHINA),
    _reservation("morning", time(9, 10), time(12, 20), _JAPAN),
    _reservation("morning", time(9), time(11), _VIETNAM),
    _reservation("afternoon", time(11, 20), time(14, 50), _VIETNAM),
)

# KRX's own sessions; with NXT (from 2025-03-04) stock trades from 08:00 until 20:00. Index derivatives open at 08:45
# since 2023-07-31; the night is KRX's own, until 06:00, since 2025-06-09, and was Eurex's until 05:00 before.
_KOREA = (
    Hours(Market.KRX, "day", time(9), time(15, 30), Calendar.KRX, valid_to=date(2025, 3, 3)),
    Hours(Market.KRX, "day", time(8), time(20), Calendar.KRX, valid_from=date(2025, 3, 4)),
    Hours(Market.FO_DAY, "day", time(9), time(15, 45), Calendar.KRX, valid_to=date(2023, 7, 30)),
    Hours(Market.FO_DAY, "day", time(8, 45), time(15, 45), Calendar.KRX, valid_from=date(2023, 7, 31)),
    Hours(Market.FO_NIGHT, "night", time(18), time(5), Calendar.KRX, valid_to=date(2025, 6, 8)),
    Hours(Market.FO_NIGHT, "night", time(18), time(6), Calendar.KRX, valid_from=date(2025, 6, 9)),
)

HOURS: tuple[Hours, ...] = _US + _ASIA + _ASIA_RESERVED + _KOREA


def is_us_summer(day: date) -> bool:
    """New York is on daylight-saving time at noon of that date."""
    return bool(datetime.combine(day, time(12), NEW_YORK).dst())
