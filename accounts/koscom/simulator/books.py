"""One simulated client account, day by day: what it held, traded, ordered, paid in and out.

Everything follows from the seed and the account's number, so that any day may be asked for, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from random import Random

from accounts.koscom.simulator.instruments import (
    AMERICAN,
    BONDS,
    FUNDS,
    KOREAN,
    Days,
    Market,
    SimInstrument,
    months_after,
    round_price,
)
from accounts.koscom.simulator.ledger import DayBook, Entry, Lot, SimExecution, SimOrder, Trading

CENT, WON = Decimal("0.01"), Decimal(1)
_REJECTIONS = ("매수가능금액 부족", "호가단위 오류", "거래정지 종목")
_LOAN_SHARE = Decimal("0.4")
_CREDIT_CYCLE, _CREDIT_DAYS = 55, 50


class AccountBook:
    """Plays one account forward from the epoch, as far as it is asked for."""

    def __init__(self, seed: int, number: str, position: int, market: Market, days: Days) -> None:
        self._random = Random(f"{seed}:{number}")  # noqa: S311 - a market, not a secret
        self._position = position
        self._market = market
        self._days = days
        self._order_number = 10_000 + position * 37
        self._korean = self._random.sample(KOREAN, 9)
        self._american = self._random.sample(AMERICAN, 4)
        self._books = [self._opening()]

    def at(self, index: int) -> DayBook:
        """Give the account after the close of the trading day with that number."""
        while len(self._books) <= index:
            self._books.append(self._play(self._books[-1], len(self._books)))
        return self._books[index]

    def entries(self, start: date, end: date) -> list[Entry]:
        """List the trade book from `start` to `end`, both included."""
        return [row for book in self._between(start, end) for row in book.entries]

    def orders(self, day: date) -> list[SimOrder]:
        """List the orders of one day."""
        return [row for book in self._between(day, day) for row in book.orders]

    def unsettled(self, day: date, after: date) -> Decimal:
        """Sum the won that trades up to `day` still owe or are owed after the date `after`."""
        recent = self._books[max(self._days.index(day) - 3, 0) : self._days.index(day) + 1]
        rows = [row for book in recent for row in book.entries if row.currency == "KRW"]
        return sum((row.amount for row in rows if row.settles and row.settles > after), Decimal(0))

    def _between(self, start: date, end: date) -> Sequence[DayBook]:
        last = self._days.index(end)
        self.at(last)
        first = self._days.index(start)
        return self._books[first if self._days.day(first) >= start else first + 1 : last + 1]

    def _opening(self) -> DayBook:
        random = self._random
        shares = self._korean[: random.randint(3, 7)]
        if self._position % 2 == 0:
            shares += self._american[: random.randint(1, 3)]
        if self._position % 3 == 0:
            shares.append(random.choice(FUNDS))
        if self._position % 5 == 0:
            shares.append(BONDS[0])
        lots = tuple(self._opening_lot(share) for share in shares)
        dollars = Decimal(random.randint(2_000, 60_000)) if self._position % 2 == 0 else Decimal(0)
        return DayBook(Decimal(random.randint(20, 400) * 500_000), dollars, lots)

    def _opening_lot(self, instrument: SimInstrument) -> Lot:
        price = self._market.close(instrument, 0)
        target = Decimal(self._random.randint(4, 40) * 1_000_000)
        if instrument.currency == "USD":
            target /= 1_400
        quantity = max((target / price).quantize(WON, ROUND_DOWN), WON)
        return Lot(instrument, quantity, _money(quantity * price, instrument), self._days.day(0))

    def _play(self, before: DayBook, index: int) -> DayBook:
        book = replace(before, entries=(), orders=())
        random = self._random
        if self._position % 9 == 4:
            book = self._roll_credit(book, index)
        if random.random() < 0.2:
            book = self._trade(book, self._decide(book, index), index)
        if random.random() < 0.02:
            book = self._move_cash(book, index)
        if random.random() < 0.05:
            book = self._order_in_vain(book, index)
        return book

    def _decide(self, book: DayBook, index: int) -> Trading:
        random = self._random
        market = self._american if book.dollars > 1_000 and random.random() < 0.4 else self._korean
        owned = [lot for lot in book.lots if lot.instrument in market and not lot.loan]
        if owned and random.random() < 0.5:
            lot = random.choice(owned)
            return Trading(lot.instrument, True, self._part(lot.quantity))
        instrument = random.choice(market)
        budget = book.cash(instrument.currency) * Decimal(random.randint(5, 25)) / 100
        quantity = (budget / self._market.close(instrument, index)).quantize(WON, ROUND_DOWN)
        return Trading(instrument, False, quantity)

    def _part(self, quantity: Decimal) -> Decimal:
        share = Decimal(self._random.choice((25, 50, 100)))
        return max((quantity * share / 100).quantize(WON, ROUND_DOWN), WON)

    def _roll_credit(self, book: DayBook, index: int) -> DayBook:
        """Open a 자기융자 lot and close it before its maturity, over and over."""
        instrument, phase = KOREAN[self._position % len(KOREAN)], index % _CREDIT_CYCLE
        lot = book.lot(instrument, credit=True)
        if lot is None and phase == 0:
            quantity = (Decimal(9_000_000) / self._market.close(instrument, index)).quantize(WON, ROUND_DOWN)
            return self._trade(book, Trading(instrument, False, max(quantity, WON), credit=True), index)
        if lot is not None and phase == _CREDIT_DAYS:
            return self._trade(book, Trading(instrument, True, lot.quantity, credit=True), index)
        return book

    def _trade(self, book: DayBook, trading: Trading, index: int) -> DayBook:
        if not trading.quantity:
            return book
        order = self._filled_order(trading, index)
        gross = _money(sum((row.quantity * row.price for row in order.executions), Decimal(0)), trading.instrument)
        costs = _costs(gross, trading)
        fees = sum((cost for _, cost in costs), Decimal(0))
        lots, loan = _booked(book, trading, gross, order.day)
        amount = (gross - fees - loan) if trading.sell else -(gross + fees - loan)
        cash = book.cash(trading.instrument.currency) + amount
        held = sum((lot.quantity for lot in lots if lot.instrument is trading.instrument), Decimal(0))
        entry = Entry(
            day=order.day,
            type="BID" if trading.sell else "ASK",
            summary=_summary(trading),
            currency=trading.instrument.currency,
            amount=amount,
            cash_after=cash,
            instrument=trading.instrument,
            quantity=-trading.quantity if trading.sell else trading.quantity,
            quantity_after=held,
            gross=gross,
            settles=self._days.day(index + 2),
            costs=costs,
            credit=trading.credit,
        )
        money = {"dollars" if trading.instrument.currency == "USD" else "won": cash}
        orders = (*book.orders, order)
        return replace(book, lots=lots, entries=(*book.entries, entry), orders=orders, **money)

    def _filled_order(self, trading: Trading, index: int) -> SimOrder:
        close = self._market.close(trading.instrument, index)
        price = round_price(close * Decimal(self._random.randint(9_960, 10_040)) / 10_000, trading.instrument)
        order = self._order(trading, index, price, "체결")
        first = (trading.quantity / self._random.randint(1, 3)).quantize(WON, ROUND_DOWN) or trading.quantity
        parts = [part for part in (first, trading.quantity - first) if part]
        executions = tuple(
            SimExecution(number, part, price, f"{order.time[:12]}{30 + number:02d}{number:02d}")
            for number, part in enumerate(parts, start=1)
        )
        return replace(order, executions=executions)

    def _order(self, trading: Trading, index: int, price: Decimal, state: str) -> SimOrder:
        self._order_number += self._random.randint(1, 90)
        day = self._days.day(index)
        clock = f"{self._random.randint(9, 14):02d}{self._random.randint(0, 59):02d}{self._random.randint(0, 29):02d}"
        hundredths = f"{self._random.randint(0, 99):02d}"
        number = f"{self._order_number:010d}"
        time = f"{day:%Y%m%d}{clock}{hundredths}"
        return SimOrder(number, day, time, trading.instrument, trading.sell, trading.quantity, price, state)

    def _order_in_vain(self, book: DayBook, index: int) -> DayBook:
        random = self._random
        instrument = random.choice(self._korean)
        trading = Trading(instrument, random.random() < 0.5, Decimal(random.randint(1, 40)))
        price = round_price(self._market.close(instrument, index) * Decimal("0.97"), instrument)
        state = random.choice(("거부", "취소확인"))
        reason = random.choice(_REJECTIONS) if state == "거부" else None
        order = replace(self._order(trading, index, price, state), reason=reason)
        return replace(book, orders=(*book.orders, order))

    def _move_cash(self, book: DayBook, index: int) -> DayBook:
        kind, summary, sign = self._random.choice(
            (("DEP", "이체입금", 1), ("DEP", "이체입금", 1), ("WID", "이체출금", -1), ("ETC", "배당금입금", 1))
        )
        size = 200_000 if kind == "ETC" else 10_000_000
        amount = Decimal(self._random.randint(1, 10) * size // 10)
        if sign < 0:
            amount = -min(amount, max(book.won / 4, Decimal(0)).quantize(WON, ROUND_DOWN))
        if not amount:
            return book
        entry = Entry(self._days.day(index), kind, summary, "KRW", amount, book.won + amount)
        return replace(book, won=book.won + amount, entries=(*book.entries, entry))


def _booked(book: DayBook, trading: Trading, gross: Decimal, day: date) -> tuple[tuple[Lot, ...], Decimal]:
    """Give the lots after a trade, and the loan that it takes up or pays back."""
    old = book.lot(trading.instrument, credit=trading.credit)
    others = tuple(lot for lot in book.lots if lot is not old)
    if trading.sell and old is not None:
        left = old.quantity - trading.quantity
        cost = _money(old.cost * left / old.quantity, trading.instrument)
        rest = () if not left else (replace(old, quantity=left, cost=cost),)
        return (*others, *rest), old.loan
    loan = _money(gross * _LOAN_SHARE, trading.instrument) if trading.credit else Decimal(0)
    lot = old or Lot(trading.instrument, Decimal(0), Decimal(0), day)
    lot = replace(lot, quantity=lot.quantity + trading.quantity, cost=lot.cost + gross, last_buy=day)
    if trading.credit:
        lot = replace(lot, credit_type="자기융자", loan=loan, maturity=months_after(day, 3))
    return (*others, lot), loan


def _costs(gross: Decimal, trading: Trading) -> tuple[tuple[str, Decimal], ...]:
    if trading.instrument.currency == "USD":
        return (("해외수수료", _money(gross * Decimal("0.0007"), trading.instrument)),)
    fee = ("일반수수료", _money(gross * Decimal("0.00015"), trading.instrument))
    is_taxed = trading.sell and trading.instrument.asset_type != "ETF"
    return (fee, ("거래세", _money(gross * Decimal("0.0015"), trading.instrument))) if is_taxed else (fee,)


def _summary(trading: Trading) -> str:
    place = "해외주식" if trading.instrument.currency == "USD" else "자기융자" if trading.credit else "장내"
    return f"{place}{'매도' if trading.sell else '매수'}"


def _money(amount: Decimal, instrument: SimInstrument) -> Decimal:
    return amount.quantize(CENT if instrument.currency == "USD" else WON, ROUND_DOWN)
