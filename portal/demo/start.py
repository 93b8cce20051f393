"""Brings the demo up step by step, and takes it down."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import StringIO

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts import clock, sync
from portal.demo import desk
from portal.demo.clock import Seen, starting_shift, write_shift
from portal.demo.history import History
from portal.demo.simulators import Addresses, Simulators

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Demo:
    """A started demo: simulators that listen, a clock that is set. `stop` ends its threads."""

    simulators: Simulators
    addresses: Addresses
    seen: Seen
    stop: threading.Event
    quiet: bool

    def declare(self) -> None:
        """Tell the portal of the simulators and the people, the way `manage.py connect` does for real ones."""
        (settings.DATA_DIR / "simulators.json").write_text(json.dumps(asdict(self.addresses)), encoding="utf-8")
        path = settings.DATA_DIR / "demo-connections.toml"
        path.write_text(desk.connection_file(self.addresses, desk.koscom_accounts(self.addresses.koscom)), "utf-8")
        call_command("connect", str(path), stdout=StringIO())

    def work_behind_the_pages(self) -> None:
        """Start what runs while the portal is open: the clock's memory and the data."""
        for work in (lambda: self.seen.keep_until(self.stop), self._load):
            threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        """May be called again."""
        if not self.stop.is_set():
            self.stop.set()
            self.seen.keep()
        self.simulators.end()

    def _load(self) -> None:
        try:
            with suppress(sync.SyncWindowClosed):
                sync.run_due(sync.SyncRequest())
            if not self.quiet:
                History(clock.now, self.stop).load()
        except Exception:
            log.exception("the demo's data were not loaded to the end; the next start goes on")


def start(*, quiet: bool) -> Demo:
    """Set the business clock and start both simulators. Raises SimulatorFailed.

    A quiet demo has no market of its own and loads no history: what happens there is asked for.
    """
    seen = Seen(settings.DATA_DIR / "demo-clock-seen", clock.now)
    shift = starting_shift(timezone.now(), seen.last()) if settings.CLOCK_SHIFT is None else settings.CLOCK_SHIFT
    write_shift(settings.CLOCK_FILE, shift)
    # The broker forgets nothing between two runs: its numbers and open orders are the portal's too.
    for_kis = ["--accounts", ",".join(desk.KIS_ACCOUNTS), "--state-file", str(settings.DATA_DIR / "kis-simulator.json")]
    simulators = Simulators(settings.BASE_DIR, settings.CLOCK_FILE, [*for_kis, *(["--quiet-market"] if quiet else [])])
    return Demo(simulators, simulators.wait_for_addresses(), seen, threading.Event(), quiet)
