"""Waiting for what another process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

START_WITHIN = 180.0  # seconds for what has to be there before anything is measured


class NeverHappened(AssertionError):
    """What was waited for did not come in its time."""


def until(what: str, holds: Callable[[], bool], *, within: float, every: float = 0.1) -> float:
    """Seconds until it held. Raises NeverHappened."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            raise NeverHappened(f"{what}: not within {within:.0f} s")
        time.sleep(every)
    return time.monotonic() - began


def until_none(find: Callable[[], Sequence[str]], *, within: float, every: float = 1.0) -> tuple[float, list[str]]:
    """Look until nothing is found any more: the seconds that it took, and what is left at the end."""
    began = time.monotonic()
    while left := list(find()):
        if time.monotonic() - began > within:
            break
        time.sleep(every)
    return time.monotonic() - began, left
