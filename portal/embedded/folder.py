"""The data folder of an embedded portal: one process at a time, and what the folder is started for.

Django's settings follow the folder's mode, so it is claimed before they are read: `manage.py` does that.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path

from portal import env
from portal.env import DataMode, EnvironmentRefused

ENDS_WITHIN = 3.0
_held: int | None = None


def claim_for(arguments: Sequence[str]) -> None:
    """Claim the folder when the command line (without the program) starts an embedded portal.

    Raises EnvironmentRefused with one line when another process has it, or the environment is malformed.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        return
    if arguments[0] in set(DataMode):
        claim(env.load().PORTAL_DATA_DIR, DataMode(arguments[0]))


def claim(folder: Path, mode: DataMode) -> None:
    """Lock `folder` for as long as this process lives and write down what it is started for."""
    global _held  # noqa: PLW0603 - the lock lives as long as this descriptor: with the process
    file = _opened(folder / "lock")
    if not _locked(file):
        holder = os.read(file, 200).decode().strip() or "another process"
        os.close(file)
        raise EnvironmentRefused(f"PORTAL_DATA_DIR: {folder} is in use by {holder}; stop it first")
    os.ftruncate(file, 0)
    os.write(file, f"'manage.py {mode}', process {os.getpid()}\n".encode())
    _write(folder / "mode", f"{mode}\n")
    _held = file


def _locked(file: int) -> bool:
    """Take the lock; one that is about to end gets the time that ending takes."""
    deadline = time.monotonic() + ENDS_WITHIN
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def is_claimed() -> bool:
    """Whether this process holds a data folder."""
    return _held is not None


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EnvironmentRefused(f"PORTAL_DATA_DIR: {error.strerror}: {path}") from None


def _write(path: Path, text: str) -> None:
    """Replace a small file whole: a reader sees the old text or the new."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
