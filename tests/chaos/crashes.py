"""A process dies at every named point of a command's, a notice's and an inquiry's way: once sent is once sent."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from orders.crash_points import CrashPoint
from tests.chaos.broker import EXCHANGE_DELAY, Broker
from tests.chaos.chance import drawn
from tests.chaos.checker import fill_differences
from tests.chaos.clicks import Orders, values_of
from tests.chaos.crashing import Crash
from tests.chaos.figures import Findings
from tests.chaos.fills import is_registered, merged
from tests.chaos.house import House, Person
from tests.chaos.outcomes import Recorded, broken_trails, sent_twice, unsettled, wrong
from tests.chaos.portal import Portal
from tests.chaos.processes import Running
from tests.chaos.truth import Truth
from tests.chaos.waiting import START_WITHIN, until, until_none

USER = "kim"
IN_A_REQUEST = [point for point in CrashPoint if point.value.startswith("command_")]
ON_A_NOTICE = [point for point in CrashPoint if point.value.startswith("notice_")]
IN_AN_INQUIRY = [CrashPoint.BOOKS_APPLYING]
IN_THE_RESOLVER = [point for point in CrashPoint if point.value.startswith("resolver_")]
DESKS = len(IN_A_REQUEST)
SETTLED_WITHIN = 60.0
MAY_WAIT = frozenset({"UNKNOWN", "ESCALATED"})


@dataclass(frozen=True, slots=True)
class Size:
    """Every point once for each kind, so many times over."""

    kinds: tuple[str, ...]
    times: int


SHORT = Size(kinds=("cancel",), times=1)
HEAVY = Size(kinds=("cancel", "modify price", "modify quantity"), times=10)
COUNTED = ("times",)
SPARE = 2  # rounds more of a kind, where a point was not reached: what a slow machine let grow too old is not sent


@dataclass
class Round:
    """All points once, with one kind of command. What is to die is all that runs at its time."""

    house: House
    kind: str
    rng: random.Random
    portal: Portal
    died: list[CrashPoint] = field(default_factory=list)

    def run(self) -> None:
        with ThreadPoolExecutor(DESKS) as pool:
            rows = self._orders(pool)
            list(pool.map(self._in_a_request, IN_A_REQUEST, (pair[0] for pair in rows)))
            time.sleep(2 * EXCHANGE_DELAY)  # a stream that is to die of a notice must not hear of these
            others = [pair[1] for pair in rows]
            self._on_a_notice(pool, others[:4])
            self._after_a_command(pool, IN_AN_INQUIRY, others, first=4)
            self._after_a_command(pool, IN_THE_RESOLVER, others, first=5)

    def _orders(self, pool: ThreadPoolExecutor) -> list[list[dict[str, Any]]]:
        """Two orders a desk, brought by a stream that then ends as it should, and so leaves its leases free."""
        stream = self.house.stream()
        for broker in self.house.brokers:
            until(f"{broker.name} has its session", partial(is_registered, broker), within=START_WITHIN)
        rows = list(pool.map(lambda broker: Orders(broker, self.portal, self.rng).fresh(2), self.house.brokers))
        stream.end()
        return rows

    def _in_a_request(self, point: CrashPoint, row: dict[str, Any]) -> None:
        web, port = self.house.web(f"web-{point.value}", crash=Crash(point))
        server = Portal(port, self.portal.token)
        until(f"the server that dies at {point.value} answers", server.is_ready, within=START_WITHIN)
        self._click(server, row)
        self._must_die(web, point)

    def _on_a_notice(self, pool: ThreadPoolExecutor, rows: Sequence[dict[str, Any]]) -> None:
        streams = [self._stream(point, desk) for desk, point in enumerate(ON_A_NOTICE)]
        for stream, broker in zip(streams, self.house.brokers, strict=False):
            until("the stream has its session", partial(_has_or_had_a_session, stream, broker), within=START_WITHIN)
        list(pool.map(partial(self._click, self.portal), rows))
        for stream, point in zip(streams, ON_A_NOTICE, strict=True):
            self._must_die(stream, point)

    def _after_a_command(
        self, pool: ThreadPoolExecutor, points: Sequence[CrashPoint], rows: Sequence[dict[str, Any]], first: int
    ) -> None:
        """Nobody hears the notices of these: the lists alone tell, and who reads them dies."""
        list(pool.map(partial(self._click, self.portal), rows[first : first + len(points)]))
        streams = [self._stream(point, first + place) for place, point in enumerate(points)]
        for stream, point in zip(streams, points, strict=True):
            self._must_die(stream, point)

    def _stream(self, point: CrashPoint, desk: int) -> Running:
        return self.house.stream(desk, name=f"stream-{point.value}", crash=Crash(point))

    def _click(self, server: Portal, row: dict[str, Any]) -> None:
        """One command; a server that dies of it answers nothing."""
        fresh = self.portal.get(f"orders/{row['id']}/")
        act, values = values_of(self.kind, fresh, self.rng)
        try:
            server.command(fresh, act, uuid.uuid4(), **values)
        except requests.ConnectionError:
            return

    def _must_die(self, running: Running, point: CrashPoint) -> None:
        if running.wait(30):
            self.died.append(point)
        running.kill()


def _has_or_had_a_session(stream: Running, broker: Broker) -> bool:
    """A late notice of what was sent before may meet the stream at once, and end it as it should."""
    return is_registered(broker) or not stream.is_alive


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    house.open(DESKS, [Person(USER, tuple(range(DESKS)))])
    _, port = house.web()
    portal = Portal(port, house.tokens[USER])
    until("the server answers", portal.is_ready, within=START_WITHIN)
    died: Counter[CrashPoint] = Counter()
    slowest = 0.0
    for kind in size.kinds:
        here: Counter[CrashPoint] = Counter()
        for time_over in range(size.times + SPARE):
            if time_over >= size.times and all(here[point] >= size.times for point in CrashPoint):
                break
            one = Round(house, kind, drawn(seed, f"{kind} {time_over}"), portal)
            one.run()
            here.update(one.died)
            slowest = max(slowest, _settle(house, found.slack))
        died.update(here)
    wanted = size.times * len(size.kinds)
    found.at_most("nothing stuck", slowest, SETTLED_WITHIN)
    found.require("points at which too few died", [f"{p.value}: {died[p]}" for p in CrashPoint if died[p] < wanted])
    _judge(house, found)
    found.figures |= {"crashes": died.total(), "points": len(died), "slowest_seconds": round(slowest, 1)}


def _settle(house: House, slack: float) -> float:
    """A healthy stream at last. Seconds until nothing is open but what waits for its evidence."""
    stream = house.stream()
    seconds, _ = until_none(lambda: _stuck(*_read(house)), within=SETTLED_WITHIN * slack, every=0.5)
    stream.end()
    return seconds


def _read(house: House) -> tuple[list[Recorded], Truth]:
    from tests.chaos.trail import recorded  # noqa: PLC0415 - after Django is set up

    return recorded(), merged(broker.truth() for broker in house.brokers)


def _stuck(commands: Sequence[Recorded], truth: Truth) -> list[str]:
    """Open, and not waiting for evidence; or taken by the broker, and not settled by its lists."""
    taken = {command.pk for command in unsettled(commands, truth)}
    return [
        f"{command.type} of {command.number}: {command.state}"
        for command in commands
        if command.pk in taken or command.state == "ACKED"
    ]


def _judge(house: House, found: Findings) -> None:
    from tests.chaos.held import held_orders  # noqa: PLC0415 - after Django is set up

    commands, truth = _read(house)
    found.require("requests more than one an intent", sent_twice(commands, truth.asked))
    found.require("stuck", _stuck(commands, truth))
    found.require("wrong against the broker's word", wrong(commands, truth))
    found.require("audit rows missing", broken_trails(commands))
    found.require("shares or amounts that differ", fill_differences(truth, held_orders()))
    found.figures |= {
        "commands": len(commands),
        "requests": len(truth.asked),
        "states": dict(Counter(command.state for command in commands)),
    }
