"""A portal of its own: an empty database, a folder, a business clock, and the brokers and people that are asked for."""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg

from tests.chaos.broker import Broker
from tests.chaos.crashing import Crash
from tests.chaos.processes import Running, manage, web
from tests.chaos.relay import Relay
from tests.servers.postgres import postgres
from tests.servers.programs import memory_folder
from tests.servers.valkey import free_port, valkey

NOT_OURS = ("PORTAL_", "DJANGO_", "PYTEST", "DATABASE_URL", "REDIS_URL", "PORT")
# A Friday in winter: stocks, US daytime, derivatives and reservations are all open, and none of them closes for hours.
BEGINS = datetime(2026, 11, 20, 10, 30, tzinfo=ZoneInfo("Asia/Seoul"))
PASSWORD = "a password for a rehearsal"


@dataclass(frozen=True, slots=True)
class Person:
    """A manager, and the brokers whose accounts are his."""

    name: str
    brokers: tuple[int, ...]


@dataclass
class House:
    """`brokers[0]` is reached by the connection `desk-0`, and so on."""

    folder: Path
    closing: ExitStack
    brokers: list[Broker] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def open(self, brokers: int, people: Sequence[Person], *, accounts: int = 2, relayed: bool = False) -> list[Relay]:
        """Start the brokers, declare them and the people, and make each person a token.

        `relayed`: each socket goes through a line of ours; these are given back.
        """
        from django.core.management import call_command  # noqa: PLC0415 - after the settings are named

        clock = self.folder / "clock.json"
        for number in range(brokers):
            broker = Broker(self.folder, number, clock, accounts=accounts)
            self.closing.callback(broker.end)
            self.brokers.append(broker)
        for broker in self.brokers:
            broker.wait_until_ready()
        relays = [broker.through_a_relay() for broker in self.brokers] if relayed else []
        for relay in relays:
            self.closing.callback(relay.end)
        file = self.folder / "connections.toml"
        file.write_text("\n".join([*(broker.entry() for broker in self.brokers), *map(self._entry, people)]))
        call_command("connect", str(file), stdout=io.StringIO())
        for person in people:
            output = io.StringIO()
            call_command("createtoken", person.name, "--scope", "trade", stdout=output)
            self.tokens[person.name] = output.getvalue().strip()
        return relays

    def stream(self, number: int | None = None, name: str = "", crash: Crash | None = None) -> Running:
        """`manage.py streamnotices`, of one connection or of all."""
        words = ["streamnotices", *([] if number is None else ["--connection", f"desk-{number}"])]
        return self._keep(manage(self.folder, name or f"stream-{'all' if number is None else number}", words, crash))

    def web(self, name: str = "web", port: int | None = None, crash: Crash | None = None) -> tuple[Running, int]:
        """A web process, and the port that it was given; not necessarily ready."""
        port = port or free_port()
        return self._keep(web(self.folder, name, port, crash)), port

    def keep_logs(self, target: Path) -> None:
        """After a failure: what the processes said."""
        target.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*.log"):
            shutil.copy(log, target)

    def _keep(self, running: Running) -> Running:
        self.closing.callback(running.kill)
        return running

    def _entry(self, person: Person) -> str:
        accounts = [account for number in person.brokers for account in self.brokers[number].accounts]
        lines = {"username": person.name, "password": PASSWORD, "role": "manager", "accounts": accounts}
        return "[[manager]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items()) + "\n"


@contextmanager
def house(database: str, settings: str = "portal.settings") -> Iterator[House]:
    """An empty portal on SQLite, or on PostgreSQL with Valkey. Sets this process's environment and Django up: once."""
    with ExitStack() as closing:
        folder = memory_folder("mandate-chaos-")
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in [name for name in os.environ if name.startswith(NOT_OURS)]:
            del os.environ[name]
        os.environ |= {
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_SECOND_FACTOR": "optional",
            "DJANGO_SETTINGS_MODULE": settings,
        }
        if database == "postgres":
            os.environ["DATABASE_URL"] = closing.enter_context(_empty_database())
            os.environ["REDIS_URL"] = closing.enter_context(valkey())
        shift = (BEGINS - datetime.now(UTC)).total_seconds()
        (folder / "clock.json").write_text(json.dumps({"shift_seconds": shift}))
        _set_up()
        yield House(folder, closing)
        _forget_connections()


def _set_up() -> None:
    import django  # noqa: PLC0415 - after the settings are named

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)


def _forget_connections() -> None:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()


@contextmanager
def _empty_database() -> Iterator[str]:
    name = f"chaos_{uuid.uuid4().hex}"
    with postgres() as server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
