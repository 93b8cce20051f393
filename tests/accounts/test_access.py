"""Whose account is this: by role, by assignment, by day."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser

from accounts import access
from accounts.models import Assignment, ClientAccount, Role, StreamHead, User
from tests.factories import AssignmentFactory, ClientAccountFactory, UserFactory, assigned

pytestmark = pytest.mark.django_db
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
# The last and the first second of a Korean day.
FRIDAYS_END = "2026-11-20T14:59:59Z"
SATURDAYS_START = "2026-11-20T15:00:00Z"


def sees(user: User, account: ClientAccount) -> bool:
    """The two sides of the one answer; they must agree."""
    seen = account in access.visible_accounts(user)
    assert seen == (user in access.viewers(account))
    return seen


@pytest.mark.parametrize(
    ("role", "own", "foreign", "trades"),
    [
        (Role.MANAGER, True, False, True),
        (Role.ASSISTANT, True, False, False),
        (Role.OPERATIONS, True, True, False),
        (Role.COMPLIANCE, True, True, False),
        (Role.ADMINISTRATOR, False, False, False),
    ],
)
def test_a_role_sees_and_trades_what_is_its_own(role: Role, own: bool, foreign: bool, trades: bool) -> None:
    user = UserFactory.create(role=role)
    mine, other = assigned(user), ClientAccountFactory.create()
    assert (sees(user, mine), sees(user, other)) == (own, foreign)
    assert (access.may_trade(user, mine), access.may_trade(user, other)) == (trades, False)


def test_nobody_sees_nothing_and_neither_does_somebody_who_left() -> None:
    account = ClientAccountFactory.create()
    assert list(access.visible_accounts(AnonymousUser())) == []
    assert not access.may_trade(AnonymousUser(), account)
    for role in (Role.MANAGER, Role.COMPLIANCE):
        user = UserFactory.create(role=role, is_active=False)
        AssignmentFactory.create(user=user, account=account)
        assert not sees(user, account)
        assert not access.may_trade(user, account)


def test_being_a_superuser_opens_no_account() -> None:
    user = UserFactory.create(role=Role.ADMINISTRATOR, is_superuser=True)
    assert not sees(user, assigned(user))


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "on_friday", "on_saturday"),
    [
        (FRIDAY, FRIDAY, True, False),
        (SATURDAY, None, False, True),
        (SATURDAY, SATURDAY, False, True),
        (date(2026, 1, 1), FRIDAY, True, False),
        (FRIDAY, None, True, True),
    ],
)
def test_an_assignment_holds_from_its_first_day_to_its_last_by_korean_midnight(
    valid_from: date, valid_to: date | None, on_friday: bool, on_saturday: bool
) -> None:
    assignment = AssignmentFactory.create(valid_from=valid_from, valid_to=valid_to)
    for instant, expected in ((FRIDAYS_END, on_friday), (SATURDAYS_START, on_saturday)):
        with time_machine.travel(instant, tick=False):
            assert sees(assignment.user, assignment.account) is expected
            assert access.may_trade(assignment.user, assignment.account) is expected
            assert bool(access.managers_of([assignment.account_id])) is expected


def test_managers_are_named_by_account_in_order() -> None:
    account, alone = ClientAccountFactory.create(), ClientAccountFactory.create()
    for name in ("park", "kim"):
        assigned(UserFactory.create(username=name), account)
    assert access.managers_of([account.pk, alone.pk]) == {account.pk: ["kim", "park"]}


def test_assigning_twice_is_assigning_once() -> None:
    user, account = UserFactory.create(), ClientAccountFactory.create()
    assert access.assign(user, account, FRIDAY)
    assert not access.assign(user, account, SATURDAY)
    assert Assignment.objects.count() == 1


def test_new_rights_end_the_open_sockets_and_void_the_old_stream() -> None:
    user = UserFactory.create()
    before = StreamHead.objects.create(user=user)
    access.assign(user, ClientAccountFactory.create(), FRIDAY)
    user.refresh_from_db()
    assert user.access_version == 1
    assert StreamHead.objects.get(user=user).epoch != before.epoch
