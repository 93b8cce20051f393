"""What the broker knows to be true of requests, orders, executions and notices, typed, to check the portal by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orders.domain.events import Family, Market, RequestKind, Side
from orders.kis.simulator.book import FAMILIES, ZERO, SimOrder
from orders.kis.simulator.records import read_order


@dataclass(frozen=True, slots=True)
class OrderName:
    """What names one number: `account` is CANO-ACNT_PRDT_CD."""

    account: str
    family: Family
    order_date: date
    number: int


@dataclass(frozen=True, slots=True)
class TrueOrder:
    """One number as it is now. `state` is a word of `state_of`."""

    name: OrderName
    market: Market
    symbol: str
    exchange: str
    side: Side
    kind: RequestKind
    original: int | None
    qty: Decimal
    price: Decimal
    filled: Decimal
    amount: Decimal
    canceled: Decimal
    moved: Decimal
    leaves: Decimal
    state: str
    request: str | None = None  # of the request that made it


@dataclass(frozen=True, slots=True)
class TrueRequest:
    """One order request. `reached` the order engine or died at the gateway; `number` is what it was given."""

    request: str
    path: str
    tr_id: str
    uid: str
    body: Mapping[str, Any]
    at: datetime
    fault: str
    reached: bool
    number: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class TrueExecution:
    order: OrderName
    number: int
    qty: Decimal
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class TrueNotice:
    """One notice. `frame` counts the data frames of `session`; `lost` says why nobody got it, "" when it was sent."""

    session: int
    frame: int
    tr_id: str
    account: str
    number: int
    lost: str = ""


@dataclass(frozen=True, slots=True)
class AccountSum:
    orders: int = 0
    filled: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Truth:
    """`reservations` are the rows by (account, number), as the simulator stores them."""

    orders: Mapping[OrderName, TrueOrder]
    executions: tuple[TrueExecution, ...]
    requests: tuple[TrueRequest, ...]
    notices: tuple[TrueNotice, ...]
    reservations: Mapping[tuple[str, int], Mapping[str, Any]]

    def accounts(self) -> dict[str, AccountSum]:
        """Orders, quantity and amount of each account."""
        return sums(self.orders.values())

    def repeats(self) -> Counter[tuple[str, str, str]]:
        """How often each (TR id, uid, body) was at the order engine."""
        return Counter((r.tr_id, r.uid, repr(sorted(r.body.items()))) for r in self.requests if r.reached)


def sums(orders: Iterable[TrueOrder]) -> dict[str, AccountSum]:
    found: dict[str, AccountSum] = {}
    for order in orders:
        before = found.get(order.name.account, AccountSum())
        found[order.name.account] = AccountSum(
            before.orders + 1, before.filled + order.filled, before.amount + order.amount
        )
    return found


def state_of(order: SimOrder) -> str:
    """accepted, working, partly_filled, filled, canceled, modified, rejected, expired; done for a settled cancel."""
    if order.kind is RequestKind.CANCEL and not order.rejected:
        return "done" if order.working else "accepted"
    states = (
        ("rejected", bool(order.rejected)),
        ("filled", order.filled >= order.ticket.qty),
        ("expired", order.expired),
        ("canceled", order.is_over and order.canceled > ZERO),
        ("modified", order.is_over),
        ("partly_filled", order.filled > ZERO),
        ("working", order.working),
    )
    return next((state for state, holds in states if holds), "accepted")


def true_order(order: SimOrder, request: str | None = None) -> TrueOrder:
    ticket = order.ticket
    return TrueOrder(
        name=OrderName(str(ticket.account), FAMILIES[ticket.market], order.order_date, order.number),
        market=ticket.market,
        symbol=ticket.instrument.symbol,
        exchange=ticket.instrument.exchange,
        side=ticket.side,
        kind=order.kind,
        original=order.original,
        qty=ticket.qty,
        price=ticket.price,
        filled=order.filled,
        amount=order.amount,
        canceled=order.canceled,
        moved=order.moved,
        leaves=order.leaves,
        state=state_of(order),
        request=request,
    )


@dataclass(slots=True)
class TruthReader:
    """Takes the ledger's lines one by one."""

    _orders: dict[OrderName, TrueOrder] = field(default_factory=dict)
    _executions: list[TrueExecution] = field(default_factory=list)
    _requests: dict[str, TrueRequest] = field(default_factory=dict)
    _notices: list[TrueNotice] = field(default_factory=list)
    _reservations: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)

    def take(self, entry: Mapping[str, Any]) -> None:
        takes = {
            "request": self._take_request,
            "answer": self._take_answer,
            "orders": self._take_orders,
            "reservation": self._take_reservation,
            "notice": self._take_notice,
        }
        take = takes.get(str(entry["kind"]))
        if take is not None:
            take(entry)

    def truth(self) -> Truth:
        return Truth(
            self._orders,
            tuple(self._executions),
            tuple(self._requests.values()),
            tuple(self._notices),
            self._reservations,
        )

    def _take_request(self, entry: Mapping[str, Any]) -> None:
        self._requests[entry["request"]] = TrueRequest(
            request=entry["request"],
            path=entry["path"],
            tr_id=entry["tr_id"],
            uid=entry["gt_uid"],
            body=entry["body"],
            at=datetime.fromisoformat(entry["at"]),
            fault=entry["fault"],
            reached=entry["reached"],
        )

    def _take_answer(self, entry: Mapping[str, Any]) -> None:
        asked = self._requests[entry["request"]]
        answered = replace(asked, number=entry["number"], refusal=entry["refusal"])
        self._requests[asked.request] = answered

    def _take_orders(self, entry: Mapping[str, Any]) -> None:
        for record in entry["orders"]:
            order = true_order(read_order(record), entry["request"])
            known = self._orders.get(order.name)
            self._orders[order.name] = replace(order, request=known.request) if known else order
        if entry.get("execution") is not None:
            name = true_order(read_order(entry["orders"][0])).name
            qty, price = Decimal(entry["qty"]), Decimal(entry["price"])
            at = datetime.fromisoformat(entry["at"])
            self._executions.append(TrueExecution(name, int(entry["execution"]), qty, price, at))

    def _take_reservation(self, entry: Mapping[str, Any]) -> None:
        row = entry["reservation"]
        self._reservations[row["ticket"]["account"], int(row["number"])] = row

    def _take_notice(self, entry: Mapping[str, Any]) -> None:
        self._notices.append(
            TrueNotice(
                session=entry["session"],
                frame=entry["frame"],
                tr_id=entry["tr_id"],
                account=entry["account"],
                number=entry["number"],
                lost=entry["lost"],
            )
        )
