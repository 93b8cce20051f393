"""What is installed is what was locked, and the locks name no machine to fetch it from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; .*?)? \\$", re.MULTILINE)


def _locked() -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        versions.setdefault(package["name"], set()).add(package["version"])
    return versions


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-assets.txt", "requirements-dev.txt"])
def test_the_requirements_are_those_of_the_lock_with_hashes(name: str) -> None:
    text, locked = (ROOT / name).read_text(encoding="utf-8"), _locked()
    pinned = PINNED.findall(text)
    assert len(pinned) == len(re.findall(r"==.*\\$", text, re.MULTILINE)) > 0
    assert [(package, version) for package, version in pinned if version not in locked[package]] == []
    assert text.count("--hash=sha256:") >= len(pinned)


def test_every_library_that_is_named_is_among_the_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {match[0] for entry in project["dependencies"] if (match := re.match(r"[A-Za-z0-9._-]+", entry))}
    assert named <= {package for package, _ in PINNED.findall((ROOT / "requirements.txt").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("lock", ["package-lock.json", "tests/servers/chromium_package/package-lock.json"])
def test_a_package_lock_has_integrity_and_no_addresses(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]
    outside = {name: entry for name, entry in packages.items() if name}
    assert outside
    assert [name for name, entry in outside.items() if "integrity" not in entry or "resolved" in entry] == []
