from __future__ import annotations

import pytest

from tests.orders.kis.client.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
