"""What every test gets: a database of its own worker."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in the product: in memory, threads share one cache and its table locks.

    On PostgreSQL most tests are one long transaction, which the server must not end for being idle.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        name = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}.sqlite3"
        database["TEST"]["NAME"] = str(Path(tmp_path_factory.mktemp("database")) / name)
    else:
        database["OPTIONS"].pop("options", None)


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_hashed_quickly() -> None:
    """Making a person would cost more than most tests; what a stored password of the product is made by stays known."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def _emptying_the_tables_is_no_tampering(request: pytest.FixtureRequest) -> Generator[None]:
    """A test with real transactions ends by emptying every table, which the audit triggers would refuse."""
    if not _commits(request):
        yield
        return
    request.getfixturevalue("transactional_db")
    from accounts import audit  # noqa: PLC0415 - the plain-Python rooms are tested without Django

    audit.install_triggers()
    yield
    audit.drop_triggers()


def _commits(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    marked = marker is not None and marker.kwargs.get("transaction", False)
    return marked or "transactional_db" in request.fixturenames
