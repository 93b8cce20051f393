"""Switches: what they hold back, which orders they cover, and who may engage, see and release them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import ClientAccount, Role, User
from orders import switches, switching
from orders.domain.events import Market
from orders.domain.sessions import Action
from orders.models import MarketGroup, Order, Switch, SwitchKind, SwitchScope
from orders.models.switches import group_of
from orders.switches import Target
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]
MORNING = datetime(2026, 11, 20, 2, 10, tzinfo=UTC)
KILL, OFF = SwitchKind.KILL, SwitchKind.SENDING_OFF
Engage = Callable[..., Switch]


@pytest.fixture
def morning() -> Any:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def kim() -> User:
    return make.UserFactory.create(username="kim")


@pytest.fixture
def account(kim: User) -> ClientAccount:
    return make.assigned(kim, make.KisAccountFactory.create().account)


@pytest.fixture
def order(account: ClientAccount) -> Order:
    return make.OrderFactory.create(account=account)


def engaged(kind: SwitchKind = KILL, scope: SwitchScope = SwitchScope.ALL, **target: Any) -> Switch:
    by = target.pop("by", None) or make.UserFactory.create(role=Role.OPERATIONS)
    facts = {"engaged_by": by, "engaged_at": MORNING, "level": switches.level_of(by), "reason": "시세 이상"}
    return Switch.objects.create(kind=kind, scope=scope, **facts, **target)


def scopes_over(order: Order, kim: User) -> list[dict[str, Any]]:
    return [
        {"scope": SwitchScope.ALL},
        {"scope": SwitchScope.MANAGER, "manager": kim},
        {"scope": SwitchScope.ACCOUNT, "account": order.account},
        {"scope": SwitchScope.MARKET, "market": MarketGroup.US},
    ]


def scopes_beside(order: Order) -> list[dict[str, Any]]:
    stranger = make.UserFactory.create()
    other = make.assigned(stranger, make.KisAccountFactory.create().account)
    return [
        {"scope": SwitchScope.MANAGER, "manager": stranger},
        {"scope": SwitchScope.ACCOUNT, "account": other},
        {"scope": SwitchScope.MARKET, "market": MarketGroup.KRX},
    ]


def test_a_kill_switch_stops_modifies_of_its_scope_and_no_cancel(order: Order, kim: User) -> None:
    for target in scopes_over(order, kim):
        switch = engaged(**target)
        stop = switches.stop_for(order, Action.MODIFY)
        assert stop is not None
        assert (stop.key, stop.switch_id) == ("kill", switch.pk)
        assert "11-20 11:10" in stop.text
        assert switches.stop_for(order, Action.CANCEL) is None
        assert switches.sending_is_off(order) is None
        switch.delete()


def test_a_kill_switch_beside_the_order_stops_nothing(order: Order) -> None:
    for target in scopes_beside(order):
        engaged(**target)
    assert switches.stop_for(order, Action.MODIFY) is None


def test_sending_off_stops_every_send_of_its_scope(order: Order, kim: User) -> None:
    for target in scopes_over(order, kim):
        switch = engaged(OFF, **target)
        stop = switches.sending_is_off(order)
        assert stop is not None
        assert stop.switch_id == switch.pk
        assert switches.stop_for(order, Action.MODIFY) is None
        switch.delete()


@given(data=st.data())
def test_whatever_is_engaged_no_kill_switch_ever_holds_a_cancel(data: st.DataObject) -> None:
    account, manager = ClientAccount(pk=7), User(pk=3)
    target = st.one_of(
        st.just({"scope": SwitchScope.ALL}),
        st.just({"scope": SwitchScope.MANAGER, "manager": manager}),
        st.just({"scope": SwitchScope.ACCOUNT, "account": account}),
        st.sampled_from(MarketGroup).map(lambda group: {"scope": SwitchScope.MARKET, "market": group}),
    )
    some = data.draw(st.lists(target, max_size=6))
    rows = tuple(
        Switch(pk=number, kind=KILL, engaged_by=manager, engaged_at=MORNING, **one) for number, one in enumerate(some)
    )
    order = Order(account=account, market=data.draw(st.sampled_from(Market)).value)
    vars(order)["engaged_switches"] = switches.Engaged(rows, {3: frozenset({7})})
    assert switches.stop_for(order, Action.CANCEL) is None
    assert switches.sending_is_off(order) is None


def test_a_released_switch_holds_nothing_back(order: Order) -> None:
    switch, second = engaged(), make.UserFactory.create(role=Role.OPERATIONS)
    switch.release_asked_by, switch.release_asked_at = switch.engaged_by, MORNING
    switch.released_by, switch.released_at = second, MORNING
    switch.save()
    assert switches.stop_for(order, Action.MODIFY) is None


def test_an_order_asks_with_one_query_and_a_list_with_one_for_all_of_it(
    order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    engaged()
    with django_assert_num_queries(1):
        switches.stop_for(order, Action.MODIFY)
    orders = [order, make.OrderFactory.create(account=order.account)]
    with django_assert_num_queries(1):
        for row in switches.attach(orders):
            assert switches.stop_for(row, Action.MODIFY)
            assert switches.sending_is_off(row) is None


def test_a_claim_asks_anew_whatever_was_attached(order: Order) -> None:
    switches.attach([order])
    engaged(OFF)
    with transaction.atomic():
        stop = switches.stop_of_claim(order, Action.CANCEL)
    assert stop is not None
    assert stop.key == "sending_off"


def test_a_modify_is_stopped_at_its_claim_and_a_cancel_is_not(order: Order) -> None:
    engaged(KILL)
    with transaction.atomic():
        assert switches.stop_of_claim(order, Action.CANCEL) is None
        assert switches.stop_of_claim(order, Action.MODIFY) is not None


def test_an_assignment_that_has_ended_leaves_the_scope_of_the_manager(order: Order, kim: User) -> None:
    kim.assignments.update(valid_to=date(2026, 11, 19))
    engaged(scope=SwitchScope.MANAGER, manager=kim)
    assert switches.stop_for(order, Action.MODIFY) is None
    assert not switches.open_orders(Target(SwitchScope.MANAGER, manager_id=kim.pk))


def test_each_scope_lists_its_open_orders_oldest_first(order: Order, kim: User) -> None:
    later = make.OrderFactory.create(account=order.account, market=Market.US_RESERVED.value)
    make.OrderFactory.create(account=order.account, status="FILLED", leaves_qty=0)
    korean = make.OrderFactory.create(market=Market.KRX.value)
    assert list(switches.open_orders(Target(SwitchScope.ALL))) == [order, later, korean]
    for target in (
        Target(SwitchScope.MANAGER, manager_id=kim.pk),
        Target(SwitchScope.ACCOUNT, account_id=order.account_id),
        Target(SwitchScope.MARKET, market="US"),
    ):
        assert list(switches.open_orders(target)) == [order, later]


def test_every_market_belongs_to_one_group() -> None:
    assert sorted(market for group in MarketGroup for market in group.markets) == sorted(Market)
    assert {group_of(market.value) for market in Market} == set(MarketGroup)


@pytest.mark.parametrize("scope", ["all", "manager", "account", "market"])
def test_one_switch_of_a_kind_is_engaged_a_target(scope: str, order: Order, kim: User) -> None:
    target = next(one for one in scopes_over(order, kim) if one["scope"] == scope)
    engaged(KILL, **target)
    engaged(OFF, **target)
    with pytest.raises(IntegrityError), transaction.atomic():
        engaged(KILL, **target)


def test_the_database_refuses_a_release_by_the_one_who_asked(kim: User) -> None:
    switch = engaged()
    switch.release_asked_by = switch.released_by = kim
    switch.release_asked_at = switch.released_at = MORNING
    with pytest.raises(IntegrityError), transaction.atomic():
        switch.save()


def test_the_database_refuses_a_target_that_the_scope_does_not_have(kim: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        engaged(scope=SwitchScope.ALL, manager=kim)


def person(role: Role) -> User:
    return make.UserFactory.create(role=role)


ENGAGES: dict[Role, set[tuple[str, str]]] = {
    Role.MANAGER: {(kind, scope) for kind in ("kill", "sending_off") for scope in ("manager", "account")},
    Role.ASSISTANT: set(),
    Role.OPERATIONS: {
        (kind, scope) for kind in ("kill", "sending_off") for scope in ("all", "manager", "account", "market")
    },
    Role.COMPLIANCE: set(),
    Role.ADMINISTRATOR: {("sending_off", "all"), ("sending_off", "market")},
}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_engage_what(role: Role) -> None:
    user = person(role)
    account = make.assigned(user, make.KisAccountFactory.create().account)
    targets = [
        Target(SwitchScope.ALL),
        Target(SwitchScope.MANAGER, manager_id=user.pk),
        Target(SwitchScope.ACCOUNT, account_id=account.pk),
        Target(SwitchScope.MARKET, market="US"),
    ]
    allowed = {
        (kind.value, target.scope.value)
        for kind in SwitchKind
        for target in targets
        if switches.may_engage(user, kind, target)
    }
    assert allowed == ENGAGES[role]


def test_a_manager_engages_nothing_for_another_manager_or_an_account_of_others(kim: User, order: Order) -> None:
    other = make.UserFactory.create()
    assert not switches.may_engage(other, KILL, Target(SwitchScope.MANAGER, manager_id=kim.pk))
    assert not switches.may_engage(other, KILL, Target(SwitchScope.ACCOUNT, account_id=order.account_id))


@pytest.mark.parametrize("role", list(Role))
def test_who_may_confirm_the_release_of_a_switch_for_all(role: Role) -> None:
    switch = engaged()
    confirms = {Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR}
    assert switches.may_release(person(role), switch) == (role in confirms)
    assert switches.may_ask_release(person(role), switch) == (role == Role.OPERATIONS)


def test_a_manager_does_not_release_what_operations_engaged_over_them(kim: User, account: ClientAccount) -> None:
    from_above = engaged(scope=SwitchScope.ACCOUNT, account=account)
    assert not switches.may_ask_release(kim, from_above)
    from_above.delete()
    own = engaged(scope=SwitchScope.ACCOUNT, account=account, by=kim)
    assert switches.may_ask_release(kim, own)
    colleague = make.UserFactory.create()
    make.AssignmentFactory.create(user=colleague, account=account, valid_from=date(2010, 1, 1))
    assert switches.may_release(colleague, own)


def test_a_switch_is_seen_by_those_whom_it_touches(kim: User, account: ClientAccount) -> None:
    stranger = make.UserFactory.create()
    helper = make.UserFactory.create(role=Role.ASSISTANT)
    make.AssignmentFactory.create(user=helper, account=account, valid_from=date(2010, 1, 1))
    above = [person(role) for role in (Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR)]
    targets: list[dict[str, Any]] = [{"scope": "manager", "manager": kim}, {"scope": "account", "account": account}]
    for target in targets:
        switch = engaged(by=above[0], **target)
        assert switches.audience(switch) == sorted([kim, helper, *above], key=lambda user: user.pk)
        for user in (kim, helper, *above):
            assert switch in switches.visible(user)
        assert switch not in switches.visible(stranger)
    everybodys = engaged(by=above[0])
    assert everybodys in switches.visible(stranger)
    assert stranger in switches.audience(everybodys)


def test_an_account_is_named_to_those_alone_who_may_see_it(kim: User, account: ClientAccount) -> None:
    switch = engaged(scope=SwitchScope.ACCOUNT, account=account)
    assert account.masked_number in switches.label(switch, kim)
    assert account.number not in switches.label(switch, kim)
    assert switches.label(switch, person(Role.ADMINISTRATOR)) == "계좌 1개"


def test_an_open_order_of_unknown_quantity_is_on_the_list(account: ClientAccount) -> None:
    """Its first news was a fill; what is left of it no list has told yet."""
    order = make.OrderFactory.create(account=account, quantity_known=False, order_qty=2, cum_qty=2, leaves_qty=0)
    assert list(switches.open_orders(Target(SwitchScope.ALL))) == [order]
    assert switching.preview(make.UserFactory.create(role=Role.OPERATIONS), KILL, Target(SwitchScope.ALL)).possible == 0
