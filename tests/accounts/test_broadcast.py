"""The numbers of the event stream: for each person who may see a change, without holes, whoever writes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts import access, broadcast
from accounts.models import ClientAccount, Role, StreamEvent, StreamHead, UpstreamState, User
from tests.factories import ClientAccountFactory, UserFactory, assigned


def change(account: ClientAccount, version: int = 1) -> broadcast.Change:
    return broadcast.Change(account, "order", "7", version, lambda user: {"for": user.username, "version": version})


def tell(*changes: broadcast.Change) -> None:
    with transaction.atomic():
        broadcast.record(changes)


@pytest.fixture
def woken() -> Iterator[list[broadcast.Poke]]:
    """What the hub of this process is woken by."""
    seen: list[broadcast.Poke] = []
    broadcast.listen_here(seen.append)
    yield seen
    broadcast.listen_here(lambda _about: None)


@pytest.mark.django_db(transaction=True)
def test_a_change_is_told_to_those_who_may_see_it_in_their_own_words(woken: list[broadcast.Poke]) -> None:
    kim, lee, officer = UserFactory.create(), UserFactory.create(), UserFactory.create(role=Role.COMPLIANCE)
    account = assigned(kim)
    tell(change(account, 1), change(account, 2))
    for user in (kim, officer):
        events = broadcast.events_after(user, str(broadcast.head_of(user).epoch), 0)
        assert events is not None
        assert [(event.seq, event.row) for event in events] == [
            (1, {"for": user.username, "version": 1}),
            (2, {"for": user.username, "version": 2}),
        ]
    assert broadcast.head_of(lee).seq == 0
    assert woken == [broadcast.Poke.HEADS]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_takes_no_number_and_wakes_nobody(woken: list[broadcast.Poke]) -> None:
    kim = UserFactory.create()
    account = assigned(kim)
    with transaction.atomic():
        broadcast.record([change(account)])
        transaction.set_rollback(True)
    assert (broadcast.head_of(kim).seq, StreamEvent.objects.count(), woken) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
def test_events_without_a_transaction_are_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        broadcast.record([change(ClientAccountFactory.create())])


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_no_hole_and_do_not_block_each_other_for_good() -> None:
    kim, lee = UserFactory.create(), UserFactory.create()
    both, kims = assigned(kim), assigned(kim)
    access.assign(lee, both, timezone.localdate() - timedelta(days=1))
    rounds, began = 8, threading.Barrier(4)
    failures: list[BaseException] = []

    def write(first: ClientAccount, second: ClientAccount) -> None:
        try:
            began.wait(10)
            for version in range(rounds):
                tell(change(first, version), change(second, version))
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)
        finally:
            connections.close_all()

    orders = [(both, kims), (kims, both)] * 2
    threads = [threading.Thread(target=write, args=pair) for pair in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert numbers(kim) == list(range(1, 4 * 2 * rounds + 1))
    assert numbers(lee) == list(range(1, 4 * rounds + 1))


def numbers(user: User) -> list[int]:
    found = list(StreamEvent.objects.filter(user=user).order_by("seq").values_list("seq", flat=True))
    assert broadcast.head_of(user).seq == len(found)
    return found


@pytest.mark.django_db
def test_a_gap_another_epoch_and_a_number_of_the_future_are_not_resumed() -> None:
    kim = UserFactory.create()
    account = assigned(kim)
    tell(*(change(account, version) for version in range(4)))
    epoch = str(broadcast.head_of(kim).epoch)
    resumed = broadcast.events_after(kim, epoch, 2)
    assert resumed is not None
    assert [event.seq for event in resumed] == [3, 4]
    assert broadcast.events_after(kim, epoch, 4) == []
    assert broadcast.events_after(kim, epoch, 5) is None
    assert broadcast.events_after(kim, epoch, -1) is None
    assert broadcast.events_after(kim, "another", 2) is None
    StreamEvent.objects.filter(user=kim, seq=3).delete()
    assert broadcast.events_after(kim, epoch, 2) is None
    assert broadcast.events_after(kim, epoch, 3) is not None


@pytest.mark.django_db
def test_what_nobody_can_resume_from_is_forgotten_and_the_numbers_go_on() -> None:
    kim = UserFactory.create()
    account = assigned(kim)
    tell(change(account))
    assert broadcast.forget_old(timezone.now()) == 0
    assert broadcast.forget_old(timezone.now() + broadcast.KEPT + timedelta(seconds=1)) == 1
    tell(change(account))
    assert StreamEvent.objects.get().seq == StreamHead.objects.get(user=kim).seq == 2


@pytest.mark.django_db(transaction=True)
def test_an_upstream_is_down_once_it_says_nothing_any_more(woken: list[broadcast.Poke]) -> None:
    broadcast.set_upstream("desk-1", "syncing")
    broadcast.set_upstream("desk-1", "live")
    broadcast.set_upstream("desk-1", "live")
    assert broadcast.upstreams() == [{"name": "desk-1", "state": "live"}]
    assert woken == [broadcast.Poke.UPSTREAMS] * 2
    UpstreamState.objects.update(heard_at=timezone.now() - broadcast.SILENT_AFTER - timedelta(seconds=1))
    assert broadcast.upstreams() == [{"name": "desk-1", "state": "down"}]


@pytest.mark.django_db(transaction=True)
def test_an_upstreams_state_wakes_whoever_tells_it_once_it_can_be_read(woken: list[broadcast.Poke]) -> None:
    for state in ("polling", "live"):
        with transaction.atomic():
            broadcast.set_upstream("desk-1", state)
            assert woken == []
        assert woken == [broadcast.Poke.UPSTREAMS]
        woken.clear()
