"""The embedded portal on PostgreSQL and a Redis-protocol server: the same command, other settings."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tests.portal.running import run, sign_in
from tests.servers.valkey import valkey

pytestmark = pytest.mark.servers


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """An empty database on the server of this run, and a queue of its own."""
    server, name = os.environ["TEST_DATABASE_URL"], f"embedded_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with valkey() as redis_url:
        yield {"DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}")), "REDIS_URL": redis_url}
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_the_demo_runs_on_servers_and_ends_in_time(servers: dict[str, str], tmp_path: Path) -> None:
    portal = run("demo", tmp_path, "--quiet", **servers)
    try:
        portal.wait_until_ready()
        assert sign_in(portal, "manager").get(f"{portal.url}/accounts/", timeout=10).status_code == 200
        status, seconds = portal.end()
        assert (status, seconds < 3) == (0, True), portal.program.tail()
    finally:
        portal.program.stop()
    assert not list(tmp_path.glob("*.sqlite3"))
