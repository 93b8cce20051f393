"""One intent of one person is one command: what is taken, what is a conflict, what is refused before it is recorded."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from orders.commands import Conflict, NotPermitted, NotVisible, Refused, submit
from orders.models import Order, OrderCommand
from tests.orders.broker import Broker
from tests.orders.commands.samples import (
    ACCEPTED,
    asked,
)
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def test_the_same_key_gives_the_same_command(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    request = asked(desk, reserved)
    first, second = submit(request), submit(request)
    assert first.pk == second.pk
    assert len(broker.orders) == 1


def test_the_same_key_with_other_parameters_is_a_conflict(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    intent = uuid4()
    submit(asked(desk, reserved, intent=intent))
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved, intent=intent, expected_version=99))
    assert refused.value.code == "key_reused"


def test_a_second_intent_waits_for_the_first(desk: Desk, broker: Broker, reserved: Order) -> None:
    broker.reply("order-resv-ccnl", ACCEPTED)
    submit(asked(desk, reserved))
    reserved.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved))
    assert refused.value.code == "command_in_flight"
    assert len(broker.orders) == 1


def test_a_stale_version_is_a_conflict_and_records_nothing(desk: Desk, reserved: Order) -> None:
    with pytest.raises(Conflict) as refused:
        submit(asked(desk, reserved, expected_version=reserved.version - 1))
    assert refused.value.code == "stale_version"
    assert not OrderCommand.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"quantity": Decimal("1.5")}, "quantity"),
        ({"quantity": Decimal(11)}, "quantity"),
        ({"quantity": Decimal(3)}, "quantity"),
        ({"price": Decimal(1)}, "price"),
        ({"type": "modify"}, "price"),
        ({"type": "modify", "price": Decimal(0)}, "price"),
        ({"type": "modify", "price": Decimal("1.00001")}, "price"),
        ({"supersedes": UUID(int=1)}, "supersedes"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(
    desk: Desk, reserved: Order, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        submit(asked(desk, reserved, **changes))
    assert refused.value.field == field
    assert not OrderCommand.objects.exists()


def test_only_a_manager_of_the_account_may_command(desk: Desk, reserved: Order) -> None:
    for role in ("assistant", "operations", "compliance", "administrator"):
        person = User.objects.create_user(role, password="a long password", role=role)
        with pytest.raises(NotPermitted):
            submit(asked(desk, reserved, user=person))
    stranger = User.objects.create_user("lee", password="a long password", role="manager")
    with pytest.raises(NotVisible):
        submit(asked(desk, reserved, user=stranger))


def test_an_old_second_factor_is_not_enough(desk: Desk, reserved: Order) -> None:
    with pytest.raises(NotPermitted) as refused:
        submit(asked(desk, reserved, fresh_factor=False))
    assert refused.value.code == "second_factor_needed"
