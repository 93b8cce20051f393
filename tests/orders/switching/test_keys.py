"""A key stands for one request: another one under it is a conflict, and never an answer for something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Barrier, Event, Thread
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from accounts.models import User
from orders import batches, switches, switching
from orders.commands import CommandError, Conflict, Refused
from orders.domain.sessions import Action
from orders.models import CommandBatch, Order, Switch, SwitchScope
from orders.switches import Target
from orders.switching import Confirmed, ListChanged
from tests.orders.batches.conftest import selection, wait_for_batches
from tests.orders.switching.conftest import ALL, KILL, OFF, confirmed, engage, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "broker")]
Make = Callable[..., Order]
US = Target(SwitchScope.MARKET, market="US")


def rest_of(user: User, switch: Switch, intent: UUID | None = None) -> Confirmed:
    found = switching.rest(user, switch)
    return Confirmed(intent or uuid4(), found.digest, switching.confirmation(KILL, found.count))


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as caught:
        act()
    return caught.value.code


def test_the_key_of_an_engaging_cancels_no_rest(officer: User, order: Make) -> None:
    order()
    switch = engage(officer)
    order()
    again = rest_of(officer, switch, switch.intent)
    assert code_of(lambda: switching.cancel_rest(person(officer), switch, again)) == "key_reused"
    assert CommandBatch.objects.count() == 1


def test_the_key_of_a_rest_is_good_for_that_list_and_that_switch_alone(officer: User, order: Make) -> None:
    switch, other = engage(officer), engage(officer, KILL, US)
    order()
    asked = rest_of(officer, switch)
    batch = switching.cancel_rest(person(officer), switch, asked)
    assert switching.cancel_rest(person(officer), switch, asked) == batch
    for wrong in (replace(asked, digest="x"), replace(asked, typed="y")):
        assert code_of(partial(switching.cancel_rest, person(officer), switch, wrong)) == "key_reused"
    assert code_of(lambda: switching.cancel_rest(person(officer), other, asked)) == "key_reused"


def test_the_key_of_a_selection_engages_nothing_and_is_not_called_engaged(kim: User, order: Make) -> None:
    mine = Target(SwitchScope.MANAGER, manager_id=kim.pk)
    picked = batches.cancel_selected(selection(kim, order()))
    asked = confirmed(kim, KILL, mine, intent=picked.intent)
    assert code_of(lambda: switching.engage(person(kim), KILL, mine, "시세 이상", asked)) == "key_reused"
    assert not Switch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_start_one_batch_for_the_rest(officer: User, order: Make) -> None:
    switch = engage(officer)
    order()
    asked = rest_of(officer, switch)
    together = Barrier(2)
    started: list[object] = []

    def click() -> None:
        together.wait()
        try:
            started.append(switching.cancel_rest(person(officer), switch, asked))
        except CommandError as error:
            started.append(error)
        finally:
            connections.close_all()

    clicks = [Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(20)
    wait_for_batches()
    assert started == [CommandBatch.objects.get()] * 2


@pytest.mark.django_db(transaction=True)
def test_a_second_click_returns_no_earlier_than_the_first_could_have(officer: User, order: Make) -> None:
    """The first one may have failed while it waited for the claims that had not seen the switch."""
    working, asked = order(), confirmed(officer, OFF)
    switching.engage(person(officer), OFF, ALL, "시세 이상", asked)
    claimed, may_end, returned = Event(), Event(), Event()
    found: list[bool] = []

    def claim() -> None:
        try:
            with transaction.atomic():
                switches.stop_of_claim(working, Action.CANCEL)
                claimed.set()
                may_end.wait(10)
                found.append(returned.is_set())
        finally:
            connections.close_all()

    def click() -> None:
        try:
            claimed.wait(10)
            switching.engage(person(officer), OFF, ALL, "시세 이상", asked)
            returned.set()
        finally:
            connections.close_all()

    threads = [Thread(target=claim), Thread(target=click)]
    for thread in threads:
        thread.start()
    returned.wait(0.5)
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert found == [False]
    assert returned.is_set()


def test_a_busy_desk_engages_over_what_still_stands_of_the_list(officer: User, order: Make) -> None:
    """One of the orders is filled and another one comes while the words are typed."""
    filled, working = order(), order()
    asked = replace(confirmed(officer), orders=frozenset({filled.pk, working.pk}))
    Order.objects.filter(pk=filled.pk).update(status="FILLED", leaves_qty=0)
    new = order()
    switch, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", asked)
    assert batch is not None
    assert [row.order_id for row in batch.rows.all()] == [working.pk]
    assert new in [line.order for line in switching.rest(officer, switch).lines]
    assert switching.engage(person(officer), KILL, ALL, "시세 이상", asked) == (switch, batch)


def test_a_list_that_is_all_gone_engages_without_a_batch(officer: User, order: Make) -> None:
    gone = order()
    asked = replace(confirmed(officer), orders=frozenset({gone.pk}))
    Order.objects.filter(pk=gone.pk).update(status="FILLED", leaves_qty=0)
    switch, batch = switching.engage(person(officer), KILL, ALL, "시세 이상", asked)
    assert (switch.is_engaged, batch) == (True, None)


def test_numbers_that_are_not_those_of_the_digest_are_another_list(officer: User, order: Make) -> None:
    shown, added = order(), order()
    asked = confirmed(officer)
    with pytest.raises(ListChanged):
        switching.engage(person(officer), KILL, ALL, "시세 이상", replace(asked, orders=frozenset({shown.pk})))
    both = replace(asked, orders=frozenset({shown.pk, added.pk}), typed=switching.confirmation(KILL, 1))
    with pytest.raises(Refused):
        switching.engage(person(officer), KILL, ALL, "시세 이상", both)
    assert not Switch.objects.exists()


def test_the_key_of_an_engaging_is_good_for_that_reason_and_that_list_alone(officer: User, order: Make) -> None:
    order()
    asked = confirmed(officer)
    switching.engage(person(officer), KILL, ALL, "시세 이상", asked)
    for reason, given in (("다른 사유", asked), ("시세 이상", replace(asked, digest="x"))):
        assert code_of(partial(switching.engage, person(officer), KILL, ALL, reason, given)) == "key_reused"


@pytest.mark.parametrize("reason", ["a\x00b", "시세\u202e이상", "두\n줄"])
def test_a_reason_has_no_characters_that_cannot_be_seen(officer: User, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        switching.engage(person(officer), KILL, ALL, reason, confirmed(officer))
    assert caught.value.field == "reason"
