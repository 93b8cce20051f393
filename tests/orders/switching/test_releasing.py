"""Two people release a switch: one asks, another confirms, both with the right at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from accounts.models import AuditEvent, ClientAccount, Role, StreamEvent, User
from orders import switching
from orders.commands import CommandError, Conflict, NotPermitted, Refused
from orders.models import Order, Switch, SwitchScope
from orders.switches import Target
from tests import factories as make
from tests.orders.batches.conftest import MORNING, Traveller
from tests.orders.switching.conftest import KILL, OFF, engage, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
Make = Callable[..., Order]


@pytest.fixture
def switch(officer: User) -> Switch:
    return engage(officer)


@pytest.fixture
def second() -> User:
    return make.UserFactory.create(username="second", role=Role.OPERATIONS)


def test_a_second_person_releases_and_both_are_in_the_audit_trail(officer: User, second: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    released = switching.release(person(second), switch)
    assert (released.released_by, released.released_at, released.release_asked_by) == (second, MORNING, officer)
    acts = AuditEvent.objects.filter(subject=f"switch {switch.pk}").order_by("id")
    assert [(act.action, act.actor) for act in acts] == [
        ("switch.engaged", officer),
        ("switch.release_asked", officer),
        ("switch.released", second),
    ]
    told = StreamEvent.objects.filter(user=second, entity="switch").order_by("seq")
    assert [(event.version, event.row["engaged"]) for event in told] == [(1, True), (2, True), (3, False)]


def test_the_one_who_asked_does_not_release(officer: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    with pytest.raises(NotPermitted) as caught:
        switching.release(person(officer), switch)
    assert caught.value.code == "second_person"
    switch.refresh_from_db()
    assert switch.is_engaged


def test_nobody_releases_what_nobody_asked_for(second: User, switch: Switch) -> None:
    with pytest.raises(Conflict):
        switching.release(person(second), switch)


def test_a_request_lapses_after_ten_minutes_and_may_then_be_made_anew(
    officer: User, second: User, switch: Switch, clock: Traveller
) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    clock.shift(timedelta(minutes=10))
    with pytest.raises(Conflict) as caught:
        switching.release(person(second), switch)
    assert caught.value.code == "release_lapsed"
    switching.ask_release(person(second), switch, "시세 정상")
    assert switching.release(person(officer), switch).released_by == officer


def test_a_request_that_stands_is_not_taken_over(officer: User, second: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    with pytest.raises(Conflict) as caught:
        switching.ask_release(person(second), switch, "내가 먼저")
    assert caught.value.code == "release_pending"


@pytest.mark.parametrize("role", list(Role))
def test_who_confirms_the_release_of_a_switch_for_all(role: Role, officer: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    other = make.UserFactory.create(role=role)
    if role in {Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR}:
        assert switching.release(person(other), switch).released_by == other
    else:
        with pytest.raises(NotPermitted):
            switching.release(person(other), switch)


def test_a_right_that_was_lost_meanwhile_releases_nothing(officer: User, second: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "시세 정상")
    User.objects.filter(pk=officer.pk).update(role=Role.ASSISTANT)
    with pytest.raises(Conflict) as caught:
        switching.release(person(second), switch)
    assert caught.value.code == "asker_lost_right"
    User.objects.filter(pk=officer.pk).update(role=Role.OPERATIONS)
    second.is_active = False
    with pytest.raises(NotPermitted):
        switching.release(person(second), switch)


def test_a_manager_asks_for_ones_own_switch_and_compliance_confirms(kim: User, account: ClientAccount) -> None:
    own = engage(kim, KILL, Target(SwitchScope.ACCOUNT, account_id=account.pk))
    switching.ask_release(person(kim), own, "정상")
    assert switching.release(person(make.UserFactory.create(role=Role.COMPLIANCE)), own).released_by


def test_operations_hold_beside_a_manager_and_no_manager_releases_that(
    kim: User, officer: User, account: ClientAccount
) -> None:
    target = Target(SwitchScope.ACCOUNT, account_id=account.pk)
    own, above = engage(kim, KILL, target), engage(officer, KILL, target)
    assert [each.level for each in (own, above)] == ["manager", "desk"]
    with pytest.raises(NotPermitted):
        switching.ask_release(person(kim), above, "정상")
    officer.role = Role.MANAGER
    officer.save()
    with pytest.raises(NotPermitted):
        switching.ask_release(person(kim), Switch.objects.get(pk=above.pk), "정상")
    assert switching.ask_release(person(kim), own, "정상").release_asked_by == kim
    with pytest.raises(Conflict):
        engage(kim, KILL, target)


def test_both_steps_need_a_reason_or_a_fresh_second_factor(officer: User, second: User, switch: Switch) -> None:
    with pytest.raises(Refused):
        switching.ask_release(person(officer), switch, " ")
    with pytest.raises(NotPermitted):
        switching.ask_release(person(officer, fresh=False), switch, "정상")
    switching.ask_release(person(officer), switch, "정상")
    with pytest.raises(NotPermitted):
        switching.release(person(second, fresh=False), switch)


def test_a_released_switch_may_be_engaged_again(officer: User, second: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "정상")
    switching.release(person(second), switch)
    assert engage(officer).pk != switch.pk
    assert engage(officer, OFF).is_engaged


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_releases(officer: User, switch: Switch) -> None:
    switching.ask_release(person(officer), switch, "정상")
    people = [make.UserFactory.create(role=Role.OPERATIONS) for _ in range(2)]
    together = Barrier(2)
    outcomes: list[object] = []

    def press(user: User) -> None:
        together.wait()
        try:
            outcomes.append(switching.release(person(user), switch).released_by == user)
        except CommandError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(map(str, outcomes)) == ["True", "release_lapsed"]
