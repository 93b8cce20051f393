"""Commands through a broken line: at most one request each, every unknown outcome seen at once, and none guessed."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from tests.chaos.broker import EXCHANGE_DELAY, Broker
from tests.chaos.browsers import Browser, Fleet
from tests.chaos.chance import drawn
from tests.chaos.clicks import Orders, values_of
from tests.chaos.figures import Findings
from tests.chaos.fills import is_registered, merged
from tests.chaos.house import House, Person
from tests.chaos.outcomes import LAG, LAG_SECONDS, Commanded, Evidence, Recorded, judge, unsettled
from tests.chaos.portal import Portal
from tests.chaos.processes import Running
from tests.chaos.truth import Truth
from tests.chaos.waiting import START_WITHIN, NeverHappened, until

USER = "kim"
ACTS = ("cancel", "cancel", "modify price")
BROKEN_ANSWERS = ("http_500_blank", "http_502_html", "http_503_empty", "http_500_json")
# What the broker does to each request of a kind, in turn: a fault of the simulator, and whether it carries it out.
FAULTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "timeout": ({"fault": "timeout_before_accept"}, {"fault": "timeout_after_accept"}),
    "reset": tuple({"fault": fault} for fault in ("reset_before", "reset_after", "drop_before", "drop_after")),
    "5xx before": tuple({"fault": fault, "accept": False} for fault in BROKEN_ANSWERS),
    "5xx after": tuple({"fault": fault, "accept": True} for fault in BROKEN_ANSWERS),
    "egw": ({"fault": "egw00201"}, {"fault": "egw00123"}, {"fault": "egw00121"}),
    "kill": (
        {"fault": "delay_after", "seconds": 1},
        {"fault": "delay_before", "seconds": 1},
    ),  # the server dies meanwhile
}
KINDS = ("undisturbed", "double click", "two tabs", *FAULTS)
ALL_OF_THEM = 1_000_000
KILLED_WITHIN = 8.0


@dataclass(frozen=True, slots=True)
class Size:
    """`commands` of each kind, `at_once` before the next orders are placed, a click each `gap` seconds; so many kinds
    `side_by_side`, since speed can be judged only while the machine keeps up.

    `patience` is how long the last ones are watched; `to_the_end`: until what the broker never took is escalated.
    """

    kinds: tuple[str, ...]
    side_by_side: int
    commands: int
    at_once: int
    gap: float
    accounts: int
    patience: float
    to_the_end: bool = False


SHORT = Size(KINDS, side_by_side=9, commands=12, at_once=4, gap=0.4, accounts=2, patience=25)
HEAVY = Size(
    kinds=(*KINDS, LAG),
    side_by_side=3,
    commands=1000,
    at_once=20,
    gap=0.6,
    accounts=12,
    patience=480,
    to_the_end=True,
)
COUNTED = ("commands",)


@dataclass
class Desk:
    """One kind at work: a broker and an app key of its own."""

    kind: str
    broker: Broker
    house: House
    rng: random.Random
    portal: Portal
    browser: Browser  # in which the orders are seen
    web: Running | None = None  # the server that this kind kills
    given: list[Commanded] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.orders = Orders(self.broker, self.portal, self.rng, self.browser)

    def run(self, size: Size, pool: ThreadPoolExecutor) -> None:
        for start in range(0, size.commands, size.at_once):
            rows = self.orders.fresh(min(size.at_once, size.commands - start))
            self._arm(len(rows))
            clicks = []
            for row in rows:
                clicks.append(pool.submit(self._give, row))
                time.sleep(0 if self.kind == "kill" else size.gap)
            if self.kind == "kill":
                self._kill_under(clicks)
            for click in clicks:
                click.result()
            if self.kind == LAG:
                self._let_notices_through()

    def _let_notices_through(self) -> None:
        """Once the exchange has said all that nobody was to hear; the lists go on lagging."""
        time.sleep(2 * EXCHANGE_DELAY)
        self.broker.press(clear="drop_notices")

    def _arm(self, count: int) -> None:
        if self.kind == LAG:
            self.broker.press(fault="drop_notices", times=ALL_OF_THEM)
            self.broker.press(fault="inquiry_lag", seconds=LAG_SECONDS)
        faults = FAULTS.get(self.kind, ())
        for place in range(count if faults else 0):
            self.broker.press(**faults[place % len(faults)])

    def _give(self, row: dict[str, Any]) -> None:
        act, values = values_of(self.rng.choice(ACTS), row, self.rng)
        keys = [uuid.uuid4() for _ in range(2 if self.kind == "two tabs" else 1)]
        clicks = [*keys, *keys] if self.kind == "double click" else keys
        with ThreadPoolExecutor(len(clicks)) as both:
            answers = list(both.map(lambda key: self._click(row, act, key, values), clicks))
        for key in keys:
            mine = [answer for click, answer in zip(clicks, answers, strict=True) if click == key]
            self.given.append(Commanded(self.kind, key, row["id"], act, tuple(mine)))

    def _click(self, row: dict[str, Any], act: str, key: uuid.UUID, values: Mapping[str, Any]) -> str:
        """The state that the answer says, a refusal's status and code, or "" where the server died."""
        try:
            answer = self.portal.command(row, act, key, **values)
        except requests.ConnectionError:
            return ""
        told = answer.json()
        return str(told["state"]) if answer.status_code == 202 else f"{answer.status_code} {told['code']}"

    def _kill_under(self, clicks: Sequence[Future[None]]) -> None:
        """The server dies once the broker has some of the requests; where the others are is left to chance."""
        assert self.web is not None
        wanted = len(self.broker.truth().asked) + self.rng.randint(1, len(clicks))
        with suppress(NeverHappened):
            until("requests arrive", lambda: len(self.broker.truth().asked) >= wanted, within=KILLED_WITHIN)
        time.sleep(self.rng.uniform(0, 0.5))
        self.web.kill()
        for click in clicks:
            click.exception()
        self.web, _ = self.house.web("web-kill", self.portal.port)
        until("the killed server is back", self.portal.is_ready, within=START_WITHIN)


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    count = len(size.kinds)
    house.open(count, [Person(USER, tuple(range(count)))], accounts=size.accounts)
    house.stream()
    main, kill = (house.web(name) for name in ("web", "web-kill"))
    portals = {name: Portal(port, house.tokens[USER]) for name, (_, port) in (("web", main), ("kill", kill))}
    for portal in portals.values():
        until("the server answers", portal.is_ready, within=START_WITHIN)
    for broker in house.brokers:
        until(f"{broker.name} has its session", partial(is_registered, broker), within=START_WITHIN)
    seen: dict[tuple[str, str], float] = {}
    browser = Browser(portals["web"], on_event=partial(_note, seen))
    desks = [
        Desk(kind, broker, house, drawn(seed, kind), portals.get(kind, portals["web"]), browser)
        for kind, broker in zip(size.kinds, house.brokers, strict=True)
    ]
    desks[size.kinds.index("kill")].web = kill[0]
    with Fleet([browser]):
        _give_all(desks, size)
        commands, truth = _settled(house, size)
    judge(Evidence([command for desk in desks for command in desk.given], commands, truth, seen), found)


def _give_all(desks: Sequence[Desk], size: Size) -> None:
    at_work = size.side_by_side
    with ThreadPoolExecutor(at_work) as kinds, ThreadPoolExecutor(at_work * size.at_once) as clicks:
        for work in [kinds.submit(desk.run, size, clicks) for desk in desks]:
            work.result()


def _note(seen: dict[tuple[str, str], float], message: dict[str, Any], at: float) -> None:
    """When a browser first heard that a command is in a state."""
    command = message["row"].get("command") if message["entity"] == "order" else None
    if command is not None:
        seen.setdefault((command["id"], command["state"]), at)


def _settled(house: House, size: Size) -> tuple[list[Recorded], Truth]:
    """Watch until nothing is open that evidence or time can move, or the patience is over."""
    from tests.chaos.trail import recorded  # noqa: PLC0415 - after Django is set up

    began = time.monotonic()
    while True:
        truth = merged(broker.truth() for broker in house.brokers)
        commands = recorded()
        waiting = [command for command in commands if size.to_the_end and command.state == "UNKNOWN"]
        if not (waiting or unsettled(commands, truth)) or time.monotonic() - began > size.patience:
            return commands, truth
        time.sleep(1)
