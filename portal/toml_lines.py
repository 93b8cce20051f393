"""Where a key of a TOML file stands: `tomllib` forgets, and a person needs the line."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TABLE = re.compile(r"\s*\[\[\s*\"?([\w-]+)\"?\s*\]\]")
_KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")


class Lines:
    """Finds the line of `("kis", 0, "ws_url")`: the key's, else its table's, else the first."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        counts: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if match := _TABLE.match(line):
                name = match[1]
                table = (name, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
                self._lines[table] = number
                self._lines.setdefault((name,), number)
            elif match := _KEY.match(line):
                self._lines.setdefault((*table, match[1]), number)

    def of(self, loc: Sequence[str | int]) -> int:
        """The line of the longest part of the path that is known."""
        for length in range(len(loc), 0, -1):
            if tuple(loc[:length]) in self._lines:
                return self._lines[tuple(loc[:length])]
        return 1
