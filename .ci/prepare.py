"""Makes a fresh clone ready to start: virtual environment, locked packages, the pages' files, translations.

    python3 .ci/prepare.py run      what the portal needs
    python3 .ci/prepare.py check    that, and what the tests and the linters need
    python3 .ci/prepare.py npm ...  that npm which the set-up would use

Plain Python 3.11 and its standard library. Every step leaves a stamp with the digest of what it was made from, so
that a second start has nothing to do and needs no network. Two of them at once take turns.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = {"run": "requirements.txt", "check": "requirements-dev.txt"}
OLDEST_NPM = 9
OLDEST_NODE = 18
# Its own folder of packages is missing when the Python behind .venv was upgraded to another minor version.
SOUND = "import os, sys, sysconfig; assert sys.version_info >= (3, 11) and os.path.isdir(sysconfig.get_path('purelib'))"


class SetUpFailed(Exception):
    """A step did not work; the text says which, and what to do."""


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in {*REQUIREMENTS, "npm"}:
        sys.stderr.write("usage: prepare.py run|check|npm ...\n")
        return 2
    # An exception, so that subprocess.run ends its child: make passes SIGTERM to this process alone.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        with (ROOT / ".ci" / "prepare.py").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if arguments[0] == "npm":
                _npm(*arguments[1:])
            else:
                prepare(arguments[0])
    except SetUpFailed as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def prepare(purpose: str) -> None:
    make_environment()
    install_packages(REQUIREMENTS[purpose])
    install_front_end()
    build_front_end()
    compile_translations()


def make_environment() -> None:
    if PYTHON.exists() and _answers([PYTHON, "-c", SOUND]):
        return
    say("making .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    hint = "python3 -m venv does not work here; on Debian: apt-get install python3-venv"
    _run([sys.executable, "-m", "venv", str(VENV)], hint)


def install_packages(name: str) -> None:
    """Install the locked file `name`. One that holds more counts for one that holds less: all come from one lock."""
    holds_it = [name, REQUIREMENTS["check"]] if name == REQUIREMENTS["run"] else [name]
    if any(_stamped(VENV / f".{other}.stamp", _digest([ROOT / other])) for other in holds_it):
        return
    say(f"installing {name}")
    locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(ROOT / name)]
    if not _by_uv(locked):
        _run([*_pip(), *locked], name)
    _stamp(VENV / f".{name}.stamp", _digest([ROOT / name]))


def _by_uv(locked: list[str]) -> bool:
    """uv is faster, where there is one that works: what it cannot fetch with its own settings, pip may."""
    uv = shutil.which("uv")
    if uv is None or not _answers([uv, "--version"]):
        return False
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *locked]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        say("uv did not install them; pip will")
        return False
    return True


def _pip() -> list[str]:
    if not _answers([PYTHON, "-m", "pip", "--version"]):
        _run([str(PYTHON), "-m", "ensurepip", "--upgrade"], "pip in .venv")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    return [str(PYTHON), "-m", "pip", "install", *quiet]


def install_front_end() -> None:
    stamp, digest = ROOT / "node_modules" / ".prepare.stamp", _digest([ROOT / "package-lock.json"])
    if _stamped(stamp, digest):
        return
    say("installing the front-end packages")
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _stamp(stamp, digest)


def build_front_end() -> None:
    output = ROOT / "static" / "dist"
    sources = [path for folder in ("css", "js") for path in sorted((ROOT / "static" / folder).rglob("*"))]
    digest = _digest([ROOT / "package.json", ROOT / "package-lock.json", *sources])
    if _stamped(output / ".prepare.stamp", digest):
        return
    say("building static/dist")
    if output.exists():
        shutil.rmtree(output)
    _npm("run", "--silent", "build")
    _stamp(output / ".prepare.stamp", digest)


def _npm(*arguments: str) -> None:
    npm = shutil.which("npm")
    if not npm or not _recent(npm, OLDEST_NPM) or not _recent("node", OLDEST_NODE):
        install_packages("requirements-assets.txt")
        npm = str(VENV / "bin" / "npm")
    # The scripts behind npm look for `node` on PATH; after the machine's own, the wheel's is there too.
    wheel = str(VENV / "bin")
    path = [wheel, os.environ.get("PATH", "")] if npm.startswith(wheel) else [os.environ.get("PATH", "")]
    _run([npm, *arguments], f"npm {arguments[0]}", PATH=os.pathsep.join(path))


def _recent(program: str, oldest: int) -> bool:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"v?(\d+)\.", answer.stdout.strip())
    return found is not None and int(found[1]) >= oldest


def compile_translations() -> None:
    for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        language = source.parent.parent.name
        command = [str(PYTHON), "-m", "babel.messages.frontend", "--quiet", "compile", "--locale", language]
        _run([*command, "--input-file", str(source), "--output-file", str(compiled)], str(source.relative_to(ROOT)))


def _run(command: list[str], what: str, **environment: str) -> None:
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    if code:
        raise SetUpFailed(f"{what}: {Path(command[0]).name} ended with status {code}")


def _answers(command: Iterable[str | Path]) -> bool:
    try:
        return subprocess.run([*command], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _stamped(stamp: Path, digest: str) -> bool:
    return stamp.exists() and stamp.read_text() == digest


def _stamp(stamp: Path, digest: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)


def say(text: str) -> None:
    sys.stderr.write(f"set-up: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
