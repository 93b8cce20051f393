"""The cancels of a kill switch wait for nobody's selection, and outlast a request that the switch is about to deny."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import BoundedSemaphore

import pytest

from accounts.models import User
from orders import batches
from orders.batches import working
from orders.models import BatchKind, Order, OrderCommand
from tests import factories as make
from tests.orders.batches.conftest import selection, wait_for_batches
from tests.orders.broker import Broker
from tests.orders.switching.conftest import engage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock", "broker")]
Make = Callable[..., Order]


def test_the_cancels_of_a_kill_switch_do_not_wait_for_a_selection(
    kim: User, officer: User, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = BoundedSemaphore(1)
    monkeypatch.setitem(working.ROWS_AT_ONCE, BatchKind.SELECTION, one)
    with one:
        picked = batches.cancel_selected(selection(kim, order()))
        batch = engage(officer).batches.get()
        wait_for_batches(batch.pk)
        assert [row.state for row in batch.rows.all()] == ["submitted"]
        assert [row.state for row in picked.rows.all()] == ["pending"]
    wait_for_batches()
    assert [row.code for row in picked.rows.all()] == ["command_in_flight"]


@pytest.mark.parametrize(("ends", "outcome"), [("DENIED", ("submitted", "ACKED")), ("ACKED", ("refused", ""))])
def test_a_cancel_waits_for_the_end_of_a_request_that_is_still_checked(
    officer: User, order: Make, broker: Broker, monkeypatch: pytest.MonkeyPatch, ends: str, outcome: tuple[str, str]
) -> None:
    """A modify under our own checks is denied by the switch; one that has left keeps the order to itself."""
    monkeypatch.setattr(working, "ASKS_AGAIN_AFTER", 0.01)
    modify = make.OrderCommandFactory.create(order=order(), type="modify", state="READY")
    batch = engage(officer).batches.get()
    until = time.monotonic() + 10
    while not batch.rows.filter(state="taken").exists() and time.monotonic() < until:
        time.sleep(0.01)
    OrderCommand.objects.filter(pk=modify.pk).update(state=ends)
    wait_for_batches()
    row = batch.rows.get()
    assert (row.state, row.command.state if row.command else "") == outcome
    assert len(broker.orders) == (ends == "DENIED")
