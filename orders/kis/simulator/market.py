"""The market that keeps the demo's desk alive: prices walk, working orders fill, others come and go by themselves.

Everything is drawn from one seeded generator, so the same clock and the same calls give the same day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from orders.domain.events import Market, RequestKind, Side
from orders.kis.simulator.book import SimAccount, SimOrder, Ticket
from orders.kis.simulator.desk import Desk
from orders.kis.simulator.instruments import BY_MARKET, SimInstrument
from orders.kis.simulator.reservations import NO_MARGIN

ORDER_MARKETS = (Market.US, Market.US_DAYTIME, Market.KRX, Market.FO_DAY, Market.FO_NIGHT, Market.ASIA)
RESERVATIONS = 8
HISTORY = 12
MEDIA = ("OpenAPI", "HTS", "모바일", "OpenAPI")
FILL, CANCEL, MODIFY, REJECT = 0.33, 0.03, 0.03, 0.02  # chances a step; a step is about a second
REASONS = ("주문가능수량이 부족합니다.", "호가단위 오류입니다.", "가격제한폭을 초과하였습니다.")


@dataclass(slots=True)
class MarketMaker:
    """Drives one desk. Call `open_desk` once and `step` about once a second."""

    desk: Desk
    rng: random.Random
    prices: dict[str, Decimal] = field(default_factory=dict)

    def open_desk(self) -> None:
        """The state that the desk is in when the portal opens: a morning's work done, the evening's orders standing."""
        with self.desk.lock:
            self._write_history()
            self._keep_reservations(RESERVATIONS)
            self._write_standing_orders()

    def step(self) -> None:
        """One second of the market."""
        with self.desk.lock:
            self._walk()
            self._replenish()
            if self._happens(FILL):
                self._fill_one()
            if self._happens(CANCEL):
                self._ask_one(RequestKind.CANCEL)
            if self._happens(MODIFY):
                self._ask_one(RequestKind.MODIFY)

    def ticket(self, account: SimAccount, market: Market) -> Ticket:
        """A believable order of somebody: near the price, in the usual size."""
        instrument = self.rng.choice(self._tradable(market) or BY_MARKET[market])
        side = self.rng.choice((Side.BUY, Side.SELL))
        away = instrument.tick * self.rng.randint(1, 12)
        price = self.price(instrument) + (away if side is Side.SELL else -away)
        qty = max(1, round(instrument.lot * self.rng.uniform(0.3, 2.0)))
        return Ticket(account, market, instrument, side, Decimal(qty), price, self.rng.choice(MEDIA))

    def _tradable(self, market: Market) -> list[SimInstrument]:
        """What trades there now: the exchanges of Asia keep hours of their own."""
        return [one for one in BY_MARKET[market] if self.desk.is_open(market, one.exchange)]

    def price(self, instrument: SimInstrument) -> Decimal:
        return self.prices.setdefault(instrument.symbol, instrument.price)

    def _happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def _walk(self) -> None:
        for instruments in BY_MARKET.values():
            for instrument in instruments:
                moved = self.price(instrument) + instrument.tick * self.rng.choice((-2, -1, 0, 0, 1, 2))
                self.prices[instrument.symbol] = max(moved, instrument.tick * 10)

    def places(self) -> list[tuple[SimAccount, Market]]:
        """Where an order can be given now."""
        accounts = self.desk.settings.accounts
        return [(a, m) for a in accounts for m in ORDER_MARKETS if m in a.markets and self._tradable(m)]

    def _replenish(self) -> None:
        places = self.places()
        if self.desk.is_open(Market.US_RESERVED):
            self._keep_reservations(RESERVATIONS)
        missing = self.desk.settings.target_open - len(self._standing()) - RESERVATIONS
        if not places or missing <= 0:
            return
        for _ in range(min(missing, 3) if missing > 10 else 1):
            order = self.desk.place(self.ticket(*self.rng.choice(places)))
            if self._happens(REJECT):
                self.desk.book.reject(order, self.rng.choice(REASONS), self.desk.now())

    def _standing(self) -> list[SimOrder]:
        """What works at an exchange that is open."""
        return [order for order in self.desk.book.open_orders() if self.desk.trades(order)]

    def _fill_one(self) -> None:
        standing = self._standing()
        if not standing:
            return
        order = self.rng.choice(standing)
        qty = order.leaves if self._happens(0.15) else _part(order.leaves, self.rng)
        # A limit order never trades at a worse price than its own.
        better = order.ticket.instrument.tick * self.rng.choice((0, 0, 0, 1))
        price = order.ticket.price + (better if order.ticket.side is Side.SELL else -better)
        self.desk.book.fill(order, qty, price, self.desk.now())

    def _ask_one(self, kind: RequestKind) -> None:
        standing = [order for order in self._standing() if order.ticket.medium != "OpenAPI"]
        if not standing:
            return
        order = self.rng.choice(standing)
        step = order.ticket.instrument.tick * self.rng.choice((-3, -1, 1, 3))
        price = order.ticket.price + (step if kind is RequestKind.MODIFY else 0)
        self.desk.ask(order, kind, order.leaves, price)

    def _keep_reservations(self, wanted: int) -> None:
        accounts = [account for account in self.desk.settings.accounts if Market.US_RESERVED in account.markets]
        for _ in range(wanted - sum(1 for _ in self.desk.reservations.waiting())):
            if accounts:
                self.desk.reserve(self.ticket(self.rng.choice(accounts), Market.US_RESERVED))

    def _write_history(self) -> None:
        """Orders of today's sessions that are over: filled, canceled, refused or run out."""
        now = self.desk.now()
        for account in self.desk.settings.accounts:
            for market in (Market.KRX, Market.FO_DAY, Market.US_DAYTIME):
                if market in account.markets and not self.desk.is_open(market):
                    self._write_day(account, market, now)

    def _write_day(self, account: SimAccount, market: Market, now: datetime) -> None:
        opened = self._last_opening(market, now)
        if opened is None:
            return
        minutes = sorted(self.rng.randint(5, 360) for _ in range(HISTORY // 2))
        for minute in minutes:
            at = opened + timedelta(minutes=minute)
            order = self.desk.book.place(self.ticket(account, market), at)
            self._finish(order, at + timedelta(seconds=self.rng.randint(1, 50)))
        self.desk.book.expire(now)

    def _last_opening(self, market: Market, now: datetime) -> datetime | None:
        """The opening of the session that is over today, None on a day without one."""
        session = self.desk.sessions.next_session(market, now - timedelta(hours=20))
        return session.opens_at if session is not None and session.closes_at <= now else None

    def _finish(self, order: SimOrder, at: datetime) -> None:
        book = self.desk.book
        if self._happens(0.1):
            book.reject(order, self.rng.choice(REASONS), at)
            return
        book.confirm(order, at)
        if self._happens(0.2):
            book.settle(book.request(order, RequestKind.CANCEL, order.leaves, order.ticket.price, at), at)
            return
        book.fill(order, order.leaves, order.ticket.price, at)

    def _write_standing_orders(self) -> None:
        places = self.places()
        count = self.desk.settings.target_open - RESERVATIONS
        drawn = [self.rng.choice(places) for _ in range(count)] if places else []
        timed = [(self._moment(market), account, market) for account, market in drawn]
        for at, account, market in sorted(timed, key=lambda row: row[0]):
            self._write_standing(self.ticket(account, market), at)

    def _moment(self, market: Market) -> datetime:
        """Some moment of the last half hour in which the market was open."""
        now = self.desk.now()
        session = self.desk.sessions.session_at(market, now)
        seconds = (now - session.opens_at).total_seconds() if session else 0.0
        return now - timedelta(seconds=min(seconds, 1800.0) * self.rng.random())

    def _write_standing(self, ticket: Ticket, at: datetime) -> None:
        order = self.desk.book.place(ticket, at)
        self.desk.book.confirm(order, at + timedelta(seconds=1))
        if self._happens(0.3) and order.leaves > 1:
            self.desk.book.fill(order, _part(order.leaves, self.rng), ticket.price, at + timedelta(seconds=9))


def refuse_one_reservation(desk: Desk) -> bool:
    """The broker does not send the oldest reservation that waits; False when none does."""
    row = next(iter(desk.reservations.waiting()), None)
    if row is None:
        return False
    desk.reservations.refuse(row, NO_MARGIN)
    return True


def _part(leaves: Decimal, rng: random.Random) -> Decimal:
    return Decimal(max(1, int(float(leaves) * rng.uniform(0.1, 0.4))))
