"""What can go wrong between us and Koscom.

KoscomError                 has a `reaction`: what the caller does about it
├── WindowClosedError       we refused: no request may be in flight now
├── NoAnswerError           connect, read or total time-out, reset, cut off: nothing usable came
├── ServiceError            an answer that says no, with a code of the table in `codes`
├── SchemaError             an answer that cannot be read; the raw page was handed over before
└── PagingError             a page key that repeats, or more pages than can be true
"""

from __future__ import annotations

import re

from accounts.koscom.codes import Reaction, reaction_to

_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


class KoscomError(Exception):
    """Anything that ends a query before its last page."""

    reaction: Reaction = Reaction.NO_RETRY


class WindowClosedError(KoscomError):
    """The sync window is closed (or closes before an answer could be in): nothing was sent."""

    reaction = Reaction.WINDOW


class NoAnswerError(KoscomError):
    """No complete answer arrived; the queries change nothing, so asking again is safe."""

    reaction = Reaction.BACK_OFF


class PagingError(KoscomError):
    """The paging does not end; the query stops and its pages are void."""

    reaction = Reaction.NO_RETRY


class SchemaError(KoscomError):
    """A body that is not what the service documents: `path` (JSON path, `$` = the body) and `reason`."""

    reaction = Reaction.QUARANTINE

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ServiceError(KoscomError):
    """The service refused. `code` is the body's code where it has one, else the HTTP status.

    Koscom `error-code.md`: business errors come as HTTP 500, so the status alone decides nothing.
    """

    def __init__(
        self, code: str, message: str, *, http_status: int, category: str = "", reaction: Reaction | None = None
    ) -> None:
        super().__init__(f"{code} {message}".strip())
        self.code = code
        self.message = message
        self.http_status = http_status
        self.category = category
        self.reaction = reaction or reaction_to(code)

    @property
    def max_days(self) -> int | None:
        """The firm's limit that 6006 names ("Date Range Exceeded, {max days}"), else None."""
        numbers = _NUMBER.findall(self.message) if self.reaction is Reaction.SPLIT_RANGE else []
        return int(numbers[-1]) or None if numbers else None
