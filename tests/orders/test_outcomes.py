"""How a command's state moves: by evidence that is kept with it, with its audit row in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts import audit
from accounts.models import AuditEvent
from orders import ledger, outcomes
from orders.domain import command_state as rules
from orders.domain.events import (
    Family,
    Instrument,
    OrderCanceled,
    OrderEvent,
    OrderFilled,
    OrderKey,
    OrderModified,
    OrderNews,
    OrderRejected,
    RequestKind,
    Side,
)
from orders.models import OrderCommand
from tests.factories import FillFactory, OrderCommandFactory, OrderFactory, OrderNumberFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 2, 6, tzinfo=UTC)
BY = audit.By.system("notice")


def command(state: str = "ACKED", **fields: Any) -> OrderCommand:
    """A cancel of all 500 of an order, whose request got the broker number 1700."""
    order = OrderFactory.create()
    OrderNumberFactory.create(order=order, number=1666)
    pre_image = {"number": 1666, "leaves_qty": "500", "children": [1690]}
    return OrderCommandFactory.create(
        order=order, state=state, **{"broker_order_id": "0000001700", "pre_image": pre_image, **fields}
    )


def news(event: OrderEvent, number: int = 1700, orig_number: int | None = 1666) -> OrderNews:
    key = OrderKey("12345678", "01", Family.OVERSEAS, number)
    return OrderNews(key, orig_number, Side.BUY, Instrument("AAPL", "애플"), event, AT, canonical="")


def settle(asked: OrderCommand, told: OrderNews) -> str:
    """The command's state after the notice."""
    fields = {name: getattr(told.event, name) for name in told.event.__slots__}
    detail = {name: str(value) for name, value in fields.items() if value is not None}
    evidence = ledger.Evidence("notice", "9", AT, {**detail, "number": str(told.key.number)})
    moved = outcomes.settle_by_notice(asked.order, told, evidence)
    asked.refresh_from_db()
    assert (moved is not None) == (asked.evidence == ["notice:9"])
    return asked.state


def test_a_move_keeps_its_evidence_its_reason_and_its_audit_row() -> None:
    asked = command()
    assert outcomes.move(asked, rules.EvidenceRefused("notice 9", reason="정정취소 가능수량 없음"), AT, BY)
    asked.refresh_from_db()
    assert (asked.state, asked.evidence, asked.reason) == ("REJECTED", ["notice 9"], "정정취소 가능수량 없음")
    assert asked.resolved_at == AT
    row = AuditEvent.objects.get()
    assert (row.action, row.subject, row.actor_name) == ("command.rejected", f"command {asked.pk}", "notice")
    assert row.detail == {"order": asked.order_id, "type": "cancel", "from": "ACKED", "to": "REJECTED"}


def test_what_is_confirmed_is_not_asked_for_again() -> None:
    asked = command(next_ask_at=AT)
    assert outcomes.move(asked, rules.EvidenceConfirmed("notice 9"), AT, BY)
    assert (asked.state, asked.resolved_at, asked.next_ask_at) == ("CONFIRMED", AT, None)


def test_a_state_that_is_not_final_stays_unresolved() -> None:
    asked = command("SENDING")
    assert outcomes.move(asked, rules.SendRejected("APBK0927", "취소할 수량이 없습니다"), AT, BY)
    assert (asked.state, asked.reason_code) == ("REJECTED", "APBK0927")
    other = command("SENDING")
    assert outcomes.move(other, rules.SendUnknown("timeout"), AT, BY)
    assert (other.state, other.resolved_at) == ("UNKNOWN", None)


def test_what_changes_nothing_leaves_no_trace() -> None:
    asked = command("UNKNOWN")
    assert not outcomes.move(asked, rules.SendAccepted(1700), AT, BY)
    assert not AuditEvent.objects.exists()


def test_a_final_state_is_not_left() -> None:
    asked = command("CONFIRMED")
    with pytest.raises(rules.IllegalCommandTransition):
        outcomes.move(asked, rules.EvidenceTooLate("notice 9"), AT, BY)
    asked.refresh_from_db()
    assert asked.state == "CONFIRMED"


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (OrderCanceled(Decimal(500)), "CONFIRMED"),
        (OrderCanceled(Decimal(200)), "PARTIALLY_CONFIRMED"),
        (OrderRejected(RequestKind.CANCEL, "취소 불가"), "REJECTED"),
        (OrderModified(Decimal(500), Decimal(1)), "ACKED"),
    ],
)
def test_a_notice_that_answers_the_cancel_settles_it(event: OrderEvent, state: str) -> None:
    assert settle(command(), news(event)) == state


def test_a_cancel_of_a_part_is_done_when_that_part_is() -> None:
    assert settle(command(quantity=Decimal(200)), news(OrderCanceled(Decimal(200)))) == "CONFIRMED"


def test_a_modify_is_settled_by_a_modify() -> None:
    asked = command(type="modify", price=Decimal(182))
    assert settle(asked, news(OrderCanceled(Decimal(500)))) == "ACKED"
    assert settle(asked, news(OrderModified(Decimal(500), Decimal(182)))) == "CONFIRMED"


def test_somebody_elses_cancel_of_the_same_order_does_not_settle_ours() -> None:
    assert settle(command(), news(OrderCanceled(Decimal(500)), number=1701)) == "ACKED"


@pytest.mark.parametrize(("number", "state"), [("0000001700", "ACKED"), ("", "UNKNOWN")])
def test_a_cancel_that_names_no_order_settles_nothing(number: str, state: str) -> None:
    asked = command(state, broker_order_id=number)
    assert settle(asked, news(OrderCanceled(Decimal(500)), orig_number=None)) == state


@pytest.mark.parametrize(("number", "state"), [(1691, "CONFIRMED"), (1690, "UNKNOWN"), (1666, "UNKNOWN")])
def test_without_the_brokers_number_a_child_that_was_not_there_before_is_ours(number: int, state: str) -> None:
    asked = command("UNKNOWN", broker_order_id="")
    assert settle(asked, news(OrderCanceled(Decimal(500)), number=number)) == state


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("event", "settled"),
    [
        (OrderCanceled(Decimal(120)), "PARTIALLY_CONFIRMED"),
        (OrderCanceled(Decimal(501)), "CONFIRMED"),
        (OrderRejected(RequestKind.CANCEL, "취소 불가"), "REJECTED"),
        (OrderFilled(Decimal(500), Decimal("181.2")), "TOO_LATE"),
    ],
)
def test_without_the_brokers_number_a_notice_of_anything_else_decides_nothing(
    event: OrderEvent, settled: str, known: bool
) -> None:
    asked = command("UNKNOWN", broker_order_id="0000001700" if known else "")
    asked.order.status = "FILLED" if settled == "TOO_LATE" else "WORKING"
    assert settle(asked, news(event)) == (settled if known else "UNKNOWN")


@pytest.mark.parametrize(
    ("number", "price", "state"), [("", 179, "UNKNOWN"), ("", 180, "CONFIRMED"), ("0000001700", 179, "CONFIRMED")]
)
def test_a_modify_to_another_price_is_somebody_elses_where_ours_has_no_number(
    number: str, price: int, state: str
) -> None:
    unknown = command("UNKNOWN", type="modify", price=Decimal(180), broker_order_id=number)

    assert settle(unknown, news(OrderModified(Decimal(500), Decimal(price)))) == state


@pytest.mark.parametrize(("status", "state"), [("FILLED", "TOO_LATE"), ("PARTIALLY_FILLED", "ACKED")])
def test_a_fill_is_too_late_news_only_when_nothing_is_left(status: str, state: str) -> None:
    asked = command()
    asked.order.status = status
    assert settle(asked, news(OrderFilled(Decimal(500), Decimal("181.2")), number=1666)) == state


@pytest.mark.parametrize("state", ["CREATED", "READY", "SENDING", "CONFIRMED", "SUPERSEDED"])
def test_a_command_that_waits_for_nothing_is_not_settled(state: str) -> None:
    assert settle(command(state), news(OrderCanceled(Decimal(500)))) == state


def test_the_number_to_name_is_the_newest_of_the_order_itself() -> None:
    order = OrderFactory.create()
    assert outcomes.number_of(order) == (0, "")
    for position, (number, kind) in enumerate([(1666, "new"), (1670, "modify"), (1680, "cancel")]):
        OrderNumberFactory.create(order=order, number=number, kind=kind, position=position)
    assert outcomes.number_of(order) == (1670, "0000001670")


def test_a_command_names_the_real_number_of_a_transmitted_reservation() -> None:
    order = OrderFactory.create(family=Family.OVERSEAS.value)
    OrderNumberFactory.create(order=order, number=31276801)
    OrderNumberFactory.create(order=order, number=30135601, family=Family.RESERVED.value)

    assert outcomes.number_of(order)[0] == 31276801


def test_a_fill_under_the_number_of_a_modify_does_not_say_how_much_it_took_over() -> None:
    asked = command(type="modify", price=Decimal(182))
    asked.order.status = "PARTIALLY_FILLED"
    assert settle(asked, news(OrderFilled(Decimal(20), Decimal(182)))) == "ACKED"


@pytest.mark.parametrize(("contents", "state"), [("ab", "TOO_LATE"), ("aa", "ACKED")])
def test_an_order_is_not_full_by_a_fill_that_may_have_been_told_twice(contents: str, state: str) -> None:
    asked = command()
    asked.order.status = "FILLED"
    for place, content in enumerate(contents):
        FillFactory.create(order=asked.order, canonical=content, key=str(place), epoch=place)
    assert settle(asked, news(OrderFilled(Decimal(250), Decimal(1)), 1666, None)) == state
