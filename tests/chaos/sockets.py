"""Browsers through lost pokes and killed servers: no number missing, none twice, and in the end the database itself."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.chaos.browsers import Browser, Fleet
from tests.chaos.chance import drawn
from tests.chaos.checker import fill_differences
from tests.chaos.figures import Findings, percentile
from tests.chaos.fills import AGREES_WITHIN, is_registered, merged
from tests.chaos.house import House, Person
from tests.chaos.load import Load
from tests.chaos.portal import Portal
from tests.chaos.processes import Running
from tests.chaos.waiting import START_WITHIN, until, until_none

EQUAL_WITHIN = 2.0
QUIET = 4.0  # seconds without a new number
SERVERS = 2
BROKERS = 3
# Every number of brokers that a person may see; a change is told to each of them under numbers of their own.
PEOPLE = (Person("kim", (0, 1, 2)), Person("lee", (0, 1)), Person("park", (2,)), Person("choi", (0,)))


@dataclass(frozen=True, slots=True)
class Size:
    """`seconds` is how long the market goes on; servers are killed during its first nine tenths."""

    sockets: int
    notices: int
    kills: int
    seconds: float


SHORT = Size(sockets=20, notices=330, kills=2, seconds=14)
HEAVY = Size(sockets=200, notices=11_000, kills=20, seconds=900)
COUNTED = ("notices", "kills", "seconds")


@dataclass
class Server:
    """A web process that may be killed; a new one takes its port."""

    house: House
    name: str
    running: Running
    port: int

    def kill(self) -> None:
        self.running.kill()
        self.running, _ = self.house.web(self.name, self.port)


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    house.open(BROKERS, PEOPLE)
    house.stream()
    servers = [Server(house, f"web-{number}", *house.web(f"web-{number}")) for number in range(SERVERS)]
    browsers = [_browser(house, servers, place) for place in range(size.sockets)]
    for browser in browsers[:SERVERS]:
        until("the server answers", browser.portal.is_ready, within=START_WITHIN)
    for broker in house.brokers:
        until(f"{broker.name} has its session", partial(is_registered, broker), within=START_WITHIN)
    with Fleet(browsers):
        until("every browser has its snapshot", lambda: all(browser.epoch for browser in browsers), within=START_WITHIN)
        _trade(house, servers, size, seed)
        _until_quiet(house, found)
        until_none(partial(_behind, browsers), within=EQUAL_WITHIN * found.slack, every=0.2)
    _judge(browsers, found)
    found.figures |= {"sockets": size.sockets, "kills": size.kills}


def _browser(house: House, servers: Sequence[Server], place: int) -> Browser:
    server, person = servers[place % len(servers)], PEOPLE[place // len(servers) % len(PEOPLE)]
    return Browser(Portal(server.port, house.tokens[person.name]), name=person.name)


def _trade(house: House, servers: Sequence[Server], size: Size, seed: int) -> None:
    rate = size.notices / BROKERS / size.seconds
    loads = [Load(broker, drawn(seed, broker.name), rate, time.sleep) for broker in house.brokers]
    with ThreadPoolExecutor(BROKERS) as pool:
        markets = [pool.submit(load.run, size.notices // BROKERS) for load in loads]
        _kill_servers(servers, size, drawn(seed, "servers"))
        _results(markets)


def _kill_servers(servers: Sequence[Server], size: Size, rng: random.Random) -> None:
    for _ in range(size.kills):
        time.sleep(0.9 * size.seconds / size.kills * rng.uniform(0.6, 1.0))
        rng.choice(servers).kill()


def _results(markets: Sequence[Future[None]]) -> None:
    for market in markets:
        market.result()


def _until_quiet(house: House, found: Findings) -> None:
    """The books agree with the broker, and nobody is given a number any more."""
    from tests.chaos.held import heads, held_orders  # noqa: PLC0415 - after Django is set up

    truth = merged(broker.truth() for broker in house.brokers)
    _, left = until_none(lambda: fill_differences(truth, held_orders()), within=AGREES_WITHIN)
    found.require("shares or amounts that differ", left)
    before: dict[str, int] = {}

    def unchanged() -> bool:
        nonlocal before
        last, before = before, heads()
        return last == before

    until("no new numbers", unchanged, within=120, every=QUIET)


def _judge(browsers: Sequence[Browser], found: Findings) -> None:
    from tests.chaos.held import heads, newest_events, shown_rows  # noqa: PLC0415 - after Django is set up

    numbers, told_at = heads(), newest_events()
    rows = {person.name: shown_rows(person.name) for person in PEOPLE}
    found.require(
        "numbers missing, twice or out of order", [f"{b.name}: {text}" for b in browsers for text in b.faults]
    )
    found.require("browsers that are behind", _behind(browsers))
    found.require("models that differ", [text for b in browsers for text in _differences(b, rows[b.name])])
    lags = [browser.changed_at - told_at[browser.name] for browser in browsers if browser.events]
    slow = percentile(lags, 0.99)
    found.at_most("p99 of the browsers", slow, EQUAL_WITHIN)
    found.figures |= {
        "events": sum(numbers.values()),
        "changes": max(numbers.values()),
        "messages": sum(browser.events for browser in browsers),
        "sessions": sum(browser.sessions for browser in browsers),
        "early": sum(browser.early for browser in browsers),
        "resyncs": sum(browser.resyncs for browser in browsers),
        "equal_p99": slow,
    }


def _behind(browsers: Sequence[Browser]) -> list[str]:
    from tests.chaos.held import heads  # noqa: PLC0415 - after Django is set up

    numbers = heads()
    return [f"{b.name}: at {b.seq} of {numbers[b.name]}" for b in browsers if b.seq != numbers[b.name]]


def _differences(browser: Browser, rows: dict[str, dict[str, Any]]) -> list[str]:
    shown = {pk: row for pk, row in browser.rows.items() if row["merged_into"] is None}
    found = [f"{browser.name}: order {pk} is shown and not there" for pk in sorted(shown.keys() - rows.keys())]
    for pk, row in rows.items():
        known = shown.get(pk, {})
        unlike = [name for name, value in row.items() if known.get(name) != value]
        if unlike:
            found.append(f"{browser.name}: order {pk}: {', '.join(unlike)}")
    return found
