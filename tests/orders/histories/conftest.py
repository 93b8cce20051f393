"""Histories run on a database in memory, made from the tables of the test database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.orders.histories.memory import Memory, memory_database


@pytest.fixture
def memory(db: None) -> Iterator[Memory]:
    del db
    if connection.vendor != "sqlite":
        pytest.skip("histories have a database in memory; PostgreSQL is proved by processes and flows")
    with memory_database() as made:
        yield made
