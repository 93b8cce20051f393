"""Fills through broken lines: whatever is cut, frozen, killed, repeated or widened, no share and no amount differs."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.chaos.broker import Broker
from tests.chaos.chance import drawn
from tests.chaos.checker import fill_differences
from tests.chaos.figures import Findings
from tests.chaos.house import House, Person
from tests.chaos.load import Load
from tests.chaos.processes import Running
from tests.chaos.truth import Truth
from tests.chaos.waiting import START_WITHIN, until, until_none

REGISTERED = 5  # notice TRs
# What happens to notices that do arrive, over and over.
SPOILT: tuple[Mapping[str, Any], ...] = (
    {"fault": "duplicate_notice"},
    {"fault": "drop_notices", "times": 2},
    {"fault": "batch_frames", "times": 3, "count": 6, "seconds": 0.5},
    {"fault": "reorder_frames", "times": 2, "count": 3, "seconds": 0.5},
    {"fault": "added_columns", "times": 5, "count": 2},
    {"fault": "invalid_utf8_notice", "times": 3},
)
RECONNECTS_WITHIN = 180.0
AGREES_WITHIN = 200.0  # a fill too many waits 60 s for its inquiry, and the sweep of everything comes each 60 s


@dataclass(frozen=True, slots=True)
class Size:
    """All counts are over all brokers together; `seconds` is how long the market goes on."""

    brokers: int
    notices: int
    cuts: int
    silences: int
    kills: int
    seconds: float


SHORT = Size(brokers=3, notices=600, cuts=3, silences=1, kills=2, seconds=22)
HEAVY = Size(brokers=5, notices=10_200, cuts=40, silences=10, kills=20, seconds=420)
COUNTED = ("notices", "cuts", "silences", "kills", "seconds")


def run(house: House, size: Size, seed: int, found: Findings) -> None:
    house.open(size.brokers, [Person("kim", tuple(range(size.brokers)))])
    streams = [house.stream(number) for number in range(size.brokers)]
    for broker in house.brokers:
        until(f"{broker.name} has its session", partial(is_registered, broker), within=START_WITHIN)
    loads = [
        Load(broker, drawn(seed, broker.name), size.notices / size.brokers / size.seconds, time.sleep)
        for broker in house.brokers
    ]
    with ThreadPoolExecutor(2 * size.brokers) as pool:
        markets = [pool.submit(load.run, size.notices // size.brokers) for load in loads]
        trouble = [
            pool.submit(_trouble, house, streams[number], number, plan, drawn(seed, f"trouble {number}"))
            for number, plan in enumerate(_plans(size, drawn(seed)))
        ]
        for work in (*markets, *trouble):
            work.result()
    _compare(house, loads, found)


def is_registered(broker: Broker) -> bool:
    return len(broker.shown()["registered"]) == REGISTERED


def _plans(size: Size, rng: random.Random) -> list[list[str]]:
    """What happens to each broker's stream, in order. Silences last longest, so each begins with its own."""
    plans: list[list[str]] = [[] for _ in range(size.brokers)]
    for place in range(size.silences):
        plans[place % size.brokers].append("freeze")
    rest = [("close", "drop")[place % 2] for place in range(size.cuts)] + ["kill"] * size.kills
    rng.shuffle(rest)
    for trouble in rest:
        min(plans, key=lambda plan: len(plan) + 9 * plan.count("freeze")).append(trouble)
    return plans


def _trouble(house: House, stream: Running, number: int, plan: Sequence[str], rng: random.Random) -> None:
    broker = house.brokers[number]
    for trouble in plan:
        time.sleep(rng.uniform(0.5, 2.0))
        broker.press(**rng.choice(SPOILT))
        before = int(broker.shown()["connected"])
        if trouble == "kill":
            stream.kill()
            stream = house.stream(number)
        else:
            broker.press(fault=f"{trouble}_ws")
        until(f"{broker.name} comes back", partial(_is_back, broker, before), within=RECONNECTS_WITHIN)


def _is_back(broker: Broker, before: int) -> bool:
    shown = broker.shown()
    return int(shown["connected"]) > before and len(shown["registered"]) == REGISTERED


def _compare(house: House, loads: Sequence[Load], found: Findings) -> None:
    from tests.chaos.held import held_orders  # noqa: PLC0415 - after Django is set up

    truth = merged(broker.truth() for broker in house.brokers)
    seconds, left = until_none(lambda: fill_differences(truth, held_orders()), within=AGREES_WITHIN)
    found.require("shares or amounts that differ", left)
    held = held_orders()
    found.figures |= {
        "notices": truth.notices,
        "unheard": truth.lost,
        "orders": len(held),
        "shares": str(sum(order.fills_qty for order in held)),
        "agreed_after_seconds": round(seconds, 1),
    }


def merged(truths: Iterable[Truth]) -> Truth:
    all_of = list(truths)
    executed = {key: done for truth in all_of for key, done in truth.executed.items()}
    return Truth(
        executed,
        tuple(request for truth in all_of for request in truth.asked),
        notices=sum(truth.notices for truth in all_of),
        lost=sum(truth.lost for truth in all_of),
    )
