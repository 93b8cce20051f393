"""`manage.py connect`: what it writes, what it refuses, and where it says the fault is."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEvent, ClientAccount, Firm, User
from orders.models.connections import KisAccount, KisConnection

pytestmark = pytest.mark.django_db

FIRM = """
[[koscom]]
name = "신한투자증권"
short_name = "shinhan"
base_url = "http://127.0.0.1:9101/v1"
com_id = "F9999"
srv_id = "100"
api_key = "env:SHINHAN_KEY"
api_secret = "literal-secret"
"""
KIS = """
[[kis]]
name = "desk-1"
environment = "live"
rest_url = "http://127.0.0.1:9443"
ws_url = "ws://127.0.0.1:21000"
app_key = "key"
app_secret = "very-secret"
hts_id = "desk01"
accounts = ["12345678-01", "12345678-03=shinhan:0019923122221"]
"""
MANAGER = """
[[manager]]
username = "kim"
password = "a long password"
accounts = ["12345678-01", "shinhan:0019923122221"]
"""


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SHINHAN_KEY", "key-from-environment")
    path = tmp_path / "connections.toml"

    def run(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        out = StringIO()
        call_command("connect", str(path), stdout=out)
        return out.getvalue()

    return run


def refusal(connect: Any, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        connect(text)
    assert caught.value.returncode == 2
    assert not Firm.objects.exists()
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()
    return str(caught.value)


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_a_whole_file_becomes_firms_connections_accounts_and_people(connect: Any) -> None:
    said = connect(FIRM + KIS + MANAGER)
    firm = Firm.objects.get(short_name="shinhan")
    assert (firm.api_key, firm.api_secret, firm.asset_types) == (
        "key-from-environment",
        "literal-secret",
        ["EQTY", "FUND", "ETC"],
    )
    assert KisConnection.objects.get().requests_per_second == 18
    twin = ClientAccount.objects.get(firm=firm)
    futures = KisAccount.objects.get(product="03").account
    assert (futures.twin, futures.contract_status, twin.contract_status) == (twin, "active", None)
    kim = User.objects.get()
    assert kim.check_password("a long password")
    assert {row.account.number for row in kim.assignments.all()} == {"12345678-01", "0019923122221"}
    assert "secret" not in said.lower().replace("api_secret", "").replace("app_secret", "")
    assert "0019923122221" not in said


def test_a_second_run_changes_nothing_and_says_so(connect: Any) -> None:
    connect(FIRM + KIS + MANAGER)
    events = AuditEvent.objects.count()
    assert connect(FIRM + KIS + MANAGER) == "nothing differs\n"
    assert AuditEvent.objects.count() == events


def test_only_what_differs_is_changed_and_named_without_its_value(connect: Any) -> None:
    connect(FIRM)
    said = connect(FIRM.replace("literal-secret", "another-one"))
    assert said == "firm shinhan: changed api_secret\nchanges: 1\n"
    assert Firm.objects.get().api_secret == "another-one"


def test_secrets_are_encrypted_in_the_database(connect: Any) -> None:
    connect(FIRM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_secret FROM accounts_firm")
        assert "literal-secret" not in str(cursor.fetchone())


def test_a_role_decides_who_is_staff(connect: Any) -> None:
    people = '[[manager]]\nusername = "park"\nrole = "operations"\n[[manager]]\nusername = "lee"\nrole = "assistant"\n'
    connect(people)
    assert list(User.objects.order_by("username").values_list("username", "is_staff")) == [
        ("lee", False),
        ("park", True),
    ]
    assert not User.objects.get(username="park").has_usable_password()


def test_an_existing_user_keeps_the_password(connect: Any) -> None:
    connect('[[manager]]\nusername = "kim"\npassword = "first"\n')
    connect('[[manager]]\nusername = "kim"\npassword = "second"\nrole = "compliance"\n')
    kim = User.objects.get()
    assert (kim.check_password("first"), kim.role) == (True, "compliance")


def test_a_paper_key_is_asked_once_a_second(connect: Any) -> None:
    connect(KIS.replace('"live"', '"paper"').replace(', "12345678-03=shinhan:0019923122221"', ""))
    assert KisConnection.objects.get().requests_per_second == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('com_id = "F9999"', 'com_id = "F9999', 'com_id = "F9999', ""),
        ('com_id = "F9999"', "com_id = 9999", "com_id", "com_id: Input should be a valid string"),
        ('com_id = "F9999"', 'colour = "blue"\ncom_id = "F9999"', "colour", "colour: unknown setting"),
        (
            "http://127.0.0.1:9101",
            "http://example.org",
            "base_url",
            "base_url: a host that is not this machine needs https",
        ),
        ("http://127.0.0.1:9101", "gopher:", "base_url", "base_url: not an address"),
        ('"env:SHINHAN_KEY"', '"env:NOBODY"', "api_key", "api_key: the environment has no NOBODY"),
        ('"env:SHINHAN_KEY"', '"file:/nowhere"', "api_key", "api_key: the file /nowhere cannot be read"),
        ('short_name = "shinhan"', 'short_name = "신한"', "short_name", "short_name: letters, digits"),
        ('short_name = "shinhan"', 'short_name = "kis"', "short_name", "kis is the name"),
        ('srv_id = "100"', 'srv_id = "100"\nasset_types = ["ALL", "EQTY"]', "asset_types", "ALL stands alone"),
        ('srv_id = "100"', 'srv_id = "100"\ndaily_calls = -1', "daily_calls", "daily_calls: "),
    ],
)
def test_a_bad_firm_is_refused_with_its_line(connect: Any, old: str, new: str, line: str, reason: str) -> None:
    text = FIRM.replace(old, new)
    said = refusal(connect, text + MANAGER)
    assert f"line {line_of(text, line)}: " in said
    assert reason in said


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("ws://127.0.0.1:21000", "ws://example.org:21000", "ws_url", "needs wss"),
        ('hts_id = "desk01"', 'hts_id = "desk01"\ncustomer_type = "B"', "customer_type", "B needs personal_sec_key"),
        ('"12345678-01"', '"1234567801"', "accounts", "not an account"),
        ('"12345678-01"', '"12345678-03"', "accounts", "given twice"),
        ("shinhan:0019923122221", "nobody:0019923122221", "accounts", "no firm 'nobody'"),
        ('environment = "live"', 'environment = "sandbox"', "environment", "environment: "),
    ],
)
def test_a_bad_connection_is_refused_with_its_line(connect: Any, old: str, new: str, line: str, reason: str) -> None:
    text = FIRM + KIS.replace(old, new)
    said = refusal(connect, text)
    assert f"line {line_of(text, line)}: " in said
    assert reason in said


def test_a_manager_of_an_unknown_kis_account_is_refused(connect: Any) -> None:
    said = refusal(connect, FIRM + MANAGER)
    assert f"line {line_of(FIRM + MANAGER, 'accounts')}: " in said
    assert "12345678-01" not in said


def test_a_missing_setting_is_refused_at_its_table(connect: Any) -> None:
    text = FIRM.replace('com_id = "F9999"\n', "")
    assert f"line {line_of(text, '[[koscom]]')}: com_id: Field required" in refusal(connect, text)


def test_two_firms_of_one_name_are_refused(connect: Any) -> None:
    assert "short_name: shinhan is given twice" in refusal(connect, FIRM + FIRM)


def test_a_secret_never_stands_in_a_refusal(connect: Any) -> None:
    assert "very-secret" not in refusal(connect, FIRM + KIS.replace('"very-secret"', '["very-secret"]'))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read") as caught:
        call_command("connect", str(tmp_path / "none.toml"))
    assert caught.value.returncode == 2


def test_an_account_of_another_connection_is_refused(connect: Any) -> None:
    alone = KIS.replace(', "12345678-03=shinhan:0019923122221"', "")
    connect(alone)
    with pytest.raises(CommandError, match="belongs to desk-1"):
        connect(alone.replace("desk-1", "desk-2"))
    assert KisConnection.objects.count() == 1


def test_a_second_twin_of_one_account_is_refused(connect: Any) -> None:
    said = refusal(connect, FIRM + KIS.replace('"12345678-01"', '"12345678-01=shinhan:0019923122221"'))
    assert "is the twin of" in said


def test_kis_may_speak_plain_on_its_own_socket_port(connect: Any) -> None:
    alone = KIS.replace(', "12345678-03=shinhan:0019923122221"', "")
    alone = alone.replace("ws://127.0.0.1:21000", "ws://ops.koreainvestment.com:21000")
    connect(alone.replace("http://127.0.0.1:9443", "https://openapi.koreainvestment.com:9443"))
    assert KisConnection.objects.get().ws_url == "ws://ops.koreainvestment.com:21000"


def test_a_shifted_clock_allows_loopback_gateways_alone(connect: Any, settings: Any) -> None:
    settings.CLOCK_SHIFT = timedelta(hours=5)
    connect(FIRM)
    with pytest.raises(CommandError, match="base_url: the business clock is shifted"):
        connect(FIRM.replace("http://127.0.0.1:9101", "https://gateway.example.org"))
