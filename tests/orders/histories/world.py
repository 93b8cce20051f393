"""One portal, one broker and the line between them, for the length of a history.

The processes are as in production: whoever holds the lease records frames under its epoch, a resolver asks for what is
unknown, sweeps read the lists, people submit. A crash ends the process that it happens in, which starts again and
recovers as the real one does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts import broadcast as stream
from accounts import clock
from accounts.models import User
from accounts.models.stream import Feed
from orders import crash_points, executions, lease, reconciliation
from orders.commands import CommandError, CommandRequest, submit
from orders.crash_points import CrashPoint
from orders.executions import Journal, LeaseLost
from orders.kis.crypto import NoticeCipher
from orders.kis.frames import BadFrame, NoticeFrame, parse
from orders.kis.protocol import NoticeReceived
from orders.models import KisAccount, KisConnection, OrderCommand, StreamLease
from tests.orders.histories.broker import Broker, Told
from tests.orders.histories.browser import Browser

# The keep-alives are held with the notices: the product leaves a line that says nothing, and what was on it is lost.
HELD_AT_MOST = timedelta(seconds=180)
RECOVER_AFTER = (0, 15)  # seconds after a session began; the minute's sweep follows
SWEEP_EVERY = timedelta(seconds=60)


class Crash(BaseException):
    """The end of a process, at a named place."""


@dataclass
class World:
    """Everything that a step may touch. `advance` moves the clock that the portal and the broker share."""

    broker: Broker
    advance: Callable[[float], None]
    connection: KisConnection = field(default_factory=KisConnection.objects.get)
    people: list[User] = field(default_factory=lambda: list(User.objects.order_by("pk")))
    line: list[Told] = field(default_factory=list)
    heard: list[Told] = field(default_factory=list)
    holding_since: datetime | None = None
    holder: str = ""
    epoch: int = 0
    frames: int = 0
    sessions: int = 0
    journal: set[tuple[int, int]] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    retold: set[int] = field(default_factory=set)
    lives: int = 0
    recover_at: list[datetime] = field(default_factory=list)
    swept_at: datetime | None = None
    crash_at: CrashPoint | None = None
    between: tuple[CrashPoint, Callable[[], None]] | None = None
    browsers: list[Browser] = field(default_factory=list)
    intents: list[CommandRequest] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def open(self) -> None:
        """The portal starts."""
        crash_points.install(self._reached)
        self.browsers = [Browser(person) for person in self.people]
        for browser in self.browsers:
            browser.load()
        self.start_process()

    # Processes

    def start_process(self) -> None:
        """A notice process begins: lease, what the last one left behind, a session, the first recovery."""
        self.lives += 1
        self.holder = f"process {self.lives}"
        self.line.clear()  # the broker replays nothing
        if not lease.acquire(self.connection.pk, self.holder):
            self.advance(lease.LASTS.total_seconds() + 1)
            assert lease.acquire(self.connection.pk, self.holder), "a lease that ran out is not given"
        self._replay()
        self.new_session()

    def _replay(self) -> None:
        epoch = lease.next_epoch(self.connection.pk, self.holder)
        assert epoch is not None
        self.epoch = epoch
        executions.replay(Journal(self.connection.pk, epoch))

    def new_session(self) -> None:
        """A session with the broker: a new epoch, new keys, numbers from one on."""
        epoch = lease.next_epoch(self.connection.pk, self.holder)
        assert epoch is not None
        assert epoch > self.epoch or not self.sessions
        self.epoch, self.frames, self.sessions = epoch, 0, self.sessions + 1
        self.recover_at = [clock.now() + timedelta(seconds=seconds) for seconds in RECOVER_AFTER]
        self.say_live()
        self.background()

    def say_live(self) -> None:
        stream.set_upstream(self.connection.name, Feed.LIVE.value)

    def guarded(self, work: Callable[[], Any]) -> Any:
        """Run the notice process's own work; where it crashes, another process takes its place."""
        try:
            return work()
        except Crash:
            self.crash_at = None
            self.between = None
            self.start_process()
            return None

    def _reached(self, point: CrashPoint) -> None:
        if point is self.crash_at:
            self.crash_at = None
            raise Crash(point)
        if self.between is not None and self.between[0] is point:
            act, self.between = self.between[1], None
            act()

    # The line

    def listen(self) -> None:
        """What the broker says stands on the line; unless it is held, it arrives."""
        self.line += self.broker.take_told()
        if self.holding_since is None:
            self.arrive(len(self.line))
        elif clock.now() - self.holding_since > HELD_AT_MOST:
            self.lose_line()

    def hold(self) -> None:
        self.holding_since = self.holding_since or clock.now()

    def release(self) -> None:
        self.holding_since = None

    def lose_line(self) -> None:
        """It was silent for too long: the process leaves it for a new session."""
        self.release()
        self.line.clear()
        self.guarded(self.new_session)

    def arrive(self, count: int) -> None:
        for _ in range(min(count, len(self.line))):
            told = self.line.pop(0)
            self.heard.append(told)
            self.guarded(lambda told=told: self.record([told]))  # type: ignore[misc]  # bound at once

    def cipher(self) -> NoticeCipher:
        return NoticeCipher(f"{self.epoch:032d}", f"{self.epoch:016d}")

    def encode(self, told: list[Told]) -> bytes:
        payload = self.cipher().encrypt("^".join(one.text for one in told))
        return f"1|{told[0].tr_id}|{len(told):03d}|{payload}".encode()

    def record(self, told: list[Told]) -> None:
        self.record_raw(self.encode(told))

    def record_raw(self, raw: bytes, epoch: int | None = None) -> None:
        """One frame comes to the process that believes to hold the line, under `epoch` or its own."""
        self.frames += 1
        number, epoch = self.frames, epoch or self.epoch
        data = parse(raw)
        assert isinstance(data, NoticeFrame | BadFrame)
        kept = (epoch, number)
        if self.crash_at is not CrashPoint.NOTICE_RECEIVED and epoch == self.epoch:
            self.journal.add(kept)
        received = NoticeReceived(raw, data, self.cipher())
        executions.record_notice(Journal(self.connection.pk, epoch), number, received, clock.now())

    def record_as_zombie(self, told: Told, epoch: int) -> None:
        """A process that lost its lease and does not know: nothing of it may be written."""
        try:
            self.record_raw(self.encode([told]), epoch)
        except LeaseLost:
            return
        raise AssertionError(f"a frame of epoch {epoch} was taken in epoch {self.epoch}")

    # What runs by itself

    def tick(self, seconds: float) -> None:
        """Time goes by, and with it what every process does on its own."""
        self.advance(seconds)
        self.broker.simulator.access.issued_at = clock.now()
        # The lease was renewed each 5 s of it.
        mine = StreamLease.objects.filter(holder=self.holder)
        mine.update(expires_at=clock.now() + lease.LASTS - timedelta(seconds=lease.RENEWED_EVERY))
        self.listen()
        self.background()

    def background(self) -> None:
        self.guarded(self._background)
        self.listen()

    def _background(self) -> None:
        now = clock.now()
        assert lease.renew(self.connection.pk, self.holder)
        self.say_live()
        reconciliation.recover(now)
        reconciliation.resolve_due(now)
        due = [at for at in self.recover_at if at <= now]
        if due or self.swept_at is None or now - self.swept_at >= SWEEP_EVERY:
            self.recover_at = [at for at in self.recover_at if at > now]
            self.swept_at = now
            self.sweep()

    def sweep(self) -> None:
        reconciliation.sweep(KisAccount.objects.select_related("account"))

    # People

    def submit(self, request: CommandRequest) -> OrderCommand | None:
        """A person's request, in a web process of its own; None where it was not taken or the process died."""
        self.say_live()
        try:
            return submit(request)
        except CommandError as error:
            self.notes.append(error.code)
        except Crash:
            self.between = None
        return None
