"""Chooses what the tests run on, before Django reads its settings: `--database=sqlite` (default) or `postgres`.

On PostgreSQL the Redis-protocol server comes along, and only the tests are taken that use a database, a queue or a
channel layer; the others would repeat themselves. A test marked `servers` needs both servers, and waits for that run.
"""

from __future__ import annotations

import os
import shutil
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
    _forget_the_callers_settings()
    folder = tempfile.mkdtemp(prefix="mandate-tests-")
    servers.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PORTAL_DATA_DIR"] = folder
    # Here, not in pyproject.toml: `-p no:django` runs the plain-Python rooms, and would not know the option.
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    if early_config.known_args_namespace.database == "postgres":
        # Workers share the PostgreSQL of the process that started them; each has its own databases on it.
        shared = os.environ.get("TEST_DATABASE_URL") if "PYTEST_XDIST_WORKER" in os.environ else None
        url = shared or servers.enter_context(postgres())
        os.environ["TEST_DATABASE_URL"] = os.environ["DATABASE_URL"] = url
        os.environ["REDIS_URL"] = servers.enter_context(valkey())
    return (yield)


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
