"""Every setting from outside: its default, its forms, and the one line that names a wrong one."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from portal import env
from portal.env import DataMode, Environment, EnvironmentRefused, SecondFactor

ROOT = Path(__file__).parents[2]
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()
Load = Callable[..., Environment]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Read the environment with nothing in it but what is given, on a folder of its own."""
    for name in Environment.model_fields:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))

    def read(**variables: str) -> Environment:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return env.load()

    return read


def test_without_any_variable_everything_has_a_default(load: Load, tmp_path: Path) -> None:
    found = load()
    assert found.database()["ENGINE"] == "django.db.backends.sqlite3"
    assert found.database()["NAME"] == str(tmp_path / "data" / "portal.sqlite3")
    assert (found.REDIS_URL, found.PORT, found.PORTAL_CLOCK_SHIFT) == ("", 8000, None)
    assert found.PORTAL_SECOND_FACTOR is SecondFactor.REQUIRED
    assert found.PORTAL_ALLOWED_HOSTS == ["localhost", "127.0.0.1", "[::1]"]
    assert found.origins == ["http://localhost:8000", "http://127.0.0.1:8000"]


def test_every_variable_is_taken_as_it_is_meant(load: Load, tmp_path: Path) -> None:
    found = load(
        DATABASE_URL="postgres://portal:secret@db:5432/portal",
        REDIS_URL="rediss://valkey:6379/0",
        PORTAL_SECRET_KEY="a-secret-key",
        PORTAL_FIELD_KEYS=f"{KEY}, {OTHER_KEY}",
        PORTAL_ALLOWED_HOSTS="portal.example.com, other.example.com",
        PORTAL_ORIGINS="https://portal.example.com/,https://other.example.com:8443",
        PORTAL_SECOND_FACTOR="optional",
        PORTAL_CLOCK_SHIFT="-3600",
        PORT="8123",
    )
    database = found.database()
    assert (database["ENGINE"], database["HOST"]) == ("django.db.backends.postgresql", "db")
    assert database["CONN_MAX_AGE"] == 0
    assert database["OPTIONS"]["pool"]["max_size"] < 100  # what a server has, unless it was told otherwise
    assert "idle_in_transaction_session_timeout=8000" in database["OPTIONS"]["options"]
    assert (found.REDIS_URL, found.PORTAL_SECRET_KEY) == ("rediss://valkey:6379/0", "a-secret-key")
    assert found.PORTAL_FIELD_KEYS == [KEY, OTHER_KEY]
    assert found.PORTAL_ALLOWED_HOSTS == ["portal.example.com", "other.example.com"]
    assert found.origins == ["https://portal.example.com", "https://other.example.com:8443"]
    assert found.PORTAL_SECOND_FACTOR is SecondFactor.OPTIONAL
    assert (timedelta(hours=-1), 8123) == (found.PORTAL_CLOCK_SHIFT, found.PORT)
    assert list((tmp_path / "data").glob("*")) == []


def test_an_empty_variable_is_a_missing_one(load: Load) -> None:
    assert load(PORT="", REDIS_URL="", PORTAL_SECOND_FACTOR="", PORTAL_CLOCK_SHIFT="").PORT == 8000


def test_a_relative_folder_lies_in_the_projects(load: Load) -> None:
    found = load(PORTAL_DATA_DIR="some/where", PORTAL_SECRET_KEY="x", PORTAL_FIELD_KEYS=KEY)
    assert found.PORTAL_DATA_DIR == ROOT / "some" / "where"


@pytest.mark.parametrize("name", sorted(set(Environment.model_fields) - {"PORTAL_DATA_DIR"}))
def test_each_may_be_given_in_a_file(load: Load, tmp_path: Path, name: str) -> None:
    values = {
        "DATABASE_URL": "sqlite:///elsewhere.sqlite3",
        "REDIS_URL": "redis://valkey",
        "PORTAL_FIELD_KEYS": KEY,
        "PORTAL_ORIGINS": "https://portal.example.com",
        "PORTAL_SECOND_FACTOR": "optional",
        "PORTAL_CLOCK_SHIFT": "60",
        "PORT": "8124",
    }
    file = tmp_path / "value"
    file.write_text(f"{values.get(name, 'text')}\n", encoding="utf-8")
    from_file = load(**{f"{name}_FILE": str(file)})
    os.environ.pop(f"{name}_FILE")
    assert getattr(from_file, name) == getattr(load(**{name: values.get(name, "text")}), name)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"PORTAL_SECOND_FACTR": "optional"}, "PORTAL_SECOND_FACTR"),
        ({"PORTAL_SECOND_FACTR_FILE": "/x"}, "PORTAL_SECOND_FACTR_FILE"),
        ({"PORTAL_SECOND_FACTOR": "never"}, "PORTAL_SECOND_FACTOR"),
        ({"PORTAL_CLOCK_SHIFT": "tomorrow"}, "PORTAL_CLOCK_SHIFT"),
        ({"PORTAL_CLOCK_SHIFT": "nan"}, "PORTAL_CLOCK_SHIFT"),
        ({"PORTAL_CLOCK_SHIFT": "1e400"}, "PORTAL_CLOCK_SHIFT"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORTAL_ORIGINS": "portal.example.com"}, "PORTAL_ORIGINS"),
        ({"PORTAL_ORIGINS": "https://*.example.com"}, "PORTAL_ORIGINS"),
        ({"PORTAL_ORIGINS": "https://portal.example.com/path"}, "PORTAL_ORIGINS"),
        ({"REDIS_URL": "http://valkey"}, "REDIS_URL"),
        ({"DATABASE_URL": "mysql://db/portal"}, "DATABASE_URL"),
        ({"DATABASE_URL": "db.example.com"}, "DATABASE_URL"),
        ({"PORTAL_FIELD_KEYS": "too-short"}, "PORTAL_FIELD_KEYS"),
        ({"PORTAL_FIELD_KEYS": f"{KEY},한글"}, "PORTAL_FIELD_KEYS"),
        ({"PORT_FILE": "/nowhere/port"}, "PORT_FILE"),
        ({"PORTAL_DATA_DIR": "/dev/null/data"}, "PORTAL_DATA_DIR"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(load: Load, variables: dict[str, str], named: str) -> None:
    with pytest.raises(EnvironmentRefused) as refused:
        load(**variables)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_something_else_is_refused_by_name(load: Load, tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EnvironmentRefused, match="PORTAL_SECRET_KEY_FILE"):
        load(PORTAL_SECRET_KEY_FILE=str(tmp_path / "value"))


def test_a_refused_key_is_not_repeated(load: Load) -> None:
    with pytest.raises(EnvironmentRefused) as refused:
        load(PORTAL_FIELD_KEYS="bm90LWEta2V5")
    assert "bm90LWEta2V5" not in str(refused.value)


def test_a_kept_key_that_was_damaged_is_refused(load: Load, tmp_path: Path) -> None:
    load()
    (tmp_path / "data" / "field_keys").write_text("damaged")
    with pytest.raises(EnvironmentRefused, match="field key"):
        load()


def test_keys_are_made_once_and_are_their_owners_alone(load: Load, tmp_path: Path) -> None:
    first, second = load(), load()
    assert first.PORTAL_SECRET_KEY == second.PORTAL_SECRET_KEY != ""
    assert first.PORTAL_FIELD_KEYS == second.PORTAL_FIELD_KEYS
    assert len(env.decode_field_key(first.PORTAL_FIELD_KEYS[0])) == 32
    for name in ("secret_key", "field_keys"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_two_first_starts_agree_on_one_key(load: Load) -> None:
    load(PORTAL_ORIGINS="http://localhost")
    folder = load().PORTAL_DATA_DIR
    for name in ("secret_key", "field_keys"):
        (folder / name).unlink()
    began, found = threading.Barrier(8), []

    def start() -> None:
        began.wait(10)
        one = env.load()
        found.append((one.PORTAL_SECRET_KEY, *one.PORTAL_FIELD_KEYS))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_folders_mode_picks_the_database(load: Load) -> None:
    found = load()
    for text, mode, file in (("demo\n", DataMode.DEMO, "demo.sqlite3"), ("serve\n", DataMode.SERVE, "portal.sqlite3")):
        (found.PORTAL_DATA_DIR / "mode").write_text(text)
        assert found.mode is mode
        assert Path(found.database()["NAME"]).name == file
    (found.PORTAL_DATA_DIR / "mode").write_text("something\n")
    with pytest.raises(EnvironmentRefused, match="mode"):
        found.database()


@pytest.mark.parametrize("command", ["connect", "migrate", "serve", "syncaccounts"])
def test_a_command_with_a_wrong_setting_ends_with_2_and_one_line(command: str, tmp_path: Path) -> None:
    arguments = [sys.executable, "manage.py", command, *(["x.toml"] if command == "connect" else [])]
    variables = {"PATH": os.environ["PATH"], "PORTAL_DATA_DIR": str(tmp_path), "PORTAL_SECOND_FACTOR": "never"}
    done = subprocess.run(arguments, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("portal: PORTAL_SECOND_FACTOR: ")
    assert len(done.stderr.splitlines()) == 1
