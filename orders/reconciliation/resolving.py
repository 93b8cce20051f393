"""The resolver: one inquiry of an account's list serves every command that is due for it.

A thousand commands that wait cost what one costs: they are taken together by conditional updates, the list is read
once, and each is judged by the same read. App keys are asked side by side, since each has a pace of its own.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import Q

from accounts import clock
from accounts.models import ClientAccount
from orders import inquiries
from orders.crash_points import CrashPoint, reach
from orders.domain import resolution as rules
from orders.domain.command_state import UNDONE, CommandState
from orders.domain.events import Family
from orders.models import KisAccount, OrderCommand
from orders.reconciliation.judging import UNESCALATED, WAITING, escalate, family, settle, wait_anew

log = logging.getLogger(__name__)

ASKED = (*WAITING, CommandState.REJECTED, *UNDONE)
AT_LEAST = timedelta(seconds=1)  # between two questions
AT_MOST = timedelta(seconds=60)  # the longest step of the schedule
FURTHEST = timedelta(minutes=2)  # a question put off further was put off before a clock was set back
AFTER_A_FAILURE = timedelta(seconds=5)  # a question without an answer was no read
FOLLOWED_FOR = timedelta(minutes=3)  # what was accepted after it was said to have done nothing
SIDE_BY_SIDE = 8
# What is looked at each second, of as many commands as wait; without what is encrypted.
_READ = (
    *("asks", "next_ask_at", "waits_since", "sent_at", "created_at", "pre_image"),
    *("order__account_id", "order__family"),
)


@dataclass(frozen=True, slots=True)
class _Question:
    """One list of one account, and the commands that are due for it."""

    account_id: int
    family: Family
    commands: list[OrderCommand] = field(default_factory=list)


def resolve_due(now: datetime) -> int:
    """Ask for every command whose time has come. Number of commands asked for. Not inside a transaction."""
    return sum(_ask(question, now) for questions in _due(now).values() for question in questions)


class Resolver:
    """The same for a process that looks again and again: an app key that answers slowly holds up no other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="resolving")
        self._asking: dict[int | None, Future[None]] = {}

    def look(self, now: datetime) -> None:
        """Begin to ask for every command whose time has come; what fails is logged and asked again."""
        for key, questions in _due(now).items():
            if key not in self._asking or self._asking[key].done():
                self._asking[key] = self._pool.submit(_ask_quietly, questions, now)

    def close(self) -> None:
        """End with what is under way; begin nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _ask_quietly(questions: Iterable[_Question], now: datetime) -> None:
    try:
        for question in questions:
            _ask(question, now)
    except Exception:
        log.exception("commands were not asked for")
    finally:
        connections.close_all()


def _due(now: datetime) -> dict[int | None, list[_Question]]:
    """The questions of each app key, the one with the oldest command first."""
    turn = Q(next_ask_at__lte=now) | Q(next_ask_at__gt=now + FURTHEST)
    due = OrderCommand.objects.filter(turn, state__in=[state.value for state in ASKED])
    questions: dict[tuple[int, Family], _Question] = {}
    for command in due.select_related("order").only(*_READ).order_by("next_ask_at"):
        asked = (command.order.account_id, family(command))
        questions.setdefault(asked, _Question(*asked)).commands.append(command)
    accounts = {account_id for account_id, _ in questions}
    keys = dict(KisAccount.objects.filter(account_id__in=accounts).values_list("account_id", "connection_id"))
    by_key: dict[int | None, list[_Question]] = defaultdict(list)
    for question in questions.values():
        by_key[keys.get(question.account_id)].append(question)
    return by_key


def _ask(question: _Question, now: datetime) -> int:
    taken = _take(question.commands, now)
    if not taken:
        return 0
    reach(CrashPoint.RESOLVER_TAKEN)
    read = inquiries.inquire(ClientAccount.objects.get(pk=question.account_id), [question.family])
    reach(CrashPoint.RESOLVER_ANSWERED)
    if read is None:
        _ask_again_soon(taken)
        _escalate_unread(taken, now)
        return len(taken)
    _let_go(taken, now)
    settle(read, [question.family], taken)
    return len(taken)


def _let_go(taken: Iterable[Any], now: datetime) -> None:
    """Final ones are asked for so that the order is read: a refused one once, one accepted too late for a while."""
    asked = OrderCommand.objects.filter(pk__in=taken)
    asked.filter(state=CommandState.REJECTED).update(next_ask_at=None)
    asked.filter(state__in=UNDONE, waits_since__lte=now - FOLLOWED_FOR).update(next_ask_at=None)


def _take(commands: Iterable[OrderCommand], now: datetime) -> frozenset[Any]:
    """One process asks: the next time is written before the question."""
    with transaction.atomic():
        return frozenset(command.pk for command in commands if _take_one(command, now))


def _take_one(command: OrderCommand, now: datetime) -> bool:
    asks = command.asks + 1
    since = command.waits_since or command.sent_at or command.created_at
    coming = min(max(since + rules.ask_offset(asks), now + AT_LEAST), now + AT_MOST)
    mine = OrderCommand.objects.filter(pk=command.pk, asks=command.asks, next_ask_at=command.next_ask_at)
    return bool(mine.update(asks=asks, next_ask_at=coming))


def _escalate_unread(taken: Iterable[Any], now: datetime) -> None:
    """Where the lists cannot be read for minutes, a person has to call the broker, and may step over the request."""
    waiting = OrderCommand.objects.filter(pk__in=taken, state__in=UNESCALATED)
    wait_anew(waiting, clock.now())
    for command in waiting.filter(waits_since__lte=now - rules.ESCALATE_AT_LAST):
        escalate(command.pk, now)


def _ask_again_soon(taken: Iterable[Any]) -> None:
    soon = clock.now() + AFTER_A_FAILURE
    OrderCommand.objects.filter(pk__in=taken, next_ask_at__gt=soon).update(next_ask_at=soon)
