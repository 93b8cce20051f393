"""Every setting that comes from outside, typed, in one place; nothing else reads the environment.

A value that is missing has a default that works without any server. A value that is malformed stops the start with
one line that names it (`EnvironmentRefused`).
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.dateparse import parse_duration
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
CONNECTIONS_A_PROCESS = 30
CONNECTION_WAITS = 15.0  # seconds until a request that finds none fails
# A process that is stopped inside a transaction must not keep its rows from the one that takes over after the 15 s of a
# lease: the server ends such a session, and nobody waits for a lock for long.
SESSION_LIMITS = "-c idle_in_transaction_session_timeout=8000 -c lock_timeout=10000"
FIELD_KEY_BYTES = 32


class EnvironmentRefused(ImproperlyConfigured):
    """A setting is unknown or malformed; the text is one line for the person who starts the portal."""


class SecondFactor(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"


class DataMode(StrEnum):
    """What the data folder was last started for. Management commands follow it to the same database."""

    DEMO = "demo"
    SERVE = "serve"


def _items(value: object) -> object:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        pass
    parsed = parse_duration(text)
    if parsed is None:
        raise ValueError("give seconds, '[-]D HH:MM:SS' or an ISO 8601 duration")
    return parsed


CommaList = Annotated[list[str], NoDecode, BeforeValidator(_items)]
Duration = Annotated[timedelta | None, NoDecode, BeforeValidator(_duration)]


class Environment(BaseSettings):
    """The variables of the portal. Each may be given as NAME_FILE too: a file that holds the value."""

    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore", env_ignore_empty=True)

    DATABASE_URL: str = ""
    REDIS_URL: str = ""
    PORTAL_SECRET_KEY: str = ""
    PORTAL_FIELD_KEYS: CommaList = Field(default_factory=list)
    PORTAL_ALLOWED_HOSTS: CommaList = Field(default_factory=lambda: ["localhost", "127.0.0.1", "[::1]"])
    PORTAL_ORIGINS: CommaList = Field(default_factory=list)
    PORTAL_SECOND_FACTOR: SecondFactor = SecondFactor.REQUIRED
    PORTAL_CLOCK_SHIFT: Duration = None
    PORTAL_DATA_DIR: Path = BASE_DIR / ".data"
    PORT: int = Field(default=8000, ge=0, le=65535)

    @field_validator("PORTAL_DATA_DIR")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return (BASE_DIR / value.expanduser()).resolve()

    @field_validator("PORTAL_FIELD_KEYS")
    @classmethod
    def _field_keys_decode(cls, value: list[str]) -> list[str]:
        for key in value:
            decode_field_key(key)
        return value

    @field_validator("PORTAL_ORIGINS")
    @classmethod
    def _origins_are_exact(cls, value: list[str]) -> list[str]:
        for origin in value:
            if "://" not in origin or origin.rstrip("/").count("/") != 2 or "*" in origin:
                raise ValueError(f"{origin!r} is not scheme://host[:port]")
        return [origin.rstrip("/") for origin in value]

    @field_validator("REDIS_URL")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _database_parses(self) -> Self:
        if self.DATABASE_URL:
            try:
                engine = dj_database_url.parse(self.DATABASE_URL)["ENGINE"]
            except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError) as error:
                raise ValueError(f"DATABASE_URL: {error}") from None
            if engine not in {"django.db.backends.postgresql", "django.db.backends.sqlite3"}:
                raise ValueError("DATABASE_URL: PostgreSQL or SQLite")
        return self

    @property
    def origins(self) -> list[str]:
        return self.PORTAL_ORIGINS or [f"http://{host}:{self.PORT}" for host in ("localhost", "127.0.0.1")]

    @property
    def mode(self) -> DataMode:
        path = self.PORTAL_DATA_DIR / "mode"
        try:
            return DataMode(path.read_text().strip())
        except FileNotFoundError:
            return DataMode.SERVE
        except ValueError:
            raise EnvironmentRefused(f"PORTAL_DATA_DIR: {path} says neither demo nor serve") from None

    def database(self) -> dict[str, Any]:
        """Django's DATABASES["default"]; SQLite with the pragmas that keep a commit through a power failure."""
        name = "demo.sqlite3" if self.mode is DataMode.DEMO else "portal.sqlite3"
        url = self.DATABASE_URL or f"sqlite:///{self.PORTAL_DATA_DIR / name}"
        config: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0, conn_health_checks=True))
        if config["ENGINE"] == "django.db.backends.sqlite3":
            config["CONN_MAX_AGE"] = None
            config["OPTIONS"] = {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
            }
        else:
            # Each request has a thread of its own: without a pool fifty of them use up a server's connections.
            pool = {"min_size": 0, "max_size": CONNECTIONS_A_PROCESS, "timeout": CONNECTION_WAITS}
            config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": pool, "options": SESSION_LIMITS}
        return config


def decode_field_key(text: str) -> bytes:
    """The 32 bytes of one key of PORTAL_FIELD_KEYS. Raises ValueError without repeating the key."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("a field key is not url-safe base64") from None
    if len(raw) != FIELD_KEY_BYTES:
        raise ValueError("a field key must be 32 bytes in url-safe base64")
    return raw


def load() -> Environment:
    """Read and check the environment. Raises EnvironmentRefused with one line for all that is wrong."""
    values: dict[str, Any] = {}
    known = set(Environment.model_fields)
    unknown = sorted(
        name for name in os.environ if name.startswith("PORTAL_") and name.removesuffix("_FILE") not in known
    )
    if unknown:
        raise EnvironmentRefused(f"unknown setting: {', '.join(unknown)}")
    for name in known:
        path = os.environ.get(f"{name}_FILE")
        if path:
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise EnvironmentRefused(f"{name}_FILE: {error.strerror}: {path}") from None
            except UnicodeDecodeError:
                raise EnvironmentRefused(f"{name}_FILE: not a text file: {path}") from None
    try:
        return _with_generated_keys(Environment(**values))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'environment'}: {item['msg']}" for item in error.errors()
        )
        raise EnvironmentRefused(wrong) from None
    except ValueError as error:
        raise EnvironmentRefused(str(error)) from None


def _with_generated_keys(env: Environment) -> Environment:
    """Keys that were not given are made once and kept in the data folder, readable by its owner alone."""
    changes: dict[str, Any] = {}
    if not env.PORTAL_SECRET_KEY:
        changes["PORTAL_SECRET_KEY"] = _kept(env.PORTAL_DATA_DIR / "secret_key", lambda: secrets.token_urlsafe(50))
    if not env.PORTAL_FIELD_KEYS:
        text = _kept(
            env.PORTAL_DATA_DIR / "field_keys",
            lambda: base64.urlsafe_b64encode(secrets.token_bytes(FIELD_KEY_BYTES)).decode(),
        )
        changes["PORTAL_FIELD_KEYS"] = _items(text)
        for key in changes["PORTAL_FIELD_KEYS"]:
            decode_field_key(key)
    return env.model_copy(update=changes) if changes else env


def _kept(path: Path, make: Any) -> str:
    """The text in `path`, made under a lock when it is missing: two first starts must agree on one key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read().strip()
            if not text:
                text = make()
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            return text
    except OSError as error:
        raise EnvironmentRefused(f"PORTAL_DATA_DIR: {error.strerror}: {path}") from None
