"""A set-up step is done once, done again when what it is made from changes, and fails with its name."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "prepare.py"
CATALOGUE = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "계좌"
msgstr "Accounts"
"""


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working in an empty clone whose npm only writes down how it was called."""
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": Path(sys.executable)}.items():
        monkeypatch.setattr(script, name, value)
    (tmp_path / "programs").mkdir()
    _program(tmp_path, "npm", 'case "$1" in --version) echo 11.1.0;; *) echo "$1" >> calls;; esac')
    _program(tmp_path, "node", "echo v24.1.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    return script


def _program(root: Path, name: str, body: str) -> None:
    path = root / "programs" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _calls(root: Path) -> list[str]:
    return (root / "calls").read_text().split()


def test_front_end_packages_are_installed_once_for_a_lock(prepare: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    prepare.install_front_end()
    prepare.install_front_end()
    assert _calls(tmp_path) == ["ci"]
    lock.write_text('{"changed": true}')
    prepare.install_front_end()
    assert _calls(tmp_path) == ["ci", "ci"]


def test_the_pages_files_are_built_again_when_a_source_changes(prepare: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "static" / "js" / "app.js"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    prepare.build_front_end()
    prepare.build_front_end()
    source.write_text("two")
    prepare.build_front_end()
    assert _calls(tmp_path) == ["run", "run"]


def test_a_failed_step_leaves_no_stamp_and_names_itself(prepare: ModuleType, tmp_path: Path) -> None:
    _program(tmp_path, "npm", 'case "$1" in --version) echo 11.1.0;; *) exit 7;; esac')
    for _ in range(2):
        with pytest.raises(prepare.SetUpFailed, match=r"npm ci: npm ended with status 7"):
            prepare.install_front_end()


@pytest.mark.parametrize(("npm", "node"), [("8.19.4", "v24.1.0"), ("11.1.0", "v16.20.0"), ("broken", "v24.1.0")])
def test_an_npm_that_is_too_old_gives_way_to_the_wheel(
    prepare: ModuleType, tmp_path: Path, npm: str, node: str
) -> None:
    _program(tmp_path, "npm", f"echo {npm}")
    _program(tmp_path, "node", f"echo {node}")
    wheel = tmp_path / ".venv" / "bin" / "npm"
    wheel.parent.mkdir(parents=True)
    wheel.write_text('#!/bin/sh\necho "wheel-$1" >> calls\n')
    wheel.chmod(0o755)
    assets = tmp_path / "requirements-assets.txt"
    assets.write_text("")
    prepare._stamp(tmp_path / ".venv" / ".requirements-assets.txt.stamp", prepare._digest([assets]))
    prepare.install_front_end()
    assert _calls(tmp_path) == ["wheel-ci"]


def test_what_the_tests_need_counts_for_what_the_portal_needs(prepare: ModuleType, tmp_path: Path) -> None:
    everything = tmp_path / "requirements-dev.txt"
    everything.write_text("all")
    prepare._stamp(tmp_path / ".venv" / ".requirements-dev.txt.stamp", prepare._digest([everything]))
    prepare.install_packages("requirements.txt")
    everything.write_text("changed")
    (tmp_path / "requirements.txt").write_text("nothing-of-that-name==1 --hash=sha256:" + "0" * 64)
    with pytest.raises(prepare.SetUpFailed, match=r"requirements\.txt: \S+ ended with status"):
        prepare.install_packages("requirements.txt")


@pytest.mark.parametrize("broken", ["exit 127", 'test "$1" = --version'])
def test_pip_installs_what_uv_cannot(
    prepare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    _program(tmp_path, "uv", broken)
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(prepare, "_pip", lambda: ["sh", "-c", "echo pip >> calls"])
    prepare.install_packages("requirements.txt")
    assert _calls(tmp_path) == ["pip"]


def test_a_translation_is_compiled_when_its_source_is_newer(prepare: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "locale" / "en" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE, encoding="utf-8")
    prepare.compile_translations()
    compiled = source.with_suffix(".mo")
    assert b"Accounts" in compiled.read_bytes()
    before = compiled.stat().st_mtime_ns
    prepare.compile_translations()
    assert compiled.stat().st_mtime_ns == before


def test_an_environment_whose_python_was_upgraded_is_made_anew(
    prepare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    prepare.make_environment()
    packages = next((tmp_path / ".venv" / "lib").glob("python3.*"))
    assert (packages / "site-packages").is_dir()
    (tmp_path / ".venv" / "kept").touch()
    prepare.make_environment()
    assert (tmp_path / ".venv" / "kept").exists()
    packages.rename(packages.with_name("python3.10"))
    prepare.make_environment()
    assert not (tmp_path / ".venv" / "kept").exists()
    assert (packages / "site-packages").is_dir()


def test_an_unknown_purpose_is_refused() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "everything"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: prepare.py run|check|npm ...\n")
