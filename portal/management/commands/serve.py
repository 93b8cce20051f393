"""The portal for real connections, in one process."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import User
from portal.embedded import database, folder, server

EXIT_REFUSED = 2


class Command(BaseCommand):
    """`manage.py serve`: pages, sync worker with its schedule, and notice stream, on 127.0.0.1 and PORT."""

    help = "Run the whole portal in this process, on 127.0.0.1 and PORT, until SIGINT or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        if not folder.is_claimed():
            sys.exit("start it as 'manage.py serve': the data folder is claimed before Django's settings are read")
        try:
            taken = server.listen(settings.PORT)
        except server.PortTaken as error:
            self.stderr.write(f"portal: {error}")
            sys.exit(EXIT_REFUSED)
        database.bring_up_to_date()
        server.run(taken, server.Hooks(ready=self._say_where))

    def _say_where(self) -> None:
        self.stdout.write(f"Mandate Portal: http://{server.HOST}:{settings.PORT}/")
        if not User.objects.exists():
            self.stdout.write(
                "There is no user yet. Create the first with:  .venv/bin/python manage.py createsuperuser"
            )
            self.stdout.write("or declare connections and people with:  .venv/bin/python manage.py connect FILE")
        self.stdout.flush()
