"""What is engaged or closed between the click and the send: the last look is in the transaction of the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts import broadcast
from accounts.models import AuditEvent
from orders import crash_points
from orders.commands import submit
from orders.crash_points import CrashPoint
from orders.models import Order, OrderNumber, Switch
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import ACCEPTED, DAYTIME_OK, asked, make_order
from tests.orders.commands.test_resolving_families import Said, overseas
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def when() -> Iterator[Callable[[CrashPoint, Callable[[], object]], None]]:
    """Do something at a point between two steps."""

    def install(wanted: CrashPoint, deed: Callable[[], object]) -> None:
        def hook(point: CrashPoint) -> None:
            if point is wanted:
                deed()

        crash_points.install(hook)

    yield install
    crash_points.install(None)


@dataclass
class Market:
    """A desk with a US daytime order, its broker and the clock."""

    desk: Desk
    broker: Broker
    order: Order
    clock: time_machine.Traveller


@pytest.fixture
def market(desk: Desk, broker: Broker, daytime: Order, clock: time_machine.Traveller) -> Market:
    return Market(desk, broker, daytime, clock)


def engage(desk: Desk, kind: str) -> Switch:
    return Switch.objects.create(
        kind=kind, scope="all", engaged_by=desk.manager, engaged_at=datetime.now(UTC), reason="시세 이상"
    )


@pytest.mark.parametrize(("kind", "kinds"), [("sending_off", ("cancel", "modify")), ("kill", ("modify",))])
def test_a_switch_that_was_engaged_before_denies(
    desk: Desk, broker: Broker, daytime: Order, kind: str, kinds: tuple[str, ...]
) -> None:
    engage(desk, kind)
    for wanted in kinds:
        price = Decimal("181.25") if wanted == "modify" else None
        daytime.refresh_from_db()
        command = submit(asked(desk, daytime, type=wanted, price=price))
        assert (command.state, command.reason_code, broker.orders) == ("DENIED", kind, [])
        assert command.reason


@pytest.mark.parametrize(("kind", "wanted"), [("sending_off", "cancel"), ("sending_off", "modify"), ("kill", "modify")])
def test_a_switch_engaged_between_ready_and_claim_stops_the_send(
    desk: Desk, broker: Broker, daytime: Order, when: Callable[..., None], kind: str, wanted: str
) -> None:
    when(CrashPoint.COMMAND_READY, lambda: engage(desk, kind))
    price = Decimal("181.25") if wanted == "modify" else None
    command = submit(asked(desk, daytime, type=wanted, price=price))
    assert (command.state, command.reason_code, command.claimed_at) == ("DENIED", kind, None)
    assert broker.orders == []
    actions = AuditEvent.objects.filter(action__startswith="command.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["command.created", "command.ready", "command.denied"]


def test_a_kill_switch_never_holds_back_a_cancel(
    desk: Desk, broker: Broker, daytime: Order, when: Callable[..., None]
) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    when(CrashPoint.COMMAND_READY, lambda: engage(desk, "kill"))
    assert submit(asked(desk, daytime)).state == "ACKED"


def test_a_session_that_ended_between_ready_and_claim_makes_the_command_too_old(
    desk: Desk, broker: Broker, daytime: Order, clock: time_machine.Traveller, when: Callable[..., None]
) -> None:
    clock.move_to(datetime(2026, 11, 20, 8, 59, 59, tzinfo=UTC))  # the daytime session ends at 18:00 in Korea
    Order.objects.update(inquired_at=datetime(2026, 11, 20, 8, 59, 59, tzinfo=UTC))
    when(CrashPoint.COMMAND_READY, lambda: clock.shift(timedelta(seconds=2)))
    command = submit(asked(desk, daytime))
    assert (command.state, command.reason_code, broker.orders) == ("EXPIRED", "market_closed", [])
    assert "10:00~18:00" in command.reason


@pytest.mark.parametrize("wanted", ["cancel", "modify"])
@pytest.mark.parametrize(("early", "state", "sent"), [(0.5, "ACKED", 1), (-0.5, "EXPIRED", 0)])
def test_a_command_lives_for_a_few_seconds(
    when: Callable[..., None], market: Market, wanted: str, early: float, state: str, sent: int
) -> None:
    market.broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    market.clock.move_to(datetime(2026, 11, 20, 1, 5, tzinfo=UTC), tick=False)
    lifetime = {"cancel": 15, "modify": 5}[wanted]
    when(CrashPoint.COMMAND_READY, lambda: market.clock.shift(timedelta(seconds=lifetime - early)))
    price = Decimal("181.25") if wanted == "modify" else None
    command = submit(asked(market.desk, market.order, type=wanted, price=price))
    assert (command.state, len(market.broker.orders)) == (state, sent)


def test_books_that_differ_are_asked_for_first_even_while_the_feed_is_live(
    desk: Desk, broker: Broker, reserved: Order, clock: time_machine.Traveller
) -> None:
    broadcast.set_upstream(desk.connection.name, "live")
    broker.reply("order-resv-ccnl", ACCEPTED)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    Order.objects.update(inquired_at=long_ago)
    submit(asked(desk, reserved))
    assert not any("order-resv-list" in path for path in broker.inquiries)
    other = make_order(desk, 30135683, inquired_at=long_ago, differs_since=long_ago)
    clock.shift(timedelta(seconds=1))
    submit(asked(desk, other))
    assert any("order-resv-list" in path for path in broker.inquiries)


MODIFY: dict[str, Any] = {"type": "modify", "price": Decimal("181.25")}
PART: dict[str, Any] = {"type": "cancel", "quantity": Decimal(4)}
ALL: dict[str, Any] = {"type": "cancel"}


@pytest.mark.parametrize(
    ("wanted", "state", "key"),
    [(MODIFY, "DENIED", "stale_version"), (PART, "DENIED", "stale_version"), (ALL, "ACKED", "APBK0013")],
    ids=["a modify", "a part", "all"],
)
def test_an_order_that_got_another_price_before_ready_is_not_what_the_person_saw(
    market: Market, wanted: dict[str, Any], state: str, key: str, when: Callable[..., None]
) -> None:
    market.broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    when(CrashPoint.COMMAND_CREATED, lambda: Order.objects.update(price=Decimal(190)))
    command = submit(asked(market.desk, market.order, **wanted))
    assert (command.state, command.reason_code) == (state, key)
    assert len(market.broker.orders) == (state == "ACKED")


def test_an_inquiry_of_a_time_to_come_is_no_fresh_one(market: Market) -> None:
    market.broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    market.broker.reply("inquire-ccnl", (400, b"{}"))
    Order.objects.update(inquired_at=datetime.now(UTC) + timedelta(minutes=9))
    command = submit(asked(market.desk, market.order))
    assert (command.state, command.reason_code, market.broker.orders) == ("DENIED", "not_known", [])


def listed(broker: Broker, *numbers: int) -> None:
    """The broker lists the order of ten NVDA under these numbers."""
    rows = [overseas(Said(f"{number}", price="180.5")) | {"thco_ord_tmd": "100300"} for number in numbers]
    broker.reply("inquire-ccnl", body(rt_cd="0", msg_cd="", msg1="", output=rows))


MOVED_ON = 30135690


@pytest.mark.parametrize(
    ("kind", "numbers", "state", "key"),
    [
        ("modify", [MOVED_ON], "ACKED", "APBK0013"),
        ("modify", [30135682], "ACKED", "APBK0013"),
        ("modify", [30135683], "DENIED", "not_listed"),
        ("cancel", [MOVED_ON], "DENIED", "not_listed"),
        ("modify", [], "DENIED", "not_listed"),
    ],
    ids=["its new number", "its old number", "another order", "a number that points at it", "nothing"],
)
def test_a_list_makes_an_order_known_that_shows_a_number_of_its_chain(
    market: Market, kind: str, numbers: list[int], state: str, key: str
) -> None:
    market.broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    first = OrderNumber.objects.get()
    chain = {"account": first.account, "family": first.family, "order_date": first.order_date, "position": 1}
    OrderNumber.objects.create(order=market.order, number=MOVED_ON, text=f"{MOVED_ON:010d}", kind=kind, **chain)
    Order.objects.update(inquired_at=datetime.now(UTC) - timedelta(minutes=5))
    listed(market.broker, *numbers)
    command = submit(asked(market.desk, market.order))
    assert (command.state, command.reason_code) == (state, key)
    assert len(market.broker.orders) == (state == "ACKED")
