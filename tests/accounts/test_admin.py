"""The admin by role: who opens and changes what, what is never shown, and what a change brings with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.admin.rights import LedgerAdmin, RoleAdmin
from accounts.models import ApiToken, Assignment, AuditEvent, ClientAccount, Dataset, Firm, Role, User
from orders.models import KisConnection, StreamLease
from tests import factories as make
from tests.sessions import OLD, signed_in

pytestmark = pytest.mark.django_db
NUMBER, HOLDER = "0019923122221", "홍길동"
SECRETS = ("key-7f3a", "secret-91bc", "app-4d2e", "app-secret-77", "hts-3391")
KEPT = {
    Role.OPERATIONS: {
        "firm", "scheduleentry", "clientaccount", "assignment", "kisconnection", "kisaccount",
    },
    Role.COMPLIANCE: set(),
    Role.ADMINISTRATOR: {"user", "apitoken", "authenticator", "firm", "kisconnection"},
}  # fmt: skip
PEOPLE = {"user", "apitoken", "authenticator"}
NO_CLIENT_DATA = PEOPLE | {"firm", "kisconnection", "apiquota"}


def ours() -> dict[str, admin.ModelAdmin[Any]]:
    found = {str(model._meta.model_name): one for model, one in admin.site._registry.items()}
    return {name: one for name, one in found.items() if isinstance(one, RoleAdmin)}


def page(name: str, model: type[Model], *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def staff(role: Role, factor_age: float = 5.0) -> Client:
    return signed_in(make.UserFactory.create(role=role), factor_age)


@pytest.fixture
def everything() -> None:
    """A row of every model, over one account whose number and holder must not show."""
    firm = make.FirmFactory.create(api_key=SECRETS[0], api_secret=SECRETS[1])
    account = make.ClientAccountFactory.create(
        firm=firm, number=NUMBER, holder_name=HOLDER, virtual_number="5550001112"
    )
    make.AssignmentFactory.create(account=account)
    snapshot = make.SnapshotFactory.create(account=account)
    make.CashBalanceFactory.create(snapshot=snapshot)
    make.HoldingFactory.create(snapshot=snapshot)
    make.SettlementFactory.create(snapshot=make.SnapshotFactory.create(account=account, dataset=Dataset.SETTLEMENTS))
    make.TradeFactory.create(snapshot=make.SnapshotFactory.create(account=account, dataset=Dataset.TRADES))
    detail = make.OrderDetailFactory.create(snapshot=make.SnapshotFactory.create(account=account, dataset="orders"))
    make.OrderExecutionFactory.create(order=detail)
    snapshot.step.raw_pages.create(
        attempt=1, sequence=1, query=NUMBER, http_status=200, body=b"", digest="", received_at=timezone.now()
    )
    firm_quota = make.UserFactory.create(username="owner")
    make.token_for(firm_quota)
    connection = make.KisConnectionFactory.create(app_key=SECRETS[2], app_secret=SECRETS[3], hts_id=SECRETS[4])
    make.KisAccountFactory.create(connection=connection, account=account)
    StreamLease.objects.create(connection=connection)
    order = make.OrderFactory.create(account=account)
    make.OrderNumberFactory.create(order=order)
    make.FillFactory.create(order=order)
    make.OrderEventFactory.create(order=order)
    make.OrderCommandFactory.create(order=order, raw_answer=NUMBER.encode())
    make.NoticeFactory.create(order=order, plaintext=f"{SECRETS[4]}^{NUMBER}")
    AuditEvent.objects.create(at=timezone.now(), actor_name="kim", action="account.viewed", account=account)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("role", list(KEPT))
def test_every_page_opens_for_its_roles_alone_and_shows_no_number_name_or_secret(role: Role) -> None:
    client = staff(role)
    for name, one in ours().items():
        may_see = role == Role.COMPLIANCE or name in KEPT[role]
        may_see = may_see or (role == Role.OPERATIONS and name not in PEOPLE)
        may_see = may_see or (role == Role.ADMINISTRATOR and name in NO_CLIENT_DATA)
        pages = [client.get(page("changelist", one.model))]
        row = one.model._default_manager.first()
        if row is not None:
            pages.append(client.get(page("change", one.model, row.pk)))
        for response in pages:
            assert response.status_code == (200 if may_see else 403), (role, name)
            for hidden in (NUMBER, HOLDER, "5550001112", *SECRETS):
                assert hidden not in response.content.decode(), (name, hidden)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("role", list(KEPT))
def test_what_a_role_does_not_keep_it_cannot_add_change_or_delete(role: Role) -> None:
    client = staff(role)
    for name, one in ours().items():
        row = one.model._default_manager.first()
        if name not in KEPT[role]:
            assert client.get(page("add", one.model)).status_code == 403, name
            if row is not None:
                assert client.post(page("change", one.model, row.pk), {"x": "y"}).status_code == 403, name
        if row is not None and name != "authenticator":
            assert client.post(page("delete", one.model, row.pk), {"post": "yes"}).status_code == 403, name
            assert one.model._default_manager.filter(pk=row.pk).exists()


def test_ledgers_are_kept_by_nobody() -> None:
    ledgers = {name for name, one in ours().items() if isinstance(one, LedgerAdmin)}
    assert ledgers >= {
        "snapshot", "cashbalance", "holding", "settlement", "trade", "orderdetail", "orderexecution",
        "syncrun", "syncstep", "rawpage", "auditevent",
        "order", "ordernumber", "fill", "ordereventrecord", "ordercommand", "notice", "noticeframe",
    }  # fmt: skip


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ASSISTANT])
def test_managers_have_no_admin(role: Role) -> None:
    assert signed_in(make.UserFactory.create(role=role)).get("/admin/").status_code in {302, 403}


def firm_values(firm: Firm, **changes: object) -> dict[str, object]:
    kept = ("kind", "name", "short_name", "base_url", "com_id", "srv_id", "query_number", "daily_calls")
    values: dict[str, object] = {name: getattr(firm, name) for name in kept}
    return {**values, "asset_types": ["EQTY", "ETC"], "foreign_unit": "", "active": "on", **changes}


def save(client: Client, row: Model, values: dict[str, object]) -> Any:
    return client.post(page("change", type(row), row.pk), values)


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
    assert save(client, connection, values).status_code == 302
    assert save(client, connection, {**values, "ws_url": "ws://elsewhere.example:21000"}).status_code == 200
    connection.refresh_from_db()
    assert (connection.ws_url, connection.app_key) == ("ws://ops.koreainvestment.com:21000", "app-key")


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


def test_a_password_set_for_somebody_is_in_the_audit_trail() -> None:
    user = make.UserFactory.create()
    values = {"password1": make.PASSWORD, "password2": make.PASSWORD, "usable_password": "true"}
    response = staff(Role.ADMINISTRATOR).post(reverse("admin:auth_user_password_change", args=[user.pk]), values)
    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password(make.PASSWORD)
    assert AuditEvent.objects.get(action="admin.password_set").subject == f"user {user.pk}"


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.COMPLIANCE])
def test_only_administrators_set_passwords(role: Role) -> None:
    user = make.UserFactory.create()
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    assert staff(role).post(path, {"password1": "x", "password2": "x"}).status_code == 403


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


@pytest.mark.parametrize("text", [NUMBER, "00-19923-122221"])
def test_accounts_are_found_by_their_full_number_and_not_by_a_part(text: str) -> None:
    account = make.ClientAccountFactory.create(number=NUMBER)
    make.ClientAccountFactory.create()
    client = staff(Role.OPERATIONS)
    found = client.get(page("changelist", type(account)), {"q": text})
    assert list(found.context["cl"].queryset) == [account]
    assert not client.get(page("changelist", type(account)), {"q": NUMBER[:8]}).context["cl"].queryset


def test_accounts_without_a_manager_are_one_click_away() -> None:
    alone = make.ClientAccountFactory.create()
    managed = make.AssignmentFactory.create().account
    client = staff(Role.OPERATIONS)
    for value, account in (("no", alone), ("yes", managed)):
        found = client.get(page("changelist", type(alone)), {"managed": value})
        assert list(found.context["cl"].queryset) == [account]


def test_an_assignment_closes_the_open_pages_of_everyone_whom_it_touches() -> None:
    old, new = make.UserFactory.create(), make.UserFactory.create()
    assignment: Assignment = make.AssignmentFactory.create(user=old)
    values: dict[str, object] = {"user": new.pk, "account": assignment.account_id, "valid_from": "2026-01-01"}
    assert save(staff(Role.OPERATIONS), assignment, values).status_code == 302
    for user in (old, new):
        user.refresh_from_db()
        assert user.access_version == 1


def test_assignments_come_from_a_csv_file_and_go_to_one_without_full_numbers() -> None:
    user = make.UserFactory.create(username="kim")
    account = make.ClientAccountFactory.create(number=NUMBER)
    client = staff(Role.OPERATIONS)
    text = f"user,account,valid_from,valid_to\nkim,shinhan:{NUMBER},2026-11-01,\n"
    trial = client.post(
        page("import", Assignment), {"format": "0", "import_file": SimpleUploadedFile("a.csv", text.encode())}
    )
    assert not Assignment.objects.exists()
    form = trial.context["confirm_form"]
    client.post(page("process_import", Assignment), form.initial)
    assert Assignment.objects.get().account == account
    user.refresh_from_db()
    assert user.access_version == 1
    written = client.get(page("export", Assignment)).content.decode()
    assert f"kim,{account.pk},0019*******21,2026-11-01," in written
    assert NUMBER not in written
    assert AuditEvent.objects.filter(action="assignments.exported").exists()


def test_a_csv_line_with_an_unknown_account_writes_nothing() -> None:
    make.UserFactory.create(username="kim")
    text = "user,account,valid_from,valid_to\nkim,shinhan:999999,2026-11-01,\n"
    response = staff(Role.OPERATIONS).post(
        page("import", Assignment), {"format": "0", "import_file": SimpleUploadedFile("a.csv", text.encode())}
    )
    assert "모르는 계좌입니다." in response.content.decode()
    assert not Assignment.objects.exists()


def test_compliance_reads_assignments_and_imports_none() -> None:
    client = staff(Role.COMPLIANCE)
    assert client.get(page("export", Assignment)).status_code == 200
    assert client.get(page("import", Assignment)).status_code == 403


def test_a_user_name_that_a_spreadsheet_would_run_is_written_as_text() -> None:
    account = make.ClientAccountFactory.create()
    make.assigned(make.UserFactory.create(username="@sum"), account)
    resource = ours()["assignment"].resource_classes[0]()  # type: ignore[attr-defined]  # of the mixin
    assert f"'@sum,{account.pk}" in resource.export().csv


def test_a_changed_role_closes_open_pages_and_decides_who_enters_the_admin() -> None:
    user = make.UserFactory.create(username="lee")
    values: dict[str, object] = {"username": "lee", "role": "operations", "is_active": "on"}
    assert save(staff(Role.ADMINISTRATOR), user, values).status_code == 302
    user.refresh_from_db()
    assert (user.is_staff, user.access_version) == (True, 1)


def test_the_first_superuser_keeps_people_and_sees_no_client_data() -> None:
    user = User.objects.create_superuser("root", password=make.PASSWORD)
    client = signed_in(user)
    assert client.get(page("changelist", User)).status_code == 200
    assert client.get(page("changelist", ClientAccount)).status_code == 403


def test_a_token_is_revoked_here_and_made_elsewhere() -> None:
    make.token_for(make.UserFactory.create(), lifetime=timedelta(days=9))
    row = ApiToken.objects.get()
    client = staff(Role.ADMINISTRATOR)
    client.post(page("changelist", ApiToken), {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert client.get(page("add", ApiToken)).status_code == 403


def test_a_lost_second_factor_is_taken_away_with_a_trace() -> None:
    user = make.UserFactory.create()
    lost = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = staff(Role.ADMINISTRATOR)
    assert client.post(page("delete", Authenticator, lost.pk), {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.filter(pk=lost.pk).exists()
    assert AuditEvent.objects.get(action="admin.deleted").subject == f"second factor of user {user.pk}"


def test_an_alias_is_changed_without_touching_what_the_firm_said() -> None:
    account = make.ClientAccountFactory.create(number=NUMBER, contract_status="active")
    values: dict[str, object] = {"alias": "새 별칭", "twin": "", "contract_status": "expired", "number": "1"}
    assert save(staff(Role.OPERATIONS), account, values).status_code == 302
    account.refresh_from_db()
    assert (account.alias, account.contract_status, account.number) == ("새 별칭", "active", NUMBER)
    assert account.business_date is None or isinstance(account.business_date, date)
