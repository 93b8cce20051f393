"""A load for whoever tests the portal: orders and fills of a seed, until so many notices were made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from orders.domain.events import Market, RequestKind
from orders.kis.simulator.book import ZERO, SimAccount, SimOrder
from orders.kis.simulator.desk import Desk
from orders.kis.simulator.market import ORDER_MARKETS, REASONS, MarketMaker

OPEN_ORDERS = 40
# What a step does, and how often in a hundred.
_STEPS = {"place": 32, "part": 38, "twice": 8, "rest": 8, "cancel": 5, "modify": 6, "reject": 3}


@dataclass(frozen=True, slots=True)
class Script:
    """`notices` are made at `per_second`, in `markets`; the same seed makes the same orders and fills."""

    notices: int
    per_second: float
    seed: int
    markets: tuple[Market, ...] = ORDER_MARKETS


@dataclass(slots=True)
class Load:
    """Runs one script at a time, with an exchange that answers at once: nothing of it waits for a clock."""

    desk: Desk
    script: Script | None = None
    made: int = 0
    _maker: MarketMaker = field(init=False)
    _places: list[tuple[SimAccount, Market]] = field(default_factory=list)
    _open: list[SimOrder] = field(default_factory=list)
    _started: float = 0.0
    _working: bool = False

    def start(self, script: Script) -> None:
        """Begins anew. Raises ValueError where no account can trade now."""
        maker = MarketMaker(self.desk, random.Random(script.seed))  # noqa: S311 - a market, not a secret
        places = [place for place in maker.places() if place[1] in script.markets]
        if not places:
            raise ValueError("no account can trade in these markets now")
        self.script, self.made, self._open = script, 0, []
        self._maker, self._places, self._started = maker, places, self.desk.timer()

    @property
    def running(self) -> bool:
        return self.script is not None and self.made < self.script.notices

    def count(self) -> None:
        """A notice was made; those of others do not count."""
        self.made += self._working

    def work(self) -> None:
        """Makes what is due by now."""
        script = self.script
        if script is None or not self.running:
            return
        due = min(script.notices, int((self.desk.timer() - self._started) * script.per_second))
        self._working = True
        while self.made < due:
            self._step()
        self._working = False

    def _step(self) -> None:
        self._open = [order for order in self._open if order.leaves > ZERO]
        chosen = self._rng.choices(list(_STEPS), list(_STEPS.values()))[0]
        if not self._open:
            chosen = "place"
        elif chosen == "place" and len(self._open) >= OPEN_ORDERS:
            chosen = "rest"
        steps: dict[str, Callable[[], None]] = {
            "place": self._place,
            "reject": self._reject,
            "cancel": lambda: self._ask(RequestKind.CANCEL),
            "modify": lambda: self._ask(RequestKind.MODIFY),
        }
        steps.get(chosen, lambda: self._fill(chosen))()

    @property
    def _rng(self) -> random.Random:
        return self._maker.rng

    def _new(self) -> SimOrder:
        ticket = self._maker.ticket(*self._rng.choice(self._places))
        return self.desk.book.place(ticket, self.desk.now())

    def _place(self) -> None:
        order = self._new()
        self.desk.book.confirm(order, self.desk.now())
        self._open.append(order)

    def _reject(self) -> None:
        self.desk.book.reject(self._new(), self._rng.choice(REASONS), self.desk.now())

    def _fill(self, how: str) -> None:
        """A part, all that is left, or twice the same within one second, which looks like one notice sent twice."""
        order = self._rng.choice(self._open)
        part = Decimal(self._rng.randint(1, max(1, int(order.leaves) // 3)))
        for _ in range(2 if how == "twice" else 1):
            qty = order.leaves if how == "rest" else part
            self.desk.book.fill(order, qty, order.ticket.price, self.desk.now())

    def _ask(self, kind: RequestKind) -> None:
        """Somebody else's modify or cancel, settled at once."""
        order, book, now = self._rng.choice(self._open), self.desk.book, self.desk.now()
        away = order.ticket.instrument.tick if kind is RequestKind.MODIFY else ZERO
        child = book.request(order, kind, order.leaves, order.ticket.price + away, now)
        book.settle(child, now)
        if kind is RequestKind.MODIFY:
            self._open.append(child)
