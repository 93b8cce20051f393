"""What to ask the broker next, and of which account: after a loss first, then by the schedule of the sweeps.

No I/O and no clock of its own: times are seconds of one monotonic clock, passed in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

OPEN_EVERY = 10.0
ALL_EVERY = 60.0
AGAIN_AFTER = 2.0  # a question that was not answered; twice as long each time, up to
AGAIN_AT_LAST = 60.0
# After a loss: at once, then until two reads agree. Fills that are missing for more than 3 s count as missed.
READS_AFTER = (0.0, 3.1, 15.0, 60.0)
READS_EVERY = 60.0  # from then on
# How much earlier than its time a question counts, against one of another kind.
_URGENT, _RECOVERY, _OPEN = 1_000_000.0, 100.0, 10.0


class Scope(StrEnum):
    OPEN = "open"  # the lists in which the account has open orders
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Question:
    account_id: int
    scope: Scope


@dataclass(frozen=True, slots=True)
class Answer:
    """A digest of what the lists said, and whether what was compared agreed with our books.

    `compared` are the orders that were, `overtaken` those that a notice told of after the question: on a busy desk
    there are always some, and another read has to compare them.
    """

    digest: Hashable
    agrees: bool
    compared: frozenset[int] = frozenset()
    overtaken: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Part:
    """The reads of one question within one recovery."""

    since: float  # a read that was asked for before it may miss what happened until then
    due: float
    urgent: bool
    first: float = 0.0
    reads: int = 0
    last: Answer | None = None
    last_agreed: bool = False
    compared: set[int] = field(default_factory=set)
    settled: bool = False
    failures: int = 0  # in a row

    @property
    def weight(self) -> float:
        """One account that the broker does not answer for must not hold up the others of the app key."""
        if self.failures:
            return _OPEN
        return _URGENT if self.urgent else _RECOVERY

    def fail(self, now: float) -> None:
        self.due = now + min(AGAIN_AFTER * 2**self.failures, AGAIN_AT_LAST)
        self.failures = min(self.failures + 1, 10)

    def take(self, asked_at: float, answer: Answer) -> None:
        self.first = self.first if self.reads else asked_at
        self.reads += 1
        self.failures = 0
        self.compared |= answer.compared
        agrees = answer.agrees and answer.overtaken <= self.compared
        equal = self.last is not None and (answer.digest == self.last.digest or self.last_agreed)
        self.last, self.last_agreed = answer, agrees
        self.settled = equal and agrees
        later = self.reads >= len(READS_AFTER)
        self.due = asked_at + READS_EVERY if later else self.first + READS_AFTER[self.reads]


@dataclass(slots=True)
class _Account:
    has_open: bool
    open_at: float | None = None  # when it was last asked for
    all_at: float | None = None
    extra: list[float] = field(default_factory=list)  # full reads beside the schedule
    answers: bool = True


class Agenda:
    """The accounts of one app key and the recoveries under way."""

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}
        self._recoveries: dict[int, dict[Question, _Part]] = {}

    def know(self, accounts: Mapping[int, bool]) -> None:
        """The accounts as they are now, each with whether it has open orders."""
        for account_id in set(self._accounts) - set(accounts):
            del self._accounts[account_id]
        for account_id, has_open in accounts.items():
            self._accounts.setdefault(account_id, _Account(has_open)).has_open = has_open

    def recover(self, recovery_id: int, account_ids: Iterable[int], now: float, *, urgent: bool = False) -> None:
        """Read these accounts (or all that are known) from `now` on; a recovery under way begins anew."""
        ids = [account_id for account_id in account_ids if account_id in self._accounts]
        parts = {Question(account_id, Scope.ALL): _Part(now, now, urgent) for account_id in ids}
        busy = [account_id for account_id in ids if self._accounts[account_id].has_open]
        self._recoveries[recovery_id] = {
            **{Question(account_id, Scope.OPEN): _Part(now, now, urgent=True) for account_id in busy},
            **parts,
        }

    def drop(self, recovery_id: int) -> None:
        """The session was lost again: what was read so far proves nothing."""
        self._recoveries.pop(recovery_id, None)

    def read_fully(self, account_id: int, at: float) -> None:
        """One full read of the account beside the schedule, at a session's end."""
        if account_id in self._accounts:
            self._accounts[account_id].extra.append(at)

    def next(self, now: float) -> Question | None:
        """The question that is due and most urgent; None when nothing is due."""
        due = [(at - weight, question) for at, weight, question in self._wanted() if at <= now]
        return min(due, key=lambda item: item[0])[1] if due else None

    def answered(
        self, question: Question, asked_at: float, answer: Answer | None, now: float | None = None
    ) -> list[tuple[int, int]]:
        """Note what became of a question. Recoveries that are over by it: their ids, with the number of their reads.

        `now` is when it was known, where that is later than `asked_at`: a question may take longer than the pause
        before it is asked again.
        """
        self._note(question, asked_at, answer is not None)
        over = []
        for recovery_id, parts in list(self._recoveries.items()):
            part = parts.get(question)
            if part is None or part.settled or asked_at < part.since:
                continue
            if answer is None:
                part.fail(asked_at if now is None else now)
            else:
                part.take(asked_at, answer)
            if all(each.settled for each in parts.values()):
                del self._recoveries[recovery_id]
                over.append((recovery_id, sum(each.reads for each in parts.values())))
        return over

    def was_read(self, recovery_id: int) -> bool:
        """Every list was read at least once since the recovery began. False when it has not begun, or was dropped."""
        parts = self._recoveries.get(recovery_id)
        return parts is not None and all(part.reads for part in parts.values())

    @property
    def is_answered(self) -> bool:
        """At least one account's last question was answered; with no accounts there is nothing to ask."""
        return not self._accounts or any(account.answers for account in self._accounts.values())

    def oldest_open(self) -> float | None:
        """When the account with open orders that waits longest was read; None where one was never read."""
        return _oldest(account.open_at for account in self._accounts.values() if account.has_open)

    def oldest_all(self) -> float | None:
        """The same for full reads."""
        return _oldest(account.all_at for account in self._accounts.values())

    def _wanted(self) -> Iterator[tuple[float, float, Question]]:
        for parts in self._recoveries.values():
            for question, part in parts.items():
                if not part.settled and question.account_id in self._accounts:
                    yield part.due, part.weight, question
        for account_id, account in self._accounts.items():
            for at in account.extra:
                yield at, _RECOVERY, Question(account_id, Scope.ALL)
            if account.has_open:
                yield _after(account.open_at, OPEN_EVERY), _OPEN, Question(account_id, Scope.OPEN)
            yield _after(account.all_at, ALL_EVERY), 0.0, Question(account_id, Scope.ALL)

    def _note(self, question: Question, asked_at: float, answered: bool) -> None:
        account = self._accounts.get(question.account_id)
        if account is None:
            return
        account.answers = answered
        account.open_at = asked_at
        if question.scope is Scope.ALL:
            account.all_at = asked_at
            account.extra = [at for at in account.extra if at > asked_at]


def _after(last: float | None, seconds: float) -> float:
    return float("-inf") if last is None else last + seconds


def _oldest(times: Iterable[float | None]) -> float | None:
    found = list(times)
    known = [at for at in found if at is not None]
    return min(known) if known and len(known) == len(found) else None
