"""The simulated clients: believable, consistent with themselves, and written in three firms' ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.domain.business_days import TradingCalendar
from accounts.domain.sync_window import KST
from accounts.koscom.answers import open_answer
from accounts.koscom.codes import SettlementBasis, TradeType
from accounts.koscom.schemas import (
    Asked,
    BalancePage,
    OrderDetail,
    Settlement,
    Trade,
    parse_accounts,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from accounts.koscom.simulator import KoscomSimulator
from accounts.koscom.simulator.books import AccountBook
from accounts.koscom.simulator.world import World
from tests.accounts.koscom.simulator.test_gateway import FIRMS, Clock, request

CALENDAR = TradingCalendar()
TODAY = date(2026, 11, 19)


class Desk:
    """Reads the simulator as the portal does: with the portal's own schemas."""

    def __init__(self) -> None:
        self.simulator = KoscomSimulator(7, Clock())

    def pages(self, api: str, firm: str, day: date, **query: str) -> list[Any]:
        """Give the decoded bodies of every page."""
        now = datetime.combine(day, datetime.min.time().replace(hour=20, minute=35), KST)
        bodies: list[Any] = []
        key: str | None = None
        while not bodies or key:
            sent = request(api, firm, {**query, "page": key}, **{"x-simulator-now": now.isoformat()})
            response = self.simulator.handle(sent)
            assert response.status == 200, response.body
            tree: Any = open_answer(response.status, response.body)
            bodies.append(tree)
            body = next(value for name, value in tree.items() if name.endswith("ResponseBody"))
            key = body["queryResult"].get("page")
            key = None if key in (None, "", "null") else str(key)
        return bodies

    def numbers(self, firm: str) -> list[str]:
        pages = self.pages("accountlist", firm, TODAY)
        return [account.number for page in pages for account in parse_accounts(page).accounts]

    def balance(self, firm: str, number: str, day: date, kind: str = "EQTY") -> list[BalancePage]:
        pages = self.pages("balancelist", firm, day, qrAccNo=number, qrAssetType=kind)
        return [parse_balances(page, Asked(number)) for page in pages]

    def trades(self, firm: str, number: str, start: date, end: date) -> list[Trade]:
        pages = self.pages(
            "tradebook", firm, TODAY, qrAccNo=number, qrFromDate=f"{start:%Y%m%d}", qrToDate=f"{end:%Y%m%d}"
        )
        return [row for page in pages for row in parse_trades(page, Asked(number)).trades]

    def orders(self, firm: str, number: str, day: date) -> list[OrderDetail]:
        query = {"qrAccNo": number, "qrAssetType": "EQTY", "qrSellBuyType": "0", "qrOrderDate": f"{day:%Y%m%d}"}
        pages = self.pages("orderdetail", firm, TODAY, **query)
        return [row for page in pages for row in parse_orders(page, Asked(number), day).orders]

    def settlements(self, firm: str, number: str, day: date) -> list[Settlement]:
        query = {"qrAccNo": number, "qrAssetType": "EQTY", "qrSellBuyType": "0", "qrOrderDate": f"{day:%Y%m%d}"}
        pages = self.pages("settlelist", firm, TODAY, **query)
        return [row for page in pages for row in parse_settlements(page, Asked(number)).settlements]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def _quantities(pages: list[BalancePage]) -> dict[str, Decimal]:
    quantities: dict[str, Decimal] = {}
    for row in (row for page in pages for row in page.holdings):
        key = row.instrument.isin or ""
        quantities[key] = quantities.get(key, Decimal(0)) + (row.quantity or 0)
    return {key: quantity for key, quantity in quantities.items() if quantity}


def test_the_firms_differ_in_blanks_numbers_and_nesting(desk: Desk) -> None:
    bodies = {}
    for firm in FIRMS:
        number = desk.numbers(firm)[2]
        query = {"qrAccNo": number, "qrAssetType": "EQTY"}
        bodies[firm] = desk.simulator.handle(request("balancelist", firm, query)).body.decode()
    assert '"certDn":null' in bodies["shinhan"]
    assert '"certDn":"null"' in bodies["nhinvest"]
    assert "certDn" not in bodies["kiwoom"]
    assert "E7," in bodies["shinhan"]
    assert '"qty":"' in bodies["nhinvest"]
    assert "cachBalInfo" in bodies["kiwoom"]
    assert '"balance":' not in bodies["kiwoom"]
    last = desk.pages("accountlist", "kiwoom", TODAY)[-1]
    assert last["accountListResponseBody"]["queryResult"]["page"] == ""


@pytest.mark.parametrize("firm", FIRMS)
def test_every_account_reads_without_a_warning_on_any_day(desk: Desk, firm: str) -> None:
    for number in desk.numbers(firm):
        for day in (date(2025, 10, 1), date(2026, 5, 6), TODAY):
            for kind in ("EQTY", "FUND", "ETC"):
                for page in desk.balance(firm, number, day, kind):
                    assert page.foreign == ()
                    assert all(not row.warnings for row in page.holdings)
                    assert all(row.quantity and row.quantity > 0 for row in page.holdings)


@pytest.mark.parametrize("firm", FIRMS)
def test_trades_explain_every_change_of_the_holdings(desk: Desk, firm: str) -> None:
    for number in desk.numbers(firm)[:5]:
        before, start = date(2026, 10, 23), date(2026, 10, 24)
        expected = _quantities(desk.balance(firm, number, before))
        for trade in desk.trades(firm, number, start, TODAY):
            assert not trade.warnings
            if trade.instrument.isin:
                held = expected.get(trade.instrument.isin, Decimal(0))
                expected[trade.instrument.isin] = held + (trade.quantity_change or 0)
        expected = {key: quantity for key, quantity in expected.items() if quantity}
        assert _quantities(desk.balance(firm, number, TODAY)) == expected


@pytest.mark.parametrize("firm", FIRMS)
def test_the_trade_book_explains_every_change_of_the_cash(desk: Desk, firm: str) -> None:
    for number in desk.numbers(firm)[:5]:
        cash = {}
        for day in (date(2026, 10, 23), TODAY):
            rows = [row for page in desk.balance(firm, number, day) for row in page.cash]
            cash[day] = next(row.cash_balance for row in reversed(rows) if row.currency == "KRW")
        trades = desk.trades(firm, number, date(2026, 10, 24), TODAY)
        moved = sum((row.amount_change or Decimal(0) for row in trades if row.currency == "KRW"), Decimal(0))
        assert cash[TODAY] == (cash[date(2026, 10, 23)] or 0) + moved


def test_every_trade_has_its_filled_order(desk: Desk) -> None:
    seen = 0
    for number in desk.numbers("kiwoom")[:6]:
        for trade in desk.trades("kiwoom", number, date(2026, 10, 24), TODAY):
            if trade.type not in (TradeType.BUY, TradeType.SELL) or trade.date is None:
                continue
            orders = desk.orders("kiwoom", number, trade.date)
            wanted = abs(trade.quantity_change or 0)
            filled = [row for row in orders if row.instrument.isin == trade.instrument.isin and row.executions]
            assert any(sum((fill.quantity or 0) for fill in row.executions) == wanted for row in filled)
            seen += 1
    assert seen > 3


def test_the_desk_has_rejections_credit_dollars_deposits_and_settlements(desk: Desk) -> None:
    rejected, credit, kinds, settlements = 0, 0, set(), 0
    for firm in FIRMS:
        for number in desk.numbers(firm):
            rejected += sum(
                1
                for day in CALENDAR.between(date(2026, 11, 2), TODAY)
                for row in desk.orders(firm, number, day)
                if row.reject_reason
            )
            holdings = [row for page in desk.balance(firm, number, TODAY) for row in page.holdings]
            credit += sum(
                1
                for row in holdings
                if row.credit_type == "자기융자" and row.maturity_date and row.maturity_date > TODAY
            )
            kinds |= {trade.type for trade in desk.trades(firm, number, date(2026, 10, 20), TODAY)}
            settlements += len(desk.settlements(firm, number, TODAY)) + len(
                desk.settlements(firm, number, date(2026, 11, 18))
            )
    assert rejected > 0
    assert credit > 0
    assert kinds == set(TradeType)
    assert settlements > 0


def test_three_cash_rows_tell_settled_from_trade_date_cash(desk: Desk) -> None:
    differs = False
    for number in desk.numbers("nhinvest")[:-1]:
        rows = [row for page in desk.balance("nhinvest", number, TODAY) for row in page.cash if row.currency == "KRW"]
        assert [row.settlement_basis for row in rows] == [SettlementBasis.D0, SettlementBasis.D1, SettlementBasis.D2]
        pending = desk.settlements("nhinvest", number, TODAY) + desk.settlements("nhinvest", number, date(2026, 11, 18))
        if not [row for row in pending if row.currency == "KRW"]:
            assert rows[0].cash_balance == rows[2].cash_balance
        differs = differs or rows[0].cash_balance != rows[2].cash_balance
    assert differs


def test_a_firm_repeats_the_cash_in_every_asset_type(desk: Desk) -> None:
    number = desk.numbers("nhinvest")[0]
    cash = [desk.balance("nhinvest", number, TODAY, kind)[0].cash for kind in ("EQTY", "FUND", "ETC")]
    assert cash[0] == cash[1] == cash[2] != ()
    shinhan = desk.numbers("shinhan")[0]
    assert desk.balance("shinhan", shinhan, TODAY, "FUND")[0].cash == ()


def test_one_firm_answers_all_types_at_once(desk: Desk) -> None:
    number = desk.numbers("kiwoom")[1]
    (page,) = desk.balance("kiwoom", number, TODAY, "ALL")
    singles = [
        row
        for kind in ("EQTY", "FUND", "ETC")
        for one in desk.balance("kiwoom", number, TODAY, kind)
        for row in one.holdings
    ]
    assert sorted(map(repr, page.holdings)) == sorted(map(repr, singles))


def test_an_ended_contract_is_listed_and_holds_nothing(desk: Desk) -> None:
    ended = desk.numbers("shinhan")[-1]
    (page,) = desk.balance("shinhan", ended, TODAY)
    assert (page.cash, page.holdings) == ((), ())
    assert desk.trades("shinhan", ended, date(2026, 11, 1), TODAY) == []
    assert desk.orders("shinhan", ended, TODAY) == []
    assert desk.settlements("shinhan", ended, TODAY) == []


def test_settlements_cover_two_trading_days_only(desk: Desk) -> None:
    for number in desk.numbers("kiwoom"):
        assert desk.settlements("kiwoom", number, date(2026, 11, 17)) == []


def test_one_side_can_be_asked_alone(desk: Desk) -> None:
    for number in desk.numbers("kiwoom"):
        for trade in desk.trades("kiwoom", number, date(2026, 11, 18), TODAY):
            if trade.instrument.isin and trade.date == TODAY:
                wanted, other = ("1", "2") if trade.type is TradeType.SELL else ("2", "1")
                query = {"qrAccNo": number, "qrAssetType": "EQTY", "qrOrderDate": f"{TODAY:%Y%m%d}"}
                for api, parse in (("settlelist", "settleInfo"), ("orderdetail", "orderDetail")):
                    for side, is_there in ((wanted, True), (other, False)):
                        (page, *_) = desk.pages(api, "kiwoom", TODAY, qrSellBuyType=side, **query)
                        block = page["settleList" if api == "settlelist" else "orderDetailList"]
                        assert any(row["sellBuyType"] == wanted for row in block[parse]) is is_there


def test_an_account_without_money_pays_nothing_out() -> None:
    world = World(7)
    book = AccountBook(7, "1", 1, world.market, world.days)
    poor = replace(book.at(0), won=Decimal(0))
    moves = [book._move_cash(poor, 0).entries for _ in range(40)]
    assert () in moves
    assert all(row.amount > 0 for entries in moves for row in entries)
