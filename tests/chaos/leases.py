"""Two streams for one app key: a leader is stopped or killed, and the follower takes over without a trace of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.chaos.broker import Broker
from tests.chaos.chance import drawn
from tests.chaos.checker import fill_differences
from tests.chaos.figures import Findings, percentile
from tests.chaos.fills import AGREES_WITHIN, is_registered, merged
from tests.chaos.house import House, Person
from tests.chaos.load import Load
from tests.chaos.processes import Running
from tests.chaos.relay import CLOSE_FRAME, Relay, Session
from tests.chaos.waiting import START_WITHIN, until, until_none

TAKEN_WITHIN = 20.0  # the lease lasts 15 s
REFUSED_WAITS = 30.0
WAITS = 120.0  # seconds for what is waited for; how soon it comes, is measured


@dataclass(frozen=True, slots=True)
class Size:
    """`pairs` work at once. `watched` is how long a refused follower is looked at; None: until it has the session."""

    pairs: int
    pauses: int
    kills: int
    watched: float | None
    notices: int


SHORT = Size(pairs=4, pauses=2, kills=2, watched=8, notices=8)
HEAVY = Size(pairs=10, pauses=100, kills=100, watched=None, notices=20)
COUNTED = ("pauses", "kills")


@dataclass(frozen=True, slots=True)
class Takeover:
    """One change of leader, by wall clock: rows of an earlier epoch must not be written after `woken_at`."""

    connection: str
    epoch: int
    woken_at: float


@dataclass
class Pair:
    """Two processes for one connection; `relay` is the line between them and the broker."""

    house: House
    number: int
    relay: Relay
    load: Load
    size: Size
    streams: list[Running] = field(default_factory=list)
    takeovers: list[Takeover] = field(default_factory=list)
    took: list[float] = field(default_factory=list)  # seconds from the stop to the takeover
    waited: list[float] = field(default_factory=list)  # seconds from OPSP8996 to the next attempt
    wrong: list[str] = field(default_factory=list)

    @property
    def broker(self) -> Broker:
        return self.house.brokers[self.number]

    def run(self, plan: Sequence[str]) -> None:
        self.streams = [self._start(name) for name in ("a", "b")]
        until(f"{self.broker.name} has its session", partial(is_registered, self.broker), within=START_WITHIN)
        for turn, trouble in enumerate(plan):
            leader = self._leader()
            if trouble == "kill":
                self._kill(leader, turn)
            else:
                self._pause(leader)

    def _start(self, name: str) -> Running:
        return self.house.stream(self.number, name=f"stream-{self.number}-{name}")

    def _leader(self) -> Running:
        from tests.chaos.held import lease_of  # noqa: PLC0415 - after Django is set up

        pid = lease_of(self.broker.name).pid
        return next(stream for stream in self.streams if stream.pid == pid)

    def _kill(self, leader: Running, turn: int) -> None:
        before = int(self.broker.shown()["connected"])
        began = time.time()
        leader.kill()
        self.load.run(self.load.caused + self.size.notices)
        self._await_takeover(leader, began)
        until("the follower has the session", lambda: self._is_new(before), within=WAITS)
        self.streams.remove(leader)
        self.streams.append(self._start(f"k{turn}"))

    def _pause(self, leader: Running) -> None:
        """Stop the leader past its lease, with notices on their way to it; wake it once the other has taken over."""
        line, attempts = self.relay.sessions[-1], len(self.relay.sessions)
        began = time.time()
        leader.freeze()
        self.load.run(self.load.caused + self.size.notices)
        self._await_takeover(leader, began)
        until("the follower is refused", lambda: len(self.relay.sessions) > attempts, within=WAITS)
        refused = self.relay.sessions[attempts]
        asked = sum(self.broker.shown()["requests"].values())
        woken_at = self._wake(leader, line)
        self.takeovers[-1] = Takeover(self.broker.name, self.takeovers[-1].epoch, woken_at)
        self._watch_the_refused(refused, attempts)
        if sum(self.broker.shown()["requests"].values()) == asked:
            self.wrong.append(f"{self.broker.name}: the follower that was refused does not poll")

    def _await_takeover(self, leader: Running, began: float) -> None:
        from tests.chaos.held import lease_of  # noqa: PLC0415 - after Django is set up

        until("the follower takes over", lambda: lease_of(self.broker.name).pid != leader.pid, within=WAITS)
        self.took.append(time.time() - began)
        self.takeovers.append(Takeover(self.broker.name, lease_of(self.broker.name).epoch, time.time()))

    def _wake(self, leader: Running, line: Session) -> float:
        """When it was woken. From then on its socket carries a close and nothing before it."""
        woken_at = time.time()
        leader.wake()
        until("the woken leader closes its socket", lambda: line.closed_at is not None, within=WAITS)
        said = line.said_after(woken_at)
        if said and said[0] != CLOSE_FRAME:
            self.wrong.append(f"{self.broker.name}: the woken leader said {said[0]:#x} before its close")
        return woken_at

    def _watch_the_refused(self, refused: Session, attempts: int) -> None:
        if self.size.watched is None:
            until("the follower has the session", partial(is_registered, self.broker), within=WAITS)
        else:
            time.sleep(self.size.watched)
        later = [session.opened_at for session in self.relay.sessions[attempts + 1 :]]
        if later:
            self.waited.append(later[0] - refused.opened_at)
            if self.waited[-1] < REFUSED_WAITS:
                self.wrong.append(f"{self.broker.name}: the follower tried again after {self.waited[-1]:.1f} s")

    def _is_new(self, before: int) -> bool:
        return int(self.broker.shown()["connected"]) > before and is_registered(self.broker)


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    from tests.chaos.held import held_orders, of_an_old_epoch  # noqa: PLC0415 - after Django is set up

    relays = house.open(size.pairs, [Person("kim", tuple(range(size.pairs)))], relayed=True)
    pairs = [
        Pair(house, number, relay, Load(broker, drawn(seed, broker.name), 10, time.sleep), size)
        for number, (broker, relay) in enumerate(zip(house.brokers, relays, strict=True))
    ]
    with ThreadPoolExecutor(size.pairs) as pool:
        for work in [pool.submit(pair.run, plan) for pair, plan in zip(pairs, _plans(size), strict=True)]:
            work.result()
    truth = merged(broker.truth() for broker in house.brokers)
    _, left = until_none(lambda: fill_differences(truth, held_orders()), within=AGREES_WITHIN)
    takeovers = [takeover for pair in pairs for takeover in pair.takeovers]
    found.require("rows of an old epoch", of_an_old_epoch(takeovers))
    found.require("leaders and followers", [text for pair in pairs for text in pair.wrong])
    found.require("shares or amounts that differ", left)
    took, waited = [s for pair in pairs for s in pair.took], [s for pair in pairs for s in pair.waited]
    found.at_most("p95 of the takeovers", percentile(took, 0.95), TAKEN_WITHIN)
    found.figures |= {
        "pauses": size.pauses,
        "kills": size.kills,
        "takeover_p95": percentile(took, 0.95),
        "takeover_most": percentile(took, 1),
        "refused_waits_least": min(waited, default=None),
        "notices": sum(pair.load.caused for pair in pairs),
    }


def _plans(size: Size) -> list[list[str]]:
    plans: list[list[str]] = [[] for _ in range(size.pairs)]
    for place, trouble in enumerate(["pause"] * size.pauses + ["kill"] * size.kills):
        plans[place % size.pairs].append(trouble)
    return plans
