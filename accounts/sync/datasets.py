"""The four datasets of one account: which questions are asked, and how their answers become one.

A firm is asked once an asset type. Some answer every type with the same rows: a position has one type, so a row that
another type gave already is the same row, while two equal rows of one answer are two lots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from django.utils.translation import gettext as _

from accounts.koscom.client import ALL_ASSETS, KoscomClient
from accounts.koscom.codes import Reaction
from accounts.koscom.errors import ServiceError
from accounts.koscom.schemas import (
    BalancePage,
    CashRow,
    ForeignRow,
    Holding,
    OrderDetail,
    OrderPage,
    PageInfo,
    Settlement,
    SettlementPage,
    Trade,
    TradePage,
)
from accounts.models import ClientAccount, Firm
from accounts.models.firms import QueryNumber, single_asset_types
from accounts.sync.asking import Inquiry, Kept, StepFailed

Row = Settlement | Trade | OrderDetail
_Row = TypeVar("_Row", bound=Hashable)


class _Page(Protocol):
    @property
    def info(self) -> PageInfo: ...
    @property
    def foreign(self) -> tuple[ForeignRow, ...]: ...


_AnyPage = TypeVar("_AnyPage", bound=_Page)


@dataclass(frozen=True, slots=True)
class Balance:
    """Cash and holdings of one account, of all asset types."""

    cash: tuple[CashRow, ...]
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """All rows of one day. `only_news`: an empty day without trading is worth no snapshot.

    `stray`: the day was not asked for, so that its rows may not be all of them.
    """

    day: date
    rows: tuple[Row, ...]
    only_news: bool = False
    stray: bool = False


@dataclass(slots=True)
class AssetTypes:
    """The asset types that a firm is asked for, for as long as one sync runs."""

    names: list[str]

    @classmethod
    def of(cls, firm: Firm) -> AssetTypes:
        return cls([str(name) for name in firm.asset_types] or single_asset_types())

    def fall_back(self) -> None:
        self.names = single_asset_types()


@dataclass(frozen=True, slots=True)
class Source:
    """One account at one firm, and the means to ask."""

    account: ClientAccount
    client: KoscomClient
    inquiry: Inquiry
    types: AssetTypes

    @property
    def number(self) -> str:
        if self.account.firm.query_number == QueryNumber.REAL:
            return str(self.account.number)
        if not self.account.virtual_number:
            raise StepFailed("no_number", _("가상계좌번호로 조회하는 증권사인데 계좌에 그 번호가 없습니다."))
        return str(self.account.virtual_number)

    @property
    def aliases(self) -> tuple[str, ...]:
        return tuple(number for number in (self.account.number, self.account.virtual_number) if number)

    def each_type(self, ask: Callable[[str], list[Kept[_AnyPage]]]) -> list[list[Kept[_AnyPage]]]:
        """One answer an asset type. A firm without ALL is asked for the single types; one that it lacks is left out."""
        answers = []
        refusal: ServiceError | None = None
        for name in list(self.types.names):
            try:
                answers.append(self._checked(ask(name)))
            except ServiceError as error:
                if error.reaction is not Reaction.SINGLE_TYPES:
                    raise
                if name == ALL_ASSETS:
                    self.types.fall_back()
                    return self.each_type(ask)
                refusal = error
                self.inquiry.warn(_("자산유형 %(name)s: 증권사가 지원하지 않습니다.") % {"name": name})
        if not answers and refusal:
            raise refusal
        return answers

    def _checked(self, pages: list[Kept[_AnyPage]]) -> list[Kept[_AnyPage]]:
        for kept in pages:
            self.inquiry.hold_back_foreign(kept.raw, kept.page.foreign)
        return pages


def fetch_balance(source: Source) -> Balance:
    """Cash and holdings now."""

    def ask(name: str) -> list[Kept[BalancePage]]:
        return source.inquiry.ask(
            f"balances {source.number} {name}",
            lambda *, on_page: source.client.balances(source.number, name, aliases=source.aliases, on_page=on_page),
        )

    answers = source.each_type(ask)
    pages = [kept.page for answer in answers for kept in answer]
    for page in pages:
        _warn(source.inquiry, page.warnings)
    per_type = [[row for kept in answer for row in kept.page.holdings] for answer in answers]
    holdings = _joined(per_type, source.inquiry)
    for row in holdings:
        _warn(source.inquiry, row.warnings)
    return Balance(_cash([page.cash for page in pages], source.inquiry), tuple(holdings))


def fetch_settlements(source: Source, days: Sequence[date]) -> list[Day]:
    """What the orders of each day settle to. A firm that gives one answer for every day is believed for the newest."""
    found = [Day(day, _settlements(source, day)) for day in days]
    newest = found[-1]
    repeated = [day for day in found[:-1] if day.rows and day.rows == newest.rows]
    for day in repeated:
        which = {"day": day.day, "newest": newest.day}
        source.inquiry.warn(_("%(day)s 결제가 %(newest)s 결제와 똑같아 한 번만 셉니다.") % which)
    return [day for day in found if day not in repeated]


def fetch_orders(source: Source, day: date) -> list[Day]:
    """The orders of one day."""

    def ask(name: str) -> list[Kept[OrderPage]]:
        return source.inquiry.ask(
            f"orders {source.number} {name} {day}",
            lambda *, on_page: source.client.orders(source.number, name, day, aliases=source.aliases, on_page=on_page),
        )

    answers = [[row for kept in answer for row in kept.page.orders] for answer in source.each_type(ask)]
    rows = _joined(answers, source.inquiry)
    for row in rows:
        _warn(source.inquiry, row.warnings)
    return [Day(day, tuple(rows))]


def fetch_trades(source: Source, since: date, until: date, is_trading_day: Callable[[date], bool]) -> list[Day]:
    """The trade book from `since` to `until`, each day whole; rows of other days are strays."""
    by_day: dict[date, list[Trade]] = {}
    for kept in _trade_pages(source, since, until):
        source.inquiry.hold_back_foreign(kept.raw, kept.page.foreign)
        for row in kept.page.trades:
            if row.date is None:
                source.inquiry.hold_back(kept.raw, _("거래일이 없는 거래내역입니다."))
                continue
            _warn(source.inquiry, row.warnings)
            by_day.setdefault(row.date, []).append(row)
    asked = [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
    days = [Day(day, tuple(by_day.pop(day, ())), only_news=not is_trading_day(day)) for day in asked]
    for day in sorted(by_day):
        source.inquiry.warn(_("조회하지 않은 날(%(day)s)의 거래가 왔습니다.") % {"day": day})
    return days + [Day(day, tuple(rows), stray=True) for day, rows in sorted(by_day.items())]


def _settlements(source: Source, day: date) -> tuple[Settlement, ...]:
    def ask(name: str) -> list[Kept[SettlementPage]]:
        return source.inquiry.ask(
            f"settlements {source.number} {name} {day}",
            lambda *, on_page: source.client.settlements(
                source.number, name, day, aliases=source.aliases, on_page=on_page
            ),
        )

    answers = [[row for kept in answer for row in kept.page.settlements] for answer in source.each_type(ask)]
    rows = _joined(answers, source.inquiry)
    for row in rows:
        _warn(source.inquiry, row.warnings)
    return tuple(rows)


def _trade_pages(source: Source, since: date, until: date) -> list[Kept[TradePage]]:
    """Ask in spans that the firm allows, and remember the limit that it names."""
    limit = source.account.firm.range_limit_days
    if limit and (until - since).days >= limit:
        return _halves(source, since, until, limit)
    try:
        return source.inquiry.ask(
            f"trades {source.number} {since} {until}",
            lambda *, on_page: source.client.trades(
                source.number, since, until, aliases=source.aliases, on_page=on_page
            ),
        )
    except ServiceError as error:
        if error.reaction not in {Reaction.SPLIT_RANGE, Reaction.NARROW} or since == until:
            raise
        if error.max_days:
            _remember_limit(source.account.firm, error.max_days)
        return _halves(source, since, until, error.max_days)


def _halves(source: Source, since: date, until: date, limit: int | None) -> list[Kept[TradePage]]:
    """The first part as long as the limit allows, or half where the firm named none, and then the rest."""
    span = (until - since).days + 1
    first = limit if limit and limit < span else span // 2
    middle = since + timedelta(days=first - 1)
    return _trade_pages(source, since, middle) + _trade_pages(source, middle + timedelta(days=1), until)


def _remember_limit(firm: Firm, days: int) -> None:
    firm.range_limit_days = days
    Firm.objects.filter(pk=firm.pk).update(range_limit_days=days)


def _joined(answers: Iterable[Sequence[_Row]], inquiry: Inquiry) -> list[_Row]:
    """Rows of several asset types; one that an earlier type gave as often already is not counted again."""
    joined: list[_Row] = []
    given: Counter[_Row] = Counter()
    for rows in answers:
        here: Counter[_Row] = Counter()
        for row in rows:
            here[row] += 1
            if here[row] > given[row]:
                joined.append(row)
            else:
                inquiry.warn(_("다른 자산유형에 같은 행이 또 있어 한 번만 셉니다."))
        given |= here
    return joined


def _cash(pages: Iterable[tuple[CashRow, ...]], inquiry: Inquiry) -> tuple[CashRow, ...]:
    """Cash belongs to the account: every page and asset type repeats it, and the first word counts."""
    cash: list[CashRow] = []
    for rows in pages:
        known = {(row.currency, row.settlement_basis) for row in cash}
        for row in rows:
            if (row.currency, row.settlement_basis) not in known:
                cash.append(row)
            elif row not in cash:
                inquiry.warn(_("자산유형마다 현금이 달라 처음 것을 씁니다."))
    return tuple(cash)


def _warn(inquiry: Inquiry, warnings: Iterable[str]) -> None:
    for warning in warnings:
        inquiry.warn(str(warning))
