"""Notices that overtake the answer: what they told while the command was being sent is not lost on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from orders import crash_points, reconciliation
from orders.commands import submit
from orders.crash_points import CrashPoint
from orders.models import Notice, Order, OrderCommand
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import DAYTIME_OK, MORNING, asked
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db
AT = MORNING + timedelta(seconds=60)


class Notices:
    """Tell of the order 30135682, of ten NVDA at 180.5, after the answer came and before it is recorded."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.overtaking: list[str] = []
        crash_points.install(self._hook)

    def _hook(self, point: CrashPoint) -> None:
        if point is CrashPoint.COMMAND_ANSWERED:
            for text in self.overtaking:
                self.tell(text)

    def tell(self, text: str) -> Notice:
        return self.desk.notice("H0GSCNI0", text, at=AT)


def request(kind: str, quantity: int, *, number: int = 4336, price: str = "000000000", refused: str = "0") -> str:
    """The confirmation, or the refusal, of a modify (1) or cancel (2)."""
    return (
        f"desk01^12345678^{number}^30135682^02^{kind}^2^NVDA^{quantity:010d}^{price}^100600^{refused}^1^2"
        "^^^******^NVIDIA^6^10^"
    )


def fill(quantity: int, number: int = 30135682) -> str:
    return f"desk01^12345678^{number}^^02^0^2^NVDA^{quantity:010d}^001805000^100600^0^2^2^^^******^NVIDIA^6^10^"


@pytest.fixture
def notices(desk: Desk) -> Iterator[Notices]:
    yield Notices(desk)
    crash_points.install(None)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (request("2", 10), "CONFIRMED"),
        (request("2", 6), "PARTIALLY_CONFIRMED"),
        (request("2", 10, refused="1"), "REJECTED"),
    ],
)
def test_a_cancel_that_was_settled_before_its_answer_is_settled_with_it(
    broker: Broker, daytime: Order, notices: Notices, told: str, state: str
) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    notices.overtaking = [told]
    command = submit(asked(notices.desk, daytime))
    command.refresh_from_db()
    assert command.state == state
    assert command.evidence == [f"notice:{Notice.objects.get().pk}"]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (request("2", 10), "CONFIRMED"),
        (request("2", 6), "UNKNOWN"),
        (request("2", 10, refused="1"), "UNKNOWN"),
        (request("1", 10, refused="1"), "UNKNOWN"),
    ],
)
def test_where_the_answer_was_lost_only_the_very_request_is_taken_for_ours(
    broker: Broker, daytime: Order, notices: Notices, told: str, state: str
) -> None:
    broker.reply("daytime-order-rvsecncl", None)
    notices.overtaking = [told]
    command = submit(asked(notices.desk, daytime))
    command.refresh_from_db()
    assert command.state == state


def test_what_was_told_before_a_dead_senders_command_was_given_up_settles_it(
    desk: Desk, broker: Broker, daytime: Order, notices: Notices, clock: time_machine.Traveller
) -> None:
    broker.reply("daytime-order-rvsecncl", None)
    command = submit(asked(desk, daytime))
    OrderCommand.objects.update(state="SENDING", claimed_at=datetime.now(UTC))
    notices.tell(request("2", 10))
    clock.shift(timedelta(seconds=11))
    assert reconciliation.recover(datetime.now(UTC)) == 1
    command.refresh_from_db()
    assert command.state == "CONFIRMED"


def test_a_number_that_is_not_the_answers_is_not_ours(
    desk: Desk, broker: Broker, daytime: Order, notices: Notices
) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    notices.overtaking = [request("2", 4, number=4400)]
    assert submit(asked(desk, daytime, quantity=Decimal(4))).state == "ACKED"


def test_a_part_that_was_canceled_is_not_too_late_when_the_rest_is_filled(
    desk: Desk, broker: Broker, daytime: Order, notices: Notices
) -> None:
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    notices.overtaking = [request("2", 4)]
    command = submit(asked(desk, daytime, quantity=Decimal(4)))
    notices.tell(fill(6))
    command.refresh_from_db()
    daytime.refresh_from_db()
    assert (command.state, daytime.status) == ("CONFIRMED", "FILLED")


def test_an_answer_that_says_no_stays_a_refusal_whatever_was_told(
    desk: Desk, broker: Broker, daytime: Order, notices: Notices
) -> None:
    broker.reply("daytime-order-rvsecncl", body(rt_cd="7", msg_cd="APBK0927", msg1="가능수량 없음"))
    notices.overtaking = [request("2", 10, number=4400)]
    assert submit(asked(desk, daytime)).state == "REJECTED"


def test_what_is_told_while_a_second_cancel_is_sent_is_the_seconds(
    desk: Desk, broker: Broker, daytime: Order, notices: Notices, clock: time_machine.Traveller
) -> None:
    broker.reply("daytime-order-rvsecncl", None)
    old = submit(asked(desk, daytime))
    clock.shift(timedelta(seconds=16))
    Order.objects.update(inquired_at=datetime.now(UTC))
    daytime.refresh_from_db()
    notices.overtaking = [request("2", 10)]
    broker.reply("daytime-order-rvsecncl", DAYTIME_OK)
    new = submit(asked(desk, daytime, supersedes=old.pk))
    old.refresh_from_db()
    assert (new.state, old.state, old.evidence) == ("CONFIRMED", "SUPERSEDED", [])
