"""The same steps, chosen and shrunk by Hypothesis: what it finds it prints as a run of few steps."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orders.histories.history import ACTS, Step, history, run
from tests.orders.histories.memory import Memory

pytestmark = pytest.mark.django_db

ANY = st.integers(0, 996)
STEPS = st.lists(st.builds(Step, st.sampled_from(sorted(ACTS)), st.tuples(ANY, ANY, ANY)), max_size=20)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    # Each example begins with the same database, which the fixture only lends.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=STEPS)
def test_no_run_of_steps_breaks_an_invariant(memory: Memory, steps: list[Step]) -> None:
    run(memory, 1, steps)


def test_a_history_is_the_same_every_time_that_its_seed_is_named() -> None:
    assert history(7) == history(7) != history(8)
