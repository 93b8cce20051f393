"""Firms and connections in the admin: secrets, addresses, release, and the second factor before them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Firm, Role
from orders.models import KisConnection
from tests import factories as make
from tests.accounts.admin_pages import page, save, staff
from tests.sessions import OLD

pytestmark = pytest.mark.django_db


def firm_values(firm: Firm, **changes: object) -> dict[str, object]:
    kept = ("kind", "name", "short_name", "base_url", "com_id", "srv_id", "query_number", "daily_calls")
    values: dict[str, object] = {name: getattr(firm, name) for name in kept}
    return {**values, "asset_types": ["EQTY", "ETC"], "foreign_unit": "", "active": "on", **changes}


def test_a_secret_left_empty_stays_and_one_given_replaces_it() -> None:
    firm = make.FirmFactory.create(api_key="old-key", api_secret="old-secret")
    assert save(staff(Role.OPERATIONS), firm, firm_values(firm, api_key="", api_secret="new-secret")).status_code == 302
    firm.refresh_from_db()
    assert (firm.api_key, firm.api_secret) == ("old-key", "new-secret")
    assert firm.asset_types == ["EQTY", "ETC"]
    row = AuditEvent.objects.get(action="admin.changed")
    assert row.subject == f"firm {firm.pk}"
    assert "new-secret" not in str(row.detail)


@pytest.mark.parametrize(
    "address",
    [
        "http://gateway.example/v1",
        "https://127.0.0.1/v1",
        "https://localhost/v1",
        "https://[::1]/v1",
        "https://[::ffff:127.0.0.1]/v1",
        "https://169.254.169.254/v1",
        "https://metadata.google.internal/v1",
        "https://2130706433/v1",
        "https://user:pass@gateway.example/v1",
    ],
)
def test_an_address_that_is_plain_or_of_this_machine_is_refused(address: str) -> None:
    firm = make.FirmFactory.create()
    response = save(staff(Role.OPERATIONS), firm, firm_values(firm, base_url=address))
    assert response.status_code == 200
    firm.refresh_from_db()
    assert firm.base_url == "https://gateway.example/v1"


def test_a_loopback_address_of_the_connection_file_may_stay_but_not_be_written() -> None:
    firm = make.FirmFactory.create(base_url="http://127.0.0.1:9101/v1", from_file=True)
    client = staff(Role.OPERATIONS)
    assert save(client, firm, firm_values(firm, name="새 이름")).status_code == 302
    assert save(client, firm, firm_values(firm, base_url="http://127.0.0.1:9102/v1")).status_code == 200
    firm.refresh_from_db()
    assert (firm.name, firm.base_url) == ("새 이름", "http://127.0.0.1:9101/v1")


def test_a_connection_may_use_the_plain_push_port_of_kis_alone() -> None:
    connection: KisConnection = make.KisConnectionFactory.create(ws_url="wss://push.example")
    values: dict[str, object] = {
        "name": "desk-1", "environment": "live", "rest_url": "https://openapi.koreainvestment.com:9443",
        "ws_url": "ws://ops.koreainvestment.com:21000", "customer_type": "P", "requests_per_second": 18,
        "active": "on",
    }  # fmt: skip
    client = staff(Role.OPERATIONS)
    assert save(client, connection, values).status_code == 200  # stored keys do not go to another address
    values |= {"app_key": "key", "app_secret": "secret", "hts_id": "desk01"}
    assert save(client, connection, values).status_code == 302
    assert save(client, connection, {**values, "ws_url": "ws://elsewhere.example:21000"}).status_code == 200
    connection.refresh_from_db()
    assert (connection.ws_url, connection.app_key) == ("ws://ops.koreainvestment.com:21000", "key")


def test_keys_and_people_need_a_fresh_second_factor() -> None:
    firm = make.FirmFactory.create()
    response = staff(Role.OPERATIONS, OLD).get(page("change", Firm, firm.pk))
    assert response.status_code == 302
    assert "/2fa/reauthenticate/" in response.headers["Location"]


def test_neither_an_action_nor_a_password_goes_through_with_an_old_second_factor() -> None:
    firm = make.FirmFactory.create(stopped_at=timezone.now())
    client = staff(Role.OPERATIONS, OLD)
    client.post(page("changelist", Firm), {"action": "release", "_selected_action": [firm.pk]})
    firm.refresh_from_db()
    assert firm.stopped_at is not None
    user = make.UserFactory.create()
    response = staff(Role.ADMINISTRATOR, OLD).get(reverse("admin:auth_user_password_change", args=[user.pk]))
    assert "/2fa/reauthenticate/" in response.headers["Location"]


def test_a_stopped_firm_is_released_by_its_action() -> None:
    firm = make.FirmFactory.create(stopped_at=timezone.now(), stopped_reason="2003")
    response = staff(Role.OPERATIONS).post(
        page("changelist", Firm), {"action": "release", "_selected_action": [firm.pk]}, follow=True
    )
    firm.refresh_from_db()
    assert firm.stopped_at is None
    assert "다시 받습니다" in response.content.decode()


def test_compliance_is_offered_no_action() -> None:
    firm = make.FirmFactory.create(stopped_at=timezone.now())
    staff(Role.COMPLIANCE).post(page("changelist", Firm), {"action": "release", "_selected_action": [firm.pk]})
    firm.refresh_from_db()
    assert firm.stopped_at is not None
