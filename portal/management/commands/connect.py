"""Declare firms, KIS connections and people from a TOML file; may be run again, and changes only what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.connection_file import BadFile, read
from portal.connections import declare

BAD_FILE = 2


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            changes = declare(*read(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: cannot be read ({type(error).__name__})", returncode=BAD_FILE) from None
        except BadFile as bad:
            raise CommandError(f"{path}: {bad}", returncode=BAD_FILE) from None
        for change in changes:
            self.stdout.write(change)
        self.stdout.write(f"changes: {len(changes)}" if changes else "nothing differs")
