"""A selection is recorded once for its key, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import override_settings

from accounts.models import AuditEvent, Role, StreamEvent, User
from orders import batches
from orders.commands import Conflict, NotPermitted, NotVisible, Refused
from orders.models import CommandBatch, Order
from tests import factories as make
from tests.orders.batches.conftest import Traveller, selection

pytestmark = pytest.mark.django_db
Make = Callable[..., Order]


def test_a_selection_becomes_rows_oldest_first_with_its_audit_row_and_its_news(kim: User, order: Make) -> None:
    first, second = order(), order()
    batch = batches.cancel_selected(selection(kim, second, first))
    rows = [(row.position, row.order_id, row.state, row.expected_version) for row in batch.rows.all()]
    assert rows == [(1, first.pk, "pending", 1), (2, second.pk, "pending", 1)]
    act = AuditEvent.objects.get(action="batch.created")
    assert (act.actor, act.subject, act.detail["orders"]) == (kim, f"batch {batch.pk}", [first.pk, second.pk])
    told = StreamEvent.objects.get(user=kim, entity="batch")
    assert (told.entity_id, told.row["total"], told.row["state"]) == (str(batch.pk), 2, "working")


def test_the_same_key_gives_the_same_batch(kim: User, order: Make) -> None:
    asked = selection(kim, order())
    assert batches.cancel_selected(asked) == batches.cancel_selected(asked)
    assert CommandBatch.objects.count() == 1


def test_the_same_key_with_other_orders_is_a_conflict(kim: User, order: Make) -> None:
    intent = uuid4()
    batches.cancel_selected(selection(kim, order(), intent=intent))
    with pytest.raises(Conflict) as caught:
        batches.cancel_selected(selection(kim, order(), intent=intent))
    assert caught.value.code == "key_reused"


def test_one_order_of_another_manager_makes_the_selection_absent(kim: User, order: Make) -> None:
    mine, theirs = order(), make.OrderFactory.create()
    with pytest.raises(NotVisible):
        batches.cancel_selected(selection(kim, mine, theirs))
    with pytest.raises(NotVisible):
        batches.cancel_selected(selection(kim, mine, orders=((mine.pk, 1), (987_654, 1))))
    assert not CommandBatch.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.MANAGER])
def test_only_a_manager_cancels_a_selection(role: Role, order: Make) -> None:
    with pytest.raises(NotPermitted):
        batches.cancel_selected(selection(make.UserFactory.create(role=role), order()))


def test_a_selection_needs_a_fresh_second_factor(kim: User, order: Make) -> None:
    with pytest.raises(NotPermitted) as caught:
        batches.cancel_selected(selection(kim, order(), fresh_factor=False))
    assert caught.value.code == "second_factor_needed"


@override_settings(BATCH_MOST_ROWS=2)
def test_a_selection_is_neither_empty_nor_too_long_nor_doubled(kim: User, order: Make) -> None:
    orders = [order() for _ in range(3)]
    for wrong in ((), tuple(orders), (orders[0], orders[0])):
        with pytest.raises(Refused):
            batches.cancel_selected(selection(kim, *wrong))


def test_a_batch_is_seen_by_its_owner_and_by_those_who_see_everything(kim: User, order: Make) -> None:
    batch = batches.cancel_selected(selection(kim, order()))
    for role in Role:
        seen = batches.visible(make.UserFactory.create(role=role), batch.pk) is not None
        assert seen == (role in {Role.OPERATIONS, Role.COMPLIANCE})
    assert batches.visible(kim, batch.pk) == batch
    assert batches.visible(kim, uuid4()) is None


def test_an_order_stands_in_one_running_selection_and_a_person_has_few_of_them(
    kim: User, order: Make, clock: Traveller
) -> None:
    first = order()
    batches.cancel_selected(selection(kim, first))
    with pytest.raises(Conflict) as caught:
        batches.cancel_selected(selection(kim, order(), first))
    assert caught.value.code == "batch_running"
    for _ in range(2):
        batches.cancel_selected(selection(kim, order()))
    with pytest.raises(Conflict):
        batches.cancel_selected(selection(kim, order()))
    clock.shift(timedelta(seconds=16))  # nobody works on them any more
    assert batches.cancel_selected(selection(kim, first)).rows.count() == 1
