"""The simulated clients: about forty accounts at three firms, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from accounts.domain.business_days import TradingCalendar
from accounts.koscom.simulator.books import AccountBook
from accounts.koscom.simulator.dialects import FIRMS, Firm
from accounts.koscom.simulator.instruments import Days, Market

_FAMILY_NAMES = "김이박최정강조윤장임한오서신권"
_GIVEN_NAMES = (
    *("민준", "서연", "도윤", "지우", "예준", "하은", "주원", "지민", "시우", "수아", "준서", "지유", "현우"),
    *("채원", "지훈", "다은", "건우", "은서", "선우", "예린", "우진", "소율", "정우", "유나", "승현", "나연"),
)
_COMPANIES = ("(재)한빛장학재단", "(주)누리물산", "(학)청운학원")


@dataclass(frozen=True, slots=True)
class SimAccount:
    """`status` is contractStatus: 0 계약, 1 해지, 2 만기."""

    firm: Firm
    number: str
    virtual_number: str
    holder: str
    status: str
    book: AccountBook


class World:
    """All accounts of all firms, with the market they live in."""

    def __init__(self, seed: int) -> None:
        self.days = Days(TradingCalendar())
        self.market = Market(seed)
        self.accounts: dict[str, tuple[SimAccount, ...]] = {}
        random = Random(seed)  # noqa: S311 - invented people, not a secret
        position = 0
        for firm in FIRMS:
            rows = []
            for ordinal in range(firm.accounts):
                rows.append(self._account(seed, firm, ordinal, position, random))
                position += 1
            self.accounts[firm.short_name] = tuple(rows)

    def find(self, firm: Firm, number: str) -> SimAccount | None:
        """Find an account by its real or its virtual number."""
        plain = number.replace("-", "")
        rows = self.accounts[firm.short_name]
        return next((row for row in rows if plain in (row.number, row.virtual_number)), None)

    def _account(self, seed: int, firm: Firm, ordinal: int, position: int, random: Random) -> SimAccount:
        number = f"{firm.prefix}01{random.randint(10_000_000, 99_999_999)}"
        virtual = f"09{random.randint(10_000_000_000, 99_999_999_999)}"
        holder = random.choice(_FAMILY_NAMES) + random.choice(_GIVEN_NAMES)
        if ordinal == 5:
            holder = _COMPANIES[FIRMS.index(firm)]
        if position == 0:
            # The account of Koscom's own samples.
            number, virtual, holder = "0019923122221", "0929923212342", "홍길동"
        status = "0" if ordinal < firm.accounts - 1 else "1" if firm is FIRMS[0] else "2" if firm is FIRMS[1] else "0"
        book = AccountBook(seed, number, position, self.market, self.days)
        return SimAccount(firm, number, virtual, holder, status, book)
