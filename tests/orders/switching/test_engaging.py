"""A kill switch is engaged over the list that was confirmed, and its cancels are single commands."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from threading import Barrier, Event, Thread
from uuid import uuid4

import pytest
from django.db import connections, transaction

from accounts.models import AuditEvent, ClientAccount, Role, StreamEvent, User
from orders import batches, commands, switches, switching
from orders.commands import CommandError, Conflict, NotPermitted, NotVisible, Refused
from orders.domain.sessions import Action
from orders.models import BatchRow, CommandBatch, Order, OrderCommand, Switch, SwitchScope
from orders.switches import Target
from orders.switching import ListChanged
from tests import factories as make
from tests.orders.batches.conftest import MORNING, wait_for_batches
from tests.orders.broker import Broker
from tests.orders.switching.conftest import ALL, KILL, OFF, confirmed, engage, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
Make = Callable[..., Order]


def test_the_list_says_of_every_order_whether_it_can_be_canceled_now(officer: User, order: Make) -> None:
    fine, busy = order(), order()
    make.OrderCommandFactory.create(order=busy)
    korean = order(market="KRX", family="KRX", currency="KRW", price=None)
    found = switching.preview(officer, KILL, ALL)
    assert [line.order for line in found.lines] == [fine, busy, korean]
    assert [bool(line.obstacle) for line in found.lines][:2] == [False, True]
    assert (found.count, found.amounts, found.without_price) == (3, {"USD": 2 * fine.price * 500}, 1)


def test_engaging_cancels_the_open_orders_of_the_scope_oldest_first(officer: User, order: Make, broker: Broker) -> None:
    first, second = order(), order()
    elsewhere = order(market="KRX", family="KRX")
    market = Target(SwitchScope.MARKET, market="US")
    asked = confirmed(officer, KILL, market)
    switch, batch = switching.engage(person(officer), KILL, market, "시세 이상", asked)
    assert batch is not None
    assert [row.order for row in batch.rows.all()] == [first, second]
    assert (switch.engaged_by, switch.engaged_at, switch.reason) == (officer, MORNING, "시세 이상")
    batches.work(batch.pk)
    assert len(broker.orders) == 2
    assert not OrderCommand.objects.filter(order=elsewhere).exists()
    assert [row.command.actor for row in batch.rows.all() if row.command] == [officer, officer]


def test_engaging_leaves_its_audit_row_and_tells_everybody_whom_it_touches(
    officer: User, kim: User, account: ClientAccount, order: Make
) -> None:
    order()
    administrator = make.UserFactory.create(role=Role.ADMINISTRATOR)
    stranger = make.UserFactory.create()
    target = Target(SwitchScope.ACCOUNT, account_id=account.pk)
    switch = engage(kim, KILL, target)
    act = AuditEvent.objects.get(action="switch.engaged")
    assert (act.actor, act.account, act.reason, act.detail["orders"]) == (kim, account, "시세 이상", 1)
    told = {event.user: event for event in StreamEvent.objects.filter(entity="switch", entity_id=str(switch.pk))}
    assert set(told) == {kim, officer, administrator}
    assert account.masked_number in told[kim].row["scope_label"]
    assert told[kim].row["engaged_by"] == "kim"
    assert told[administrator].row["scope_label"] == "계좌 1개"
    assert told[administrator].account is None
    assert not StreamEvent.objects.filter(user=stranger).exists()


def test_a_kill_switch_without_open_orders_is_engaged_without_a_batch(officer: User) -> None:
    switch, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer))
    assert switch.is_engaged
    assert batch is None


def test_a_list_that_has_changed_is_shown_anew_and_nothing_happens(officer: User, order: Make) -> None:
    order()
    asked = confirmed(officer)
    order()
    with pytest.raises(ListChanged) as caught:
        switching.engage(person(officer), KILL, ALL, "시세 이상", asked)
    assert caught.value.found.count == 2
    assert not Switch.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="switch").exists()


def test_a_fill_leaves_the_list_as_it_was(officer: User, order: Make) -> None:
    working = order()
    asked = confirmed(officer)
    Order.objects.filter(pk=working.pk).update(cum_qty=100, leaves_qty=400, version=2)
    assert switching.engage(person(officer), KILL, ALL, "시세 이상", asked)[0].is_engaged


@pytest.mark.parametrize("typed", ["", "전량취소", "전량취소 2", "전량 취소 1"])
def test_other_words_than_those_shown_engage_nothing(typed: str, officer: User, order: Make) -> None:
    order()
    with pytest.raises(Refused) as caught:
        switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer, typed=typed))
    assert caught.value.field == "confirmation"
    assert not Switch.objects.exists()


def test_the_words_may_be_composed_and_spaced_as_an_input_method_does(officer: User, order: Make) -> None:
    order()
    typed = unicodedata.normalize("NFD", " 전량취소   １ ")
    assert switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer, typed=typed))[0].is_engaged


@pytest.mark.parametrize("reason", ["", "  ", "가" * 201])
def test_a_switch_needs_a_reason(reason: str, officer: User) -> None:
    with pytest.raises(Refused):
        switching.engage(person(officer), KILL, ALL, reason, confirmed(officer))


def test_a_switch_needs_a_fresh_second_factor(officer: User) -> None:
    with pytest.raises(NotPermitted) as caught:
        switching.engage(person(officer, fresh=False), KILL, ALL, "시세 이상", confirmed(officer))
    assert caught.value.code == "second_factor_needed"


def test_another_managers_scope_is_not_there_and_the_firms_is_not_theirs(kim: User, order: Make) -> None:
    other = make.UserFactory.create()
    theirs = make.KisAccountFactory.create().account
    for target in (
        Target(SwitchScope.MANAGER, manager_id=other.pk),
        Target(SwitchScope.ACCOUNT, account_id=theirs.pk),
        Target(SwitchScope.ACCOUNT, account_id=987_654),
    ):
        with pytest.raises(NotVisible):
            switching.preview(kim, KILL, target)
    for target in (ALL, Target(SwitchScope.MARKET, market="US")):
        with pytest.raises(NotPermitted):
            switching.preview(kim, KILL, target)


def test_operations_engage_nothing_for_who_is_no_manager(officer: User) -> None:
    with pytest.raises(NotVisible):
        switching.preview(officer, KILL, Target(SwitchScope.MANAGER, manager_id=officer.pk))


def test_an_administrator_turns_sending_off_without_seeing_an_order(order: Make) -> None:
    order()
    administrator = make.UserFactory.create(role=Role.ADMINISTRATOR)
    assert switching.preview(administrator, OFF, ALL).lines == ()
    assert engage(administrator, OFF).is_engaged
    with pytest.raises(NotPermitted):
        switching.preview(administrator, KILL, ALL)


def test_the_same_intent_gives_the_same_switch(officer: User, order: Make) -> None:
    order()
    asked = confirmed(officer)
    first = switching.engage(person(officer), KILL, ALL, "시세 이상", asked)
    assert switching.engage(person(officer), KILL, ALL, "시세 이상", asked) == first
    with pytest.raises(Conflict) as caught:
        switching.engage(person(officer), OFF, ALL, "시세 이상", asked)
    assert caught.value.code == "key_reused"


def test_a_switch_that_is_engaged_is_not_engaged_again(officer: User) -> None:
    engage(officer)
    with pytest.raises(Conflict) as caught:
        engage(officer)
    assert caught.value.code == "already_engaged"


def test_an_order_whose_version_moves_on_is_canceled_all_the_same(officer: User, order: Make, broker: Broker) -> None:
    working = order()
    _, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer))
    Order.objects.filter(pk=working.pk).update(version=7)
    assert batch is not None
    batches.work(batch.pk)
    assert len(broker.orders) == 1


def test_a_right_to_engage_is_no_right_to_cancel_otherwise(officer: User, order: Make) -> None:
    request = commands.CommandRequest(officer, None, order().pk, "cancel", uuid4(), 1, fresh_factor=True)
    with pytest.raises(NotPermitted):
        commands.submit(request)


def test_new_orders_are_listed_and_canceled_by_a_new_confirmation_alone(
    officer: User, order: Make, broker: Broker
) -> None:
    order()
    switch, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer))
    assert batch is not None
    batches.work(batch.pk)
    new = order()
    asked = confirmed(officer)
    assert new in [line.order for line in switching.rest(officer, switch).lines]
    assert len(broker.orders) == 1
    more = switching.cancel_rest(person(officer), switch, asked)
    assert switching.cancel_rest(person(officer), switch, asked) == more
    batches.work(more.pk)
    states = {row.order_id: (row.state, row.code) for row in more.rows.all()}
    assert states[new.pk][0] == "submitted"
    assert len(broker.orders) == 2


def test_a_released_switch_cancels_nothing_more(officer: User, order: Make, broker: Broker) -> None:
    order()
    switch, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", confirmed(officer))
    assert batch is not None
    switching.ask_release(person(officer), switch, "정상")
    switching.release(person(make.UserFactory.create(role=Role.OPERATIONS)), switch)
    batches.work(batch.pk)
    assert broker.orders == []
    assert {row.state for row in batch.rows.all()} == {"expired"}
    with pytest.raises(Conflict):
        switching.cancel_rest(person(officer), switch, confirmed(officer))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_engage_at_once_one_does_and_every_order_is_asked_once(order: Make, broker: Broker) -> None:
    for _ in range(3):
        order()
    people = [make.UserFactory.create(role=Role.OPERATIONS) for _ in range(2)]
    together = Barrier(2)
    outcomes: list[object] = []

    def press(user: User) -> None:
        try:
            asked = confirmed(user)
            together.wait()
            outcomes.append(switching.engage(person(user), KILL, ALL, "시세 이상", asked)[0].pk)
        except CommandError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(map(str, outcomes)) == sorted([str(Switch.objects.get().pk), "already_engaged"])
    batches.work(CommandBatch.objects.get().pk)
    wait_for_batches()
    assert BatchRow.objects.filter(state="submitted").count() == 3
    assert len(broker.orders) == 3


@pytest.mark.django_db(transaction=True)
def test_once_an_engaging_has_returned_no_claim_that_missed_it_is_open(officer: User, order: Make) -> None:
    working = order()
    asked, may_end, returned = Event(), Event(), Event()
    found: list[object] = []

    def claim() -> None:
        try:
            with transaction.atomic():
                held = Order.objects.select_for_update(of=("self",)).get(pk=working.pk)
                found.append(switches.stop_of_claim(held, Action.CANCEL))
                asked.set()
                may_end.wait(10)
                found.append(returned.is_set())
        finally:
            connections.close_all()

    def press() -> None:
        try:
            asked.wait(10)
            engage(officer, OFF)
            returned.set()
        finally:
            connections.close_all()

    threads = [Thread(target=claim), Thread(target=press)]
    for thread in threads:
        thread.start()
    returned.wait(0.5)
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert found == [None, False]
    with transaction.atomic():
        assert switches.stop_of_claim(working, Action.CANCEL) is not None
