"""A desk and a broker in one process: the product's own code, and the simulator behind a real port.

Time stands in the test's hand: business clock and the exchange's delays move together, and notices come when it says.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import time_machine
from django.db.models import Sum
from django.test import Client

from accounts import broadcast, clock
from accounts.models import ClientAccount
from orders import inquiries, reconciliation
from orders.commands import CommandRequest, submit
from orders.domain.events import Family, Market, Side
from orders.executions import Journal, record_notice
from orders.kis.frames import Subscription
from orders.kis.protocol import NoticeConnection, NoticeReceived
from orders.kis.simulator.book import SimAccount, SimOrder, Ticket
from orders.kis.simulator.faults import Fault
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.instruments import instrument
from orders.kis.simulator.reservations import Reservation
from orders.kis.simulator.server import Pace, SimulatorServer
from orders.kis.simulator.settings import SimSettings
from orders.kis.tr_ids import Environment, notice_tr_ids
from orders.models import Fill, Notice, NoticeState, Order, OrderCommand
from orders.permissions import sessions
from tests.flows.markets.cases import MarketCase
from tests.orders.commands.samples import make_order
from tests.orders.conftest import Desk
from tests.sessions import signed_in

KST = ZoneInfo("Asia/Seoul")
CANO = "12345678"
EXCHANGE_DELAY = 0.5
BY_ITSELF = Pace(tick=3600.0)  # never: the test lets time pass
TEN = Decimal(10)


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@dataclass
class Seconds:
    """The simulator's timer."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Line:
    """The notice socket, without its bytes' journey."""

    simulator: KisSimulator
    connection_id: int
    waiting: deque[str | bytes] = field(default_factory=deque)
    frames: int = 0

    def __post_init__(self) -> None:
        hub, settings = self.simulator.hub, self.simulator.settings
        hub.approvals.append("approval")
        wanted = [Subscription(tr_id, settings.hts_id) for tr_id in notice_tr_ids(settings.environment)]
        self._protocol = NoticeConnection(wanted, "approval", "P")
        wire = hub.connect(self.waiting.append, lambda: None, lambda: None)
        for message in self._protocol.data_to_send():
            hub.receive(wire, message.decode())
        self.listen()

    def listen(self) -> None:
        """Everything that was sent, into the journal and the books."""
        while self.waiting:
            text = self.waiting.popleft()
            self._protocol.receive_data(text.encode() if isinstance(text, str) else text, 0.0)
            for event in self._protocol.events():
                if isinstance(event, NoticeReceived):
                    self.frames += 1
                    record_notice(Journal(self.connection_id, 1), self.frames, event, clock.now())


@dataclass
class House:
    """The portal's desk, the broker, and the clock of both."""

    desk: Desk
    simulator: KisSimulator
    time: time_machine.Traveller
    timer: Seconds
    line: Line

    @functools.cached_property
    def browser(self) -> Client:
        return signed_in(self.desk.manager)

    def account(self, case: MarketCase) -> ClientAccount:
        return self.desk.derivatives if case.product == "03" else self.desk.stock

    def go(self, at: str) -> None:
        """To that Korean time; what was due by then happens."""
        self.time.move_to(kst(at))
        self.__dict__.pop("browser", None)  # its session may have run out
        self.later(0)

    def later(self, seconds: float) -> None:
        """Time passes; what the broker says meanwhile is heard."""
        self.time.shift(timedelta(seconds=seconds))
        self.timer.at += seconds
        self.simulator.work()
        self.line.listen()

    def resolve(self, seconds: float = 1.1) -> None:
        """Time passes, and the resolver looks at what is due."""
        self.later(seconds)
        reconciliation.resolve_due(clock.now())

    def inquire(self, account: ClientAccount) -> None:
        assert inquiries.inquire(account) is not None

    def order(self, case: MarketCase, *, filled: int = 3) -> Order:
        """Ten of the case's instrument, given elsewhere; the portal knows it by the notices and the lists."""
        self.go(case.at)
        before = set(Order.objects.values_list("pk", flat=True))
        placed = self.give(case)
        self.later(1)
        if filled and isinstance(placed, SimOrder):
            self.fill(placed, filled)
        self.inquire(self.account(case))
        self.later(0.1)
        return Order.objects.shown().exclude(pk__in=before).get()

    def entered(self, case: MarketCase) -> Order:
        """An order that no list and no notice of KIS's mock tells of: it has no such market."""
        self.go(case.at)
        family = {Market.KRX: "KRX", Market.FO_NIGHT: "FO"}.get(case.market, "OVERSEAS")
        fields = {"symbol": case.symbol, "exchange": case.exchange, "market": case.market.value, "family": family}
        return make_order(
            self.desk, 100 + Order.objects.count(), account=self.account(case), status="WORKING", **fields
        )

    def give(self, case: MarketCase) -> SimOrder | Reservation:
        """The broker is given an order of ten by somebody else."""
        account = SimAccount(CANO, case.product)
        chosen = instrument(case.symbol, case.market, case.exchange)
        ticket = Ticket(account, case.market, chosen, Side.BUY, TEN, Decimal(case.price), "HTS")
        with self.simulator.desk.lock:
            return self.simulator.desk.reserve(ticket) if case.reserved else self.simulator.desk.place(ticket)

    def fill(self, order: SimOrder, quantity: int, price: str | None = None) -> None:
        with self.simulator.desk.lock:
            px = order.ticket.price if price is None else Decimal(price)
            self.simulator.desk.book.fill(order, Decimal(quantity), px, clock.now())
        self.line.listen()

    def at_broker(self, order: Order) -> SimOrder:
        """What the broker has under the order's newest number."""
        number = order.numbers.filter(kind__in=("new", "modify"), family=order.family).last()
        assert number is not None
        account = SimAccount(CANO, order.account.number[-2:])
        found = self.simulator.desk.book.of_account(account, Family(order.family))
        return next(each for each in found if each.number == number.number)

    def live(self) -> None:
        """The feed is up and its sweeps are young, as the notice stream says of itself."""
        broadcast.set_upstream(self.desk.connection.name, "live")

    def ask(self, order: Order, kind: str = "cancel", **changes: Any) -> OrderCommand:
        """One click of the manager."""
        order.refresh_from_db()
        fields: dict[str, Any] = {"intent": uuid4(), "expected_version": order.version, **changes}
        request = CommandRequest(
            user=self.desk.manager, address="127.0.0.1", order_id=order.pk, type=kind, fresh_factor=True, **fields
        )
        command = submit(request)
        order.refresh_from_db()
        return command

    def arm(self, name: str, **changes: Any) -> None:
        self.simulator.desk.faults.arm(Fault(name, **{"since": self.timer.at, **changes}))

    def disarm(self) -> None:
        self.simulator.desk.faults.clear()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every order request that came to the broker's door."""
        return self.simulator.asked

    def at_engine(self) -> list[tuple[str, str, dict[str, str]]]:
        """Path, TR id and body of what reached the order engine."""
        return [(entry["path"], entry["tr_id"], entry["body"]) for entry in self.asked if entry["reached"]]

    def row(self, order: Order) -> dict[str, Any]:
        """The order over REST."""
        answer = self.browser.get(f"/api/v1/orders/{order.pk}/")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def actions(self, order: Order) -> dict[str, tuple[bool, str]]:
        """The row's buttons, and why one is off."""
        return {each["action"]: (each["allowed"], each["reason"]) for each in self.row(order)["allowed_actions"]}

    def timeline(self, order: Order) -> list[str]:
        answer = self.browser.get(f"/api/v1/orders/{order.pk}/events/")
        assert answer.status_code == 200
        return [event["type"] for event in answer.json()["results"]]

    def check_books(self) -> None:
        """Nothing lost, nothing doubled: by order and by account, quantities and amounts are the broker's."""
        assert [notice.reason for notice in Notice.objects.exclude(state=NoticeState.APPLIED)] == []
        for order in Order.objects.shown():
            assert (order.alarm, _held(order)) == ("", self._true(order)), order
        executed = sum(each.filled for each in self.simulator.desk.book.orders)
        assert (Fill.objects.aggregate(sum=Sum("last_qty"))["sum"] or 0) == executed

    def _true(self, order: Order) -> tuple[Decimal, Decimal]:
        numbers = {(row.number, row.family) for row in order.numbers.all()}
        account = SimAccount(CANO, order.account.number[-2:])
        mine = [
            each
            for each in self.simulator.desk.book.orders
            if each.ticket.account == account and (each.number, each.family.value) in numbers
        ]
        return sum((each.filled for each in mine), Decimal(0)), sum((each.amount for each in mine), Decimal(0))


def _held(order: Order) -> tuple[Decimal, Decimal]:
    sums = Fill.objects.filter(order=order).aggregate(qty=Sum("last_qty"), amount=Sum("amount"))
    shown = order.cum_qty, order.cum_amount
    assert shown == (sums["qty"] or 0, sums["amount"] or 0), order
    return shown


@contextlib.contextmanager
def running(desk: Desk, time: time_machine.Traveller, environment: Environment) -> Iterator[House]:
    """The broker on loopback, and the desk's connection pointed at it."""
    timer = Seconds()
    settings = SimSettings(
        accounts=(SimAccount(CANO, "01"), SimAccount(CANO, "03")),
        app_key="k",
        app_secret="s",
        environment=environment,
        quiet=True,
        exchange_delay=EXCHANGE_DELAY,
        reservation_delay=EXCHANGE_DELAY,
        rate=1_000_000,
    )
    simulator = KisSimulator(settings, lambda: datetime.now(UTC), timer, sessions=sessions())
    server = SimulatorServer(simulator, pace=BY_ITSELF)
    server.start()
    desk.connection.rest_url = f"http://127.0.0.1:{server.port}"
    desk.connection.environment = environment.value
    desk.connection.save()
    try:
        yield House(desk, simulator, time, timer, Line(simulator, desk.connection.pk))
    finally:
        server.stop()
