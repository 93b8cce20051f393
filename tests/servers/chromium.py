"""Chromium for the browser tests: CHROMIUM, one on PATH, the npm package @sparticuz/chromium, or, for root, apt-get.

The npm package holds Chromium's headless shell with the libraries that it needs, and runs unprivileged; it is locked
in `chromium_package/`, unpacked once under `.tools/`, and none of its code is executed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.programs import LadderEmpty, beside_python

PACKAGE = Path(__file__).parent / "chromium_package"
TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "chromium"
ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The package names the folders of a cloud function. Without one font at all the shell loads no web font either.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
INFLATE = (
    "const [source, target] = process.argv.slice(1), fs = require('fs');"
    "require('stream').pipeline(fs.createReadStream(source), require('zlib').createBrotliDecompress(),"
    " fs.createWriteStream(target), (error) => { if (error) throw error; });"
)


@dataclass(frozen=True)
class Chromium:
    """A browser that starts: where it is, and what its environment needs besides ours."""

    executable: Path
    env: dict[str, str] = field(default_factory=dict)

    def starts(self) -> bool:
        command = [str(self.executable), "--no-sandbox", "--version"]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=60, env={**os.environ, **self.env})
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def chromium() -> Chromium:
    """The first rung that holds; may download. Raises LadderEmpty with what each rung lacked."""
    rungs: dict[str, Callable[[], Chromium | None]] = {
        "CHROMIUM": from_environment,
        f"on PATH: {', '.join(ON_PATH)}": from_path,
        "npm @sparticuz/chromium": from_npm,
        "apt-get (as root)": from_apt,
    }
    for rung in rungs.values():
        found = rung()
        if found and found.starts():
            return found
    raise LadderEmpty("Chromium", list(rungs))


def from_environment() -> Chromium | None:
    given = os.environ.get("CHROMIUM")
    return Chromium(Path(given)) if given else None


def from_path() -> Chromium | None:
    paths = (shutil.which(name) for name in ON_PATH)
    return next((Chromium(Path(path)) for path in paths if path), None)


def from_npm() -> Chromium | None:
    """The package has a build for Linux on x86-64 alone."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return None
    unpacked = Chromium(
        TOOLS / "chromium", {"LD_LIBRARY_PATH": str(TOOLS / "lib"), "FONTCONFIG_PATH": str(TOOLS), "HOME": str(TOOLS)}
    )
    if unpacked.executable.exists() or _unpack():
        return unpacked
    return None


def _unpack() -> bool:
    """Install and unpack the package; False when npm or the network is missing, with npm's words on stderr."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGE / name, TOOLS / name)
    npm = [_node_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not _runs([*npm, "--omit=optional"], TOOLS):
        return False
    packed = TOOLS / "node_modules" / "@sparticuz" / "chromium" / "bin"
    archives = [packed / f"{name}.tar.br" for name in ("al2023", "swiftshader", "fonts")]
    for archive in archives:
        plain = TOOLS / archive.stem
        if not _runs([_node_program("node"), "-e", INFLATE, str(archive), str(plain)]):
            return False
        with tarfile.open(plain) as tar:
            tar.extractall(TOOLS, filter="data")
        plain.unlink()
    (TOOLS / "fonts.conf").write_text(FONTS.format(folder=TOOLS))
    return _inflate_program(packed / "chromium.br")


def _inflate_program(source: Path) -> bool:
    """The program comes last and by rename: where it stands, all the rest is there."""
    half = TOOLS / "chromium.part"
    if not _runs([_node_program("node"), "-e", INFLATE, str(source), str(half)]):
        return False
    half.chmod(0o755)
    shutil.rmtree(TOOLS / "node_modules")
    half.rename(TOOLS / "chromium")
    return True


def _node_program(name: str) -> str:
    return shutil.which(name) or str(beside_python(name))


def from_apt() -> Chromium | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _runs(["apt-get", "update", "-qq"])
    for name in ("chromium-headless-shell", "chromium"):
        if _runs(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name]):
            return from_path()
    return None


def _runs(command: list[str], folder: Path | None = None) -> bool:
    try:
        return subprocess.run(command, cwd=folder, check=False).returncode == 0
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return False
