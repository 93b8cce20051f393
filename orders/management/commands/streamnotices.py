"""Run the notice streams until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders import notice_stream
from orders.models import KisConnection


class Command(BaseCommand):
    help = "KIS 체결통보를 받아 기록하고 반영합니다. SIGTERM까지 돕니다."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", metavar="NAME", help="이 연결만. 없으면 사용 중인 모든 연결.")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name = options["connection"]
        if name is not None and not KisConnection.objects.filter(name=name, active=True).exists():
            raise CommandError(f"no active connection is named {name!r}", returncode=2)
        asyncio.run(_until_stopped([name] if name else None))


async def _until_stopped(names: list[str] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await notice_stream.run(stop, names)
