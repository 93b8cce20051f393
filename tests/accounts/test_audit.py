"""The append-only trail: written with what it records, and never changed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from accounts import audit
from accounts.models import AuditEvent
from tests.factories import ClientAccountFactory, UserFactory


def record() -> AuditEvent:
    with transaction.atomic():
        return audit.record(audit.By.system("test"), audit.Act("order.cancel", subject="order 12"))


@pytest.mark.django_db
def test_a_row_says_who_did_what_to_whose_account_and_from_where() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.7")
    request.user = UserFactory.create(username="kim")
    account = ClientAccountFactory.create()
    act = audit.Act("command.created", account=account, subject="order 12", reason="취소", detail={"quantity": "10"})
    with transaction.atomic():
        row = audit.record(audit.By.request(request), act)
    row.refresh_from_db()
    assert (row.actor, row.actor_name, row.address) == (request.user, "kim", "10.0.0.7")
    assert (row.action, row.account, row.subject, row.reason) == ("command.created", account, "order 12", "취소")
    assert row.detail == {"quantity": "10"}


def test_somebody_who_is_not_signed_in_is_anonymous() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert audit.By.request(request) == audit.By(None, "anonymous", "127.0.0.1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET reason = 'nothing happened' WHERE id = %s",
        "DELETE FROM accounts_auditevent WHERE id = %s",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_a_row(statement: str) -> None:
    row = record()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [row.pk])
    assert AuditEvent.objects.filter(pk=row.pk, reason="").exists()


@pytest.mark.django_db
def test_the_orm_is_refused_too() -> None:
    row = record()
    row.subject = "order 13"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_row_without_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record(audit.By.system("test"), audit.Act("x"))


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_row() -> None:
    with transaction.atomic():
        record()
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
