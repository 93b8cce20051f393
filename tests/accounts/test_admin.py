"""The admin by role: who opens and changes what, what is never shown, and what a change brings with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.utils import timezone

from accounts.admin.rights import LedgerAdmin, RoleAdmin
from accounts.models import AuditEvent, Dataset, Role
from orders.models import CommandBatch, Order, Rehearsal, StreamLease, Switch
from tests import factories as make
from tests.accounts.admin_pages import page, staff
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
NUMBER, HOLDER = "0019923122221", "홍길동"
SECRETS = ("key-7f3a", "secret-91bc", "app-4d2e", "app-secret-77", "hts-3391")
KEPT = {
    Role.OPERATIONS: {
        "firm", "scheduleentry", "clientaccount", "assignment", "kisconnection", "kisaccount",
        "markethours", "marketday", "marketsuspension", "rehearsalschedule",
    },
    Role.COMPLIANCE: set(),
    Role.ADMINISTRATOR: {"user", "apitoken", "authenticator", "firm", "kisconnection"},
}  # fmt: skip
PEOPLE = {"user", "apitoken", "authenticator"}
NO_CLIENT_DATA = PEOPLE | {"firm", "kisconnection", "apiquota"}


def ours() -> dict[str, admin.ModelAdmin[Any]]:
    found = {str(model._meta.model_name): one for model, one in admin.site._registry.items()}
    return {name: one for name, one in found.items() if isinstance(one, RoleAdmin)}


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
    _held_back(order)
    AuditEvent.objects.create(at=timezone.now(), actor_name="kim", action="account.viewed", account=account)


def _held_back(order: Order) -> None:
    """A switch over the order's account, and the batch that canceled the order."""
    now, officer = timezone.now(), make.UserFactory.create(role=Role.OPERATIONS)
    switch = Switch.objects.create(
        kind="kill", scope="account", account=order.account, engaged_by=officer, engaged_at=now, reason="시세 이상"
    )
    batch = CommandBatch.objects.create(
        kind="kill", actor=officer, intent=switch.intent, switch=switch, created_at=now, worked_at=now
    )
    batch.rows.create(position=1, order=order, expected_version=1)
    Rehearsal.objects.create(day=now.date(), started_at=now)


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
        "switch", "commandbatch", "batchrow", "rehearsal",
    }  # fmt: skip


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ASSISTANT])
def test_managers_have_no_admin(role: Role) -> None:
    assert signed_in(make.UserFactory.create(role=role)).get("/admin/").status_code in {302, 403}
