"""docker-compose.yml as values: what a service runs, and with which environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(:[?-][^}]*)?\}")


@dataclass(frozen=True)
class Service:
    name: str
    image: str
    command: tuple[str, ...]
    environment: dict[str, str]
    raw: dict[str, Any]


def services() -> dict[str, Service]:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return {
        name: Service(name, raw["image"], tuple(raw.get("command", ())), raw.get("environment", {}), raw)
        for name, raw in document["services"].items()
    }


def portal_services() -> dict[str, Service]:
    """Those that run our own code."""
    return {name: service for name, service in services().items() if service.image == "mandate-portal"}


def variables() -> dict[str, bool]:
    """Every ${NAME} of the file, and whether docker compose refuses to start without it."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return {name: option.startswith(":?") for name, option in VARIABLE.findall(text)}


def example_variables() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
