"""A batch's own bookkeeping when the database is busy or gone: it is done once more, not given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)

AGAIN_AFTER = 0.5  # seconds
LONGEST = 600.0  # seconds; a batch that saw no database for so long is left to `give_up_abandoned`
_Result = TypeVar("_Result")


def until_answered(work: Callable[[], _Result]) -> _Result:
    """The result of work that may be done again at will. Raises what the database says once it did so for ten minutes.

    For what is the same when done twice: questions, conditional updates, outcomes, a cancel under its row's own key.
    """
    began = time.monotonic()
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() - began >= LONGEST:
                raise
            log.warning("a batch waits for the database: %s", error)
        let_go()
        time.sleep(AGAIN_AFTER)


def let_go() -> None:
    """Give this thread's connection back, or close a broken one; the next query opens another."""
    if not connection.in_atomic_block:
        connection.close()
