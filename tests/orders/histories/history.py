"""Histories: drawn from a seed, run step by step with every check, and shrunk to the few steps that a failure needs."""

from __future__ import annotations

import logging
import random
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from orders import crash_points
from tests.orders.histories import market_steps as market
from tests.orders.histories import people_steps as people
from tests.orders.histories.broker import Broker, reachable
from tests.orders.histories.invariants import Invariants
from tests.orders.histories.memory import Memory
from tests.orders.histories.truth import quiet
from tests.orders.histories.world import World

START = datetime(2026, 11, 20, 1, 5, tzinfo=UTC)  # 10:05 in Korea: US daytime trading, a Friday
STEPS = 50
Act = Callable[[World, tuple[int, int, int]], None]


def rest(world: World, _numbers: tuple[int, int, int]) -> None:
    """Nothing happens for a while, and everything has to agree."""
    quiet(world)


# What may happen, and how often.
ACTS: dict[str, tuple[Act, int]] = {
    "new_order": (market.new_order, 12),
    "reserve": (market.reserve, 2),
    "fill": (market.fill, 14),
    "fill_twice": (market.fill_twice, 4),
    "refuse_new": (market.refuse_new, 1),
    "cancel_elsewhere": (market.cancel_elsewhere, 2),
    "modify_elsewhere": (market.modify_elsewhere, 2),
    "hold": (market.hold, 3),
    "release": (market.release, 3),
    "arrive": (market.arrive, 4),
    "drop": (market.drop, 3),
    "reorder": (market.reorder, 5),
    "duplicate": (market.duplicate, 1),
    "batch": (market.batch, 2),
    "widen": (market.widen, 1),
    "garble": (market.garble, 1),
    "forge": (market.forge, 1),
    "crash_on_notice": (market.crash_on_notice, 3),
    "reconnect": (market.reconnect, 3),
    "take_over": (market.take_over, 1),
    "reassign": (market.reassign, 1),
    "command": (people.command, 6),
    "faulty_command": (people.faulty_command, 6),
    "unreachable_command": (people.unreachable_command, 1),
    "same_intent": (people.same_intent, 3),
    "crashing_command": (people.crashing_command, 3),
    "crossed_command": (people.crossed_command, 4),
    "supersede": (people.supersede, 2),
    "inquire": (people.inquire, 2),
    "lag": (people.lag, 2),
    "silence": (people.silence, 1),
    "crash_resolver": (people.crash_resolver, 2),
    "second": (people.second, 12),
    "seconds": (people.seconds, 5),
    "minute": (people.minute, 2),
    "minutes": (people.minutes, 1),
    "session_end": (people.session_end, 1),
    "rest": (rest, 1),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One act; the numbers pick what it is about, out of what there is by then."""

    act: str
    numbers: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.act}{self.numbers}"


@dataclass(frozen=True, slots=True)
class Failure:
    """What broke, and the shortest steps found that break it."""

    seed: int
    steps: tuple[Step, ...]
    text: str

    def __str__(self) -> str:
        told = "\n".join(f"    {step}" for step in self.steps)
        return f"history {self.seed} fails: {self.text}\n{told}"


def history(seed: int, length: int = STEPS) -> tuple[Step, ...]:
    """The steps of one seed. The session's end is rare: little happens after it."""
    drawn = random.Random(seed)  # noqa: S311 - a history, not a secret
    names, weights = list(ACTS), [weight for _, weight in ACTS.values()]
    acts = drawn.choices(names, weights, k=length)
    return tuple(Step(act, (drawn.randrange(997), drawn.randrange(997), drawn.randrange(997))) for act in acts)


def run(memory: Memory, seed: int, steps: Sequence[Step]) -> None:
    """One history from the beginning to a final quiet. Raises whatever breaks."""
    with _unlogged(), time_machine.travel(START, tick=False) as traveller:
        memory.reset()
        broker = Broker(seed)
        world = World(broker, traveller.shift)
        with reachable(broker):
            try:
                world.open()
                _live(world, steps)
            finally:
                crash_points.install(None)


@contextmanager
def _unlogged() -> Iterator[None]:
    """A history does a hundred things worth a warning."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _live(world: World, steps: Sequence[Step]) -> None:
    invariants = Invariants(world)
    for step in steps:
        ACTS[step.act][0](world, step.numbers)
        world.listen()
        invariants.check()
    quiet(world)
    invariants.check()


def try_out(memory: Memory, seed: int, steps: Sequence[Step]) -> str | None:
    """What breaks, in a line; None when everything holds."""
    try:
        run(memory, seed, steps)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the history found
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"
    return None


def shrunk(memory: Memory, seed: int, steps: Sequence[Step], text: str) -> Failure:
    """Leave out ever smaller runs of steps while the same kind of failure stays."""
    kind = _kind(text)
    left, size = list(steps), max(1, len(steps) // 2)
    while size:
        at = 0
        while at < len(left):
            shorter = left[:at] + left[at + size :]
            found = try_out(memory, seed, shorter)
            if found is not None and _kind(found) == kind:
                left, text = shorter, found
            else:
                at += size
        size //= 2
    return Failure(seed, tuple(left), text)


def _kind(text: str) -> str:
    """The failure without its numbers and ids, which differ from run to run."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|[0-9.]+", "#", text)[:70]


def first_failure(memory: Memory, seeds: Sequence[int], length: int = STEPS) -> Failure | None:
    """Run the histories of these seeds; the first that breaks, shrunk."""
    for seed in seeds:
        steps = history(seed, length)
        text = try_out(memory, seed, steps)
        if text is not None:
            return shrunk(memory, seed, steps, text)
    return None
