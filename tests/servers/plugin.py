"""Chooses what the tests run on, before Django reads its settings: `--database=sqlite` (default) or `postgres`.

On PostgreSQL the Redis-protocol server comes along, and only the tests are taken that use a database, a queue or a
channel layer; the others would repeat themselves. A test marked `servers` needs both servers, and waits for that run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from contextlib import ExitStack

import hypothesis
import pytest

from tests.servers.postgres import postgres
from tests.servers.valkey import valkey

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
MARKS = {"django_db", "servers", "layer"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite", help="what the tests run on")


# A wrapper: pytest-django's own hook, which loads the settings, asks to be first, and a wrapper is entered before it.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    servers = ExitStack()
    early_config.add_cleanup(servers.close)
    # make passes SIGTERM on: as an interrupt, it ends the run with its clean-up, and no server is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _forget_the_callers_settings()
    folder = tempfile.mkdtemp(prefix="mandate-tests-")
    servers.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PORTAL_DATA_DIR"] = folder
    # Here, not in pyproject.toml: `-p no:django` runs the plain-Python rooms, and would not know the option.
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    if early_config.known_args_namespace.database == "postgres":
        _take_servers(servers, early_config.known_args_namespace)
    return (yield)


def _take_servers(servers: ExitStack, options: argparse.Namespace) -> None:
    """The process that starts the workers owns every server, for a worker may be killed: one PostgreSQL, on which each
    worker has its own databases, and a Valkey for each of them, whose channels would cross."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        os.environ["TEST_DATABASE_URL"] = servers.enter_context(postgres())
        for number in range(getattr(options, "numprocesses", None) or 0):
            os.environ[f"TEST_REDIS_URL_gw{number}"] = servers.enter_context(valkey())
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
    os.environ["REDIS_URL"] = os.environ.get(f"TEST_REDIS_URL_{worker}") or servers.enter_context(valkey())


def _forget_the_callers_settings() -> None:
    for name in list(os.environ):
        if name.startswith(("PORTAL_", "DATABASE_URL", "REDIS_URL")) or name in {"PORT", "PORT_FILE"}:
            del os.environ[name]


def pytest_configure() -> None:
    # The workers share their cores: how long one example takes says nothing.
    hypothesis.settings.register_profile("portal", deadline=None)
    hypothesis.settings.load_profile("portal")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_servers = config.getoption("--database") == "postgres"
    wanted = _uses_servers if on_servers else _needs_no_server
    left = [item for item in items if not wanted(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if wanted(item)]


def _needs_no_server(item: pytest.Item) -> bool:
    return item.get_closest_marker("servers") is None


def _uses_servers(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in MARKS):
        return True
    return bool(DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('--database')}"
