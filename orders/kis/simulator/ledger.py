"""The broker's own record: one JSON line for everything that reaches its order engine, and for everything it does.

Lines are only ever appended, and handed to the system before anything of them is told to anybody, so that the truth
survives the death of this process; what the engine did is on the disk too. `read` gives it back, typed; `entries`
gives the lines, for a restart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orders.kis.simulator.book import Change
from orders.kis.simulator.records import order_record, reservation_record
from orders.kis.simulator.reservations import Reservation
from orders.kis.simulator.truth import Truth, TruthReader

_UNSYNCED = frozenset({"request", "notice"})  # a request's answer, and the next happening, sync them along
_START = b'{"kind": "start"'


class Ledger:
    """Appends to `path`; without one it forgets everything. Not thread-safe: its owner holds the desk's lock.

    `request` names the request that the order engine is at, None while the market acts by itself.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.run = 1
        self.request: str | None = None
        self._requests = 0
        self._file: int | None = None
        if path is not None:
            self.run = 1 + sum(line.startswith(_START) for line in _lines(path))
            self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            self._end_torn_line(path)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return os.fstat(self._file).st_size if self._file is not None else 0

    def write(self, kind: str, **facts: Any) -> None:
        """One line, which outlives this process from here on; with an engine's line all before it are on the disk."""
        if self._file is None:
            return
        line = json.dumps({"kind": kind, **facts}, ensure_ascii=False)
        os.write(self._file, line.encode() + b"\n")
        if kind not in _UNSYNCED:
            os.fsync(self._file)

    def begin(self, facts: Mapping[str, Any]) -> None:
        """An order request is at the order engine, which has not looked at it yet."""
        self._requests += 1
        self.request = f"{self.run}-{self._requests}"
        self.write("request", request=self.request, **facts)

    def end(self, *, refusal: str = "", number: str = "") -> None:
        """What the order engine made of it: a refusal's code, or the number that it gave."""
        self.write("answer", request=self.request, refusal=refusal, number=number)
        self.request = None

    def turn_away(self, facts: Mapping[str, Any]) -> None:
        """An order request that never was at the order engine."""
        self.begin(facts)
        self.request = None

    def change(self, change: Change) -> None:
        """What happened to orders, and how they are now."""
        facts: dict[str, Any] = {"why": change.why, "at": change.at.isoformat(), "request": self.request}
        if change.execution is not None:
            execution = change.execution
            facts |= {"execution": execution.number, "qty": str(execution.qty), "price": str(execution.price)}
        self.write("orders", **facts, orders=[order_record(order) for order in change.orders])

    def reservation(self, why: str, row: Reservation) -> None:
        self.write("reservation", why=why, request=self.request, reservation=reservation_record(row))

    def _end_torn_line(self, path: Path) -> None:
        """A line that a killed process left half-written stays, and stays alone."""
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() == 0:
                return
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        if torn and self._file is not None:
            os.write(self._file, b"\n")


def entries(path: Path, offset: int = 0) -> Iterator[dict[str, Any]]:
    """The lines from that byte on, oldest first. What a killed process left half-written was never told to anybody."""
    for line in _lines(path, offset):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        yield entry


def read(path: Path) -> Truth:
    """What the broker knows to be true."""
    reader = TruthReader()
    for entry in entries(path):
        reader.take(entry)
    return reader.truth()


def _lines(path: Path, offset: int = 0) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        # A file shorter than that is another one, begun anew.
        file.seek(offset if offset <= path.stat().st_size else 0)
        yield from file
