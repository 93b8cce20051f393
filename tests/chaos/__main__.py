"""`python -m tests.chaos PART`: one part on one database, or each in a process of its own."""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import requests

from tests.chaos.figures import KEPT, Findings, Run
from tests.chaos.house import house
from tests.chaos.waiting import NeverHappened

# Part: the databases that it is shown on.
BOTH = ("sqlite", "postgres")
PARTS = {
    "fills": BOTH,
    "commands": ("postgres",),
    "crashes": BOTH,
    "leases": ("postgres",),
    "sockets": BOTH,
    "reconnects": BOTH,
}
SHORT_SLACK = 5.0
SETTINGS = {"sockets": "tests.chaos.settings"}


def main() -> int:
    """Exit status 0 when every promise was kept, 1 when one was not."""
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its servers and brokers end with it
    logging.basicConfig(level=logging.ERROR)
    wanted = [
        (part, database)
        for part in (PARTS if asked.part == "all" else [asked.part])
        for database in (PARTS[part] if asked.database == "both" else [asked.database])
    ]
    if len(wanted) == 1:
        return _one(*wanted[0], asked)
    return max(_in_its_own_process(part, database, asked) for part, database in wanted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("part", choices=["all", *PARTS])
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--heavy", action="store_true", help="the figures of a proof, for hours")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--share", type=int, default=1, help="1/N of the proof, to show it over N sittings")
    return parser


def _in_its_own_process(part: str, database: str, asked: argparse.Namespace) -> int:
    words = [part, "--database", database, "--seed", str(asked.seed), "--share", str(asked.share)]
    words += ["--heavy"] if asked.heavy else []
    return subprocess.run([sys.executable, "-m", "tests.chaos", *words], check=False).returncode


def _one(part: str, database: str, asked: argparse.Namespace) -> int:
    size = "heavy" if asked.heavy else "short"
    run = Run(part, database, size, asked.seed, time.monotonic(), asked.share)
    found = Findings(slack=1.0 if asked.heavy else SHORT_SLACK)
    module = import_module(f"tests.chaos.{part}")
    with house(database, SETTINGS.get(part, "portal.settings")) as opened:
        try:
            module.run(opened, _shared(module, size, asked.share), asked.seed, found)
        except (NeverHappened, requests.RequestException) as error:
            found.require("what was waited for, or asked", [str(error)])
        if found.broken:
            opened.keep_logs(KEPT / f"{part}-{database}-failed")
    run.keep(found)
    return 1 if found.broken else 0


def _shared(module: ModuleType, size: str, share: int) -> Any:
    """The size with that part of its counts, rounded up."""
    whole = getattr(module, size.upper())
    return replace(whole, **{name: -(-getattr(whole, name) // share) for name in module.COUNTED})


if __name__ == "__main__":
    sys.exit(main())
