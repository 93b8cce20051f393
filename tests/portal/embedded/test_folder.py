"""One embedded portal at a time on a data folder, and the folder says what for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded import folder
from portal.env import DataMode, EnvironmentRefused

HOLD = """
import sys
from pathlib import Path
from portal.embedded import folder
from portal.env import DataMode
folder.claim(Path(sys.argv[1]), DataMode.SERVE)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(folder, "_held", None)
    yield
    if folder._held is not None:
        os.close(folder._held)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder until its input closes."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.kill()


def test_a_claimed_folder_says_what_it_is_for(tmp_path: Path) -> None:
    folder.claim(tmp_path / "new", DataMode.DEMO)
    assert folder.is_claimed()
    assert (tmp_path / "new" / "mode").read_text() == "demo\n"


def test_a_folder_in_use_is_refused_with_its_holder(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(EnvironmentRefused, match=rf"in use by 'manage.py serve', process {holder.pid}; stop it first"):
        folder.claim(tmp_path, DataMode.DEMO)
    assert not folder.is_claimed()
    assert (tmp_path / "mode").read_text() == "serve\n"


def test_a_folder_is_free_again_when_its_holder_was_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    folder.claim(tmp_path, DataMode.DEMO)
    assert folder.is_claimed()


def test_a_folder_whose_holder_is_ending_is_waited_for(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    ending = threading.Timer(0.3, holder.kill)
    ending.start()
    folder.claim(tmp_path, DataMode.DEMO)
    assert folder.is_claimed()


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentRefused, match=r"^PORTAL_DATA_DIR: .*: .*file/lock$"):
        folder.claim(tmp_path / "file", DataMode.SERVE)


@pytest.mark.parametrize("arguments", [[], ["migrate"], ["serve", "--help"], ["demo", "-h"]])
def test_other_command_lines_claim_nothing(arguments: list[str]) -> None:
    folder.claim_for(arguments)
    assert not folder.is_claimed()


def test_serve_claims_the_folder_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    folder.claim_for(["serve"])
    assert folder.is_claimed()
    assert (tmp_path / "mode").read_text() == "serve\n"
