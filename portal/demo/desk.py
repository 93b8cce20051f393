"""Who and what the demo shows: its people, its accounts, and the connection file that declares them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from portal.demo.simulators import Addresses

PASSWORD = "mandate-demo-2026"  # noqa: S105 - printed at every start of the demo
KIS_ACCOUNTS = ("12345678-01", "12345678-03", "50718824-01", "50718824-03", "63350912-01", "64401277-01")
UNASSIGNED_EVERY = 6  # one in so many has no manager yet, as on a real desk after a busy week
ASK_TIMEOUT = 5


@dataclass(frozen=True)
class Person:
    username: str
    role: str
    title: str


PEOPLE = (
    Person("manager", "manager", "운용역"),
    Person("operations", "operations", "운영"),
    Person("compliance", "compliance", "준법감시"),
)


@dataclass(frozen=True)
class FirmSettings:
    name: str
    short_name: str
    asset_types: tuple[str, ...]
    query_number: str = "accNo"


FIRMS = (
    FirmSettings("신한투자증권", "shinhan", ("EQTY", "FUND", "ETC")),
    FirmSettings("NH투자증권", "nhinvest", ("EQTY", "FUND", "ETC"), "virtualAccNo"),
    FirmSettings("키움증권", "kiwoom", ("ALL",)),
)


def koscom_accounts(address: str) -> list[str]:
    """Every account at the simulated firms, as `firm:number`."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{address}/_control/accounts", timeout=ASK_TIMEOUT)
    answer.raise_for_status()
    return [f"{row['firm']}:{row['number']}" for row in answer.json()]


def connection_file(addresses: Addresses, accounts: Sequence[str]) -> str:
    """The text that `manage.py connect` reads: three firms, one KIS app key, three people."""
    assigned = [*KIS_ACCOUNTS, *(name for place, name in enumerate(accounts, 1) if place % UNASSIGNED_EVERY)]
    tables = [
        *(_table("koscom", _firm(firm, addresses)) for firm in FIRMS),
        _table("kis", _kis(addresses)),
        *(_table("manager", _person(person, assigned)) for person in PEOPLE),
    ]
    return "\n".join(tables)


def _firm(firm: FirmSettings, addresses: Addresses) -> dict[str, object]:
    return {
        "name": firm.name,
        "short_name": firm.short_name,
        "base_url": f"{addresses.koscom}/v1",
        "com_id": "F9999",
        "srv_id": "100",
        "api_key": f"demo-{firm.short_name}",
        "api_secret": "demo-secret",
        "asset_types": firm.asset_types,
        "query_number": firm.query_number,
        "daily_calls": 1_000_000,
    }


def _kis(addresses: Addresses) -> dict[str, object]:
    return {
        "name": "desk-1",
        "environment": "live",
        "rest_url": addresses.kis,
        "ws_url": addresses.kis_ws,
        "app_key": "demo",
        "app_secret": "demo",
        "hts_id": "desk01",
        "customer_type": "P",
        "accounts": KIS_ACCOUNTS,
        "requests_per_second": 18,
    }


def _person(person: Person, assigned: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {"username": person.username, "password": PASSWORD, "role": person.role}
    return row | {"accounts": assigned} if person.role == "manager" else row


def _table(name: str, values: dict[str, object]) -> str:
    # JSON's strings, numbers and lists are TOML's too.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "\n".join([f"[[{name}]]", *lines, ""])
