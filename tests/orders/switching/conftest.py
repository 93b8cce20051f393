"""The desk of the batches, with a person of operations beside the manager."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Role, User
from orders import switching
from orders.models import Switch, SwitchKind, SwitchScope
from orders.switches import Target
from orders.switching import Confirmed, Person
from tests import factories as make
from tests.orders.batches.conftest import account, broker, clock, connection, kim, order

__all__ = ["account", "broker", "clock", "connection", "kim", "order"]
ALL = Target(SwitchScope.ALL)
KILL, OFF = SwitchKind.KILL, SwitchKind.SENDING_OFF


@pytest.fixture
def officer() -> User:
    return make.UserFactory.create(username="ops", role=Role.OPERATIONS)


def person(user: User, *, fresh: bool = True) -> Person:
    return Person(user, "127.0.0.1", fresh)


def confirmed(user: User, kind: SwitchKind = KILL, target: Target = ALL, **changes: Any) -> Confirmed:
    """What a person who looked at the list just now would confirm."""
    found = switching.preview(user, kind, target)
    fields = {"intent": uuid4(), "digest": found.digest, "typed": switching.confirmation(kind, found.count)}
    return Confirmed(**{**fields, **changes})


def engage(user: User, kind: SwitchKind = KILL, target: Target = ALL) -> Switch:
    return switching.engage(person(user), kind, target, "시세 이상", confirmed(user, kind, target))[0]
