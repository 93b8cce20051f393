"""The very commands of docker-compose.yml, as plain processes on real PostgreSQL and Valkey."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.deployment.composition import ROOT, services
from tests.servers.programs import Program, start
from tests.servers.valkey import free_port, valkey

pytestmark = pytest.mark.servers
LONG_RUNNING = ("web", "worker", "schedule", "stream")


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty database on the server of this run."""
    server, name = os.environ["TEST_DATABASE_URL"], f"compose_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    with valkey() as redis_url:
        yield {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PORTAL_", "DJANGO_", "PYTEST"))
            },
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PORTAL_SECRET_KEY": secrets.token_urlsafe(50),
            "PORTAL_FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "PORTAL_ALLOWED_HOSTS": "127.0.0.1",
            "PORTAL_ORIGINS": "https://portal.example.com",
            "PORTAL_DATA_DIR": str(tmp_path),
        }


def test_every_setting_of_the_services_is_given_to_the_processes(environment: dict[str, str]) -> None:
    assert set(services()["web"].environment) <= set(environment)


def test_the_production_shape_starts_answers_and_ends(environment: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as running:
        migrate = _start("migrate", environment, tmp_path, port)
        migrate.wait_until(lambda: migrate.process.poll() == 0, timeout=60)
        programs = {name: _start(name, environment, tmp_path, port) for name in LONG_RUNNING}
        for program in programs.values():
            running.callback(program.stop)
        programs["web"].wait_until(lambda: _status(port) == 200, timeout=60)
        programs["worker"].wait_until(lambda: _answers_a_ping(environment), timeout=60)
        programs["schedule"].wait_until(lambda: "beat" in programs["schedule"].tail(), timeout=60)
        assert {name: program.process.poll() for name, program in programs.items()} == dict.fromkeys(LONG_RUNNING)
        assert {name: _end(program) for name, program in programs.items()} == dict.fromkeys(LONG_RUNNING, True)


def _start(name: str, environment: dict[str, str], folder: Path, port: int) -> Program:
    """The command of compose; only the address of `web` is another one, for two runs on one machine."""
    here = {"8000": str(port), "0.0.0.0": "127.0.0.1"}  # noqa: S104 - the text of the container's command
    command = [here.get(word, word) for word in services()[name].command]
    return start(command, folder / f"{name}.log", environment, cwd=ROOT)


def _status(port: int) -> int:
    request = Request(f"http://127.0.0.1:{port}/readyz", headers={"X-Forwarded-Proto": "https"})
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310 - http
            json.load(answer)
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, ConnectionError, TimeoutError):
        return 0


def _answers_a_ping(environment: dict[str, str]) -> bool:
    """Whether a worker takes a message from the queue: what compose asks for its health."""
    command = ["celery", "-A", "portal", "inspect", "ping", "--timeout", "2"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0


def _end(program: Program) -> bool:
    """Whether SIGTERM ends it by itself. uvicorn passes the signal on to itself once it is done."""
    return program.stop(grace=20) in {0, -signal.SIGTERM}
