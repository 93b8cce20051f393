"""The Celery worker and its schedule as threads of this process."""

from __future__ import annotations

import threading
import time

from celery.beat import Scheduler, Service
from celery.utils.nodenames import default_nodename
from celery.worker import WorkController, state

from portal.celery import app

TASKS_AT_ONCE = 2
BEAT_LOOKS_EVERY = 1
NUDGE_EVERY = 0.05


@app.task(name="portal.nudge", ignore_result=True)
def nudge() -> None:
    """Nothing: its arrival ends the worker's wait for messages, which takes 2 s without one."""


class EmbeddedQueue:
    """Worker and schedule. Queue messages are wake-ups only, so nothing is lost when it ends with some waiting."""

    def __init__(self) -> None:
        self._worker = WorkController(
            app=app,
            hostname=default_nodename("embedded"),
            pool="threads",
            concurrency=TASKS_AT_ONCE,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._beat = Service(app, max_interval=BEAT_LOOKS_EVERY, scheduler_cls=Scheduler)
        self._in_process = str(app.conf.broker_url).startswith("memory:")
        # Daemons: the process ends within its time even when a task does not.
        self._threads = [
            threading.Thread(target=self._worker.start, name="worker", daemon=True),
            threading.Thread(target=self._beat.start, name="schedule", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """Say that it ends; returns at once."""
        # The worker's loop looks at this flag between messages; 0 is the exit status, not "no".
        state.should_stop = 0  # type: ignore[assignment]  # typed as the None that it starts with
        self._beat.stop()

    def wait_until_stopped(self, seconds: float) -> bool:
        """Wait for both threads. False when one is still at work after `seconds`."""
        deadline = time.monotonic() + seconds
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < deadline:
            if self._in_process:
                nudge.delay()
            time.sleep(NUDGE_EVERY)
        return not any(thread.is_alive() for thread in self._threads)
