"""The demo: the portal of `serve` with simulated gateways, people and data."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.demo import desk, start
from portal.demo.simulators import SimulatorFailed
from portal.embedded import database, folder, server

EXIT_REFUSED = 2


class Command(BaseCommand):
    """`manage.py demo`: simulators first, then the portal; the data come in behind the open pages."""

    help = "Run the portal with simulated Koscom and KIS gateways, demo people and data, until SIGINT or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="no market of its own and no history, for tests")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if not folder.is_claimed():
            sys.exit("start it as 'manage.py demo': the data folder is claimed before Django's settings are read")
        try:
            taken = server.listen(settings.PORT)
            demo = start.start(quiet=options["quiet"])
        except (server.PortTaken, SimulatorFailed) as error:
            self.stderr.write(f"portal: {error}")
            sys.exit(EXIT_REFUSED)
        try:
            database.bring_up_to_date()
            demo.declare()
        except BaseException:
            demo.end()
            raise
        server.run(taken, server.Hooks(ready=lambda: self._open(demo), closing=demo.end))

    def _open(self, demo: start.Demo) -> None:
        address = f"http://{server.HOST}:{settings.PORT}"
        self.stdout.write(f"Mandate Portal, demo: {address}/")
        for person in desk.PEOPLE:
            self.stdout.write(f"{person.username} / {desk.PASSWORD}")
        self.stdout.write(f"Simulators (clock, faults, market): {address}/simulator/")
        self.stdout.flush()
        demo.work_behind_the_pages()
