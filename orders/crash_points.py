"""Named places at which a test may end the process: what is written before each of them has to be enough.

Nothing happens here in production: no hook is installed, and there is no setting that installs one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """`ING` names lie inside a transaction, before its commit; the others between two of them."""

    COMMAND_CREATED = "command_created"  # the intent is recorded, nothing is checked
    COMMAND_CHECKING = "command_checking"  # the checks passed, READY is not committed
    COMMAND_READY = "command_ready"
    COMMAND_CLAIMING = "command_claiming"  # SENDING is not committed
    COMMAND_CLAIMED = "command_claimed"  # SENDING is committed, no byte has left
    COMMAND_ANSWERED = "command_answered"  # the answer is in memory alone
    COMMAND_RECORDING = "command_recording"  # the outcome is not committed
    COMMAND_RECORDED = "command_recorded"  # the outcome is committed, the person was not told
    NOTICE_RECEIVED = "notice_received"  # the frame is in memory alone
    NOTICE_KEPT = "notice_kept"  # the frame is committed, not understood
    NOTICE_APPLYING = "notice_applying"  # the fill and its event are not committed
    NOTICE_APPLIED = "notice_applied"
    RESOLVER_TAKEN = "resolver_taken"  # the next time to ask is written, nothing was asked
    RESOLVER_ANSWERED = "resolver_answered"  # the lists were read and applied, the command was not judged
    RESOLVER_JUDGING = "resolver_judging"  # the judgement is not committed
    BOOKS_APPLYING = "books_applying"  # an inquiry's row is not committed


_hook: Callable[[CrashPoint], None] | None = None


def install(hook: Callable[[CrashPoint], None] | None) -> None:
    """For tests: `hook` is called at every point that is reached. None takes it away."""
    global _hook  # noqa: PLW0603 - one a process by intent
    _hook = hook


def reach(point: CrashPoint) -> None:
    """Marks a place; does nothing unless a test installed a hook."""
    if _hook is not None:
        _hook(point)
